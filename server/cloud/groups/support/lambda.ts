import type { Account } from "../../account.js";
import { isNotThere } from "../../failures.js";
import type { Difference } from "../../reconcile/resource.js";
import { thereOrMade } from "./lost-answer.js";

export function functionArn({ partition, region, accountId }: Account, name: string): string {
  return `arn:${partition}:lambda:${region}:${accountId}:function:${name}`;
}

/** A statement of a function's own policy: who may call it. Not tagged, so its id says that it is ours. */
export interface Permission {
  /** `reprod-…` */
  readonly id: string;
  readonly functionName: string;
  readonly principal: string;
  readonly sourceArn: string;
}

/** Statements of a function's policy by their ids; none when the function or its policy is not there. */
export async function permissionsOf(
  { aws }: Account,
  functionName: string,
): Promise<ReadonlyMap<string, { readonly [key: string]: unknown }>> {
  const lambda = await aws.lambda();
  let text: string | undefined;
  try {
    text = (await lambda.getPolicy({ FunctionName: functionName })).Policy;
  } catch (error) {
    if (isNotThere(error)) return new Map();
    throw error;
  }
  const document: unknown = JSON.parse(text ?? "{}");
  const statements = isObject(document) && Array.isArray(document.Statement) ? document.Statement : [];
  return new Map(statements.filter(isObject).map((statement) => [String(statement.Sid), statement]));
}

/** The difference that a permission makes which is missing, or was changed by hand. */
export async function permissionDifference(
  account: Account,
  wanted: Permission,
): Promise<readonly Difference[]> {
  const { functionName, id, principal, sourceArn } = wanted;
  const statement = (await permissionsOf(account, functionName)).get(id);
  if (statement !== undefined && isAsWanted(account, statement, wanted)) return [];
  return [
    {
      what: "lambda permission",
      is: statement === undefined ? "none" : "changed",
      shouldBe: `${principal} may call ${functionName}`,
      mend: async () => {
        const lambda = await account.aws.lambda();
        // Asked anew: it may have been done, and be done again.
        const now = (await permissionsOf(account, functionName)).get(id);
        if (now !== undefined) {
          if (isAsWanted(account, now, wanted)) return;
          await lambda.removePermission({ FunctionName: functionName, StatementId: id });
        }
        await thereOrMade(
          lambda.addPermission({
            FunctionName: functionName,
            StatementId: id,
            Action: "lambda:InvokeFunction",
            Principal: principal,
            SourceArn: sourceArn,
          }),
        );
      },
    },
  ];
}

/** Takes a permission back. One that was changed by hand has our id still, and lets nobody in that should be. */
export async function removePermission(account: Account, { functionName, id }: Permission): Promise<void> {
  if (!(await permissionsOf(account, functionName)).has(id)) return;
  const lambda = await account.aws.lambda();
  try {
    await lambda.removePermission({ FunctionName: functionName, StatementId: id });
  } catch (error) {
    if (!isNotThere(error)) throw error;
  }
}

function isAsWanted(
  account: Account,
  statement: { readonly [key: string]: unknown },
  { principal, sourceArn, functionName }: Permission,
): boolean {
  const { Effect, Action, Principal, Resource, Condition } = statement;
  const conditions = isObject(Condition) ? Object.values(Condition) : [];
  const [only] = conditions;
  return (
    Effect === "Allow" &&
    Action === "lambda:InvokeFunction" &&
    isObject(Principal) &&
    Principal.Service === principal &&
    Resource === functionArn(account, functionName) &&
    conditions.length === 1 &&
    isObject(only) &&
    Object.keys(only).length === 1 &&
    Object.entries(only).every(([key, value]) => key.toLowerCase() === "aws:sourcearn" && value === sourceArn)
  );
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
