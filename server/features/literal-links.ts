import * as path from "node:path";
import { Failure } from "../base/failure.js";
import { parseImage } from "../data/registry.js";
import { walk } from "../language/children.js";
import type { Module } from "../language/program.js";
import type { Declaration, Span, StringTemplate } from "../language/syntax.js";
import { plainText } from "../language/text.js";
import { absolute } from "./tree.js";

/** A text in a file that leads somewhere. */
export interface LiteralLink {
  /** Of the text between the quotes; absolute. */
  readonly span: Span;
  readonly text: string;
  readonly target:
    | { readonly kind: "import" | "file" | "folder"; readonly path: string }
    | { readonly kind: "address" | "image"; readonly url: string };
}

const FILES: ReadonlySet<string> = new Set(["file", "csv", "tsv", "json", "lines"]);

/** What the plain texts of a declaration lead to: imports, data, images. O(size of the declaration). */
export function literalLinks(module: Module, declaration: Declaration): readonly LiteralLink[] {
  const links: LiteralLink[] = [];
  const add = (literal: StringTemplate, targetOf: (text: string) => LiteralLink["target"] | undefined) => {
    const text = plainText(literal);
    if (text === undefined || text === "") return;
    const target = targetOf(text);
    const [part] = literal.parts;
    if (target !== undefined && part !== undefined)
      links.push({ span: absolute(declaration, part.span), text, target });
  };
  const local = (kind: "import" | "file" | "folder", text: string) =>
    ({ kind, path: path.resolve(path.dirname(module.path), text) }) as const;
  walk(declaration.statement, (node) => {
    if (node.kind === "import") add(node.path, (text) => local("import", text));
    else if (node.kind === "image") add(node.reference, imagePage);
    else if (node.kind === "call") {
      const literal = node.arguments[0]?.value;
      const kind = FILES.has(node.callee.text) ? "file" : node.callee.text === "dir" ? "folder" : undefined;
      if (literal?.kind === "string" && kind !== undefined)
        add(literal, (text) => (SCHEME.test(text) ? webPage(text) : local(kind, text)));
    }
    return true;
  });
  return links;
}

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]+:\/\//;

/** No program opens `s3://…`, and an address that is none leads nowhere. */
function webPage(text: string): LiteralLink["target"] | undefined {
  return /^https?:/i.test(text) && URL.canParse(text) ? { kind: "address", url: text } : undefined;
}

/** The page of an image, at the registries that have one for people. */
function imagePage(reference: string): LiteralLink["target"] | undefined {
  const url = pageOf(reference);
  return url === undefined ? undefined : { kind: "image", url };
}

function pageOf(reference: string): string | undefined {
  try {
    const { registry, repository } = parseImage(reference);
    if (registry === "quay.io") return `https://quay.io/repository/${repository}?tab=tags`;
    if (!/(?:^|\.)docker\.io$/.test(registry)) return undefined;
    return repository.startsWith("library/")
      ? `https://hub.docker.com/_/${repository.slice("library/".length)}/tags`
      : `https://hub.docker.com/r/${repository}/tags`;
  } catch (error) {
    // No name of an image leads nowhere; the check of images says what is wrong with it.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
