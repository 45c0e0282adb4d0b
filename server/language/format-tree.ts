import { children } from "./children.js";
import { Scanner, type TokenKind } from "./lexer.js";
import { dedent } from "./parser.js";
import type { Declaration, SyntaxNode } from "./syntax.js";

/** What stands between two tokens. */
export interface Trivia {
  /** The comment on the line of the token before. */
  readonly trailing: string | undefined;
  /** Comments on lines of their own. */
  readonly comments: readonly { readonly text: string; readonly blankBefore: boolean }[];
  /** A blank line right before the token behind. */
  readonly blankBefore: boolean;
  readonly newline: boolean;
}

const NO_TRIVIA: Trivia = { trailing: undefined, comments: [], blankBefore: false, newline: false };

/** Reads the space and comments between two offsets; `hasPrevious` tells whether a token ends at `from`. */
export function readTrivia(text: string, from: number, to: number, hasPrevious: boolean): Trivia {
  const between = text.slice(from, to);
  if (!between.includes("\n") && !between.includes("//")) return NO_TRIVIA;
  const lines = between.replace("\ufeff", "").split("\n");
  const comments: { text: string; blankBefore: boolean }[] = [];
  let trailing: string | undefined;
  let blank = false;
  for (const [index, line] of lines.entries()) {
    const content = line.trim();
    if (content !== "") {
      if (index === 0 && hasPrevious) trailing = content;
      else comments.push({ text: content, blankBefore: blank });
      blank = false;
    } else if (index > 0 && index < lines.length - 1) {
      blank = true;
    }
  }
  return { trailing, comments, blankBefore: blank, newline: lines.length > 1 };
}

/** A token with the comments around it. */
export interface FormatToken {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** The script of a fence, dedented; undefined for other tokens. */
  readonly script: string | undefined;
  /** Before it, from the token before; `trailing` is that token's. */
  leading: Trivia;
  /** Behind it on its line. */
  trailing: string | undefined;
}

export type Element = Leaf | Group;

export interface Leaf {
  readonly kind: "leaf";
  readonly token: FormatToken;
  /** Written without space to the element before. */
  readonly tight: boolean;
  /** The author broke the line before it, where a line may end, so it is broken again. */
  readonly breakBefore: boolean;
  /** Columns on one line; Infinity when it cannot be on one line. */
  readonly width: number;
}

export interface Group {
  readonly kind: "group";
  readonly open: FormatToken;
  readonly items: readonly Item[];
  readonly close: FormatToken;
  readonly tight: boolean;
  readonly breakBefore: false;
  readonly width: number;
  /** `{}`, whose items are separated by lines; in other brackets each line ends in a comma. */
  readonly isBlock: boolean;
  /** A comma may follow the last item. */
  readonly trailingComma: boolean;
  /** The author wrote it on several lines, or it holds statements. */
  readonly broken: boolean;
  /** Each item has a line of its own, even if the author put two on one. */
  readonly holdsStatements: boolean;
}

export interface Item {
  readonly elements: readonly Element[];
  /** The author began a new line with it. */
  readonly startsLine: boolean;
  /** A `for` of a comprehension: no comma stands before it. */
  readonly isClause: boolean;
}

/** The tokens of a declaration without problems, nested by their brackets. */
export function formatTree(text: string, declaration: Declaration): Element[] {
  const hints = collectHints(text, declaration);
  const tokens = readTokens(text, declaration, hints);
  return new TreeReader(tokens, hints).declaration();
}

/** Columns of elements side by side; Infinity when they cannot be on one line. */
export function widthOf(elements: readonly Element[]): number {
  let width = 0;
  for (const [index, element] of elements.entries()) {
    if (element.breakBefore) return Number.POSITIVE_INFINITY;
    const first = firstToken(element);
    if (index > 0 && first.leading.comments.length > 0) return Number.POSITIVE_INFINITY;
    const isLast = index === elements.length - 1;
    if (!isLast && lastToken(element).trailing !== undefined) return Number.POSITIVE_INFINITY;
    width += element.width + (index === 0 || element.tight ? 0 : 1);
  }
  return width;
}

export function firstToken(element: Element): FormatToken {
  return element.kind === "leaf" ? element.token : element.open;
}
export function lastToken(element: Element): FormatToken {
  return element.kind === "leaf" ? element.token : element.close;
}

