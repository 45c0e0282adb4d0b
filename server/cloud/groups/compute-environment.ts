import type { Group, Resource } from "../reconcile/resource.js";
import { LONGEST_NAME, type Scope } from "../reconcile/scope.js";
import { GROUP } from "./compute-environment/common.js";
import { environment, specOf } from "./compute-environment/environment.js";
import { template } from "./compute-environment/launch-template.js";
import { queue } from "./compute-environment/queue.js";
import { environmentsThere, recalledEnvironments } from "./compute-environment/there.js";
import {
  checkLength,
  defaultSpec,
  environmentsToRemove,
  isFargate,
  parseEnvironmentSpecs,
  settledEnvironments,
} from "./support/environment-specs.js";

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
    // Nothing to say to other tools: the last environment was deleted.
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
  recalled: recalledEnvironments,
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
  return [...(await environmentsThere(scope))].flatMap(([name, there]) => {
    const spec = there.environment && specOf(there.environment);
    return [
      // What is in it is not asked for something that goes.
      ...(there.template ? [withoutDetail(template(scope, name, defaultSpec))] : []),
      ...(there.environment
        ? [spec ? environment(scope, name, spec) : withoutDetail(environment(scope, name, defaultSpec))]
        : []),
      ...(there.queue ? [queue(scope, name)] : []),
    ]
      .filter(({ part }) => !declared.has(part))
      .map((one) =>
        // A template that is left of an environment which is on Fargate now goes by itself.
        removed.has(name) || specs[name] !== undefined ? one : { ...one, staysUntilAsked: true as const },
      );
  });
}

function withoutDetail({ detail: _, ...others }: Resource): Resource {
  return others;
}
