import { type CompletionItem, CompletionItemKind, type Position } from "vscode-languageserver-types";
import { failureKinds } from "../language/failure-kinds.js";
import { functions } from "../language/functions.js";
import { probe } from "../language/probe.js";
import { checkOf, type Module } from "../language/program.js";
import { isMember } from "../language/signature.js";
import type { SyntaxNode } from "../language/syntax.js";
import { withoutNull } from "../language/types.js";
import { argumentItems } from "./completion/arguments.js";
import { columnItems, headerItems } from "./completion/columns.js";
import { expectationOf } from "./completion/expected.js";
import { entryItems, keywordItems } from "./completion/keywords.js";
import { memberItems } from "./completion/members.js";
import { expressionItems, functionItem, functionItems } from "./completion/names.js";
import { type PathOf, pathItems } from "./completion/paths.js";
import {
  type CompletionData,
  type CompletionOptions,
  CompletionPlace,
  type CompletionProviders,
} from "./completion/place.js";
import { scriptItems } from "./completion/script.js";
import { importedItems, transformItems } from "./completion/transforms.js";
import { typeItems } from "./completion/types.js";
import type { Document, Workspace } from "./document.js";
import { failures, interpreters } from "./hover/vocabulary.js";
import { docMarkdown } from "./markdown.js";
import { inString } from "./texts.js";
import { t } from "./words.js";

export type { CompletionOptions, CompletionProviders, HeaderOf } from "./completion/place.js";

/**
 * Everything that can stand at a position, also in half-typed text; nothing that could only be an error there. Cost:
 * one reading and check of the declaration at the position, and an item for each name in sight.
 */
export function completion(
  document: Document,
  position: Position,
  providers: CompletionProviders,
  options: CompletionOptions,
): CompletionItem[] {
  const offset = document.lines.offset(position);
  const place = new CompletionPlace(document, offset, probe(document.module, offset), providers, options);
  if (!isWanted(place, options.trigger)) return [];
  switch (place.probe.kind) {
    case "comment":
      return [];
    case "script": {
      const transform = place.around("transform");
      const run = place.around("run");
      return transform === undefined || run === undefined ? [] : scriptItems(place, transform, run);
    }
    case "string":
      return stringItems(place);
    case "code":
      return codeItems(place);
  }
}

/**
 * Whether a list may open by itself behind a character. It takes the next key for its own (Enter accepts an item), so it
 * opens only where something has to be written, never where a person may as well end the line.
 */
function isWanted({ probe }: CompletionPlace, trigger: string | undefined): boolean {
  switch (trigger) {
    case undefined:
      return true;
    case "$":
      return probe.kind === "script";
    case "{":
      return probe.kind === "script" || probe.interpolated;
    case ".":
      return probe.kind === "string" || (probe.kind === "code" && !probe.refused);
    case " ":
    case ":":
      return probe.kind === "code" && !probe.refused && !probe.atStart;
    default:
      return probe.kind === "string";
  }
}

function codeItems(place: CompletionPlace): CompletionItem[] {
  const { probe } = place;
  // A number is being typed: its unit comes behind a blank, or with its first letter.
  if (probe.word.start === probe.word.end && /\d/.test(place.document.text.charAt(probe.word.start - 1)))
    return [];
  if (probe.refused) return keywordItems(place);
  const node = place.at();
  const parent = place.at(1);
  switch (node?.kind) {
    case "named-type":
      return typeItems(place);
    case "run":
      return interpreterItems(place);
    case "name":
      return nameItems(place, node, parent);
    case "reference":
      switch (parent?.kind) {
        case "node-argument": {
          const statement = place.around("node");
          if (parent.shorthand && statement !== undefined) return argumentItems(place, statement, parent);
          break;
        }
        case "retry-entry":
          if (parent.name.text === "memory") return factorItems(place);
          if (parent.name.text === "on") return failureItems(place, [], true);
          break;
        case "list": {
          const entry = place.at(2);
          if (entry?.kind !== "retry-entry" || entry.name.text !== "on") break;
          const given = parent.items.flatMap((item) => (item.kind === "reference" ? [item.name] : []));
          return failureItems(place, given, false);
        }
        case "table":
          return ["csv", "tsv"].flatMap((name) => {
            const signature = functions.get(name);
            return signature === undefined ? [] : [functionItem(place, signature, undefined)];
          });
        case "index":
          if (place.inspection?.type(parent.object)?.kind === "family" && parent.object !== node)
            return [starItem(place), ...expressionItems(place, node)];
          break;
        default:
      }
      return expressionItems(place, node);
    default:
      return [];
  }
}

