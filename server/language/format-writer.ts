import {
  type Element,
  type FormatToken,
  firstToken,
  type Group,
  type Item,
  type Leaf,
  type Trivia,
  widthOf,
} from "./format-tree.js";

/** Columns that a line has at most where the author has not decided otherwise. */
const LINE_WIDTH = 110;
const INDENT = 2;

/** Writes elements as lines. */
export class FormatWriter {
  private out = "";
  private column = 0;
  /** A comment that belongs behind what was written last; a comma still goes before it. */
  private pendingComment: string | undefined;

  finish(): string {
    this.flushComment();
    return this.out === "" ? "" : `${this.out.trimEnd()}\n`;
  }

  // -------------------------------------------------------------- lines and comments

  private put(text: string): void {
    this.out += text;
    this.column += text.length;
  }

  private flushComment(): void {
    if (this.pendingComment === undefined) return;
    this.out += ` ${this.pendingComment}`;
    this.pendingComment = undefined;
  }

  private newLine(indent: number, blankBefore = false): void {
    this.flushComment();
    if (this.out !== "") this.out += blankBefore ? "\n\n" : "\n";
    this.out += " ".repeat(indent);
    this.column = indent;
  }

  /** The comments before something, and the line that it begins. `isFirst`: no blank line at a block's start. */
  startLine(trivia: Trivia, indent: number, isFirst = false): void {
    const hasComments = this.comments(trivia, indent, isFirst);
    this.newLine(indent, trivia.blankBefore && (hasComments || !isFirst));
  }

  comments(trivia: Trivia, indent: number, isFirst = false): boolean {
    for (const [index, comment] of trivia.comments.entries()) {
      this.newLine(indent, comment.blankBefore && !(isFirst && index === 0));
      this.put(comment.text);
    }
    return trivia.comments.length > 0;
  }

  trailingComment(comment: string | undefined): void {
    this.pendingComment = comment;
  }

  /** Text that is not formatted; its line has been started. */
  verbatim(text: string): void {
    this.flushComment();
    this.out += text.replaceAll("\r\n", "\n");
    this.column = this.out.length - this.out.lastIndexOf("\n") - 1;
  }

  // -------------------------------------------------------------- items

  /**
   * Writes the elements of an item, whose line has been started. Lines that it goes on to are indented once more
   * than `indent`. `tail`: columns that follow on its last line.
   */
  item(elements: readonly Element[], indent: number, tail: number): void {
    for (const [index, element] of elements.entries()) {
      const token = firstToken(element);
      const mustBreak = this.pendingComment !== undefined || token.leading.comments.length > 0;
      if (index > 0) {
        if (mustBreak || element.breakBefore || this.overflows(elements, index)) {
          this.comments(token.leading, indent + INDENT);
          this.newLine(indent + INDENT);
        } else if (!element.tight) {
          this.put(" ");
        }
      }
      if (element.kind === "leaf") this.leaf(element, indent);
      else this.group(element, indent, restWidth(elements, index + 1, tail));
    }
  }

  /** In a list without brackets (`target`, `tools`), whether what follows a comma goes to the next line. */
  private overflows(elements: readonly Element[], index: number): boolean {
    const before = elements[index - 1];
    if (before?.kind !== "leaf" || before.token.kind !== ",") return false;
    let end = index + 1;
    while (end < elements.length && !isComma(elements[end])) end++;
    return this.column + 1 + widthOf(elements.slice(index, end)) > LINE_WIDTH;
  }

  private leaf({ token }: Leaf, indent: number): void {
    this.put(token.text);
    if (token.script !== undefined) this.script(token, token.script, indent);
    this.pendingComment = token.trailing;
  }

  /** The script as one block, a level deeper than its fence; lines without text get no indentation. */
  private script(token: FormatToken, script: string, indent: number): void {
    const isBlank = script.trim() === "";
    for (const line of script.split("\n").slice(0, -1)) {
      this.out += line === "" || isBlank ? `\n${line}` : `\n${" ".repeat(indent + INDENT)}${line}`;
    }
    this.out += `\n${" ".repeat(indent)}${token.text}`;
    this.column = indent + token.text.length;
  }

