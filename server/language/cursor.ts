import { nestingLimit } from "./checks/nesting-limit.js";
import { reservedWord } from "./checks/reserved-word.js";
import { syntax } from "./checks/syntax.js";
import { docText, Scanner, type TokenKind } from "./lexer.js";
import type { Problem, Rule } from "./problems.js";
import type { Name, Span } from "./syntax.js";

/** Levels of nesting, in the text and in the tree; every recursive walk of a tree is safe below it (rule 5). */
export const NESTING_LIMIT = 200;

/** Tokens that are read at most to learn whether a block closes: some 500 lines. */
const BLOCK_LOOKAHEAD = 5_000;

/** Keywords that begin a declaration at the top level and nowhere else. */
const TOP_LEVEL_ONLY = new Set(["pipeline", "import", "input", "table", "transform", "target", "publish"]);

/** What the parser of expressions and the parser of declarations share: the place in the text, problems, recovery. */
export class Cursor {
  protected scanner: Scanner;
  /** Offset of the declaration that is being read; spans count from it. */
  protected base = 0;
  protected problems: Problem[] = [];
  /** Levels that are open: bounds the parser's own recursion. */
  protected depth = 0;
  /** Inside `()` and `[]`, where newlines don't count (rule 2). */
  protected brackets = 0;
  private lastProblemAt = -1;
  private reportedNesting = false;
  private readonly ahead: Scanner;

  constructor(protected readonly text: string) {
    this.scanner = new Scanner(text, 0, text.length);
    this.ahead = new Scanner(text, 0, text.length);
  }

  protected beginDeclaration(offset: number): void {
    this.base = offset;
    this.problems = [];
    this.depth = 0;
    this.brackets = 0;
    this.lastProblemAt = -1;
    this.reportedNesting = false;
  }

  // -------------------------------------------------------------- tokens

  protected get kind(): TokenKind {
    return this.scanner.kind;
  }
  protected at(kind: TokenKind): boolean {
    return this.scanner.kind === kind;
  }
  protected next(): TokenKind {
    return this.scanner.next();
  }
  /** Whether the current token is a word, reserved or not, that reads `word`. */
  protected atWord(word: string): boolean {
    const { scanner } = this;
    return scanner.end - scanner.start === word.length && this.text.startsWith(word, scanner.start);
  }
  /** A line ends before the current token, and line ends count here. */
  protected atLineStart(): boolean {
    return this.scanner.newlineBefore && this.brackets === 0;
  }
  protected skip(kind: TokenKind): boolean {
    if (this.scanner.kind !== kind) return false;
    this.scanner.next();
    return true;
  }
  /** Takes `kind`, or reports that it is missing. */
  protected expect(kind: TokenKind, what = `"${kind}"`): boolean {
    if (this.skip(kind)) return true;
    this.reportExpected(what);
    return false;
  }

  /** Start of the current token, relative to the declaration. */
  protected here(): number {
    return this.scanner.start - this.base;
  }
  protected tokenSpan(): Span {
    return { start: this.scanner.start - this.base, end: this.scanner.end - this.base };
  }
  /** From `start` (relative) to the end of the token before the current one. */
  protected spanFrom(start: number): Span {
    return { start, end: Math.max(start, this.scanner.previousEnd - this.base) };
  }
  /** The empty place behind the token before the current one. */
  protected gap(): Span {
    const at = Math.max(0, this.scanner.previousEnd - this.base);
    return { start: at, end: at };
  }

  // -------------------------------------------------------------- looking ahead

  /** A second scanner that starts behind the current token; what it reads is counted into `reach`. */
  protected lookAhead<Result>(look: (scanner: Scanner) => Result): Result {
    const { ahead } = this;
    ahead.limit = this.scanner.limit;
    ahead.jump(this.scanner.end);
    ahead.reach = 0;
    ahead.next();
    const result = look(ahead);
    if (ahead.reach > this.scanner.reach) this.scanner.reach = ahead.reach;
    return result;
  }

  /** The kind of the token behind the current one; "end" when it is on another line. */
  protected nextOnLine(): TokenKind {
    return this.lookAhead((scanner) => (scanner.newlineBefore ? "end" : scanner.kind));
  }

