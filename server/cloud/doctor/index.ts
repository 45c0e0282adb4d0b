import type { Failure } from "../../base/failure.js";
import type { Project } from "../../data/project.js";
import type { Account } from "../account.js";
import { scopeOf } from "../project-scope.js";
import { type Clock, realClock } from "../reconcile/patience.js";
import { readResources } from "../setup.js";
import type { Check, CheckContext, CheckResult } from "./check.js";
import { clock } from "./clock.js";
import { identity } from "./identity.js";
import { permissions } from "./permissions.js";
import { quotas } from "./quotas.js";
import { reachability } from "./reachability.js";
import { region } from "./region.js";
import { resources } from "./resources.js";

/** Every check, in the order in which it is told. */
export const checks: readonly Check[] = [
  identity,
  region,
  clock,
  reachability,
  permissions,
  quotas,
  resources,
];

export interface Checked {
  readonly check: Check;
  readonly results: readonly CheckResult[];
}

/** Looks at everything that may stand in the way of a first run; changes nothing in the account. */
export async function diagnose(
  account: Account,
  project: Project,
  signal: AbortSignal | undefined,
): Promise<readonly Checked[]> {
  let readings: ReturnType<CheckContext["readings"]> | undefined;
  const context: CheckContext = {
    account,
    project,
    signal,
    scope: scopeOf(account, project),
    readings: () => {
      readings ??= readResources({
        project,
        account,
        clock: impatient(),
        ...(signal !== undefined && { signal }),
      });
      return readings;
    },
  };
  return Promise.all(checks.map(async (check) => ({ check, results: await check.run(context) })));
}

/** Setting up waits a minute for what passes; whoever looks for what is wrong wants to hear of it after a second try. */
function impatient(): Clock {
  let past = 0;
  return {
    now: () => realClock.now() + past,
    sleep: async (milliseconds, signal) => {
      await realClock.sleep(milliseconds, signal);
      past += 60_000;
    },
  };
}

/** What is told when AWS is not even asked: why, under the check that is about it. */
export function notOpened({ message, why, fix }: Failure): readonly Checked[] {
  return [
    {
      check: identity,
      results: [
        {
          outcome: "failed",
          what: message,
          ...(why !== undefined && { why }),
          ...(fix !== undefined && { fix }),
        },
      ],
    },
  ];
}
