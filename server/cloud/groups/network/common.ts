import { Failure } from "../../../base/failure.js";
import type { At, Difference, Found, Ref } from "../../reconcile/resource.js";
import type { Scope } from "../../reconcile/scope.js";
import { consolePage } from "../support/console.js";

export const GROUP = "network";
export const EVERYWHERE = "0.0.0.0/0";

export function adopts(scope: Scope, part: string): boolean {
  return scope.settings.adopt?.[`${GROUP}/${part}`] !== undefined;
}

/** What is adopted and lies in another VPC can be used by nothing of ours. */
function adoptedElsewhere(kind: string, id: string, is: string | undefined, vpc: string): Failure {
  return new Failure("adopted-elsewhere", `the ${kind} that is to be used is in another VPC: "${id}"`, {
    why: `It is in ${is ?? "none"}, and the network's VPC is ${vpc}.`,
    fix: 'Name parts of one VPC in "cloud.adopt" of reprod.json.',
  });
}

/** In another VPC than the network's: cannot be moved. */
export function elsewhere(
  kind: string,
  found: Found<unknown>,
  is: string | undefined,
  at: At,
): readonly Difference[] {
  const vpc = at.ref("vpc");
  if (vpc === undefined || is === vpc.id) return [];
  if (found.owner === "adopted") throw adoptedElsewhere(kind, found.id, is, vpc.id);
  return [{ what: "VPC", is: is ?? "none", shouldBe: vpc.id, replace: true, mend: never }];
}

export async function never(): Promise<void> {
  throw new Error("what cannot be changed is replaced");
}

export function page(scope: Scope, what: string): (ref: Ref) => string {
  return ({ id }) => consolePage(scope.account, `vpcconsole/home#${what}=${id}`);
}

export function made<Item>(item: Item | undefined): Item {
  if (item === undefined) throw new Error("AWS made something and did not say what");
  return item;
}

/** Of somebody else and used as it is, without consent by its id: nothing about it is changed, not even its tags. */
export interface AsItIs {
  readonly asItIs?: true;
}
