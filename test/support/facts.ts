import { createHash } from "node:crypto";
import * as path from "node:path";
import picomatch from "picomatch";
import type { Sha256 } from "../../server/base/brand.js";
import { isSha256 } from "../../server/base/brand.js";
import { parseTable } from "../../server/data/table.js";
import type { Fact, Facts, TableText, ToolFact } from "../../server/graph/facts.js";
import type { FileDigest } from "../../server/graph/model.js";
import type { DataPlace, DataReference } from "../../server/graph/value.js";

/** A world in memory: files by absolute path, tools and images by name. What is not in it is absent. */
export class MemoryFacts implements Facts {
  readonly files: Map<string, string>;
  readonly tools: Map<string, string>;
  readonly images: Map<string, string>;
  /** Places and tools that are not known yet. */
  readonly unknown: Set<string>;
  host = { platform: "linux/amd64" };
  /** Every data reference whose digest was asked for. */
  readonly asked: string[] = [];

  constructor(
    world: {
      files?: { readonly [path: string]: string };
      tools?: { readonly [name: string]: string };
      images?: { readonly [reference: string]: string };
      unknown?: readonly string[];
    } = {},
  ) {
    this.files = new Map(Object.entries(world.files ?? {}));
    this.tools = new Map(Object.entries(world.tools ?? {}));
    this.images = new Map(Object.entries(world.images ?? {}));
    this.unknown = new Set(world.unknown ?? []);
  }

  table(place: DataPlace, separator: "," | "\t"): Fact<TableText> {
    const text = this.#text(place);
    return text.kind === "known" ? parseTable(text.value, separator) : text;
  }

  json(place: DataPlace): Fact<unknown> {
    const text = this.#text(place);
    if (text.kind !== "known") return text;
    try {
      return { kind: "known", value: JSON.parse(text.value) };
    } catch {
      return { kind: "absent", message: "not JSON" };
    }
  }

  lines(place: DataPlace): Fact<readonly string[]> {
    const text = this.#text(place);
    if (text.kind !== "known") return text;
    return { kind: "known", value: text.value.replace(/\n$/, "").split("\n") };
  }

  glob(folder: string, pattern: string): Fact<readonly string[]> {
    const matches = picomatch(pattern);
    const paths = [...this.files.keys()].map((file) => path.posix.relative(folder, file));
    return { kind: "known", value: paths.filter((file) => matches(file)).sort() };
  }

  exists(data: DataReference): Fact<true> {
    const text = this.#text(data.place);
    return text.kind === "known" ? { kind: "known", value: true } : text;
  }

  digest(data: DataReference): Fact<FileDigest> {
    this.asked.push(data.baseName);
    const text = this.#text(data.place);
    if (text.kind !== "known") return text;
    return {
      kind: "known",
      value: { sha256: sha256(text.value), executable: false, size: Buffer.byteLength(text.value) },
    };
  }

  image(reference: string): Fact<string> {
    const digest = this.images.get(reference);
    return digest === undefined
      ? { kind: "unknown", reason: `not pinned: "${reference}"` }
      : { kind: "known", value: digest };
  }

  tool(name: string): Fact<ToolFact> {
    if (this.unknown.has(name)) return { kind: "unknown", reason: `not looked for yet: "${name}"` };
    const content = this.tools.get(name);
    return content === undefined
      ? { kind: "absent", message: `this tool is not found: "${name}"` }
      : { kind: "known", value: { path: `/usr/bin/${name}`, sha256: sha256(content) } };
  }

  #text(place: DataPlace): Fact<string> {
    const at = place.kind === "local" ? place.path : place.url;
    if (this.unknown.has(at)) return { kind: "unknown", reason: `not fetched yet: "${at}"` };
    const text = this.files.get(at);
    return text === undefined
      ? { kind: "absent", message: `there is no such file: "${at}"` }
      : { kind: "known", value: text };
  }
}

export function sha256(text: string): Sha256 {
  const hex = createHash("sha256").update(text).digest("hex");
  if (!isSha256(hex)) throw new Error("SHA-256 is 64 hex characters");
  return hex;
}
