import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as path from "node:path";
import { promisify } from "node:util";
import type { Account, Aws } from "./aws.js";

/** What became of one value of a settings file. */
export type Finding = "found" | "missing" | "no id" | "unrecognised";

export interface Findings {
  readonly [file: string]: { readonly [key: string]: Finding };
}

/**
 * Looks with boto3 for every id in the settings files of a folder: neither our code nor its SDK is asked.
 * Its keys are paths: `subnet_ids.1`, `roles.task`.
 */
export async function findIndependently(aws: Aws, account: Account, folder: string): Promise<Findings> {
  const { stdout } = await promisify(execFile)(
    aws.moto.python,
    [path.resolve("test/aws/support/independent.py"), folder],
    // boto3 asks for the region by another name than the SDK does.
    { env: { PATH: process.env.PATH, ...account.behind, AWS_DEFAULT_REGION: account.behind.AWS_REGION } },
  );
  const findings: Findings = JSON.parse(stdout);
  return findings;
}

/** Every id of these files is there, and nothing in them is of no known kind. */
export async function assertFoundIndependently(
  aws: Aws,
  account: Account,
  folder: string,
  files: readonly string[],
): Promise<void> {
  const findings = await findIndependently(aws, account, folder);
  assert.deepEqual(Object.keys(findings).sort(), [...files].sort());
  for (const [file, keys] of Object.entries(findings)) {
    const bad = Object.entries(keys).filter(([, finding]) => finding !== "found" && finding !== "no id");
    assert.deepEqual(bad, [], `ids of ${file} that are not in the account`);
    assert.ok(Object.values(keys).includes("found"), `${file} names nothing in the account`);
  }
}