function nameItems(
  place: CompletionPlace,
  name: SyntaxNode,
  parent: SyntaxNode | undefined,
): CompletionItem[] {
  const around = place.at(2);
  switch (parent?.kind) {
    case "member":
      return memberItems(place, parent);
    case "call": {
      const surroundings = place.inspection?.surroundings(parent);
      const expectation =
        place.inspection === undefined
          ? undefined
          : expectationOf(place.probe.path.slice(0, -1), place.inspection);
      return functionItems(place, surroundings, expectation);
    }
    case "argument": {
      const signature = around?.kind === "call" ? functions.get(around.callee.text) : undefined;
      return (signature?.named ?? []).map((parameter) =>
        place.item({
          label: parameter.name,
          kind: CompletionItemKind.Property,
          rank: 1,
          detail: parameter.expected,
        }),
      );
    }
    case "node":
      return parent.transform === name ? transformItems(place) : [];
    case "node-argument":
      return around?.kind === "node" ? argumentItems(place, around, parent) : [];
    case "import-item":
      return around?.kind === "import" && parent.name === name ? importedItems(place, around, parent) : [];
    case "column":
      return around?.kind === "table" ? columnItems(place, around, parent) : [];
    case "entry":
    case "retry-entry":
      if (around?.kind !== "resources" && around?.kind !== "retry") return [];
      return entryItems(
        place,
        around.kind,
        around.entries.map((entry) => entry.name.text),
      );
    default:
      return [];
  }
}

// ---------------------------------------------------------------- words of one place

function interpreterItems(place: CompletionPlace): CompletionItem[] {
  const endsLine = /^[ \t]*(?:\r?\n|$)/.test(place.document.text.slice(place.probe.word.end));
  return [...interpreters].map(([name, doc]) =>
    place.item({
      label: name,
      kind: CompletionItemKind.EnumMember,
      rank: 1,
      snippet: endsLine ? `${name} \`\`\`\n  $0\n\`\`\`` : undefined,
      doc,
    }),
  );
}

function factorItems(place: CompletionPlace): CompletionItem[] {
  return ["x1.5", "x2", "x3", "x4"].map((label) =>
    place.item({ label, kind: CompletionItemKind.Value, rank: 1, preselect: label === "x2" }),
  );
}

/** `brackets`: the list that they stand in has not been begun. */
function failureItems(place: CompletionPlace, given: readonly string[], brackets: boolean): CompletionItem[] {
  return failureKinds
    .filter((name) => !given.includes(name))
    .map((name) =>
      place.item({
        label: name,
        kind: CompletionItemKind.EnumMember,
        rank: 1,
        text: brackets ? `[${name}]` : name,
        ...(brackets ? {} : { commit: [",", "]"] }),
        doc: failures.get(name),
      }),
    );
}

function starItem(place: CompletionPlace): CompletionItem {
  return place.item({ label: "*", kind: CompletionItemKind.Operator, rank: 1, detail: t("all keys") });
}

// ---------------------------------------------------------------- strings

/** Functions whose first value is a path. */
const PATHS: ReadonlyMap<string, PathOf> = new Map<string, PathOf>([
  ["file", "file"],
  ["files", "glob"],
  ["dir", "folder"],
  ["csv", "table"],
  ["tsv", "table"],
  ["json", "json"],
  ["lines", "file"],
]);

