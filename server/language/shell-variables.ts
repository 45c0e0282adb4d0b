/** A variable that a shell script reads: `$name` or `${name…}`. */
export interface ShellVariableUse {
  readonly name: string;
  /** Offsets of the name in the script. */
  readonly start: number;
  readonly end: number;
  /** It has a fallback (`${name:-x}`, `${name:+x}`, …), so that it may well be unset. */
  readonly guarded: boolean;
}

export interface ShellVariables {
  readonly uses: readonly ShellVariableUse[];
  /** Names that the script itself may give a value. */
  readonly defined: ReadonlySet<string>;
  /** `eval`, `source`, `.`: anything may be defined. */
  readonly isDynamic: boolean;
}

const NAME_START = /[A-Za-z_]/;
const NAME = /[A-Za-z0-9_]/;
/** Commands whose words are names that they set. */
const SETTERS = new Set([
  "read",
  "mapfile",
  "readarray",
  "local",
  "declare",
  "typeset",
  "export",
  "readonly",
  "unset",
  "for",
  "select",
  "getopts",
  "let",
  "coproc",
]);
const DEEPEST = 100;

/**
 * The variables of a bash or sh script, found in one pass over its text. It is a scanner, not a shell: where it
 * cannot know (`eval`, odd quoting), it errs on the side of taking a name as defined.
 */
export function shellVariables(script: string): ShellVariables {
  return new Scanner(script).run();
}

