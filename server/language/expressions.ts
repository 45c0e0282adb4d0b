import { badEscape } from "./checks/bad-escape.js";
import { syntax } from "./checks/syntax.js";
import { unclosedString } from "./checks/unclosed-string.js";
import { Cursor, NESTING_LIMIT } from "./cursor.js";
import { Scanner, type TokenKind } from "./lexer.js";
import { mostSimilar } from "./similar.js";
import type {
  BinaryOperator,
  BrokenExpression,
  CallArgument,
  ComprehensionClause,
  Expression,
  Name,
  Span,
  StringPart,
  StringTemplate,
  TypeSyntax,
  Unit,
  Wildcard,
} from "./syntax.js";

const UNITS: ReadonlyMap<string, Unit> = new Map(
  (["B", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB", "ms", "s", "min", "h", "d"] as const).map(
    (unit) => [unit, unit],
  ),
);

/** Levels of binding, the loosest first; `not` binds looser than a comparison, as in Python. */
const OR = 1;
const AND = 2;
const COMPARISON = 3;
const DEFAULT = 4;
const SUM = 5;
const PRODUCT = 6;

interface Operator {
  readonly operator: BinaryOperator;
  readonly level: number;
  /** A line may begin with it and continue the one before (rule 2). */
  readonly continues: boolean;
  /** What other languages write for it. */
  readonly foreign?: true;
}
const OPERATORS: { readonly [Kind in TokenKind]?: Operator } = {
  or: { operator: "or", level: OR, continues: true },
  "||": { operator: "or", level: OR, continues: true, foreign: true },
  and: { operator: "and", level: AND, continues: true },
  "&&": { operator: "and", level: AND, continues: true, foreign: true },
  "==": { operator: "==", level: COMPARISON, continues: false },
  "!=": { operator: "!=", level: COMPARISON, continues: false },
  "<": { operator: "<", level: COMPARISON, continues: false },
  "<=": { operator: "<=", level: COMPARISON, continues: false },
  ">": { operator: ">", level: COMPARISON, continues: false },
  ">=": { operator: ">=", level: COMPARISON, continues: false },
  "??": { operator: "??", level: DEFAULT, continues: true },
  "+": { operator: "+", level: SUM, continues: false },
  "-": { operator: "-", level: SUM, continues: false },
  "*": { operator: "*", level: PRODUCT, continues: false },
  "/": { operator: "/", level: PRODUCT, continues: false },
};

/** The level that the operand of `not` is read at. */
export const NOT_LEVEL = COMPARISON;

/** Expressions and types as written. */
export class ExpressionParser extends Cursor {
  /**
   * Height of the tree that was read last. A chain (`a + a + …`) grows a tree without nesting in the text, so
   * bounding the parser's recursion alone would leave trees that overflow the stack of whoever walks them.
   */
  private height = 0;

  expression(): Expression {
    if (this.depth >= NESTING_LIMIT) return this.tooDeep();
    this.depth++;
    const result = this.conditional();
    this.depth--;
    return result;
  }

  private tooDeep(): BrokenExpression {
    const start = this.here();
    this.reportNesting(start);
    this.skipInBrackets();
    this.height = 1;
    return { kind: "broken", span: this.spanFrom(start) };
  }

  /** `node` on top of trees of which the highest has `height` levels; a broken expression above the limit. */
  private raised(node: Expression, height: number): Expression {
    if (height < NESTING_LIMIT) {
      this.height = height + 1;
      return node;
    }
    this.reportNesting(node.span.start);
    this.height = 1;
    return { kind: "broken", span: node.span };
  }

  private leaf<Node extends Expression>(node: Node): Node {
    this.height = 1;
    return node;
  }

  /** Nothing is consumed: what stands here may begin the next item. */
  private missing(): BrokenExpression {
    this.reportExpected("an expression");
    return this.leaf({ kind: "broken", span: this.gap() });
  }

  private conditional(): Expression {
    const start = this.here();
    const condition = this.binary(OR);
    if (!this.at("?")) return condition;
    let height = this.height;
    this.next();
    const then = this.expression();
    height = Math.max(height, this.height);
    if (!this.expect(":")) {
      const otherwise: BrokenExpression = { kind: "broken", span: this.gap() };
      return this.raised(
        { kind: "conditional", span: this.spanFrom(start), condition, then, otherwise },
        height,
      );
    }
    const otherwise = this.expression();
    height = Math.max(height, this.height);
    return this.raised(
      { kind: "conditional", span: this.spanFrom(start), condition, then, otherwise },
      height,
    );
  }

  private binary(level: number): Expression {
    const start = this.here();
    let left = this.unary();
    for (;;) {
      const found = OPERATORS[this.kind];
      if (found === undefined || found.level < level || (this.atLineStart() && !found.continues)) return left;
      if (found.foreign === true) {
        this.report(
          syntax,
          this.tokenSpan(),
          `this is written in words here: "${found.operator}"`,
          found.operator,
        );
      }
      const leftHeight = this.height;
      this.next();
      // Left-associative throughout; for `??` either side gives the same value.
      const right = this.binary(found.level + 1);
      const height = Math.max(leftHeight, this.height);
      left = this.raised(
        { kind: "binary", span: this.spanFrom(start), operator: found.operator, left, right },
        height,
      );
    }
  }

  private unary(): Expression {
    const kind = this.kind;
    if (kind !== "-" && kind !== "not" && kind !== "!") return this.postfix();
    if (this.depth >= NESTING_LIMIT) return this.tooDeep();
    const start = this.here();
    if (kind === "!") this.report(syntax, this.tokenSpan(), 'this is written in words here: "not"', "not ");
    this.next();
    this.depth++;
    const operand = kind === "not" ? this.binary(NOT_LEVEL) : this.unary();
    this.depth--;
    const operator = kind === "-" ? "-" : "not";
    return this.raised({ kind: "unary", span: this.spanFrom(start), operator, operand }, this.height);
  }

  private postfix(): Expression {
    const start = this.here();
    let object = this.primary();
    for (;;) {
      const kind = this.kind;
      if (kind === "." || kind === "?.") {
        const height = this.height;
        this.next();
        const member = this.memberName();
        object = this.raised(
          { kind: "member", span: this.spanFrom(start), object, optional: kind === "?.", member },
          height,
        );
      } else if (kind === "[" && !this.atLineStart()) {
        const before = this.height;
        const keys = this.bracketed("]", () => this.key());
        const height = Math.max(before, this.height);
        object = this.raised({ kind: "index", span: this.spanFrom(start), object, keys }, height);
      } else if (kind === "(" && !this.atLineStart() && object.kind !== "broken") {
        this.report(syntax, this.tokenSpan(), 'only a function can be called, by its name: "("');
        this.bracketed(")", () => this.argument());
        object = this.leaf({ kind: "broken", span: this.spanFrom(start) });
      } else {
        return object;
      }
    }
  }

  /** Any word of this line may be a member; a word on the next line begins something else. */
  private memberName(): Name {
    const { scanner } = this;
    if (!scanner.isWord() || scanner.newlineBefore) {
      this.reportExpected("a member's name");
      return this.missingName();
    }
    const name: Name = { kind: "name", span: this.tokenSpan(), text: scanner.word() };
    this.next();
    return name;
  }

  private key(): Expression | Wildcard {
    if (!this.at("*")) return this.expression();
    const span = this.tokenSpan();
    this.next();
    this.height = 1;
    return { kind: "wildcard", span };
  }

  /**
   * Items between the bracket at the current token and `close`. `height` is that of the highest item afterwards.
   * A bracket that is never closed ends before a line that begins a declaration.
   */
  protected bracketed<Item>(close: "]" | ")", item: () => Item): Item[] {
    const items: Item[] = [];
    let height = 0;
    this.brackets++;
    this.next();
    while (this.kind !== close && !this.at("end")) {
      if (this.startsItemOnNewLine()) break;
      const before = this.scanner.start;
      items.push(item());
      height = Math.max(height, this.height);
      if (this.skip(",")) continue;
      if (this.kind === close || this.startsItemOnNewLine()) break;
      this.reportExpected(`"," or "${close}"`);
      if (this.scanner.start === before) this.skipInBrackets();
      // A forgotten comma: go on with what may be the next item.
      if (this.skip(",")) continue;
      if (this.scanner.start === before || isClosing(this.kind)) break;
    }
    this.brackets--;
    this.expect(close);
    this.height = height;
    return items;
  }

  private primary(): Expression {
    const { scanner } = this;
    if (scanner.newlineBefore && this.startsDeclaration()) return this.missing();
    const span = this.tokenSpan();
    switch (scanner.kind) {
      case "null":
        this.next();
        return this.leaf({ kind: "null", span });
      case "true":
      case "false": {
        const value = scanner.kind === "true";
        this.next();
        return this.leaf({ kind: "boolean", span, value });
      }
      case "number":
        return this.number();
      case "string":
        return this.string();
      case "name":
        return this.reference();
      case "[":
        return this.list();
      case "(":
        return this.parenthesised();
      case "unknown":
      case "*": {
        this.reportExpected("an expression");
        this.next();
        return this.leaf({ kind: "broken", span });
      }
      default:
        return this.missing();
    }
  }

  private number(): Expression {
    const { scanner } = this;
    const start = this.here();
    const text = scanner.word();
    this.next();
    if (!scanner.isWord() || scanner.newlineBefore || scanner.kind !== "name") {
      return this.leaf({ kind: "number", span: this.spanFrom(start), text, unit: undefined });
    }
    const word = scanner.word();
    const unit = UNITS.get(word);
    if (unit === undefined) {
      const suggestion = mostSimilar(word, UNITS.keys());
      this.report(syntax, this.tokenSpan(), `unknown unit of a number: "${word}"`, suggestion);
      this.next();
      return this.leaf({ kind: "broken", span: this.spanFrom(start) });
    }
    this.next();
    return this.leaf({ kind: "number", span: this.spanFrom(start), text, unit });
  }

  private reference(): Expression {
    const span = this.tokenSpan();
    const name = this.scanner.word();
    this.next();
    if (!this.at("(") || this.atLineStart()) return this.leaf({ kind: "reference", span, name });
    const arguments_ = this.bracketed(")", () => this.argument());
    const callee: Name = { kind: "name", span, text: name };
    return this.raised(
      { kind: "call", span: this.spanFrom(span.start), callee, arguments: arguments_ },
      this.height,
    );
  }

  private argument(): CallArgument {
    const start = this.here();
    let name: Name | undefined;
    if (this.at("name") && this.lookAhead((scanner) => scanner.kind) === ":") {
      name = this.nameAnywhere("the name of an argument");
      this.next();
    }
    const value = this.expression();
    return { kind: "argument", span: this.spanFrom(start), name, value };
  }

  private parenthesised(): Expression {
    const start = this.here();
    this.brackets++;
    this.next();
    const inner = this.expression();
    this.brackets--;
    if (!this.at(")")) {
      this.reportExpected('")"');
      this.brackets++;
      this.skipInBrackets();
      this.brackets--;
    }
    this.skip(")");
    // Parentheses leave no trace in the tree; only the span tells that they were there.
    return inner.kind === "broken" ? inner : { ...inner, span: this.spanFrom(start) };
  }

  private list(): Expression {
    const start = this.here();
    const clauses: ComprehensionClause[] = [];
    let height = 0;
    const items = this.bracketed("]", () => {
      const item = this.expression();
      height = Math.max(height, this.height);
      while (this.at("for") && !this.startsItemOnNewLine()) {
        clauses.push(this.clause());
        height = Math.max(height, this.height);
      }
      this.height = height;
      return item;
    });
    const span = this.spanFrom(start);
    const [element] = items;
    if (clauses.length === 0 || element === undefined)
      return this.raised({ kind: "list", span, items }, height);
    if (items.length > 1) {
      this.report(syntax, span, 'a comprehension has one element before its "for"');
    }
    return this.raised({ kind: "comprehension", span, element, clauses }, height);
  }

  /** `for x in xs if c if d`; `height` is that of the highest expression inside. */
  private clause(): ComprehensionClause {
    const start = this.here();
    this.next();
    const names = this.loopNames();
    let height = 0;
    let source: Expression;
    if (this.at("in")) {
      this.next();
      source = this.expression();
      height = this.height;
    } else {
      this.reportExpected('"in"');
      source = { kind: "broken", span: this.gap() };
    }
    const conditions: Expression[] = [];
    while (this.at("if") && !this.startsItemOnNewLine()) {
      this.next();
      conditions.push(this.expression());
      height = Math.max(height, this.height);
    }
    this.height = height;
    return { kind: "clause", span: this.spanFrom(start), names, source, conditions };
  }

  /** `x` or `(a, b)` */
  protected loopNames(): Name[] {
    if (!this.at("(") || this.atLineStart()) return [this.name("the name of a loop variable")];
    const names = this.bracketed(")", () => this.name("the name of a loop variable"));
    return names.length === 0 ? [this.missingName()] : names;
  }

  // -------------------------------------------------------------- strings

  protected string(): StringTemplate {
    const { scanner, base } = this;
    const { start, end, stringClosed } = scanner;
    const span: Span = { start: start - base, end: end - base };
    if (!stringClosed) this.report(unclosedString, span, "a string has no closing quote");
    const parts = this.stringParts(start + 1, stringClosed ? end - 1 : end);
    this.next();
    this.height = Math.max(this.height, 0) + 1;
    return { kind: "string", span, parts };
  }

  /** `height` is that of the highest interpolated expression afterwards. */
  private stringParts(from: number, to: number): StringPart[] {
    const { text, base } = this;
    const parts: StringPart[] = [];
    let height = 0;
    let value = "";
    let partStart = from;
    let copied = from;
    let at = from;
    while (at < to) {
      const code = text.charCodeAt(at);
      if (code === 92) {
        value += text.slice(copied, at);
        const end = Math.min(this.escapeEnd(at), to);
        value += this.escape(at, end);
        at = end;
        copied = end;
      } else if (code === 36 && text.charCodeAt(at + 1) === 123 && at + 1 < to) {
        value += text.slice(copied, at);
        if (value !== "") {
          parts.push({ kind: "text", span: { start: partStart - base, end: at - base }, value });
        }
        const { expression, end } = this.interpolation(at + 2, to);
        height = Math.max(height, this.height);
        parts.push({ kind: "interpolation", span: { start: at - base, end: end - base }, expression });
        value = "";
        at = end;
        partStart = end;
        copied = end;
      } else {
        at++;
      }
    }
    value += text.slice(copied, to);
    if (value !== "") parts.push({ kind: "text", span: { start: partStart - base, end: to - base }, value });
    this.height = height;
    return parts;
  }

  /** Reads the expression behind `${` with a scanner of its own, which ends where the string does. */
  private interpolation(from: number, to: number): { expression: Expression; end: number } {
    const outer = this.scanner;
    const scanner = new Scanner(this.text, from, to);
    this.scanner = scanner;
    const brackets = this.brackets;
    this.brackets = 1;
    this.next();
    const expression = this.expression();
    let end = scanner.end;
    if (scanner.kind !== "}") {
      this.reportExpected('"}"');
      let open = 0;
      for (; !this.at("end"); this.next()) {
        if (this.at("{")) open++;
        else if (this.at("}") && open-- === 0) break;
      }
      end = scanner.end;
    }
    this.brackets = brackets;
    this.scanner = outer;
    if (scanner.reach > outer.reach) outer.reach = scanner.reach;
    return { expression, end };
  }

  private escapeEnd(at: number): number {
    const { text } = this;
    const close = text.startsWith("\\u{", at) ? /^[0-9a-fA-F]*\}/.exec(text.slice(at + 3, at + 16)) : null;
    if (close !== null) return at + 3 + close[0].length;
    // A character outside the basic plane is two units.
    return at + 1 + ((text.codePointAt(at + 1) ?? 0) > 0xffff ? 2 : 1);
  }

  private escape(at: number, end: number): string {
    const written = this.text.slice(at, end);
    switch (written) {
      case "\\n":
        return "\n";
      case "\\t":
        return "\t";
      case '\\"':
        return '"';
      case "\\\\":
        return "\\";
      case "\\$":
        return "$";
      default: {
        const digits = /^\\u\{([0-9a-fA-F]{1,6})\}$/.exec(written)?.[1];
        const code = digits === undefined ? Number.NaN : Number.parseInt(digits, 16);
        // A lone surrogate is no character and has no UTF-8 form, so it could not be hashed.
        if (code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)) return String.fromCodePoint(code);
        const span = { start: at - this.base, end: end - this.base };
        this.report(badEscape, span, `unknown escape in a string: "${written}"`);
        return written.slice(1);
      }
    }
  }

  // -------------------------------------------------------------- types

  protected type(): TypeSyntax {
    const start = this.here();
    let type = this.simpleType();
    if (this.at("?") && !this.scanner.newlineBefore) {
      this.next();
      type = { kind: "optional-type", span: this.spanFrom(start), inner: type };
    }
    if ((this.at("?") || this.at("??")) && !this.scanner.newlineBefore) {
      this.report(
        syntax,
        this.tokenSpan(),
        `a type is made optional by one question mark: "${this.scanner.word()}"`,
      );
      while (this.at("?") || this.at("??")) this.next();
    }
    return type;
  }

  private simpleType(): TypeSyntax {
    const { scanner } = this;
    const start = this.here();
    if (this.atLineStart() || this.startsDeclarationOnNewLine()) return this.missingType();
    switch (scanner.kind) {
      case "name": {
        const span = this.tokenSpan();
        const name = scanner.word();
        this.next();
        return { kind: "named-type", span, name };
      }
      case "string":
        return this.choiceType();
      case "[": {
        if (this.depth >= NESTING_LIMIT) {
          this.reportNesting(start);
          this.skipInBrackets();
          return { kind: "broken-type", span: this.spanFrom(start) };
        }
        this.depth++;
        this.brackets++;
        this.next();
        const element = this.type();
        if (!this.at("]")) {
          this.reportExpected('"]"');
          if (!this.startsItemOnNewLine()) this.skipInBrackets();
        }
        this.brackets--;
        this.skip("]");
        this.depth--;
        return { kind: "list-type", span: this.spanFrom(start), element };
      }
      default:
        return this.missingType();
    }
  }

  private missingType(): TypeSyntax {
    this.reportExpected("a type");
    return { kind: "broken-type", span: this.gap() };
  }

  private choiceType(): TypeSyntax {
    const start = this.here();
    const choices = [this.string()];
    while (this.at("|")) {
      this.next();
      if (!this.at("string")) {
        this.reportExpected("a string");
        break;
      }
      choices.push(this.string());
    }
    return { kind: "choice-type", span: this.spanFrom(start), choices };
  }
}

function isClosing(kind: TokenKind): boolean {
  return kind === "}" || kind === "{" || kind === "fence" || kind === "end" || kind === "]" || kind === ")";
}