function stringItems(place: CompletionPlace): CompletionItem[] {
  const { path } = place.probe;
  const at = path.findLastIndex(({ kind }) => kind === "string");
  const template = path[at];
  const parent = path[at - 1];
  if (template?.kind !== "string" || parent === undefined) return [];
  switch (parent.kind) {
    case "import":
      return pathItems(place, template, "import");
    case "publish":
      return parent.folder === template ? pathItems(place, template, "folder") : [];
    case "column": {
      const table = path[at - 2];
      return table?.kind === "table" ? headerItems(place, table) : [];
    }
    case "argument": {
      const call = path[at - 2];
      const kind = call?.kind === "call" ? PATHS.get(call.callee.text) : undefined;
      if (
        call?.kind === "call" &&
        kind !== undefined &&
        call.arguments[0] === parent &&
        parent.name === undefined
      )
        return pathItems(place, template, kind);
      break;
    }
    default:
  }
  return choiceItems(place, path.slice(0, at + 1));
}

/** The texts of a `"a" | "b"` where one is asked for. */
function choiceItems(place: CompletionPlace, path: readonly SyntaxNode[]): CompletionItem[] {
  const { inspection, offset } = place;
  const template = path.at(-1);
  if (inspection === undefined || template === undefined) return [];
  const type = expectationOf(path, inspection)?.type;
  const plain = type === undefined ? undefined : withoutNull(type);
  if (plain?.kind !== "choice") return [];
  const start = place.absolute(template.span).start + 1;
  const rest = /^[^"\r\n]*/.exec(place.document.text.slice(offset))?.[0].length ?? 0;
  return plain.choices.map((choice) =>
    place.item({
      label: choice,
      kind: CompletionItemKind.EnumMember,
      rank: 1,
      text: inString(choice),
      span: { start, end: offset + rest },
    }),
  );
}

// ---------------------------------------------------------------- documentation

/** An item with the documentation of what it stands for; it is looked up for the one item that is shown. */
export function resolveCompletion(item: CompletionItem, workspace: Workspace): CompletionItem {
  const data: unknown = item.data;
  if (!isCompletionData(data)) return item;
  const doc = docOf(data, workspace);
  return doc === undefined ? item : { ...item, documentation: { kind: "markdown", value: docMarkdown(doc) } };
}

function docOf(data: CompletionData, workspace: Workspace): string | undefined {
  switch (data.kind) {
    case "name": {
      const module = moduleAt(workspace, data.path, data.path);
      const places = module === undefined ? undefined : checkOf(module)?.declarationsOf(data.name);
      return places?.map(({ node, statement }) => (node ?? statement).doc).find((doc) => doc !== undefined);
    }
    case "column":
      for (const { statement } of moduleAt(workspace, data.path, data.path)?.file.declarations ?? [])
        if (statement.kind === "table" && statement.name.text === data.table)
          return statement.columns?.find(({ name }) => name.text === data.name)?.doc;
      return undefined;
    case "member":
      for (const { statement } of moduleAt(workspace, data.path, data.module)?.file.declarations ?? []) {
        if (statement.kind !== "transform" || statement.name.text !== data.transform) continue;
        if (data.name === "") return statement.doc;
        const item = statement.items.find((one) => isMember(one) && one.name.text === data.name);
        return item !== undefined && isMember(item) ? item.doc : undefined;
      }
      return undefined;
  }
}

function moduleAt(workspace: Workspace, path: string, module: string): Module | undefined {
  for (const programs of [workspace.programsWith(path), workspace.programs()])
    for (const program of programs) {
      const found = program.modules.get(module);
      if (found !== undefined) return found;
    }
  return undefined;
}

/** What comes back from the client is what went to it, or of another version of this server. */
function isCompletionData(data: unknown): data is CompletionData {
  if (typeof data !== "object" || data === null || !("kind" in data)) return false;
  const wanted = {
    name: ["path", "name"],
    column: ["path", "table", "name"],
    member: ["path", "module", "transform", "name"],
  };
  const fields = Object.entries(wanted).find(([kind]) => kind === data.kind)?.[1];
  return fields?.every((field) => typeof Reflect.get(data, field) === "string") ?? false;
}
