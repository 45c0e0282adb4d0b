import type { LogGroup } from "@aws-sdk/client-cloudwatch-logs";
import { bytes } from "../../../base/format.js";
import { LOGS_USE } from "../../prices.js";
import type { Difference, Found, GroupName, Resource } from "../../reconcile/resource.js";
import { resource } from "../../reconcile/resource.js";
import { type Scope, type Tags, tagsToMend } from "../../reconcile/scope.js";
import { logGroupPage } from "./console.js";
import { thereOrMade } from "./lost-answer.js";
import { tagDifference } from "./tags.js";

/** A run lasts 60 days at most, and nothing that it needs is gone before it ends (engine-rules.md E3). */
const RETENTION_DAYS = 90;

interface Live {
  readonly retentionDays: number | undefined;
  readonly storedBytes: number;
  readonly tags: Tags;
}

/** A log group of a group of resources: tagged, and with an end to what it keeps. */
export function logGroup(
  scope: Scope,
  group: GroupName,
  given: { readonly part: string; readonly name: string; readonly detail: string; readonly holdsData?: true },
): Resource {
  const { account } = scope;
  const { part, name, detail, holdsData } = given;
  const tags = scope.tags(group, part);
  const arnOf = (name: string): string =>
    `arn:${account.partition}:logs:${account.region}:${account.accountId}:log-group:${name}`;

  const lookFor = async (): Promise<LogGroup | undefined> => {
    const logs = await account.aws.logs();
    let nextToken: string | undefined;
    do {
      const page = await logs.describeLogGroups({ logGroupNamePrefix: name, nextToken });
      const found = page.logGroups?.find(({ logGroupName }) => logGroupName === name);
      if (found !== undefined) return found;
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    return undefined;
  };

  return resource<Live>({
    part,
    kind: "log group",
    name,
    detail: `${detail}, kept ${RETENTION_DAYS} days`,
    cost: { atRest: 0, use: LOGS_USE },
    ...(holdsData && { holdsData }),
    find: async (): Promise<Found<Live> | undefined> => {
      const found = await lookFor();
      if (found === undefined) return undefined;
      const arn = arnOf(name);
      const logs = await account.aws.logs();
      const { tags = {} } = await logs.listTagsForResource({ resourceArn: arn });
      return {
        id: name,
        arn,
        owner: scope.owner(tags, false),
        live: { retentionDays: found.retentionInDays, storedBytes: found.storedBytes ?? 0, tags },
      };
    },
    create: async () => {
      const logs = await account.aws.logs();
      await thereOrMade(logs.createLogGroup({ logGroupName: name, tags: { ...tags } }));
      const live = { retentionDays: undefined, storedBytes: 0, tags };
      return { id: name, arn: arnOf(name), owner: "ours", live };
    },
    compare: ({ live }): readonly Difference[] => {
      const differences: Difference[] = [];
      if (live.retentionDays !== RETENTION_DAYS) {
        differences.push({
          what: "retention",
          is: live.retentionDays === undefined ? "for ever" : `${live.retentionDays} days`,
          shouldBe: `${RETENTION_DAYS} days`,
          mend: async () => {
            const logs = await account.aws.logs();
            await logs.putRetentionPolicy({ logGroupName: name, retentionInDays: RETENTION_DAYS });
          },
        });
      }
      differences.push(
        ...tagDifference(live.tags, tagsToMend(live.tags, tags), async (wrong) => {
          const logs = await account.aws.logs();
          await logs.tagResource({ resourceArn: arnOf(name), tags: { ...wrong } });
        }),
      );
      return differences;
    },
    ...(holdsData && {
      // Logs of what only serves us, functions, say nothing that anybody would miss.
      inUse: async ({ live: { storedBytes } }: Found<Live>) => {
        if (storedBytes > 0) return `the log group ${name} holds ${bytes(storedBytes)} of logs`;
        // The count lags behind by hours. A stream is there as soon as a container has begun to write.
        const logs = await account.aws.logs();
        const { logStreams = [] } = await logs.describeLogStreams({ logGroupName: name, limit: 1 });
        return logStreams.length === 0
          ? undefined
          : `the log group ${name} has log streams, whose newest lines are not counted yet`;
      },
    }),
    remove: async () => {
      const logs = await account.aws.logs();
      await logs.deleteLogGroup({ logGroupName: name });
    },
    console: () => logGroupPage(account, name),
  });
}
