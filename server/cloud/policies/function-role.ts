import {
  allow,
  logStreamArns,
  type PolicyScope,
  policy,
  type RolePart,
  type RoleSpec,
  type Statement,
  trust,
} from "./policy.js";

/** The parts of the roles of our Lambda functions: a function and its role have the same one. */
export type FunctionPart = Extract<RolePart, "data-import" | "data-rehash" | "log-collect" | "manage">;

/** Where Lambda writes what a function says. The group of functions creates it: no function may. */
export function functionLogGroup(scope: PolicyScope, part: FunctionPart): string {
  return `/aws/lambda/${scope.name(part)}`;
}

/** The role of a function: what it is for, and its own log. */
export function functionRole(
  scope: PolicyScope,
  part: FunctionPart,
  title: string,
  may: readonly string[],
  statements: readonly Statement[],
): RoleSpec {
  const log = logStreamArns(scope, functionLogGroup(scope, part));
  return {
    part,
    title,
    may: [...may, "write its own log"],
    trust: trust(scope, "lambda", "account"),
    managed: [],
    inline: {
      work: policy(allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], [log]), ...statements),
    },
  };
}
