import type { ComputeEnvironmentDetail, JobQueueDetail } from "@aws-sdk/client-batch";
import type { LaunchTemplate } from "@aws-sdk/client-ec2";
import { type Scope, type Tags, tagKeys, tagsOf } from "../../reconcile/scope.js";
import type { Entry } from "../../reconcile/settings-file.js";
import { filter } from "../support/ec2.js";
import {
  type Declared,
  type EnvironmentSpec,
  isEnvironmentName,
  isFargate,
  LEFT,
  parseDeclared,
} from "../support/environment-specs.js";
import { allPages } from "../support/pages.js";
import { GROUP, kinds } from "./common.js";
import { specOf } from "./environment.js";
import { diskOf, launchTemplates } from "./launch-template.js";

/** What there is of one environment, by the tags of its parts. */
export interface There {
  readonly template?: LaunchTemplate;
  readonly environment?: ComputeEnvironmentDetail;
  readonly queue?: JobQueueDetail;
}

const listings = new WeakMap<Scope, Promise<ReadonlyMap<string, There>>>();

/** All environments of ours that are in the account, whole or not, by name: listed once for each reading of the account. */
export async function environmentsThere(scope: Scope): Promise<ReadonlyMap<string, There>> {
  const begun = listings.get(scope) ?? listEnvironments(scope);
  listings.set(scope, begun);
  try {
    return await begun;
  } catch (error) {
    // Whoever asks again after a failure is not told of the old one.
    listings.delete(scope);
    throw error;
  }
}

async function listEnvironments(scope: Scope): Promise<ReadonlyMap<string, There>> {
  const batch = await scope.account.aws.batch();
  const [templates, environments, queues] = await Promise.all([
    launchTemplates(scope).list([
      filter(`tag:${tagKeys.project}`, scope.projectId),
      filter(`tag:${tagKeys.group}`, GROUP),
    ]),
    allPages(async (nextToken) => {
      const answer = await batch.describeComputeEnvironments({ nextToken });
      return { items: answer.computeEnvironments, next: answer.nextToken };
    }),
    allPages(async (nextToken) => {
      const answer = await batch.describeJobQueues({ nextToken });
      return { items: answer.jobQueues, next: answer.nextToken };
    }),
  ]);
  const there = new Map<string, There>();
  const take = (kind: keyof There, item: There[typeof kind], tags: Tags = {}) => {
    const name = nameOf(tags[tagKeys.part] ?? "", kind);
    if (tags[tagKeys.group] !== GROUP || name === undefined || scope.owner(tags, false) !== "ours") return;
    there.set(name, { [kind]: item, ...there.get(name) });
  };
  for (const one of templates) take("template", one, tagsOf(one.Tags));
  for (const one of environments) if (one.status !== "DELETED") take("environment", one, one.tags);
  for (const one of queues) if (one.status !== "DELETED") take("queue", one, one.tags);
  return there;
}

/** Of an environment, by the name of one of its parts: `big` of `big-queue`. */
function nameOf(part: string, kind: keyof There): string | undefined {
  const name = part.endsWith(`-${kind}`) ? part.slice(0, -kind.length - 1) : "";
  return isEnvironmentName(name) ? name : undefined;
}

/**
 * What was asked for, with what the settings file knows nothing of, because it was lost or is older than a colleague's:
 * an environment that is in the account is asked for as it is there. One of which there are remains only, or notes, is
 * known by its name.
 */
export async function recalledEnvironments(
  {
    declared,
    entries,
  }: { readonly declared: unknown; readonly entries: ReadonlyMap<string, Pick<Entry, "name">> },
  scope: Scope,
): Promise<Declared | null> {
  const remembered = Object.entries(parseDeclared(declared)).filter(([, value]) => value !== LEFT);
  const known = new Set(remembered.map(([name]) => name));
  const there = await environmentsThere(scope);
  const noted = [...entries.keys()].flatMap((part) => kinds.flatMap((kind) => nameOf(part, kind) ?? []));
  const names = [...new Set([...there.keys(), ...noted])].filter((name) => !known.has(name)).sort();
  const found: [string, EnvironmentSpec | typeof LEFT][] = [];
  for (const name of names) found.push([name, (await specThere(scope, there.get(name))) ?? LEFT]);
  if (declared === null && found.length === 0) return null;
  return Object.fromEntries([...remembered, ...found]);
}

/** As what it could be asked for to be as it is; undefined for remains, and for what nobody can ask for. */
async function specThere(scope: Scope, there: There | undefined): Promise<EnvironmentSpec | undefined> {
  const environment = there?.environment;
  // What goes is not wanted.
  const spec = environment?.status === "DELETING" ? undefined : environment && specOf(environment);
  if (environment === undefined || spec === undefined || isFargate(spec.type)) return spec;
  return specOf(environment, await diskOf(scope, environment.computeResources?.launchTemplate));
}
