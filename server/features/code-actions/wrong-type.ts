import type { Expectation } from "../../language/infer.js";
import { pathOf } from "../../language/scope.js";
import { outsFitting } from "../../language/signature.js";
import type { Expression, Member } from "../../language/syntax.js";
import { plainTextOf } from "../../language/text.js";
import { isAssignable, isPrintable, listOf, STRING, type Type, withoutNull } from "../../language/types.js";
import { placeholderOf } from "../completion/arguments.js";
import { expectationOf, isExpression } from "../completion/expected.js";
import type { ActionPlace, Fix, FixesOf, ProblemPlace } from "./fix.js";
import { changeTo, suggestion } from "./suggestion.js";

/** Ways from the type that is there to the one that is asked for. */
export const wrongType: FixesOf = (place) => {
  const fixes: Fix[] = [...suggestion(place), ...outs(place)];
  const member = place.around("member");
  if (member !== undefined && place.absolute(member.member.span).start === place.span.start)
    return [...fixes, ...optionalMember(place, member)];
  const value = place.exact();
  const { inspection } = place;
  if (value === undefined || inspection === undefined || !isExpression(value)) return fixes;
  const type = inspection.type(value);
  const path = place.nodes.slice(0, place.nodes.indexOf(value) + 1);
  const expectation = expectationOf(path, inspection);
  if (type === undefined || expectation === undefined) return fixes;
  return [...fixes, ...converted(place, value, type, expectation)];
};

/** A node stands where data is asked for: each of its outs that fits. */
function outs(place: ProblemPlace): readonly Fix[] {
  const value = place.exact();
  const { inspection } = place;
  if (value === undefined || inspection === undefined || !isExpression(value)) return [];
  const type = inspection.type(value);
  const path = pathOf(value);
  const node = type === undefined ? undefined : withoutNull(type);
  if (path === undefined || (node?.kind !== "node" && node?.kind !== "family")) return [];
  const at = place.nodes.slice(0, place.nodes.indexOf(value) + 1);
  const wanted = expectationOf(at, inspection)?.type;
  if (wanted === undefined) return [];
  const plain = withoutNull(wanted);
  const stars = node.kind === "family" ? `[${node.keys.map(() => "*").join(", ")}]` : "";
  const element = node.kind === "family" && plain.kind === "list" ? plain.element : wanted;
  return outsFitting(node.members, element)
    .map((out) => `${path}${stars}.${out}`)
    .filter((text) => text !== place.problem.suggestion)
    .map((text) => replaced(place, value, text));
}

/** `a.b` → `a?.b` */
function optionalMember(place: ActionPlace, member: Member): readonly Fix[] {
  if (member.optional) return [];
  const { end } = place.absolute(member.object.span);
  const point = place.text.indexOf(".", end);
  if (point < 0 || point >= place.span.start) return [];
  return [{ title: changeTo("?."), edits: [place.insert(point, "?")], preferred: true }];
}

function converted(
  place: ActionPlace,
  value: Expression,
  type: Type,
  { type: wanted, fits }: Expectation,
): readonly Fix[] {
  const fixes: Fix[] = [];
  const source = place.source(value.span);
  const inCall = (name: string, more = ""): void => {
    fixes.push(replaced(place, value, `${name}(${bare(source)}${more})`));
  };
  // In a text, which takes any plain value.
  const printable = wanted === undefined && fits(STRING) && !fits(listOf(STRING));
  const target = wanted === undefined ? undefined : withoutNull(wanted);
  if (type.kind === "optional" && fits(type.inner)) {
    const otherwise = placeholderOf(target ?? type.inner);
    fixes.push(replaced(place, value, `${operand(value, source)} ?? ${otherwise}`));
  }
  if (target?.kind === "list" && isAssignable(type, target.element))
    fixes.push(replaced(place, value, `[${bare(source)}]`, true));
  const isText = target?.kind === "string" || printable;
  if (isText && type.kind === "list" && isPrintable(type.element)) inCall("join", ', ", "');
  if (isText && (type.kind === "file" || type.kind === "dir")) inCall("basename");
  if (target?.kind === "string" && type.kind !== "json" && isPrintable(type) && !isAssignable(type, STRING))
    if (value.kind === "number" && value.unit === undefined)
      fixes.push(replaced(place, value, `"${source}"`, true));
    else inCall("string");
  const text = plainTextOf(value);
  if (target?.kind === "int" || target?.kind === "float") {
    const isNumber = text !== undefined && /^-?\d+(?:\.\d+)?$/.test(text);
    if (isNumber && (target.kind === "float" || !text.includes(".")))
      fixes.push(replaced(place, value, text, true));
    else if (isAssignable(type, STRING) || (target.kind === "int" && type.kind === "float"))
      inCall(target.kind);
  }
  if (target?.kind === "bool" && (text === "true" || text === "false"))
    fixes.push(replaced(place, value, text, true));
  return fixes;
}

function replaced(place: ActionPlace, value: Expression, text: string, preferred = false): Fix {
  const shown = text.length > 60 ? `${text.slice(0, 60).replace(/[\ud800-\udbff]$/, "")}…` : text;
  // An argument alone keeps its name.
  const argument = place.nodes.findLast(({ kind }) => kind === "node-argument");
  const isShort = argument?.kind === "node-argument" && argument.shorthand;
  return {
    title: changeTo(shown.replace(/\s+/g, " ")),
    edits: [place.rewrite(value.span, isShort ? `${argument.name.text}: ${text}` : text)],
    preferred,
  };
}

/** Within brackets of its own an expression needs none. */
function bare(source: string): string {
  return /^\([^()]*\)$/.test(source) ? source.slice(1, -1) : source;
}

/** As the left side of an operator that binds tightly. */
function operand(value: Expression, source: string): string {
  const isLoose = value.kind === "binary" || value.kind === "conditional" || value.kind === "unary";
  return isLoose && !/^\(.*\)$/s.test(source) ? `(${source})` : source;
}
