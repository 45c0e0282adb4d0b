/**
 * Markdown around texts that come out of pipelines, scripts and records. Anybody may have written those, so nothing in
 * them may become a link, a command, an image or HTML.
 */

/** Characters that no reader sees, or that turn the order of what a reader sees. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

function visible(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(UNSEEN, "\ufffd");
}

/** The text as itself, on one line: what Markdown, its tables, its automatic links and VS Code's icons know is escaped. */
export function escapeMarkdown(text: string): string {
  return (
    visible(text)
      .replace(/\s+/g, " ")
      .trim()
      .replace(/[\\`*_[\]<>&|~#!${}^@]/g, "\\$&")
      .replace(/:(?=\/\/)/g, "\\:")
      .replace(/(?<=\bwww)\./gi, "\\.")
      // What begins a list or a heading at the start of a line.
      .replace(/^[-+=]/, "\\$&")
      .replace(/^(\d+)([.)])/, "$1\\$2")
  );
}

/** The text between back-ticks, on one line. */
export function codeSpan(text: string): string {
  const line = visible(text).replace(/\s+/g, " ").trim();
  // A span cannot be empty; of blanks alone nothing is left.
  if (line === "") return "";
  const ticks = "`".repeat(longestRun(line) + 1);
  const pad = line.startsWith("`") || line.endsWith("`") ? " " : "";
  return `${ticks}${pad}${line}${pad}${ticks}`;
}

/** The text in a fenced block, which no line of it can close. */
export function codeBlock(text: string, language = "reprod"): string {
  const content = visible(text).replace(/\n+$/, "");
  const fence = "`".repeat(Math.max(3, longestRun(content) + 1));
  return `${fence}${language}\n${content}\n${fence}`;
}

/** What may stand in a cell of a table: there a bar ends the cell even between back-ticks. */
export function inCell(markdown: string): string {
  return markdown.replace(/(?<!\\)\|/g, "\\|");
}

/**
 * A doc comment: its paragraphs, as plain text. Only what stands between single back-ticks is shown as code, since
 * that is how people write names.
 */
export function docMarkdown(doc: string): string {
  return visible(doc)
    .split(/\n[ \t]*\n/)
    .map((paragraph) =>
      paragraph
        .split("\n")
        .map((line) =>
          line
            .split(/(?<!`)`([^`]+)`(?!`)/)
            .map((part, at) => (at % 2 === 1 ? codeSpan(part) : withEdges(part)))
            .join("")
            .trim(),
        )
        .filter((line) => line !== "")
        .join("\n"),
    )
    .filter((paragraph) => paragraph !== "")
    .join("\n\n");
}

/** Escaped, with the blanks that part it from the code beside it. */
function withEdges(text: string): string {
  const escaped = escapeMarkdown(text);
  if (escaped === "") return text === "" ? "" : " ";
  return `${/^\s/.test(text) ? " " : ""}${escaped}${/\s$/.test(text) ? " " : ""}`;
}

function longestRun(text: string): number {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  return longest;
}
