import type { Comment } from "./syntax.js";

export type ReservedWord = (typeof RESERVED_WORDS)[number];

/** Words that are never a name (language.md rule 4). All other keywords count only where they can stand. */
export const RESERVED_WORDS = [
  "true",
  "false",
  "null",
  "and",
  "or",
  "not",
  "for",
  "in",
  "if",
  "else",
  "let",
  "node",
] as const;

export type TokenKind =
  | ReservedWord
  | "name"
  | "number"
  | "string"
  | "fence"
  | "unknown"
  | "end"
  | "{"
  | "}"
  | "["
  | "]"
  | "("
  | ")"
  | ","
  | ":"
  | "."
  | "?."
  | "?"
  | "??"
  | "="
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "+"
  | "-"
  | "*"
  | "/"
  | "|"
  // Three that other languages have: known here so that one message tells what to write instead.
  | "&&"
  | "||"
  | "!";

const TAB = 9;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const DOLLAR = 36;
const SLASH = 47;
const BACKSLASH = 92;
const BACKTICK = 96;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const BYTE_ORDER_MARK = 0xfeff;

const IS_WORD = new Uint8Array(128);
const IS_DIGIT = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code);
  if (/\w/.test(character)) IS_WORD[code] = 1;
  if (/\d/.test(character)) IS_DIGIT[code] = 1;
}

function isWordCode(code: number): boolean {
  return code < 128 && IS_WORD[code] === 1;
}
function isDigitCode(code: number): boolean {
  return code < 128 && IS_DIGIT[code] === 1;
}

const RESERVED_BY_FIRST_LETTER = new Map<number, readonly ReservedWord[]>();
for (const word of RESERVED_WORDS) {
  const first = word.charCodeAt(0);
  RESERVED_BY_FIRST_LETTER.set(first, [...(RESERVED_BY_FIRST_LETTER.get(first) ?? []), word]);
}
/** Strings within strings: more are read as not closed, so that no line is searched again for each of its quotes. */
const INTERPOLATION_LIMIT = 200;

/** No reserved word is shorter or longer, so most names are told apart without a look at the table. */
const SHORTEST_RESERVED = 2;
const LONGEST_RESERVED = 5;

/** The text between a pair of fences, as offsets into the file. */
export interface Fence {
  readonly ticks: number;
  /** Start of the line behind the opening fence. */
  readonly contentStart: number;
  /** Start of the line of the closing fence. */
  readonly contentEnd: number;
  readonly closed: boolean;
  /** The opening fence is not the last thing on its line. */
  readonly trailingText: boolean;
}

/**
 * Reads tokens one by one into its own fields: nothing is allocated for a token, since a key stroke reads
 * hundreds of them and the collector's pauses are what a person would feel.
 */
export class Scanner {
  kind: TokenKind = "end";
  start = 0;
  end: number;
  /** End of the token before this one. */
  previousEnd: number;
  newlineBefore = true;
  /** The `///` lines before this token, from the first to the end of the last; -1 without any. */
  docStart = -1;
  docEnd = -1;
  /** A `///` behind the previous token, on its line; -1 without one. */
  trailingDocStart = -1;
  trailingDocEnd = -1;
  /** Whether a string ends in a quote rather than at the end of its line. */
  stringClosed = true;
  /** Of the newest `fence` token. */
  fence: Fence | undefined;
  /** How far into the text any decision has looked: an edit behind it cannot change what was read. */
  reach = 0;

  constructor(
    readonly text: string,
    position: number,
    public limit: number,
  ) {
    this.end = position;
    this.previousEnd = position;
  }

  /** Goes on at `position`, as if a token had ended there. */
  jump(position: number): void {
    this.end = position;
    this.previousEnd = position;
  }

  word(): string {
    return this.text.slice(this.start, this.end);
  }

  /** Any word, reserved ones too: what may stand behind a `.`. */
  isWord(): boolean {
    return this.end > this.start && isWordStart(this.text.charCodeAt(this.start));
  }

  /** Whether this token is the first on its line and stands at the line's first column. */
  isAtFirstColumn(): boolean {
    return this.start === 0 || this.text.charCodeAt(this.start - 1) === LINE_FEED;
  }