// ---------------------------------------------------------------- what only the tree knows

/** Absolute offsets. */
interface Hints {
  /** Starts of the items of blocks. */
  readonly items: Set<number>;
  /** Starts of those items that each need a line of their own. */
  readonly statements: Set<number>;
  /** Ends of what an opening bracket is glued to: functions, indexed values, names of nodes. */
  readonly heads: Set<number>;
  /** Ends of optional types, which are the ends of their question marks. */
  readonly optionals: Set<number>;
  /** Starts of list types, which have one element and no comma. */
  readonly listTypes: Set<number>;
  /** Words that the scanner takes apart but the grammar takes whole (names of tools, factors), start to end. */
  readonly wholeWords: Map<number, number>;
}

function collectHints(text: string, { offset, statement }: Declaration): Hints {
  const hints: Hints = {
    items: new Set(),
    statements: new Set(),
    heads: new Set(),
    optionals: new Set(),
    listTypes: new Set(),
    wholeWords: new Map(),
  };
  const visit = (node: SyntaxNode, parent: SyntaxNode | undefined): void => {
    const start = offset + node.span.start;
    switch (node.kind) {
      case "import-item":
      case "column":
      case "node-argument":
      case "entry":
      case "retry-entry":
        hints.items.add(start);
        break;
      case "call":
        hints.heads.add(offset + node.callee.span.end);
        break;
      case "index":
        hints.heads.add(offset + node.object.span.end);
        break;
      case "node":
        hints.heads.add(offset + node.name.span.end);
        break;
      case "optional-type":
        hints.optionals.add(offset + node.span.end);
        break;
      case "list-type":
        hints.listTypes.add(start);
        break;
      case "tool":
        hints.wholeWords.set(start, offset + node.name.span.end);
        break;
      case "factor":
        hints.wholeWords.set(start, offset + node.span.end);
        break;
      default:
    }
    if (parent !== undefined && isBlockStatement(node, parent) && !followsElse(text, start)) {
      hints.items.add(start);
      hints.statements.add(start);
    }
    for (const child of children(node)) visit(child, node);
  };
  visit(statement, undefined);
  return hints;
}

function isBlockStatement(node: SyntaxNode, parent: SyntaxNode): boolean {
  switch (parent.kind) {
    case "transform":
      return node !== parent.name;
    case "for":
      return parent.body.some((statement) => statement === node);
    case "if":
      return node !== parent.condition;
    default:
      return false;
  }
}

/** The `if` of `else if` goes on on the line of its `else`. */
function followsElse(text: string, start: number): boolean {
  let at = start;
  while (text[at - 1] === " " || text[at - 1] === "\t") at--;
  return text.slice(at - 4, at) === "else" && !/\w/.test(text.charAt(at - 5));
}

// ---------------------------------------------------------------- tokens

function readTokens(text: string, { offset, length, statement }: Declaration, hints: Hints): FormatToken[] {
  const tokens: FormatToken[] = [];
  const end = offset + length;
  const scanner = new Scanner(text, offset + statement.span.start, end);
  for (;;) {
    const from = scanner.end;
    scanner.next();
    if (scanner.kind === "end") return tokens;
    let { kind, start } = scanner;
    const whole = hints.wholeWords.get(start);
    if (whole !== undefined) {
      scanner.jump(whole);
      kind = "name";
    }
    const previous = tokens.at(-1);
    const leading = previous === undefined ? NO_TRIVIA : readTrivia(text, from, start, true);
    if (previous !== undefined) previous.trailing = leading.trailing;
    const { fence } = scanner;
    const isFence = kind === "fence" && fence !== undefined;
    const tokenEnd = isFence ? start + fence.ticks : scanner.end;
    const script = isFence ? dedent(text.slice(fence.contentStart, fence.contentEnd)).script : undefined;
    tokens.push({
      kind,
      start,
      end: scanner.end,
      text: text.slice(start, tokenEnd),
      script,
      leading,
      trailing: undefined,
    });
  }
}

// ---------------------------------------------------------------- brackets

class TreeReader {
  private at = 0;

  constructor(
    private readonly tokens: readonly FormatToken[],
    private readonly hints: Hints,
  ) {}

