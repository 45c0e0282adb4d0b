import type { DescribeRuleResponse, EventBridge, Target } from "@aws-sdk/client-eventbridge";
import type { EventRule, PlatformFunction } from "../../../functions/table.js";
import { canonicalText } from "../../../graph/canonical.js";
import { isNotThere } from "../../failures.js";
import type { Difference, Found, Resource } from "../../reconcile/resource.js";
import { resource } from "../../reconcile/resource.js";
import { type Scope, type Tags, tagList, tagsOf, tagsToMend } from "../../reconcile/scope.js";
import { consolePage } from "./console.js";
import { functionArn, type Permission, permissionDifference, removePermission } from "./lambda.js";
import { tagDifference } from "./tags.js";

interface Live {
  readonly rule: DescribeRuleResponse;
  readonly tags: Tags;
  readonly targets: readonly Target[];
}

/** A rule of EventBridge that calls a function, with its target and with leave to call: neither can be tagged. */
export function eventRule(scope: Scope, { name: caller }: PlatformFunction, event: EventRule): Resource {
  const { account } = scope;
  const { part, description } = event;
  const name = scope.name(part);
  const tags = scope.tags("functions", part);
  const arn = `arn:${account.partition}:events:${account.region}:${account.accountId}:rule/${name}`;
  const target = { Id: `reprod-${caller}`, Arn: functionArn(account, scope.name(caller)) };
  const permission: Permission = {
    id: `reprod-${part}`,
    functionName: scope.name(caller),
    principal: "events.amazonaws.com",
    sourceArn: arn,
  };
  const patternOf = (clusterArn: string): string =>
    JSON.stringify(
      event.pattern({
        clusterArn,
        jobQueueArnPrefix: `arn:${account.partition}:batch:${account.region}:${account.accountId}:job-queue/${scope.name("")}`,
      }),
    );
  const put = async (events: EventBridge, clusterArn: string, Tags?: Tags): Promise<void> => {
    await events.putRule({
      Name: name,
      Description: description,
      EventPattern: patternOf(clusterArn),
      State: "ENABLED",
      ...(Tags !== undefined && { Tags: tagList(Tags) }),
    });
  };

  return resource<Live>({
    part,
    kind: "EventBridge rule",
    name,
    detail: `calls ${caller}`,
    needs: [caller, "cluster/cluster"],
    cost: { atRest: 0 },
    find: async (): Promise<Found<Live>> => {
      const events = await account.aws.events();
      const rule = await events.describeRule({ Name: name });
      const tags = tagsOf((await events.listTagsForResource({ ResourceARN: arn })).Tags);
      const targets = await targetsOf(events, name);
      return { id: name, arn, owner: scope.owner(tags, false), live: { rule, tags, targets } };
    },
    create: async (at) => {
      await put(await account.aws.events(), at.need("cluster/cluster").arn ?? "", tags);
      return { id: name, arn, owner: "ours", live: { rule: {}, tags, targets: [] } };
    },
    compare: async ({ live: { rule, tags: is, targets } }, at): Promise<readonly Difference[]> => {
      const clusterArn = at.ref("cluster/cluster")?.arn;
      const differences: Difference[] = [];
      const mend = async (): Promise<void> =>
        put(await account.aws.events(), at.need("cluster/cluster").arn ?? "");
      if (rule.State !== "ENABLED") {
        differences.push({ what: "state", is: rule.State ?? "unknown", shouldBe: "ENABLED", mend });
      }
      // Without its cluster there is nothing to compare with: it gets its pattern when that is made.
      if (clusterArn !== undefined && !sameJson(rule.EventPattern, patternOf(clusterArn))) {
        differences.push({
          what: "event pattern",
          is: rule.EventPattern ?? "none",
          shouldBe: patternOf(clusterArn),
          mend,
        });
      }
      const own = targets.find(({ Id }) => Id === target.Id);
      if (own === undefined || !isPlain(own, target.Arn)) {
        differences.push({
          what: "target",
          is: own === undefined ? "none" : "changed",
          shouldBe: target.Arn,
          mend: async () => {
            const events = await account.aws.events();
            refuseFailed(await events.putTargets({ Rule: name, Targets: [target] }));
          },
        });
      }
      differences.push(
        ...(await permissionDifference(account, permission)),
        ...tagDifference(is, tagsToMend(is, tags), async (wrong) => {
          const events = await account.aws.events();
          await events.tagResource({ ResourceARN: arn, Tags: tagList(wrong) });
        }),
      );
      return differences;
    },
    inUse: async ({ live: { targets } }) => {
      const others = targets.filter(({ Id }) => Id !== target.Id);
      return others.length === 0
        ? undefined
        : `the rule ${name} has targets that Reprod did not make: ${others.map(({ Id }) => Id).join(", ")}`;
    },
    remove: async () => {
      const events = await account.aws.events();
      await removePermission(account, permission);
      // Those of others too, which were told of: a rule that has any cannot be deleted.
      const Ids = (await targetsOf(events, name)).flatMap(({ Id }) => Id ?? []);
      for (let at = 0; at < Ids.length; at += 10) {
        refuseFailed(await events.removeTargets({ Rule: name, Ids: Ids.slice(at, at + 10) }));
      }
      await events.deleteRule({ Name: name });
    },
    console: () => consolePage(account, `events/home#/eventbus/default/rules/${name}`),
  });
}

async function targetsOf(events: EventBridge, Rule: string): Promise<readonly Target[]> {
  const targets: Target[] = [];
  let NextToken: string | undefined;
  try {
    do {
      const page = await events.listTargetsByRule({ Rule, NextToken });
      targets.push(...(page.Targets ?? []));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
  } catch (error) {
    if (!isNotThere(error)) throw error;
  }
  return targets;
}

/** The whole event to the function itself, with nothing that picks or changes parts of it. */
function isPlain({ Id, Arn, ...more }: Target, wanted: string): boolean {
  return Arn === wanted && Object.values(more).every((value) => value === undefined);
}

/** Both calls answer 200 with what failed in it. */
function refuseFailed({
  FailedEntries = [],
}: {
  readonly FailedEntries?:
    | readonly { readonly ErrorCode?: string | undefined; readonly ErrorMessage?: string | undefined }[]
    | undefined;
}): void {
  const [first] = FailedEntries;
  if (first === undefined) return;
  // As the SDK names errors of services, so that whoever waits for what passes knows it.
  throw Object.assign(new Error(first.ErrorMessage ?? "an entry failed"), {
    name: first.ErrorCode ?? "InternalException",
    $metadata: { httpStatusCode: 400 },
  });
}

function sameJson(one: string | undefined, other: string): boolean {
  if (one === undefined) return false;
  try {
    return canonicalText(JSON.parse(one)) === canonicalText(JSON.parse(other));
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