  next(): TokenKind {
    this.previousEnd = this.end;
    this.skipSpaceAndComments();
    const start = this.start;
    if (start >= this.limit) {
      this.end = this.limit;
      this.kind = "end";
    } else {
      this.kind = this.readToken(start);
    }
    // Three characters more than the token: what a number looks ahead for its exponent (`1e-3`).
    if (this.end + 3 > this.reach) this.reach = this.end + 3;
    return this.kind;
  }

  private skipSpaceAndComments(): void {
    const { text, limit } = this;
    let at = this.end;
    let newline = at === 0;
    this.docStart = -1;
    this.trailingDocStart = -1;
    while (at < limit) {
      const code = text.charCodeAt(at);
      if (code === SPACE || code === TAB || code === CARRIAGE_RETURN) {
        at++;
      } else if (code === LINE_FEED) {
        newline = true;
        at++;
      } else if (code === SLASH && text.charCodeAt(at + 1) === SLASH) {
        const end = endOfComment(text, at, limit);
        if (isDocComment(text, at)) {
          if (newline) {
            if (this.docStart < 0) this.docStart = at;
            this.docEnd = end;
          } else {
            this.trailingDocStart = at;
            this.trailingDocEnd = end;
          }
        }
        at = end;
      } else if (code === BYTE_ORDER_MARK && at === 0) {
        at++;
      } else {
        break;
      }
    }
    this.newlineBefore = newline;
    this.start = at;
  }

  private readToken(start: number): TokenKind {
    const { text } = this;
    const code = text.charCodeAt(start);
    if (isWordStart(code)) return this.readWord(start, code);
    if (isDigitCode(code)) return this.readNumber(start);
    this.end = start + 1;
    switch (code) {
      case QUOTE:
        return this.readString(start);
      case BACKTICK:
        return this.readFence(start);
      case OPEN_BRACE:
        return "{";
      case CLOSE_BRACE:
        return "}";
      case 91:
        return "[";
      case 93:
        return "]";
      case 40:
        return "(";
      case 41:
        return ")";
      case 44:
        return ",";
      case 58:
        return ":";
      case 46:
        return ".";
      case 61:
        return this.either(start, 61, "==", "=");
      case 60:
        return this.either(start, 61, "<=", "<");
      case 62:
        return this.either(start, 61, ">=", ">");
      case 33:
        return this.either(start, 61, "!=", "!");
      case 124:
        return this.either(start, 124, "||", "|");
      case 38:
        return this.either(start, 38, "&&", "unknown");
      case 63:
        return this.either(start, 63, "??", this.either(start, 46, "?.", "?"));
      case 43:
        return "+";
      case 45:
        return "-";
      case 42:
        return "*";
      case SLASH:
        return text.charCodeAt(start + 1) === 42 ? this.readToLineEnd(start) : "/";
      case 35:
        return this.readToLineEnd(start);
      case 39:
        return this.readSingleQuoted(start);
      default:
        return this.readUnknown(start);
    }
  }

  private either(start: number, second: number, both: TokenKind, single: TokenKind): TokenKind {
    if (start + 1 >= this.limit || this.text.charCodeAt(start + 1) !== second) return single;
    this.end = start + 2;
    return both;
  }

  private readWord(start: number, first: number): TokenKind {
    const { text, limit } = this;
    let at = start + 1;
    while (at < limit && isWordCode(text.charCodeAt(at))) at++;
    this.end = at;
    const length = at - start;
    if (length < SHORTEST_RESERVED || length > LONGEST_RESERVED) return "name";
    const candidates = RESERVED_BY_FIRST_LETTER.get(first);
    if (candidates === undefined) return "name";
    for (const word of candidates) {
      if (word.length === length && text.startsWith(word, start)) return word;
    }
    return "name";
  }

  private readNumber(start: number): TokenKind {
    const { text, limit } = this;
    let at = skipDigits(text, start + 1, limit);
    if (text.charCodeAt(at) === 46 && isDigitCode(text.charCodeAt(at + 1))) {
      at = skipDigits(text, at + 2, limit);
    }
    const exponent = text.charCodeAt(at);
    if (exponent === 101 || exponent === 69) {
      const sign = text.charCodeAt(at + 1);
      const digits = sign === 43 || sign === 45 ? at + 2 : at + 1;
      if (isDigitCode(text.charCodeAt(digits))) at = skipDigits(text, digits + 1, limit);
    }
    this.end = Math.min(at, limit);
    return "number";
  }

