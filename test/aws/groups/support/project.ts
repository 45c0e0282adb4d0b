import * as fs from "node:fs";
import * as path from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Account as OpenAccount } from "../../../../server/cloud/account.js";
import { openAccount } from "../../../../server/cloud/credentials.js";
import type { Applied } from "../../../../server/cloud/reconcile/apply.js";
import type { Clock } from "../../../../server/cloud/reconcile/patience.js";
import { type GroupPlan, groupPlan, type Plan } from "../../../../server/cloud/reconcile/plan.js";
import type { GroupName } from "../../../../server/cloud/reconcile/resource.js";
import type { TornDown } from "../../../../server/cloud/reconcile/teardown.js";
import {
  applyRemoval,
  applySetup,
  type Planned,
  planRemoval,
  planSetup,
  readResources,
} from "../../../../server/cloud/setup.js";
import { absolutePath } from "../../../../server/data/files.js";
import { newProjectId, readProject } from "../../../../server/data/project.js";
import type { CloudSettings } from "../../../../server/data/project-settings.js";
import { afterwards, temporaryFolder } from "../../../support/temporary.js";
import type { Account } from "../../support/aws.js";

/** A checkout whose `reprod.json` changes, and that declares what is remembered. */
export interface Checkout {
  readonly projectId: string;
  readonly root: string;
  account: OpenAccount;
  name(part: string): string;
  /** Writes `cloud` of `reprod.json` anew. */
  configure(cloud: CloudSettings): void;
  plan(group: GroupName, declare?: unknown): Promise<Plan>;
  apply(group: GroupName, declare?: unknown): Promise<Applied>;
  planRemoval(...groups: readonly GroupName[]): Promise<Planned>;
  remove(groups: readonly GroupName[], force?: boolean): Promise<TornDown>;
  state(group: GroupName): Promise<GroupPlan>;
  /** What the group's file says to other tools. */
  settings(file: string): { readonly [key: string]: unknown };
}

/** Hours pass in no time. */
export function fastClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      // The lock is renewed beside the work, which must not make the work's time pass.
      if (milliseconds >= 60_000) {
        await delay(milliseconds, undefined, { ref: false, ...(signal && { signal }) });
        return;
      }
      now += milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** Of an earlier checkout's project when one is given. */
export async function checkout(
  test: TestContext,
  aws: Account,
  cloud: CloudSettings = {},
  projectId: string = newProjectId(),
): Promise<Checkout> {
  const root = temporaryFolder(test);
  const configure = (settings: CloudSettings) =>
    fs.writeFileSync(path.join(root, "reprod.json"), JSON.stringify({ projectId, cloud: settings }));
  configure(cloud);
  const account = await openAccount({ environment: { ...aws.env } });
  afterwards(test, () => account.aws.destroy());
  const request = (declare?: { readonly group: GroupName; readonly value: unknown }) => ({
    project: readProject(absolutePath(root)),
    account: self.account,
    clock: fastClock(),
    ...(declare?.value !== undefined && { declare: new Map([[declare.group, () => declare.value]]) }),
  });
  const self: Checkout = {
    projectId,
    root,
    account,
    name: (part) => `reprod-${projectId}-euc1-${part}`,
    configure,
    plan: async (group, value) => (await planSetup({ ...request({ group, value }), groups: [group] })).plan,
    apply: async (group, value) => {
      const asked = { ...request({ group, value }), groups: [group] };
      return applySetup({ ...asked, force: false }, (await planSetup(asked)).plan);
    },
    planRemoval: (...groups) => planRemoval({ ...request(), groups }),
    remove: async (groups, force = false) => {
      const asked = { ...request(), groups, force };
      return applyRemoval(asked, (await planRemoval(asked)).plan);
    },
    state: async (group) => groupPlan(group, await readResources(request())),
    settings: (file) => {
      const { reprod: _, ...shown } = JSON.parse(fs.readFileSync(path.join(root, file), "utf8"));
      return shown;
    },
  };
  return self;
}

/** `create network/vpc`, of steps that do something. */
export function actions({ steps }: Pick<Plan, "steps">): readonly string[] {
  return steps.filter(({ action }) => action !== "keep").map(({ action, key }) => `${action} ${key}`);
}

/** `network/vpc DNS hostnames: off → on` */
export function differences({ steps }: Pick<Plan, "steps">): readonly string[] {
  return steps.flatMap(({ key, differences }) =>
    differences.map(({ what, is, shouldBe }) => `${key} ${what}: ${is} → ${shouldBe}`),
  );
}
