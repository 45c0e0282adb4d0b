import type { Cluster, ClusterField, ECS } from "@aws-sdk/client-ecs";
import type { Difference, Found, Group, Resource } from "../reconcile/resource.js";
import { resource } from "../reconcile/resource.js";
import { lowerTagList, type Scope, type Tags, tagKeys, tagsOf, tagsToMend } from "../reconcile/scope.js";
import { lacksFargate } from "../regions.js";
import { adoptionDifference, releaseTag } from "./support/adoption.js";
import { consolePage } from "./support/console.js";
import { unlessGone } from "./support/gone.js";
import { logGroup } from "./support/log-group.js";
import { allPages } from "./support/pages.js";
import { tagDifference } from "./support/tags.js";
import { familiesOf, tasksIn, tasksOf } from "./support/tasks.js";

/** Fargate Spot can be asked for only in a cluster that has it as a provider; Fargate is there for symmetry of use. */
const PROVIDERS = ["FARGATE", "FARGATE_SPOT"] as const;

const INCLUDE: ClusterField[] = ["TAGS", "SETTINGS", "CONFIGURATIONS"];

/** Where tasks of a project write their logs. */
export function taskLogGroup(scope: Scope): string {
  return `/reprod/${scope.name("tasks")}`;
}

export const cluster: Group = {
  name: "cluster",
  title: "Cluster",
  purpose: "Where tasks run on Fargate, and their logs.",
  needs: ["roles"],
  settingsFile: "cluster-settings.json",
  resources: (scope) => [taskLogs(scope), ecsCluster(scope)],
  settings: (of) => ({
    cluster_name: of("cluster").id,
    cluster_arn: of("cluster").arn,
    log_group: of("log-group").id,
  }),
};

function taskLogs(scope: Scope): Resource {
  const logs = logGroup(scope, "cluster", {
    part: "log-group",
    name: taskLogGroup(scope),
    detail: "what tasks write",
    // Copies that records name are kept elsewhere (E3); of tasks that nobody collected, this is all there is.
    holdsData: true,
  });
  return {
    ...logs,
    remove: async (found, at) => {
      // Whose cluster was deleted by hand has its task definitions still, and nothing else that says so.
      await removeTaskDefinitions(await scope.account.aws.ecs(), scope);
      await logs.remove(found, at);
    },
  };
}

