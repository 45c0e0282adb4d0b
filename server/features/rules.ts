import { graphRules } from "../graph/checks/index.js";
import { languageRules } from "../language/checks/index.js";
import type { Rule } from "../language/problems.js";
import { featureRules } from "./checks/index.js";

/**
 * Every rule there is: of the text, of the graph that it makes, and of the world around it. The explanations in
 * `docs/errors.md`, `reprod check` and the editor all read this list; a test holds that each code stands in it once.
 */
export const rules: readonly Rule[] = [...languageRules, ...graphRules, ...featureRules].sort((a, b) =>
  a.code < b.code ? -1 : 1,
);

const byCode: ReadonlyMap<string, Rule> = new Map(rules.map((rule) => [rule.code, rule]));

/** The rule with a code as problems show it, `reprod/unknown-name`. */
export function ruleOf(code: string): Rule | undefined {
  return byCode.get(code);
}
