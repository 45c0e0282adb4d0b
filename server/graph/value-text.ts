import * as path from "node:path";
import { sizeText, timeText } from "../language/units.js";
import { canonicalNumber } from "./canonical.js";
import {
  BytesValue,
  DataReference,
  DurationValue,
  FloatValue,
  JsonValue,
  NodeReference,
  OutReference,
  RowValue,
  type Value,
} from "./value.js";
import { isList } from "./values.js";

/**
 * A value as the language would write it, on one line, cut behind some `longest` characters: for people, not to be
 * read back. Grows with what is shown, not with the value. Local paths are shown relative to `folder` when they are in it.
 */
export function valueText(value: Value, folder: string, longest = 200): string {
  const writer = new Writer(folder, longest);
  writer.value(value);
  return writer.text;
}

class Writer {
  text = "";

  constructor(
    readonly folder: string,
    readonly longest: number,
  ) {}

  value(value: Value): void {
    if (value === null || typeof value === "boolean" || typeof value === "number") this.#add(String(value));
    else if (typeof value === "string") this.#string(value);
    else if (isList(value)) this.#list(value, (item) => this.value(item));
    else if (value instanceof FloatValue) this.#add(canonicalNumber(value.value).replace(/^-?\d+$/, "$&.0"));
    else if (value instanceof BytesValue) this.#add(sizeText(value.bytes));
    else if (value instanceof DurationValue) this.#add(timeText(value.milliseconds));
    else if (value instanceof JsonValue) this.#json(value.value);
    else if (value instanceof DataReference) this.#data(value);
    else if (value instanceof OutReference)
      this.#add(`${value.node.name}.${value.node.outs[value.index]?.name ?? ""}`);
    else if (value instanceof NodeReference) this.#add(value.node.name);
    else if (value instanceof RowValue) this.#object([...value.columns], (cell) => this.value(cell));
  }

  get #full(): boolean {
    return this.text.length >= this.longest;
  }

  #add(text: string): void {
    if (this.text.length + text.length <= this.longest) this.text += text;
    else if (!this.text.endsWith("…"))
      // Never between the two halves of one character.
      this.text = `${(this.text + text.slice(0, this.longest)).slice(0, this.longest).replace(/[\ud800-\udbff]$/, "")}…`;
  }

  #string(text: string): void {
    this.#add(JSON.stringify(text.slice(0, this.longest)));
  }

  #data({ kind, place }: DataReference): void {
    const at = place.kind === "local" ? this.#path(place.path) : place.url;
    this.#add(`${kind}(${JSON.stringify(at.slice(0, this.longest))})`);
  }

  #path(file: string): string {
    const relative = path.relative(this.folder, file);
    return relative.startsWith("..") || path.isAbsolute(relative) ? file : relative.split(path.sep).join("/");
  }

  #list<Item>(items: readonly Item[], write: (item: Item) => void): void {
    this.#add("[");
    for (const [at, item] of items.entries()) {
      if (this.#full) return;
      if (at > 0) this.#add(", ");
      write(item);
    }
    this.#add("]");
  }

  #object<Item>(entries: readonly (readonly [string, Item])[], write: (item: Item) => void): void {
    this.#add("{");
    for (const [at, [name, item]] of entries.entries()) {
      if (this.#full) return;
      this.#add(`${at > 0 ? ", " : ""}${JSON.stringify(name)}: `);
      write(item);
    }
    this.#add("}");
  }

  #json(value: unknown): void {
    if (Array.isArray(value)) this.#list<unknown>(value, (item) => this.#json(item));
    else if (typeof value === "object" && value !== null)
      this.#object<unknown>(Object.entries(value), (item) => this.#json(item));
    else if (typeof value === "string") this.#string(value);
    else this.#add(JSON.stringify(value) ?? "null");
  }
}
