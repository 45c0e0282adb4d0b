import {
  type NodeArguments,
  type ResourcesArguments,
  type RunArguments,
  resourceGroups,
  type SetValue,
} from "../server/protocol.js";
import { isNodeArguments, isRunArguments, isRunKey, type RunNodeArguments } from "./arguments.js";

/**
 * The uris of the documents that the extension serves. Everything that it takes to make a document stands in its uri,
 * so that an editor that is open when the window closes can be filled again. The last part of the path is what the tab
 * is called and by its ending says in which language it is shown.
 */
export interface UriParts {
  readonly scheme: string;
  readonly path: string;
  readonly query: string;
}

// ---------------------------------------------------------------- logs

export const logScheme = "reprod-log";

export type LogPlace = RunNodeArguments & { readonly attempt: number };

export function logUri({ project, run, node, attempt }: LogPlace): UriParts {
  const name = attempt === 1 ? node : `${node} (${attempt})`;
  return {
    scheme: logScheme,
    path: `/${run}/${fileName(name)}.log`,
    query: JSON.stringify({ project, run, node, attempt }),
  };
}

export function logPlace(uri: UriParts): LogPlace | undefined {
  const said = parsed(uri, logScheme);
  if (!isRunKey(said) || !("node" in said) || typeof said.node !== "string") return undefined;
  if (!("attempt" in said) || typeof said.attempt !== "number") return undefined;
  return { project: said.project, run: said.run, node: said.node, attempt: said.attempt };
}

// ---------------------------------------------------------------- pages

export const pageScheme = "reprod-page";

/** What a page is made from. */
export type PageSource =
  | { readonly kind: "plan"; readonly of: RunArguments & { readonly set?: readonly SetValue[] } }
  | { readonly kind: "resources"; readonly of: ResourcesArguments; readonly plan: string }
  | { readonly kind: "explain"; readonly of: NodeArguments }
  | { readonly kind: "provenance"; readonly of: NodeArguments | FileOfPage };

/** A data file, with what it is called when its own name says nothing. */
export interface FileOfPage {
  readonly file: string;
  readonly name?: string;
}

export function pageUri(title: string, source: PageSource): UriParts {
  return { scheme: pageScheme, path: `/${fileName(title)}.md`, query: JSON.stringify(source) };
}

export function pageSource(uri: UriParts): PageSource | undefined {
  const said = parsed(uri, pageScheme);
  if (typeof said !== "object" || said === null || !("kind" in said) || !("of" in said)) return undefined;
  const { kind, of } = said;
  if (kind === "plan" && isRunArguments(of)) {
    const set = "set" in of && isSet(of.set) ? of.set : undefined;
    const { uri: file, targets, noCache } = of;
    return {
      kind,
      of: { uri: file, targets, ...(noCache === undefined ? {} : { noCache }), ...(set ? { set } : {}) },
    };
  }
  if (kind === "resources" && isResources(of) && "plan" in said && typeof said.plan === "string") {
    return { kind, of, plan: said.plan };
  }
  if ((kind === "explain" || kind === "provenance") && isNodeArguments(of)) {
    return { kind, of: { uri: of.uri, node: of.node } };
  }
  if (
    kind === "provenance" &&
    typeof of === "object" &&
    of !== null &&
    "file" in of &&
    typeof of.file === "string"
  ) {
    const name = "name" in of && typeof of.name === "string" ? of.name : undefined;
    return { kind, of: { file: of.file, ...(name === undefined ? {} : { name }) } };
  }
  return undefined;
}

function isResources(value: unknown): value is ResourcesArguments {
  const known: readonly unknown[] = resourceGroups;
  return (
    typeof value === "object" &&
    value !== null &&
    "project" in value &&
    typeof value.project === "string" &&
    "groups" in value &&
    Array.isArray(value.groups) &&
    value.groups.every((name: unknown) => known.includes(name))
  );
}

function isSet(value: unknown): value is readonly SetValue[] {
  return (
    Array.isArray(value) &&
    value.every(
      (item: unknown) =>
        typeof item === "object" &&
        item !== null &&
        "name" in item &&
        typeof item.name === "string" &&
        "text" in item &&
        typeof item.text === "string",
    )
  );
}

// ---------------------------------------------------------------- outputs

export const outScheme = "reprod-out";

export interface OutPlace {
  /** Path of the object, as in the path of a `file:` uri. */
  readonly object: string;
  /** What the node called it, which decides on the editor that shows it. */
  readonly name: string;
}

/**
 * The object's path with the name below it, and no query: people read it above the text, and viewers of images and
 * tables make uris of their own from paths.
 */
export function outUri({ object, name }: OutPlace): UriParts {
  return { scheme: outScheme, path: `${object}/${fileName(name.split("/").at(-1) ?? name)}`, query: "" };
}

export function outPlace({ scheme, path }: UriParts): OutPlace | undefined {
  const at = path.lastIndexOf("/");
  const [object, name] = [path.slice(0, at), path.slice(at + 1)];
  return scheme === outScheme && at > 0 && name !== "" ? { object, name } : undefined;
}

// ---------------------------------------------------------------- shared

function parsed({ scheme, query }: UriParts, wanted: string): unknown {
  if (scheme !== wanted) return undefined;
  try {
    return JSON.parse(query);
  } catch {
    // Anybody can open any uri; one that we did not make stands for nothing.
    return undefined;
  }
}

/** A name that is one part of a path on every system. */
function fileName(text: string): string {
  const name = text.replace(/[/\\\u0000-\u001f]/g, "_").trim();
  if (name === "" || name === "." || name === "..") return "_";
  return name.length > 120 ? `${name.slice(0, 119)}…` : name;
}