  declaration(): Element[] {
    const sequence = new Sequence(this.hints, false);
    for (let token = this.tokens[this.at]; token !== undefined; token = this.tokens[this.at]) {
      this.element(token, sequence);
    }
    return sequence.finish();
  }

  private element(token: FormatToken, sequence: Sequence): void {
    this.at++;
    const isOpening = token.kind === "{" || token.kind === "[" || token.kind === "(";
    if (isOpening) sequence.addGroup(this.group(token, sequence));
    else sequence.addLeaf(token);
  }

  private group(open: FormatToken, around: Sequence): Group {
    const { hints } = this;
    const isBlock = open.kind === "{";
    const closing: TokenKind = isBlock ? "}" : open.kind === "[" ? "]" : ")";
    const items: Item[] = [];
    let sequence = new Sequence(hints, !isBlock);
    let startsLine = false;
    let isClause = false;
    let broken = false;
    let holdsStatements = false;
    const endItem = () => {
      const elements = sequence.finish();
      if (elements.length > 0) items.push({ elements, startsLine, isClause });
      sequence = new Sequence(hints, !isBlock);
    };
    for (;;) {
      const token = this.tokens[this.at];
      // A declaration without problems closes what it opens.
      if (token === undefined || token.kind === closing) {
        endItem();
        this.at++;
        const close = token ?? open;
        broken ||= close.leading.newline;
        const hasContent = items.length > 0 || close.leading.comments.length > 0;
        const isComprehension = items.some((item) => item.isClause);
        const isHeaded = around.isHeaded;
        const group = {
          kind: "group",
          open,
          items,
          close,
          tight: around.tightness(open),
          breakBefore: false,
          isBlock,
          trailingComma:
            !isBlock &&
            !isComprehension &&
            !hints.listTypes.has(open.start) &&
            (open.kind === "[" || isHeaded),
          broken: hasContent && (broken || holdsStatements),
          holdsStatements,
        } as const;
        return { ...group, width: widthOfGroup(group) };
      }
      if (token.kind === "," && this.separates(isBlock, closing)) {
        this.at++;
        this.leaveOut(token, sequence, open);
        endItem();
        continue;
      }
      const startsClause = token.kind === "for" && open.kind === "[" && sequence.mayStartClause;
      if (startsClause || (isBlock && hints.items.has(token.start))) endItem();
      if (sequence.isEmpty) {
        startsLine = token.leading.newline;
        broken ||= startsLine;
        isClause = startsClause;
        holdsStatements ||= hints.statements.has(token.start);
      }
      this.element(token, sequence);
    }
  }

  /** Whether the comma at the current place stands between items of the group rather than inside one. */
  private separates(isBlock: boolean, closing: TokenKind): boolean {
    if (!isBlock) return true;
    const next = this.tokens[this.at + 1];
    return next === undefined || next.kind === closing || this.hints.items.has(next.start);
  }

  /** The writer puts its own commas; the comments around one of the author's go to its neighbours. */
  private leaveOut(comma: FormatToken, sequence: Sequence, open: FormatToken): void {
    const before = sequence.last ?? open;
    const next = this.tokens[this.at];
    const moved = [...comma.leading.comments];
    if (comma.trailing !== undefined) {
      if (moved.length === 0 && before.trailing === undefined) before.trailing = comma.trailing;
      else moved.push({ text: comma.trailing, blankBefore: false });
    }
    if (next !== undefined && moved.length > 0) {
      next.leading = { ...next.leading, comments: [...moved, ...next.leading.comments], newline: true };
    }
  }
}

function widthOfGroup(group: Omit<Group, "width">): number {
  const { open, close, items } = group;
  if (group.broken || open.trailing !== undefined || close.leading.comments.length > 0) {
    return Number.POSITIVE_INFINITY;
  }
  let width = 2;
  for (const [index, item] of items.entries()) {
    const [first] = item.elements;
    if (first !== undefined && firstToken(first).leading.comments.length > 0) return Number.POSITIVE_INFINITY;
    const last = item.elements.at(-1);
    if (last !== undefined && lastToken(last).trailing !== undefined) return Number.POSITIVE_INFINITY;
    width += widthOf(item.elements) + (index === 0 ? 0 : item.isClause ? 1 : 2);
  }
  return width + (group.isBlock && items.length > 0 ? 2 : 0);
}