  /** A string ends at the end of its line at the latest, so that a missing quote damages one line (rule 3). */
  private readString(start: number): TokenKind {
    const { text, limit } = this;
    /** How many braces are open inside each interpolation that is open, the innermost last. */
    const interpolations: number[] = [];
    let inText = true;
    let firstQuoteInside = -1;
    let at = start + 1;
    for (; at < limit; at++) {
      const code = text.charCodeAt(at);
      if (code === LINE_FEED) break;
      if (inText) {
        if (code === BACKSLASH) {
          if (at + 1 < limit && text.charCodeAt(at + 1) !== LINE_FEED) at++;
        } else if (code === QUOTE) {
          if (interpolations.length === 0) {
            this.end = at + 1;
            this.stringClosed = true;
            return "string";
          }
          inText = false;
        } else if (code === DOLLAR && text.charCodeAt(at + 1) === OPEN_BRACE) {
          interpolations.push(0);
          inText = false;
          at++;
          if (interpolations.length > INTERPOLATION_LIMIT) break;
        }
      } else if (code === QUOTE) {
        if (firstQuoteInside < 0) firstQuoteInside = at;
        inText = true;
      } else if (code === OPEN_BRACE) {
        interpolations.push((interpolations.pop() ?? 0) + 1);
      } else if (code === CLOSE_BRACE) {
        const open = interpolations.pop() ?? 0;
        if (open === 0) inText = true;
        else interpolations.push(open - 1);
      }
    }
    // `"${name", …`: a forgotten brace. The quote inside was meant as the end.
    if (firstQuoteInside >= 0) {
      this.end = firstQuoteInside + 1;
      this.stringClosed = true;
      this.reach = Math.max(this.reach, at + 1);
      return "string";
    }
    this.end = trimEnd(text, start + 1, at);
    this.reach = Math.max(this.reach, at + 1);
    this.stringClosed = false;
    return "string";
  }

  private readFence(start: number): TokenKind {
    const { text, limit } = this;
    let at = start + 1;
    while (at < limit && text.charCodeAt(at) === BACKTICK) at++;
    this.end = at;
    const ticks = at - start;
    if (ticks < 3) return "unknown";
    const lineEnd = endOfLine(text, at, limit);
    const trailingText = text.slice(at, lineEnd).trim() !== "";
    const contentStart = Math.min(lineEnd + 1, limit);
    for (let line = contentStart; line < limit; ) {
      const end = endOfLine(text, line, limit);
      const first = skipBlanks(text, line, end);
      const code = text.charCodeAt(first);
      if (first < end && code === BACKTICK) {
        let last = first;
        while (last < end && text.charCodeAt(last) === BACKTICK) last++;
        if (last - first >= ticks && skipBlanks(text, last, end) === end) {
          this.fence = { ticks, contentStart, contentEnd: line, closed: true, trailingText };
          this.end = last;
          return "fence";
        }
      } else if (code === 114 && opensFence(text.slice(first, end), ticks)) {
        // Another script starts: this one was never closed, and the close that follows is not its own.
        break;
      }
      line = end + 1;
    }
    const contentEnd = endOfUnclosedScript(text, contentStart, limit);
    this.fence = { ticks, contentStart, contentEnd, closed: false, trailingText };
    this.end = trimEnd(text, at, Math.max(at, contentEnd));
    this.reach = limit + 3;
    return "fence";
  }

  private readToLineEnd(start: number): TokenKind {
    this.end = trimEnd(this.text, start, endOfLine(this.text, start, this.limit));
    return "unknown";
  }

  private readSingleQuoted(start: number): TokenKind {
    const lineEnd = endOfLine(this.text, start, this.limit);
    const close = this.text.indexOf("'", start + 1);
    this.end = close >= 0 && close < lineEnd ? close + 1 : start + 1;
    this.reach = Math.max(this.reach, lineEnd + 1);
    return "unknown";
  }

  /** A run of characters that mean nothing here, letters of other alphabets with all that is glued to them. */
  private readUnknown(start: number): TokenKind {
    let at = start + 1;
    while (at < this.limit) {
      const code = this.text.charCodeAt(at);
      if (code < 128 && !isWordCode(code)) break;
      at++;
    }
    this.end = at;
    return "unknown";
  }
}

