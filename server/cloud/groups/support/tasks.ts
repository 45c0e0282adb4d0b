import type { ECS } from "@aws-sdk/client-ecs";
import { awsFailure } from "../../failures.js";
import type { At } from "../../reconcile/resource.js";
import type { Scope } from "../../reconcile/scope.js";
import { unlessGone } from "./gone.js";
import { allPages } from "./pages.js";

/** ARNs of tasks that run or wait to. */
export async function tasksOf(
  ecs: ECS,
  which: { readonly cluster: string; readonly family?: string },
): Promise<readonly string[]> {
  return allPages(async (nextToken) => {
    const page = await ecs.listTasks({ ...which, desiredStatus: "RUNNING", nextToken });
    return { items: page.taskArns, next: page.nextToken };
  });
}

/** Kinds of tasks of this project. */
export async function familiesOf(ecs: ECS, scope: Scope): Promise<readonly string[]> {
  const familyPrefix = scope.name("");
  const families = await allPages(async (nextToken) => {
    const page = await ecs.listTaskDefinitionFamilies({ familyPrefix, status: "ALL", nextToken });
    return { items: page.families, next: page.nextToken };
  });
  return families.filter((family) => family.startsWith(familyPrefix));
}

/** `2 tasks run or wait in the cluster x`; undefined when none does. In an adopted one others' tasks do not count. */
export async function tasksIn(scope: Scope, cluster: string, adopted: boolean): Promise<string | undefined> {
  const ecs = await scope.account.aws.ecs();
  const tasks = adopted ? await ownTasksOf(ecs, scope, cluster) : await tasksOf(ecs, { cluster });
  if (tasks.length === 0) return undefined;
  const whose = adopted ? " of this project" : "";
  const words = tasks.length === 1 ? `task${whose} runs or waits` : `tasks${whose} run or wait`;
  return `${tasks.length} ${words} in the cluster ${cluster}`;
}

/**
 * The same for what is of another group: of the cluster as far as it was seen. Who may remove only that, and not look
 * at tasks, can do so: as with a cluster that could not be seen, nothing is known of them.
 */
export async function tasksElsewhere(scope: Scope, { ref }: At): Promise<string | undefined> {
  const cluster = ref("cluster/cluster")?.id;
  if (cluster === undefined) return undefined;
  try {
    // What is ours has one name.
    return await unlessGone(tasksIn(scope, cluster, cluster !== scope.name("cluster")));
  } catch (error) {
    const doing = { doing: `look at the tasks of the cluster ${cluster}`, account: scope.account };
    if (awsFailure(error, doing).code !== "access-denied") throw error;
    return undefined;
  }
}

/** Of this project's tasks, which alone run task definitions of its name. A call for each kind of task. */
async function ownTasksOf(ecs: ECS, scope: Scope, cluster: string): Promise<readonly string[]> {
  const tasks: string[] = [];
  for (const family of await familiesOf(ecs, scope)) tasks.push(...(await tasksOf(ecs, { cluster, family })));
  return tasks;
}
