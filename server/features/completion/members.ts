import { type CompletionItem, CompletionItemKind } from "vscode-languageserver-types";
import type { Expectation } from "../../language/infer.js";
import { checkOf } from "../../language/program.js";
import type { Expression, Member } from "../../language/syntax.js";
import { listOf, STRING, type Type, withoutNull } from "../../language/types.js";
import { typeText } from "../texts.js";
import { headerOfSource, isPlainName } from "./columns.js";
import { expectationOf } from "./expected.js";
import { memberData, outsOf, rankOf, stars } from "./names.js";
import type { CompletionData, CompletionPlace, Rank } from "./place.js";

/** What stands behind `.` and `?.`: outs, ins and params of a node, columns of a row; of a list, those of its elements. */
export function memberItems(place: CompletionPlace, member: Member): CompletionItem[] {
  const type = place.inspection?.type(member.object);
  if (type === undefined || place.inspection === undefined) return [];
  const expectation = expectationOf(place.probe.path.slice(0, -1), place.inspection);
  const parent = place.at(2);
  const argument = parent?.kind === "node-argument" ? parent.name.text : undefined;
  return new Members(place, member, expectation, argument).of(type);
}

class Members {
  constructor(
    readonly place: CompletionPlace,
    readonly member: Member,
    readonly expectation: Expectation | undefined,
    readonly argument: string | undefined,
  ) {}

  of(type: Type, isList = false): CompletionItem[] {
    switch (type.kind) {
      case "optional":
        // What may be null is asked by `?.`; the point that is there already becomes one.
        return this.member.optional ? this.of(type.inner, isList) : this.#of(type.inner, isList, "?.");
      case "list":
        return this.of(type.element, true);
      case "family":
        return this.#of(type, true, `${stars(type.keys.length)}.`);
      default:
        return this.#of(type, isList, undefined);
    }
  }

  /** `connection` is what has to stand instead of the point. */
  #of(type: Type, isList: boolean, connection: string | undefined): CompletionItem[] {
    if (type.kind === "list") return this.of(type, isList);
    if (type.kind === "row") {
      const table = type.open ? undefined : tableOf(this.place, type.columns);
      const columns = type.open ? openColumns(this.place, this.member.object) : type.columns;
      const { path } = this.place.document;
      return [...columns].flatMap(([name, column]) =>
        this.#item(
          name,
          isList ? listOf(column) : column,
          2,
          table === undefined ? undefined : { path, kind: "column", table, name },
          connection,
        ),
      );
    }
    if (type.kind !== "node" && type.kind !== "family") return [];
    const outs = outsOf(type.members);
    return [...type.members].flatMap(([name, member]) =>
      this.#item(
        name,
        isList ? listOf(member) : member,
        outs?.has(name) === false ? 3 : 2,
        memberData(this.place, type, name),
        connection,
      ),
    );
  }

  #item(
    name: string,
    type: Type,
    plainRank: Rank,
    data: CompletionData | undefined,
    connection: string | undefined,
  ): CompletionItem[] {
    const { place, expectation, argument, member } = this;
    const rank = expectation === undefined ? plainRank : rankOf(type, expectation, name === argument);
    const parts = {
      label: name,
      kind: plainRank === 3 ? CompletionItemKind.Property : CompletionItemKind.Field,
      rank,
      detail: typeText(type),
      commit: [",", ")", "]"],
      data,
    } as const;
    if (connection === undefined) return [place.item(parts)];
    // An edit of a completion stays on its line.
    const from = place.absolute(member.object.span).end;
    const point = place.document.text.slice(from, place.probe.word.start);
    if (point.includes("\n")) return [];
    const span = { start: from, end: place.probe.word.end };
    return [
      place.item({
        ...parts,
        label: connection === "?." ? name : `${connection}${name}`,
        text: `${connection}${name}`,
        filter: `${point}${name}`,
        span,
      }),
    ];
  }
}

/** The table that declares exactly these columns. */
function tableOf(place: CompletionPlace, columns: ReadonlyMap<string, Type>): string | undefined {
  const check = checkOf(place.module);
  for (const { statement } of place.module.file.declarations) {
    if (statement.kind !== "table") continue;
    const type = check?.fileName(statement.name.text)?.type;
    const row = type?.kind === "list" ? withoutNull(type.element) : undefined;
    if (row?.kind === "row" && row.columns === columns) return statement.name.text;
  }
  return undefined;
}

/** A table without a column block has the columns of its file, each a String. */
function openColumns(place: CompletionPlace, object: Expression): ReadonlyMap<string, Type> {
  const source = sourceOfRows(place, object);
  const header = source === undefined ? undefined : headerOfSource(place, source);
  return new Map((header ?? []).filter(isPlainName).map((name) => [name, STRING]));
}

/** `plain` and the `row` of `for row in plain`. */
function sourceOfRows(place: CompletionPlace, object: Expression): Expression | undefined {
  if (object.kind !== "reference") return undefined;
  for (const node of place.probe.path.toReversed()) {
    const loops =
      node.kind === "for" ? [node] : node.kind === "comprehension" ? node.clauses.toReversed() : [];
    for (const { names, source } of loops)
      if (names.length === 1 && names[0]?.text === object.name) return sourceOfRows(place, source);
  }
  for (const { statement } of place.module.file.declarations)
    if (statement.kind === "table" && statement.name.text === object.name) return statement.source;
  return undefined;
}