function isWordStart(code: number): boolean {
  return isWordCode(code) && !isDigitCode(code);
}

function skipDigits(text: string, from: number, limit: number): number {
  let at = from;
  while (at < limit && isDigitCode(text.charCodeAt(at))) at++;
  return at;
}

function skipBlanks(text: string, from: number, end: number): number {
  let at = from;
  while (at < end) {
    const code = text.charCodeAt(at);
    if (code !== SPACE && code !== TAB && code !== CARRIAGE_RETURN) break;
    at++;
  }
  return at;
}

function endOfLine(text: string, from: number, limit: number): number {
  const at = text.indexOf("\n", from);
  return at < 0 || at > limit ? limit : at;
}

function trimEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && text.charCodeAt(at - 1) <= SPACE) at--;
  return at;
}

function endOfComment(text: string, start: number, limit: number): number {
  return trimEnd(text, start, endOfLine(text, start, limit));
}

/** Exactly three slashes: a line of many is a rule that somebody drew. */
function isDocComment(text: string, at: number): boolean {
  return text.charCodeAt(at + 2) === SLASH && text.charCodeAt(at + 3) !== SLASH;
}

const FENCE_OPENER = /^run[ \t]+(?:\w+|"[^"]*")[ \t]*(`{3,})\s*$/;

function opensFence(line: string, ticks: number): boolean {
  const match = FENCE_OPENER.exec(line);
  return match?.[1] !== undefined && match[1].length >= ticks;
}

/** A line that is hardly anything but a declaration of a pipeline file: full words, at the first column. */
const DECLARATION_LINE =
  /^(?:(?:pipeline|target|publish|check)[ \t]+\w|(?:param|input|table|let)[ \t]+\w+[ \t]*[:=]|transform[ \t]+\w+[ \t]*\{|node[ \t]+\w+[ \t]*[=[]|import[ \t]*\{|(?:for|if)[ \t].*\{)/;

/** Where a script without a closing fence ends: before the next declaration, its comments and a brace before it. */
function endOfUnclosedScript(text: string, contentStart: number, limit: number): number {
  const lines: number[] = [];
  let found = -1;
  for (let line = contentStart; line < limit; ) {
    const end = endOfLine(text, line, limit);
    if (DECLARATION_LINE.test(text.slice(line, end))) {
      found = lines.length;
      break;
    }
    lines.push(line);
    line = end + 1;
  }
  const declaration = found < 0 ? limit : lineAfter(text, lines.at(-1), limit, contentStart);
  let end = declaration;
  for (let at = lines.length - 1; at >= 0; at--) {
    const line = lines[at] ?? contentStart;
    const content = text.slice(line, endOfLine(text, line, limit)).trimEnd();
    if (content === "}") return line;
    if (content !== "" && !content.startsWith("//")) break;
    if (found >= 0 && content !== "") end = line;
  }
  return end;
}

function lineAfter(text: string, line: number | undefined, limit: number, first: number): number {
  return line === undefined ? first : Math.min(endOfLine(text, line, limit) + 1, limit);
}

/** Every comment of a text, in order. Costs one pass over its tokens. */
export function commentsOf(text: string): Comment[] {
  const comments: Comment[] = [];
  const scanner = new Scanner(text, 0, text.length);
  do {
    const from = scanner.end;
    scanner.next();
    collectComments(text, from, scanner.start, comments);
  } while (scanner.kind !== "end");
  return comments;
}

/** `from` to `to` holds nothing but space and comments. */
function collectComments(text: string, from: number, to: number, into: Comment[]): void {
  for (let at = text.indexOf("//", from); at >= 0 && at < to; ) {
    const end = endOfComment(text, at, to);
    into.push({ span: { start: at, end }, text: text.slice(at, end), isDoc: isDocComment(text, at) });
    at = text.indexOf("//", end);
  }
}

/** The text of the `///` lines between two offsets, without slashes and the one space behind them. */
export function docText(text: string, start: number, end: number): string {
  const lines: string[] = [];
  for (const line of text.slice(start, end).split("\n")) {
    const match = /^[ \t]*\/\/\/(?!\/) ?(.*?)\r?$/.exec(line);
    if (match?.[1] !== undefined) lines.push(match[1].trimEnd());
  }
  return lines.join("\n");
}
