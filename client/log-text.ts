/** Keeps the end of a log in memory; the whole of it is on disk (`reprod logs`). */
export const shownCharacters = 4 * 1024 * 1024;

/** What terminals obey and editors would print: colours, titles, charsets. */
const escapes =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[PX^_][^\u001b]*\u001b\\|[ -/]+[0-~]|[0-~])/g;

/** The beginning of such a sequence, whose rest comes with the next piece. */
const cutEscape = /\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b]*\u001b?|[PX^_][^\u001b]*\u001b?|[ -/]*)?$/;

/** Longer than any real sequence: what is held back longer than this is no escape. */
const longestEscape = 4096;

/**
 * A log as a document shows it, made from pieces that may be cut anywhere: without escape sequences, a line that was
 * written over (`\r`, as progress bars do) as it was left, and of a log too long for an editor the end.
 */
export class LogText {
  readonly #limit: number;
  #lines = "";
  /** The line that has no end yet, with what was written over. */
  #open = "";
  #held = "";
  #dropped = 0;

  constructor(limit = shownCharacters) {
    this.#limit = limit;
  }

  /** How many characters of the beginning are not kept. */
  get dropped(): number {
    return this.#dropped;
  }

  get text(): string {
    return this.#lines + written(this.#open);
  }

  append(piece: string): void {
    let text = this.#held + piece;
    this.#held = "";
    const cut = cutEscape.exec(text);
    if (cut !== null && text.length - cut.index <= longestEscape) {
      this.#held = text.slice(cut.index);
      text = text.slice(0, cut.index);
    }
    const lines = (
      this.#open + text.replace(escapes, "").replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "")
    )
      .replace(/\r+\n/g, "\n")
      .split("\n");
    const open = lines.pop() ?? "";
    // A bar that is redrawn for hours must not grow without end.
    this.#open = open.includes("\r") ? `${written(open)}${open.endsWith("\r") ? "\r" : ""}` : open;
    if (lines.length > 0) this.#lines += `${lines.map(written).join("\n")}\n`;
    this.#forget();
  }

  #forget(): void {
    // Only now and then, so that a log that grows line by line is not copied for each of them.
    if (this.#lines.length <= this.#limit * 1.25) return;
    const from = this.#lines.indexOf("\n", this.#lines.length - this.#limit) + 1;
    const start = from > 0 ? from : this.#lines.length - this.#limit;
    this.#dropped += start;
    this.#lines = this.#lines.slice(start);
  }
}

/** What a terminal would show of a line in which the cursor went back to the beginning. */
function written(line: string): string {
  if (!line.includes("\r")) return line;
  return line.split("\r").findLast((part) => part !== "") ?? "";
}
