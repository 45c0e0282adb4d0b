import type { Group, Resource } from "../reconcile/resource.js";
import { LONGEST_NAME, type Scope, tagKeys, tagsOf } from "../reconcile/scope.js";
import { GROUP } from "./compute-environment/common.js";
import { environment } from "./compute-environment/environment.js";
import { launchTemplates, template } from "./compute-environment/launch-template.js";
import { queue } from "./compute-environment/queue.js";
import { filter } from "./support/ec2.js";
import {
  checkLength,
  defaultSpec,
  environmentsToRemove,
  isEnvironmentName,
  isFargate,
  parseEnvironmentSpecs,
  settledEnvironments,
} from "./support/environment-specs.js";
import { allPages } from "./support/pages.js";

export const computeEnvironment: Group = {
  name: GROUP,
  title: "Compute Environment",
  purpose: "Machines for AWS Batch that come and go with the work.",
  needs: ["roles", "network"],
  settingsFile: "compute-environments.json",
  resources: (scope) =>
    Object.entries(parseEnvironmentSpecs(scope.declared(GROUP))).flatMap(([name, spec]) => {
      // The longest of the names that it becomes part of.
      checkLength(name, LONGEST_NAME - scope.name("-environment").length, scope.account.region);
      return [
        ...(isFargate(spec.type) ? [] : [template(scope, name, spec)]),
        environment(scope, name, spec),
        queue(scope, name),
      ];
    }),
  settings: (of, scope) => {
    const specs = Object.entries(parseEnvironmentSpecs(scope.declared(GROUP)));
    // A file that says nothing is none: the last environment was deleted.
    if (specs.length === 0) return {};
    return {
      environments: Object.fromEntries(
        specs.map(([name, { type, maxVcpus }]) => [
          name,
          {
            compute_environment_arn: of(`${name}-environment`).arn,
            job_queue_arn: of(`${name}-queue`).arn,
            ...(!isFargate(type) && { launch_template_id: of(`${name}-template`).id }),
            type,
            max_vcpus: maxVcpus,
          },
        ]),
      ),
    };
  },
  declaredByDefault: { default: defaultSpec },
  settled: settledEnvironments,
  strays,
};

/** What of environments is there and was made for names that are not asked for any more, or for another type. */
async function strays(scope: Scope): Promise<readonly Resource[]> {
  const specs = parseEnvironmentSpecs(scope.declared(GROUP));
  const removed = new Set(environmentsToRemove(scope.declared(GROUP)));
  const declared = new Set(
    Object.entries(specs).flatMap(([name, { type }]) => [
      ...(isFargate(type) ? [] : [`${name}-template`]),
      `${name}-environment`,
      `${name}-queue`,
    ]),
  );
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
  const names = new Map<string, Set<string>>();
  const take = (kind: string, tags: { readonly [key: string]: string } | undefined, status?: string) => {
    if (tags === undefined || status === "DELETED") return;
    const { [tagKeys.part]: part = "", [tagKeys.group]: group } = tags;
    const name = part.endsWith(`-${kind}`) ? part.slice(0, -kind.length - 1) : "";
    if (group !== GROUP || !isEnvironmentName(name) || declared.has(part)) return;
    if (scope.owner(tags, false) !== "ours") return;
    names.set(name, (names.get(name) ?? new Set()).add(kind));
  };
  for (const { Tags } of templates) take("template", tagsOf(Tags));
  for (const { tags, status } of environments) take("environment", tags, status);
  for (const { tags, status } of queues) take("queue", tags, status);
  return [...names].flatMap(([name, kinds]) =>
    [
      ...(kinds.has("template") ? [template(scope, name, defaultSpec)] : []),
      ...(kinds.has("environment") ? [environment(scope, name, defaultSpec)] : []),
      ...(kinds.has("queue") ? [queue(scope, name)] : []),
    ].map((one) =>
      // A template that is left of an environment which is on Fargate now goes by itself.
      removed.has(name) || specs[name] !== undefined ? one : { ...one, staysUntilAsked: true as const },
    ),
  );
}
