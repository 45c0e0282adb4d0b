/**
 * JSON with places. `JSON.parse` is faster and says nothing that a person can use of where a text goes wrong, so it
 * reads what is well-formed and this reads what people write by hand.
 */
export type JsonNode =
  | { readonly kind: "object"; readonly offset: number; readonly members: ReadonlyMap<string, JsonMember> }
  | { readonly kind: "array"; readonly offset: number; readonly items: readonly JsonNode[] }
  | { readonly kind: "scalar"; readonly offset: number; readonly value: null | boolean | number | string };

export interface JsonMember {
  /** Offset of the key's opening quote. */
  readonly offset: number;
  readonly value: JsonNode;
}

/** What is wrong with a text, and where: `line` and `column` from 1, columns in UTF-16 units. */
export interface TextProblem {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

class JsonError extends Error {
  constructor(
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

/** Deeper nesting is refused: no file that people write has it, and each level costs stack. */
const DEPTH_LIMIT = 500;

/** Reads a JSON text (RFC 8259, a BOM is fine) with the place of every part. A key that stands twice is an error. */
export function parseJsonNodes(
  text: string,
): { readonly node: JsonNode } | { readonly problem: TextProblem } {
  const reader = new JsonReader(text);
  try {
    return { node: reader.document() };
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return { problem: { message: error.message, ...lineAndColumn(text, error.offset) } };
  }
}

/** The value of a JSON text, or what is wrong with it. */
export function parseJsonValue(
  text: string,
): { readonly value: unknown } | { readonly problem: TextProblem } {
  try {
    const value: unknown = JSON.parse(text.startsWith("\ufeff") ? text.slice(1) : text);
    return { value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const read = parseJsonNodes(text);
    if ("problem" in read) return read;
    return { problem: { message: error.message, line: 1, column: 1 } };
  }
}

/** Line and column, from 1, of an offset. */
export function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) {
    line++;
    start = at + 1;
  }
  return { line, column: offset - start + 1 };
}

class JsonReader {
  private at: number;

  constructor(private readonly text: string) {
    this.at = text.startsWith("\ufeff") ? 1 : 0;
  }

  document(): JsonNode {
    const node = this.value(0);
    this.space();
    if (this.at < this.text.length) throw this.error("only one value can stand in a JSON file");
    return node;
  }

  private value(depth: number): JsonNode {
    if (depth > DEPTH_LIMIT) throw this.error("it is nested too deeply");
    this.space();
    const offset = this.at;
    const first = this.text[this.at];
    if (first === "{") return { kind: "object", offset, members: this.members(depth) };
    if (first === "[") return { kind: "array", offset, items: this.items(depth) };
    if (first === '"') return { kind: "scalar", offset, value: this.string() };
    return { kind: "scalar", offset, value: this.word() };
  }

  private members(depth: number): ReadonlyMap<string, JsonMember> {
    const members = new Map<string, JsonMember>();
    this.at++;
    this.space();
    if (this.text[this.at] === "}") {
      this.at++;
      return members;
    }
    for (;;) {
      this.space();
      const offset = this.at;
      if (this.text[this.at] !== '"') throw this.error('a key in double quotes, or "}", is missing');
      const key = this.string();
      if (members.has(key)) throw new JsonError(offset, `a key stands twice: "${key}"`);
      this.space();
      if (this.text[this.at] !== ":") throw this.error('":" is missing after a key');
      this.at++;
      members.set(key, { offset, value: this.value(depth + 1) });
      if (this.next("}")) return members;
    }
  }

  private items(depth: number): readonly JsonNode[] {
    const items: JsonNode[] = [];
    this.at++;
    this.space();
    if (this.text[this.at] === "]") {
      this.at++;
      return items;
    }
    for (;;) {
      items.push(this.value(depth + 1));
      if (this.next("]")) return items;
    }
  }

  /** After an element: true at the end, false at a comma. */
  private next(close: "}" | "]"): boolean {
    this.space();
    const found = this.text[this.at];
    if (found !== close && found !== ",") throw this.error(`"," or "${close}" is missing`);
    this.at++;
    return found === close;
  }

  private string(): string {
    const start = this.at;
    this.at++;
    for (; this.at < this.text.length; this.at++) {
      const unit = this.text.charCodeAt(this.at);
      if (unit === 0x22) {
        this.at++;
        const raw = this.text.slice(start, this.at);
        try {
          const value: unknown = JSON.parse(raw);
          if (typeof value === "string") return value;
        } catch {
          // Only a wrong escape is left to be wrong: the quotes match and no control character is inside.
        }
        throw new JsonError(start, "a string has an escape that JSON does not know");
      }
      if (unit < 0x20) break;
      if (unit === 0x5c) this.at++;
    }
    throw new JsonError(start, "a string is not closed on its line");
  }

  private word(): null | boolean | number {
    const found = /[^\s,:[\]{}"]*/y;
    found.lastIndex = this.at;
    const word = found.exec(this.text)?.[0] ?? "";
    const offset = this.at;
    this.at += word.length;
    if (word === "null") return null;
    if (word === "true") return true;
    if (word === "false") return false;
    if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(word)) return Number(word);
    throw new JsonError(offset, word === "" ? "a value is missing" : `this is no JSON value: "${word}"`);
  }

  private space(): void {
    while (" \t\r\n".includes(this.text[this.at] ?? "x")) this.at++;
  }

  private error(message: string): JsonError {
    return new JsonError(this.at, message);
  }
}