class Scanner {
  readonly #text: string;
  #at = 0;
  readonly #uses: ShellVariableUse[] = [];
  readonly #defined = new Set<string>();
  #isDynamic = false;
  /** Here-documents that begin behind the next line end. */
  #pending: { readonly end: string; readonly quoted: boolean; readonly tabs: boolean }[] = [];
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): ShellVariables {
    this.#commands(undefined);
    return { uses: this.#uses, defined: this.#defined, isDynamic: this.#isDynamic };
  }

  /** Commands up to `closing` (which is consumed) or the end of the text. */
  #commands(closing: ")" | "`" | "))" | undefined): void {
    if (++this.#depth > DEEPEST) {
      this.#isDynamic = true;
      this.#at = this.#text.length;
    }
    /** The command that the words of this line belong to, when it sets names. */
    let setter = false;
    let commandStart = true;
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? "";
      if (closing !== undefined && this.#text.startsWith(closing, this.#at)) {
        this.#at += closing.length;
        break;
      }
      switch (character) {
        case "\n":
          this.#at++;
          this.#hereDocuments();
          setter = false;
          commandStart = true;
          continue;
        case ";":
        case "&":
        case "|":
        case "{":
        case "}":
          this.#at++;
          // `{fd}>file` opens a file and sets `fd`.
          if (character === "{") this.#descriptorName();
          setter = false;
          commandStart = true;
          continue;
        case " ":
        case "\t":
          this.#at++;
          continue;
        case "#": {
          const before = this.#text[this.#at - 1] ?? "\n";
          if (/[\s;&|(]/.test(before)) this.#skipLine();
          else this.#at++;
          continue;
        }
        case "(":
          this.#at++;
          if (this.#text[this.#at] === "(") {
            this.#at++;
            this.#arithmetic("))");
          } else this.#commands(")");
          continue;
        case "<":
          if (this.#text.startsWith("<<", this.#at) && !this.#text.startsWith("<<<", this.#at)) {
            this.#hereStart();
            continue;
          }
          this.#at += this.#text.startsWith("<<<", this.#at) ? 3 : 1;
          continue;
        default:
          break;
      }
      if (NAME_START.test(character)) {
        const start = this.#at;
        const name = this.#name();
        const next = this.#text[this.#at] ?? "";
        const assigns =
          next === "=" ||
          (next === "+" && this.#text[this.#at + 1] === "=") ||
          (next === "[" && this.#isIndexed());
        const before = this.#text[start - 1] ?? " ";
        const isWord = /[\s;&|({`]/.test(before) && /^[\s;&|)}`=+[<>]?$/.test(next);
        if (assigns && (/[\s;&|({`"']/.test(before) || setter)) this.#defined.add(name);
        else if (setter && isWord && name !== "in") this.#defined.add(name);
        else if (isWord && commandStart) {
          if (SETTERS.has(name)) setter = true;
          if (name === "eval" || name === "source") this.#isDynamic = true;
          // `while read x`, `if read x`, `then read x`: the next word is the command.
          if (!["while", "until", "if", "then", "else", "elif", "do", "time", "IFS"].includes(name))
            commandStart = false;
        }
        if (name === "printf" || name === "wait") this.#printfTarget();
        if (assigns) {
          if (next === "[") this.#subscript();
          continue;
        }
        continue;
      }
      if (character === "." && commandStart && /\s/.test(this.#text[this.#at + 1] ?? ""))
        this.#isDynamic = true;
      if (!this.#quotedOrExpanded()) this.#at++;
      if (character !== "=" && character !== "!") commandStart = commandStart && character === "-";
    }
    this.#depth--;
  }

  /** Quotes, escapes and expansions; false when there is none here. */
  #quotedOrExpanded(): boolean {
    switch (this.#text[this.#at]) {
      case "\\":
        this.#at += 2;
        return true;
      case "'":
        this.#singleQuoted();
        return true;
      case '"':
        this.#at++;
        this.#doubleQuoted('"');
        return true;
      case "`":
        this.#at++;
        this.#commands("`");
        return true;
      case "$":
        this.#dollar(false);
        return true;
      default:
        return false;
    }
  }

  #singleQuoted(): void {
    const end = this.#text.indexOf("'", this.#at + 1);
    this.#at = end < 0 ? this.#text.length : end + 1;
  }

  /** The inside of `"…"`, of a here-document (`end` undefined: to the end of `limit`), or of `${x:-…}`. */
  #doubleQuoted(end: '"' | "}" | undefined, limit = this.#text.length): void {
    while (this.#at < limit) {
      const character = this.#text[this.#at];
      if (end !== undefined && character === end) {
        this.#at++;
        return;
      }
      if (character === "\\") this.#at += 2;
      else if (character === "$") this.#dollar(end !== "}");
      else if (character === "`") {
        this.#at++;
        this.#commands("`");
      } else if (end === "}" && character === '"') {
        this.#at++;
        this.#doubleQuoted('"', limit);
      } else if (end === "}" && character === "'") this.#singleQuoted();
      else this.#at++;
    }
  }

  #dollar(inQuotes: boolean): void {
    const next = this.#text[this.#at + 1] ?? "";
    if (next === "(") {
      this.#at += 2;
      if (this.#text[this.#at] === "(") {
        this.#at++;
        this.#arithmetic("))");
      } else this.#commands(")");
    } else if (next === "{") {
      this.#at += 2;
      this.#parameter();
    } else if (next === "'" && !inQuotes) {
      this.#at += 2;
      while (this.#at < this.#text.length && this.#text[this.#at] !== "'")
        this.#at += this.#text[this.#at] === "\\" ? 2 : 1;
      this.#at++;
    } else if (NAME_START.test(next)) {
      this.#at++;
      const start = this.#at;
      this.#use(this.#name(), start, false);
    } else this.#at += next === "" ? 1 : 2;
  }

  /** Behind `${`: the name, what guards it, and what is nested in the rest. */
  #parameter(): void {
    if (/[#!]/.test(this.#text[this.#at] ?? "") && NAME_START.test(this.#text[this.#at + 1] ?? ""))
      this.#at++;
    const start = this.#at;
    if (NAME_START.test(this.#text[this.#at] ?? "")) {
      const name = this.#name();
      const end = this.#at;
      if (this.#text[this.#at] === "[") this.#subscript();
      const rest = this.#text.slice(this.#at, this.#at + 2);
      const guarded = /^:?[-+=?]/.test(rest);
      if (/^:?=/.test(rest)) this.#defined.add(name);
      this.#uses.push({ name, start, end, guarded });
    }
    this.#doubleQuoted("}");
  }

  /** `$(( … ))`, `(( … ))`: names are read without `$`, and may be set. Reads are not judged: `x++` is both. */
  #arithmetic(closing: "))"): void {
    let depth = 0;
    while (this.#at < this.#text.length) {
      if (depth === 0 && this.#text.startsWith(closing, this.#at)) {
        this.#at += closing.length;
        return;
      }
      const character = this.#text[this.#at] ?? "";
      if (character === "(") depth++;
      if (character === ")") depth--;
      if (NAME_START.test(character)) {
        const start = this.#at;
        const name = this.#name();
        const sets =
          /^\s*(=(?!=)|[-+*/%&|^]=|<<=|>>=|\+\+|--)/.test(this.#text.slice(this.#at, this.#at + 12)) ||
          /(\+\+|--)$/.test(this.#text.slice(Math.max(0, start - 2), start));
        if (sets) this.#defined.add(name);
        continue;
      }
      if (!this.#quotedOrExpanded()) this.#at++;
      if (depth < 0) return;
    }
  }

  #name(): string {
    const start = this.#at;
    while (NAME.test(this.#text[this.#at] ?? "")) this.#at++;
    return this.#text.slice(start, this.#at);
  }

  #use(name: string, start: number, guarded: boolean): void {
    this.#uses.push({ name, start, end: start + name.length, guarded });
  }

  /** Whether `name[…]` is followed by `=` or `+=`. */
  #isIndexed(): boolean {
    const close = this.#text.indexOf("]", this.#at);
    return close >= 0 && /^\+?=/.test(this.#text.slice(close + 1, close + 3));
  }

  #subscript(): void {
    this.#at++;
    while (this.#at < this.#text.length && this.#text[this.#at] !== "]")
      if (!this.#quotedOrExpanded()) this.#at++;
    this.#at++;
  }

  #descriptorName(): void {
    const match = /^([A-Za-z_][A-Za-z0-9_]*)\}[<>]/.exec(this.#text.slice(this.#at, this.#at + 64));
    if (match?.[1] !== undefined) this.#defined.add(match[1]);
  }

  /** `printf -v name`, `wait -p name`. */
  #printfTarget(): void {
    const match = /^\s+-[vp]\s*([A-Za-z_][A-Za-z0-9_]*)/.exec(this.#text.slice(this.#at, this.#at + 80));
    if (match?.[1] !== undefined) this.#defined.add(match[1]);
  }

  #skipLine(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  /** `<<EOF`, `<<-'EOF'`, `<<"EOF"`, `<<\EOF` */
  #hereStart(): void {
    const match = /^<<(-?)[ \t]*(?:'([^'\n]*)'|"([^"\n]*)"|(\\?)([^\s;&|<>()'"\\]+))/.exec(
      this.#text.slice(this.#at, this.#at + 200),
    );
    if (match === null) {
      this.#at += 2;
      return;
    }
    this.#at += match[0].length;
    const quoted = match[2] ?? match[3];
    this.#pending.push({
      end: quoted ?? match[5] ?? "",
      quoted: quoted !== undefined || match[4] === "\\",
      tabs: match[1] === "-",
    });
  }

  #hereDocuments(): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const document of pending) {
      const start = this.#at;
      let end = this.#text.length;
      let next = this.#text.length;
      for (let line = start; line < this.#text.length; ) {
        const newline = this.#text.indexOf("\n", line);
        const lineEnd = newline < 0 ? this.#text.length : newline;
        const text = this.#text.slice(line, lineEnd);
        if ((document.tabs ? text.replace(/^\t+/, "") : text) === document.end) {
          end = line;
          next = Math.min(lineEnd + 1, this.#text.length);
          break;
        }
        line = lineEnd + 1;
      }
      if (!document.quoted) this.#doubleQuoted(undefined, end);
      this.#at = next;
    }
  }
}
