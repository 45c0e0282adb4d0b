import type { Difference } from "../../reconcile/resource.js";
import type { Tags } from "../../reconcile/scope.js";

/** The difference that tags make, in words; none when there is nothing to mend. */
export function tagDifference(
  is: Tags,
  wrong: Tags,
  mend: (wrong: Tags) => Promise<void>,
): readonly Difference[] {
  const keys = Object.keys(wrong).filter((key) => is[key] !== wrong[key]);
  if (keys.length === 0) return [];
  return [
    {
      what: "tags",
      is: keys.map((key) => (is[key] === undefined ? `no ${key}` : `${key} ${is[key]}`)).join(", "),
      shouldBe: keys.map((key) => `${key} ${wrong[key]}`).join(", "),
      mend: () => mend(wrong),
    },
  ];
}