/** Elements side by side, with what the spacing of the next one depends on. */
class Sequence {
  private readonly elements: Element[] = [];
  private previous: FormatToken | undefined;
  private previousEndsValue = false;
  /** The token before is a minus that belongs to what follows it. */
  private afterSign = false;
  /** `?` of conditionals whose `:` has not come. */
  private openConditionals = 0;

  constructor(
    private readonly hints: Hints,
    private readonly inBrackets: boolean,
  ) {}

  get isEmpty(): boolean {
    return this.previous === undefined;
  }
  get last(): FormatToken | undefined {
    return this.previous;
  }
  get isHeaded(): boolean {
    return this.previous !== undefined && this.hints.heads.has(this.previous.end);
  }
  /** A `for` behind a value; behind a dot it is a member. */
  get mayStartClause(): boolean {
    return this.previous !== undefined && !isDot(this.previous.kind);
  }

  /** The elements, without a comma that a list of names may end with. */
  finish(): Element[] {
    const last = this.elements.at(-1);
    const before = this.elements.at(-2);
    if (last?.kind === "leaf" && last.token.kind === "," && before !== undefined) {
      const token = lastToken(before);
      if (last.token.leading.comments.length === 0 && token.trailing === undefined) {
        token.trailing = last.token.trailing;
        this.elements.pop();
      }
    }
    return this.elements;
  }

  addGroup(group: Group): void {
    this.elements.push(group);
    this.remember(group.close, group.close.kind !== "}");
  }

  addLeaf(token: FormatToken): void {
    const isConditionalColon = token.kind === ":" && this.openConditionals > 0;
    const tight = this.tightness(token);
    const breakBefore = token.leading.newline && this.mayBreak(token, isConditionalColon);
    if (token.kind === "?" && !this.hints.optionals.has(token.end)) this.openConditionals++;
    if (isConditionalColon) this.openConditionals--;
    const width = token.script === undefined ? token.text.length : Number.POSITIVE_INFINITY;
    this.elements.push({ kind: "leaf", token, tight, breakBefore, width });
    this.remember(token, endsValue(token.kind) || this.afterDot());
  }

  private afterDot(): boolean {
    return this.previous !== undefined && isDot(this.previous.kind);
  }

  private remember(token: FormatToken, endsAValue: boolean): void {
    this.afterSign = token.kind === "-" && !this.previousEndsValue;
    this.previousEndsValue = endsAValue;
    this.previous = token;
  }

  /** Whether `token` follows the one before it without a space. */
  tightness(token: FormatToken): boolean {
    if (this.previous === undefined || this.afterDot() || this.afterSign) return true;
    switch (token.kind) {
      case ",":
      case ".":
      case "?.":
        return true;
      case "(":
      case "[":
        return this.isHeaded;
      case "?":
        return this.hints.optionals.has(token.end);
      case ":":
        return this.openConditionals === 0;
      default:
        return false;
    }
  }

  /** Whether a line may end before `token`, inside an item (rule 2). */
  private mayBreak(token: FormatToken, isConditionalColon: boolean): boolean {
    const { previous } = this;
    if (previous === undefined || this.afterSign || this.afterDot()) return false;
    if (previous.kind === "," || isBinaryOperator(previous.kind)) return true;
    switch (token.kind) {
      case ".":
      case "?.":
      case "??":
      case "and":
      case "or":
        return true;
      case "?":
        return !this.hints.optionals.has(token.end);
      case ":":
        return isConditionalColon;
      default:
        return this.inBrackets && isBinaryOperator(token.kind) && this.previousEndsValue;
    }
  }
}

function isDot(kind: TokenKind): boolean {
  return kind === "." || kind === "?.";
}

function isBinaryOperator(kind: TokenKind): boolean {
  switch (kind) {
    case "or":
    case "and":
    case "==":
    case "!=":
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "??":
    case "+":
    case "-":
    case "*":
    case "/":
    case "|":
      return true;
    default:
      return false;
  }
}

/** Whether a minus behind a token of this kind subtracts. */
function endsValue(kind: TokenKind): boolean {
  switch (kind) {
    case "name":
    case "number":
    case "string":
    case "null":
    case "true":
    case "false":
      return true;
    default:
      return false;
  }
}
