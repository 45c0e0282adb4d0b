import { type CompletionItem, CompletionItemKind } from "vscode-languageserver-types";
import { types } from "../hover/vocabulary.js";
import type { CompletionPlace } from "./place.js";

const DATA = ["File", "Dir"];
const VALUES = [...types.keys()].filter((name) => !DATA.includes(name));

/** Types that what is declared here may have: an `in` and an `out` are data, a `param` of a transform is none. */
export function typeItems(place: CompletionPlace): CompletionItem[] {
  const list = place.around("list-type") !== undefined;
  return namesOfTypes(place, list).map((name, at) => ({
    ...place.item({
      label: name,
      kind: types.has(name) ? CompletionItemKind.TypeParameter : CompletionItemKind.Snippet,
      rank: 1,
      doc: types.get(name),
    }),
    sortText: `1${String(at).padStart(2, "0")}`,
  }));
}

function namesOfTypes(place: CompletionPlace, list: boolean): readonly string[] {
  const declared = place.probe.path.findLast(({ kind }) => ["in", "out", "param", "column"].includes(kind));
  switch (declared?.kind) {
    case "in":
      return list ? DATA : [...DATA, "[File]", "[Dir]"];
    case "out":
      return list ? ["File"] : [...DATA, "[File]"];
    case "column":
      // A cell holds one value.
      return [...VALUES.filter((name) => name !== "Json"), ...DATA];
    default:
      return place.probe.path[0]?.kind === "transform" ? VALUES : [...VALUES, ...DATA];
  }
}