  private group(group: Group, indent: number, tail: number): void {
    const { open, items, close } = group;
    this.put(open.text);
    this.pendingComment = open.trailing;
    if (this.column - 1 + group.width + tail <= LINE_WIDTH) this.flat(group, indent);
    else if (isHugged(group)) for (const item of items) this.item(item.elements, indent, 1 + tail);
    else this.broken(group, indent);
    this.put(close.text);
    this.pendingComment = close.trailing;
  }

  private flat({ items, isBlock }: Group, indent: number): void {
    const padding = isBlock && items.length > 0 ? " " : "";
    this.put(padding);
    for (const [index, item] of items.entries()) {
      if (index > 0) this.put(item.isClause ? " " : ", ");
      this.item(item.elements, indent, 0);
    }
    this.put(padding);
  }

  private broken(group: Group, indent: number): void {
    const { items, close } = group;
    const inner = indent + INDENT;
    let isFirst = true;
    let written = 0;
    for (const row of rowsOf(group, LINE_WIDTH - inner)) {
      for (const [index, item] of row.entries()) {
        const [element] = item.elements;
        if (element === undefined) continue;
        if (index === 0) this.startLine(firstToken(element).leading, inner, isFirst);
        else this.put(item.isClause ? " " : ", ");
        isFirst = false;
        this.item(item.elements, inner, 1);
      }
      written += row.length;
      const next = items[written];
      const needsComma = next === undefined ? group.trailingComma : !group.isBlock && !next.isClause;
      if (needsComma) this.put(",");
    }
    this.comments(close.leading, inner, isFirst);
    this.newLine(indent);
  }
}

/** Columns of what follows a group on its line, up to the next place where the line can be broken. */
function restWidth(elements: readonly Element[], from: number, tail: number): number {
  let width = 0;
  for (let at = from; at < elements.length; at++) {
    const element = elements[at];
    if (element === undefined || element.breakBefore) return width;
    if (element.kind === "group") return width + 2;
    if (!Number.isFinite(element.width)) return width + element.token.text.length + 1;
    width += element.width + (element.tight ? 0 : 1);
    if (isComma(element)) return width;
  }
  return width + tail;
}

function isComma(element: Element | undefined): boolean {
  return element?.kind === "leaf" && element.token.kind === ",";
}

/** `flatten([ … ])`: brackets around nothing but brackets open and close together. */
function isHugged({ items, broken, isBlock, open, close }: Group): boolean {
  const [item] = items;
  if (broken || isBlock || items.length !== 1 || item === undefined) return false;
  const [element] = item.elements;
  if (element === undefined || item.elements.at(-1)?.kind !== "group") return false;
  return (
    open.trailing === undefined &&
    close.leading.comments.length === 0 &&
    firstToken(element).leading.comments.length === 0 &&
    item.elements.every((one) => !one.breakBefore) &&
    item.elements.at(-1) === item.elements.find((one) => one.kind === "group") &&
    lastTrailing(item) === undefined
  );
}

function lastTrailing({ elements }: Item): string | undefined {
  const last = elements.at(-1);
  return last?.kind === "group" ? last.close.trailing : last?.token.trailing;
}

/** The lines of a broken group: the author's, or one for each item where there is too much for a line. */
function rowsOf({ items, broken, holdsStatements }: Group, width: number): Item[][] {
  const rows: Item[][] = [];
  for (const item of items) {
    const row = rows.at(-1);
    if (row !== undefined && broken && !holdsStatements && !item.startsLine) row.push(item);
    else rows.push([item]);
  }
  return rows.flatMap((row) => (row.length === 1 || fits(row, width) ? [row] : row.map((item) => [item])));
}

function fits(row: readonly Item[], width: number): boolean {
  let columns = 0;
  for (const [index, item] of row.entries()) {
    columns += widthOf(item.elements) + 2;
    const [first] = item.elements;
    if (index > 0 && first !== undefined && firstToken(first).leading.comments.length > 0) return false;
    if (index < row.length - 1 && lastTrailing(item) !== undefined) return false;
  }
  return columns - 1 <= width;
}