  /**
   * Whether a declaration begins at the current token, if that is the first on its line. Keywords are also
   * names, so they count only with what must follow them on the line: no expression has two names in a row.
   */
  protected startsDeclaration(): boolean {
    switch (this.scanner.kind) {
      case "node":
      case "let":
        return true;
      case "if":
      case "for":
        // In brackets it may be a clause of a comprehension, which has no brace on its line.
        return this.brackets === 0 || this.lookAhead(hasBraceOnLine);
      case "name":
        break;
      default:
        return false;
    }
    switch (this.scanner.word()) {
      case "pipeline":
      case "param":
      case "input":
      case "table":
      case "transform":
      case "target":
      case "publish":
        return this.nextOnLine() === "name";
      case "import":
        return this.nextOnLine() === "{";
      case "check":
        switch (this.nextOnLine()) {
          case "name":
          case "number":
          case "string":
          case "not":
          case "true":
          case "false":
          case "(":
            return true;
          default:
            return false;
        }
      default:
        return false;
    }
  }

  protected startsDeclarationOnNewLine(): boolean {
    return this.scanner.newlineBefore && this.startsDeclaration();
  }

  /**
   * Whether the block that is open closes below. Asked only where a statement that could belong to it stands at
   * the first column: then a closing brace was forgotten, or somebody does not indent.
   */
  protected blockClosesBelow(): boolean {
    return this.lookAhead((scanner) => {
      let open = 1;
      for (let tokens = 0; scanner.kind !== "end"; tokens++, scanner.next()) {
        // Bounded, or many open blocks would each read the rest of the file. In doubt the author is believed.
        if (tokens === BLOCK_LOOKAHEAD) return true;
        if (scanner.kind === "{") open++;
        else if (scanner.kind === "}" && --open === 0) return true;
        else if (scanner.newlineBefore && scanner.isAtFirstColumn() && isTopLevelOnly(scanner)) return false;
      }
      return false;
    });
  }

  // -------------------------------------------------------------- problems

  /** One problem a place: whatever else is missing there follows from it. */
  protected report(rule: Rule, span: Span, message: string, suggestion?: string): void {
    if (span.start === this.lastProblemAt) return;
    this.lastProblemAt = span.start;
    this.problems.push(
      suggestion === undefined ? { rule, span, message } : { rule, span, message, suggestion },
    );
  }

  /** Reports that `what` is missing before the current token. */
  protected reportExpected(what: string): void {
    // Nothing before the declaration may be named: it is kept as it is when the text before it changes.
    const isFirst = this.scanner.previousEnd <= this.base;
    if (!isFirst && (this.scanner.kind === "end" || this.scanner.newlineBefore)) {
      const where = this.scanner.kind === "end" ? "the end of the text" : "the end of the line";
      this.report(syntax, this.gap(), `expected ${what}, found ${where}`);
    } else {
      this.report(syntax, this.tokenSpan(), `expected ${what}, found ${this.describeToken()}`);
    }
  }

  /** Reports the current token itself, wherever it stands: it is not something missing before it. */
  protected reportUnexpected(what: string, suggestion?: string): void {
    this.report(syntax, this.tokenSpan(), `expected ${what}, found ${this.describeToken()}`, suggestion);
  }

  private describeToken(): string {
    const word = this.scanner.word();
    switch (this.scanner.kind) {
      case "string":
        return "a string";
      case "fence":
        return "a script";
      case "unknown":
        if (word.startsWith("#")) return `"#" (a comment begins with "//")`;
        if (word.startsWith("/*")) return `"/*" (a comment begins with "//" on each of its lines)`;
        if (word.startsWith("'")) return `"'" (strings stand in double quotes)`;
        return `"${word.slice(0, 20)}"`;
      default:
        return `"${word}"`;
    }
  }

  protected reportNesting(start: number): void {
    if (this.reportedNesting) return;
    this.reportedNesting = true;
    this.report(nestingLimit, { start, end: start + 1 }, `nested deeper than the limit of ${NESTING_LIMIT}`);
  }

  // -------------------------------------------------------------- names and docs

  protected missingName(): Name {
    return { kind: "name", span: this.gap(), text: "" };
  }

