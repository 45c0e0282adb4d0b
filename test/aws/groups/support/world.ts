import * as fs from "node:fs";
import * as path from "node:path";
import type { TestContext } from "node:test";
import { version } from "../../../../package.json";
import type { Account as OpenAccount } from "../../../../server/cloud/account.js";
import { openAccount } from "../../../../server/cloud/credentials.js";
import type { Applied } from "../../../../server/cloud/reconcile/apply.js";
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
import { newProjectId, readProject } from "../../../../server/data/project.js";
import type { CloudSettings } from "../../../../server/data/project-settings.js";
import { afterwards, temporaryFolder, writeFiles } from "../../../support/temporary.js";
import type { Account } from "../../support/aws.js";
import { fastClock } from "./project.js";

/** A project that sets up groups in an account, through the code that the command line uses. */
export interface World {
  readonly projectId: string;
  readonly root: string;
  readonly account: OpenAccount;
  name(part: string): string;
  /** As a resource of ours has them. */
  tags(group: GroupName, part: string): { readonly [key: string]: string };
  plan(groups: readonly GroupName[]): Promise<Planned>;
  /** Plans each of the groups and carries it out, one after the other. */
  apply(groups: readonly GroupName[]): Promise<readonly Applied[]>;
  planRemoval(groups: readonly GroupName[]): Promise<Planned>;
  remove(groups: readonly GroupName[], options?: { readonly force?: boolean }): Promise<TornDown>;
  state(group: GroupName): Promise<GroupPlan>;
  /** What a settings file says to other tools. */
  settings(file: string): { readonly [key: string]: unknown };
  /** Steps that do something, in words. */
  changes(plan: Plan): readonly string[];
}

export async function settingUp(test: TestContext, aws: Account, cloud: CloudSettings = {}): Promise<World> {
  const root = temporaryFolder(test);
  const projectId = newProjectId();
  writeFiles(root, { "reprod.json": JSON.stringify({ projectId, cloud }) });
  const account = await openAccount({ environment: { ...aws.env } });
  afterwards(test, () => account.aws.destroy());
  const project = readProject(root as Parameters<typeof readProject>[0]);
  const request = {
    project,
    account,
    get clock() {
      return fastClock();
    },
  };
  const code = "euc1";
  const plan = (groups: readonly GroupName[]) => planSetup({ ...request, groups });
  const removal = (groups: readonly GroupName[]) => planRemoval({ ...request, groups });
  return {
    projectId,
    root,
    account,
    name: (part) => `reprod-${projectId}-${code}-${part}`,
    tags: (group, part) => ({
      "reprod:project": projectId,
      "reprod:group": group,
      "reprod:part": part,
      "reprod:region": account.region,
      "reprod:version": version,
    }),
    plan,
    apply: async (groups) => {
      const applied: Applied[] = [];
      for (const group of groups) {
        const { plan: agreed } = await plan([group]);
        applied.push(await applySetup({ ...request, groups: [group], force: false }, agreed));
      }
      return applied;
    },
    planRemoval: removal,
    remove: async (groups, { force = false } = {}) => {
      const { plan: agreed } = await removal(groups);
      return applyRemoval({ ...request, groups, force }, agreed);
    },
    state: async (group) => groupPlan(group, await readResources(request)),
    settings: (file) => {
      const { reprod: _, ...shown } = JSON.parse(fs.readFileSync(path.join(root, file), "utf8"));
      return shown;
    },
    changes: ({ steps }) =>
      steps
        .filter(({ action }) => action !== "keep")
        .map(({ action, key, differences, why }) => {
          const words = [
            ...(why === undefined ? [] : [why]),
            ...differences.map(({ what, is, shouldBe }) => `${what} ${is} → ${shouldBe}`),
          ];
          return `${action} ${key}${words.length === 0 ? "" : `: ${words.join("; ")}`}`;
        }),
  };
}