function ecsCluster(scope: Scope): Resource {
  const { account } = scope;
  const name = scope.name("cluster");
  const tags = scope.tags("cluster", "cluster");
  // Where there is no Fargate, ECS refuses its providers; Batch works there, on instances of EC2. A region that is newer
  // than our list may well have it.
  const wanted = lacksFargate(account.region) ? [] : PROVIDERS;
  const whole =
    wanted.length > 0 ? "Fargate and Fargate Spot" : `without Fargate, which ${account.region} does not have`;
  let detail = whole;

  const describe = async (which: string): Promise<Cluster | undefined> => {
    const ecs = await account.aws.ecs();
    const { clusters = [] } = await ecs.describeClusters({ clusters: [which], include: INCLUDE });
    // One that was deleted is still told of for a while.
    return clusters.find(({ status }) => status !== "INACTIVE");
  };

  const tag = async ({ clusterArn }: Cluster, wrong: Tags): Promise<void> => {
    const ecs = await account.aws.ecs();
    await ecs.tagResource({ resourceArn: clusterArn, tags: lowerTagList(wrong) });
  };

  return resource<Cluster>({
    part: "cluster",
    kind: "ECS cluster",
    name,
    // What an adopted one lacks is known once it was looked at, and its providers are not ours to change.
    get detail() {
      return detail;
    },
    // Tasks write there as long as there is a cluster: it goes after it.
    needs: ["log-group"],
    adoptable: true,
    cost: { atRest: 0 },
    // What is ours has one name: an id in the settings file counts only for what was adopted.
    find: async ({ id = name, adopted }) => {
      const live = await describe(adopted ? id : name);
      return live === undefined ? undefined : foundOf(scope, live, adopted);
    },
    create: async () => {
      const ecs = await account.aws.ecs();
      const { cluster } = await ecs.createCluster({
        clusterName: name,
        tags: lowerTagList(tags),
        capacityProviders: [...wanted],
        defaultCapacityProviderStrategy: [],
        settings: [{ name: "containerInsights", value: "disabled" }],
        // A shell that somebody opens in a task is not part of what the task's script wrote.
        configuration: { executeCommandConfiguration: { logging: "NONE" } },
      });
      return foundOf(scope, cluster ?? {}, false);
    },
    compare: ({ owner, live }): readonly Difference[] => {
      const lacking = wanted.filter((provider) => !(live.capacityProviders ?? []).includes(provider));
      if (owner === "adopted") {
        detail =
          lacking.length === 0
            ? whole
            : `without the capacity provider ${lacking.join(" and ")}: it is not added to a cluster of others`;
        return adoptionDifference(scope, tagsOf(live.tags), (wrong) => tag(live, wrong));
      }
      return [
        ...providers(scope, live, lacking),
        ...insights(scope, live),
        ...execLogging(scope, live),
        ...status(live),
        ...tagDifference(tagsOf(live.tags), tagsToMend(tagsOf(live.tags), tags), (wrong) => tag(live, wrong)),
      ];
    },
    // An adopted one stays, with what others run in it: only our own tasks lose something by it.
    inUse: async ({ id, owner }) => tasksIn(scope, id, owner === "adopted"),
    remove: async ({ id }) => {
      const ecs = await account.aws.ecs();
      // Whoever forces it has been told of them; without any, this does nothing.
      for (const task of await tasksOf(ecs, { cluster: id })) {
        await unlessGone(ecs.stopTask({ cluster: id, task, reason: "the cluster is being removed" }));
      }
      // Before the cluster: when this is cut off, the cluster still says that there is something to remove.
      await removeTaskDefinitions(ecs, scope);
      await ecs.deleteCluster({ cluster: id });
    },
    release: async ({ id }) => {
      const ecs = await account.aws.ecs();
      await removeTaskDefinitions(ecs, scope);
      // Another project may have begun to use it since it was looked at.
      const live = await describe(id);
      if (live === undefined) return;
      await releaseTag(scope, tagsOf(live.tags), {
        tag: (value) => tag(live, value),
        untag: (keys) => ecs.untagResource({ resourceArn: live.clusterArn, tagKeys: keys }),
      });
    },
    console: ({ id }) => consolePage(account, `ecs/v2/clusters/${encodeURIComponent(id)}/tasks`),
  });
}

function foundOf(scope: Scope, live: Cluster, adopted: boolean): Found<Cluster> {
  const { clusterName = "", clusterArn } = live;
  return {
    id: clusterName,
    ...(clusterArn !== undefined && { arn: clusterArn }),
    owner: scope.owner(tagsOf(live.tags), adopted),
    live,
  };
}

/** What others added stays: the call replaces all that there is. */
function providers(
  { account }: Scope,
  { clusterName, capacityProviders = [], defaultCapacityProviderStrategy = [] }: Cluster,
  lacking: readonly string[],
): readonly Difference[] {
  if (lacking.length === 0) return [];
  return [
    {
      what: "capacity providers",
      is: capacityProviders.length === 0 ? "none" : [...capacityProviders].sort().join(", "),
      shouldBe: PROVIDERS.join(", "),
      mend: async () => {
        const ecs = await account.aws.ecs();
        await ecs.putClusterCapacityProviders({
          cluster: clusterName,
          capacityProviders: [...capacityProviders, ...lacking],
          defaultCapacityProviderStrategy,
        });
      },
    },
  ];
}