  /** A name on this line: no word is taken across a line break, which is where the next declaration begins. */
  protected name(what: string): Name {
    const { scanner } = this;
    if (scanner.newlineBefore && (this.brackets === 0 || this.startsDeclaration())) {
      this.reportExpected(what);
      return this.missingName();
    }
    return this.nameAnywhere(what);
  }

  protected nameAnywhere(what: string): Name {
    const { scanner } = this;
    if (scanner.kind !== "name") {
      if (!scanner.isWord()) {
        this.reportExpected(what);
        return this.missingName();
      }
      this.report(reservedWord, this.tokenSpan(), `a reserved word cannot be ${what}: "${scanner.word()}"`);
    }
    const name: Name = { kind: "name", span: this.tokenSpan(), text: scanner.word() };
    scanner.next();
    return name;
  }

  /** Doc comment before the current token. Taken at the start of an item. */
  protected leadingDoc(): string | undefined {
    const { scanner } = this;
    return scanner.docStart < 0 ? undefined : docText(this.text, scanner.docStart, scanner.docEnd);
  }

  /** Joins the doc comment before an item with the one behind it on its line, also behind its comma. */
  protected withTrailingDoc(leading: string | undefined): string | undefined {
    const trailing = this.trailingDoc();
    if (trailing === undefined) return leading;
    return leading === undefined ? trailing : `${leading}\n${trailing}`;
  }

  private trailingDoc(): string | undefined {
    const { scanner } = this;
    if (scanner.trailingDocStart >= 0) {
      return docText(this.text, scanner.trailingDocStart, scanner.trailingDocEnd);
    }
    if (scanner.kind !== "," || scanner.newlineBefore) return undefined;
    return this.lookAhead((ahead) =>
      ahead.trailingDocStart < 0
        ? undefined
        : docText(this.text, ahead.trailingDocStart, ahead.trailingDocEnd),
    );
  }

  // -------------------------------------------------------------- recovery

  /** Skips to the next comma or closing bracket of the brackets that are open, a line's item, or a declaration. */
  protected skipInBrackets(): void {
    let open = 0;
    for (; ; this.scanner.next()) {
      switch (this.scanner.kind) {
        case "end":
        case "{":
        case "}":
        case "fence":
          return;
        case "[":
        case "(":
          open++;
          break;
        case "]":
        case ")":
          if (open === 0) return;
          open--;
          break;
        case ",":
          if (open === 0) return;
          break;
        default:
          if (this.startsItemOnNewLine()) return;
      }
    }
  }

  /** In brackets, a line that begins with `name:` or a declaration shows that the bracket was never closed. */
  protected startsItemOnNewLine(): boolean {
    const { scanner } = this;
    if (!scanner.newlineBefore || !scanner.isWord()) return false;
    return this.startsDeclaration();
  }

  /** Skips to the end of an item of a block: its line's end, a comma, the closing brace, or a declaration. */
  protected skipItem(): void {
    let open = 0;
    for (let first = true; ; first = false, this.scanner.next()) {
      const { kind, newlineBefore } = this.scanner;
      if (kind === "end") return;
      if (!first && newlineBefore && (open === 0 || this.startsDeclaration())) return;
      if (kind === "{") open++;
      else if (kind === "}") {
        if (open === 0) return;
        open--;
      } else if (kind === "," && open === 0) return;
    }
  }

  /** Skips to the next line that begins a declaration. */
  protected skipToDeclaration(): void {
    while (this.scanner.kind !== "end" && !this.startsDeclarationOnNewLine()) this.scanner.next();
  }
}

function hasBraceOnLine(scanner: Scanner): boolean {
  for (; scanner.kind !== "end" && !scanner.newlineBefore; scanner.next()) {
    if (scanner.kind === "{") return true;
  }
  return false;
}

function isTopLevelOnly(scanner: Scanner): boolean {
  if (scanner.kind !== "name" || !TOP_LEVEL_ONLY.has(scanner.word())) return false;
  // `input: x` is an argument; what a declaration has behind its keyword is one space and a word or brace.
  return /^[ \t]+[\w{]/.test(scanner.text.slice(scanner.end, scanner.end + 8));
}
