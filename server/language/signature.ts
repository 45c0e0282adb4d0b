import type { InClause, OutClause, ParamStatement, TransformStatement } from "./syntax.js";
import { asMade, isAssignable, sameType, type Type, typeFromSyntax } from "./types.js";

/** What others can see of a transform. */
export interface TransformSignature {
  /** Ins and params by name, in the order of the text. */
  readonly arguments: ReadonlyMap<string, ArgumentSignature>;
  /** What `node.x` can name: ins, params and outs (rule 10), data as a node gives it. */
  readonly members: ReadonlyMap<string, Type>;
}

export interface ArgumentSignature {
  readonly kind: "in" | "param";
  readonly type: Type;
  /** Without a default and not `T?`: a node must give it. */
  readonly required: boolean;
}

const signatures = new WeakMap<TransformStatement, TransformSignature>();

const owners = new WeakMap<ReadonlyMap<string, unknown>, TransformStatement>();

/** The transform that these are the members of; undefined for what several transforms have in common. */
export function transformWithMembers(members: ReadonlyMap<string, unknown>): TransformStatement | undefined {
  return owners.get(members);
}

/** The signature follows from the transform's text alone; it is made once for a statement. */
export function signatureOf(transform: TransformStatement): TransformSignature {
  const known = signatures.get(transform);
  if (known !== undefined) return known;
  const parameters = new Map<string, ArgumentSignature>();
  const members = new Map<string, Type>();
  // Outs stand first: they are what is meant when a node is given where data is asked for.
  for (const item of transform.items)
    if (item.kind === "out" && item.name.text !== "" && !members.has(item.name.text))
      members.set(item.name.text, asMade(typeFromSyntax(item.type)));
  for (const item of transform.items) {
    if (!isMember(item) || item.kind === "out" || item.name.text === "" || members.has(item.name.text))
      continue;
    const type = typeFromSyntax(item.type);
    members.set(item.name.text, item.kind === "in" ? asMade(type) : type);
    parameters.set(item.name.text, {
      kind: item.kind,
      type,
      required: item.value === undefined && type.kind !== "optional" && type.kind !== "unknown",
    });
  }
  const signature: TransformSignature = { arguments: parameters, members };
  signatures.set(transform, signature);
  owners.set(members, transform);
  return signature;
}

export function isMember(item: { readonly kind: string }): item is InClause | ParamStatement | OutClause {
  return item.kind === "in" || item.kind === "param" || item.kind === "out";
}

export function sameSignature(a: TransformSignature, b: TransformSignature): boolean {
  if (a === b) return true;
  if (a.arguments.size !== b.arguments.size || a.members.size !== b.members.size) return false;
  const ours = [...a.arguments];
  const theirs = [...b.arguments];
  // The order counts too: missing arguments are listed in it.
  for (const [at, [name, argument]] of ours.entries()) {
    const other = theirs[at];
    if (other === undefined || other[0] !== name) return false;
    if (other[1].kind !== argument.kind || other[1].required !== argument.required) return false;
    if (!sameType(other[1].type, argument.type)) return false;
  }
  for (const [name, type] of a.members) {
    const other = b.members.get(name);
    if (other === undefined || !sameType(type, other)) return false;
  }
  return true;
}

/** The outs of a transform that a value of type `wanted` could be: for "name the out: `aligned.bam`". */
export function outsFitting(members: ReadonlyMap<string, Type>, wanted: Type): string[] {
  const fitting: string[] = [];
  for (const [name, type] of members) if (isAssignable(type, wanted)) fitting.push(name);
  return fitting;
}