/** Container Insights is charged by metric and task: nobody should pay for it without having asked. */
function insights({ account }: Scope, { clusterName, settings }: Cluster): readonly Difference[] {
  const value = settings?.find(({ name }) => name === "containerInsights")?.value;
  if (value === "disabled") return [];
  return [
    {
      what: "container insights",
      is: value ?? "as the account has it",
      shouldBe: "disabled",
      mend: async () => {
        const ecs = await account.aws.ecs();
        await ecs.updateCluster({
          cluster: clusterName,
          settings: [{ name: "containerInsights", value: "disabled" }],
        });
      },
    },
  ];
}

function execLogging({ account }: Scope, { clusterName, configuration }: Cluster): readonly Difference[] {
  const logging = configuration?.executeCommandConfiguration?.logging;
  if (logging === "NONE") return [];
  return [
    {
      what: "ECS Exec logging",
      is: logging ?? "not set",
      shouldBe: "NONE",
      mend: async () => {
        const ecs = await account.aws.ecs();
        await ecs.updateCluster({
          cluster: clusterName,
          configuration: { ...configuration, executeCommandConfiguration: { logging: "NONE" } },
        });
      },
    },
  ];
}

/** Providers are attached after the call has ended; the engine looks again until they are. */
function status({ status, attachmentsStatus }: Cluster): readonly Difference[] {
  const now =
    status !== "ACTIVE" ? status : attachmentsStatus === "UPDATE_IN_PROGRESS" ? attachmentsStatus : undefined;
  return now === undefined ? [] : [{ what: "status", is: now, shouldBe: "ACTIVE", mend: async () => {} }];
}

/**
 * Runs register task definitions, one family for each kind of task; nobody needs them once the cluster is gone. Two
 * calls a revision: AWS tells tags only of one at a time.
 */
async function removeTaskDefinitions(ecs: ECS, scope: Scope): Promise<void> {
  const inactive: string[] = [];
  for (const family of await familiesOf(ecs, scope)) {
    const active = new Set(await revisionsOf(ecs, family, "ACTIVE"));
    for (const taskDefinition of [...(await revisionsOf(ecs, family, "INACTIVE")), ...active]) {
      // Somebody else may be removing them as well: that one is gone must not look as if the cluster were.
      const described = await unlessGone(ecs.describeTaskDefinition({ taskDefinition, include: ["TAGS"] }));
      if (tagsOf(described?.tags)[tagKeys.project] !== scope.projectId) continue;
      if (active.has(taskDefinition)) {
        await unlessGone(ecs.deregisterTaskDefinition({ taskDefinition }));
      }
      inactive.push(taskDefinition);
    }
  }
  // As many as one call takes.
  for (let at = 0; at < inactive.length; at += 10) {
    const asked = ecs.deleteTaskDefinitions({ taskDefinitions: inactive.slice(at, at + 10) });
    const failed = (await unlessGone(asked))?.failures?.find(
      ({ reason = "" }) => !/MISSING|not exist/i.test(reason),
    );
    if (failed === undefined) continue;
    // The answer is 200 all the same. Named as the SDK names errors of services, so that it is told as one.
    throw Object.assign(new Error(`${failed.arn}: ${failed.reason} ${failed.detail ?? ""}`), {
      name: failed.reason ?? "ServerException",
      $metadata: { httpStatusCode: 400 },
    });
  }
}

async function revisionsOf(
  ecs: ECS,
  familyPrefix: string,
  status: "ACTIVE" | "INACTIVE",
): Promise<readonly string[]> {
  const revisions = await allPages(async (nextToken) => {
    const page = await ecs.listTaskDefinitions({ familyPrefix, status, nextToken });
    return { items: page.taskDefinitionArns, next: page.nextToken };
  });
  // Its name says prefix and its reference says family; a longer one that begins so gets its own turn.
  return revisions.filter((arn) => arn.split("/").at(-1)?.split(":")[0] === familyPrefix);
}
