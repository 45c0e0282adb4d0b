import type { ECR, Repository } from "@aws-sdk/client-ecr";
import { canonicalText } from "../../graph/canonical.js";
import { isNotThere } from "../failures.js";
import { IMAGES_USE } from "../prices.js";
import type { Difference, Found, Group, Resource } from "../reconcile/resource.js";
import { resource } from "../reconcile/resource.js";
import { type Scope, type Tags, tagList, tagsOf, tagsToMend } from "../reconcile/scope.js";
import { consolePage } from "./support/console.js";
import { allPages } from "./support/pages.js";
import { tagDifference } from "./support/tags.js";

export const repositories: Group = {
  name: "repositories",
  title: "Container Repositories",
  purpose: "Places for container images of one's own.",
  needs: [],
  settingsFile: "repositories-settings.json",
  resources: (scope) => wanted(scope).map((name) => repository(scope, name)),
  settings: (of, scope) => ({
    repositories: Object.fromEntries(wanted(scope).map((name) => [name, of(partOf(name)).attributes?.uri])),
  }),
  strays: async (scope) => {
    const declared = new Set(wanted(scope));
    const prefix = prefixOf(scope);
    const ecr = await scope.account.aws.ecr();
    const strays: Resource[] = [];
    for (const { repositoryName = "", repositoryArn } of await allRepositories(ecr)) {
      if (!repositoryName.startsWith(prefix)) continue;
      const name = repositoryName.slice(prefix.length);
      if (declared.has(name)) continue;
      // The name alone makes it nobody's to remove.
      if (scope.owner(await tagsOfRepository(ecr, repositoryArn), false) !== "ours") continue;
      const stray = repository(scope, name);
      // An older checkout knows nothing of a colleague's repository: images are never taken for that.
      const { count } = await imagesIn(ecr, repositoryName);
      strays.push(count === 0 ? stray : { ...stray, staysUntilAsked: true });
    }
    return strays;
  },
};

function wanted(scope: Scope): readonly string[] {
  return scope.settings.repositories ?? [];
}

/** ECR's names have folders, and roles may pull from all that begin with the project's. */
function prefixOf(scope: Scope): string {
  return `${scope.name("images")}/`;
}

/**
 * The part of a repository in its group, where neither slashes nor dots may stand: `tools/bwa` is `tools--bwa`. No two
 * names have the same one, since two separators never stand side by side in a name.
 */
export function partOf(name: string): string {
  return name.replaceAll("_", "----").replaceAll(".", "---").replaceAll("/", "--");
}

/** Images that a tag has lost, or that were pushed by digest alone. */
const UNTAGGED_DAYS = 30;

const LIFECYCLE = {
  rules: [
    {
      rulePriority: 1,
      description: `Untagged images expire after ${UNTAGGED_DAYS} days (Reprod)`,
      selection: {
        tagStatus: "untagged",
        countType: "sinceImagePushed",
        countUnit: "days",
        countNumber: UNTAGGED_DAYS,
      },
      action: { type: "expire" },
    },
  ],
};

interface Live {
  readonly repository: Repository;
  readonly tags: Tags;
}

function repository(scope: Scope, name: string): Resource {
  const { account } = scope;
  const part = partOf(name);
  const repositoryName = `${prefixOf(scope)}${name}`;
  const tags = scope.tags("repositories", part);

  const lookFor = async (): Promise<Found<Live> | undefined> => {
    const ecr = await account.aws.ecr();
    try {
      const { repositories: [repository] = [] } = await ecr.describeRepositories({
        repositoryNames: [repositoryName],
      });
      if (repository === undefined) return undefined;
      return found(repository, await tagsOfRepository(ecr, repository.repositoryArn));
    } catch (error) {
      if (isNotThere(error)) return undefined;
      throw error;
    }
  };
  const found = (repository: Repository, is: Tags): Found<Live> => ({
    id: repositoryName,
    ...(repository.repositoryArn !== undefined && { arn: repository.repositoryArn }),
    ...(repository.repositoryUri !== undefined && { attributes: { uri: repository.repositoryUri } }),
    owner: scope.owner(is, false),
    live: { repository, tags: is },
  });

  return resource<Live>({
    part,
    kind: "ECR repository",
    name: repositoryName,
    detail: "tags that cannot be moved, scan on push",
    cost: { atRest: 0, use: IMAGES_USE },
    holdsData: true,
    find: lookFor,
    create: async () => {
      const ecr = await account.aws.ecr();
      try {
        const { repository } = await ecr.createRepository({
          repositoryName,
          tags: tagList(tags),
          imageTagMutability: "IMMUTABLE",
          imageScanningConfiguration: { scanOnPush: true },
          // Decided once for a repository, so no later look at it can find another one.
          encryptionConfiguration: { encryptionType: "AES256" },
        });
        return found(repository ?? { repositoryName }, tags);
      } catch (error) {
        // The answer to an earlier try was lost: it carries our tags since the moment it was made.
        const there = await lookFor();
        if (there?.owner === "ours") return there;
        throw error;
      }
    },
    compare: async ({ live: { repository, tags: is } }): Promise<readonly Difference[]> => {
      const ecr = await account.aws.ecr();
      const differences: Difference[] = [];
      if (repository.imageTagMutability !== "IMMUTABLE") {
        differences.push({
          what: "image tag mutability",
          is: repository.imageTagMutability ?? "none",
          shouldBe: "IMMUTABLE",
          mend: async () => {
            await ecr.putImageTagMutability({ repositoryName, imageTagMutability: "IMMUTABLE" });
          },
        });
      }
      if (repository.imageScanningConfiguration?.scanOnPush !== true) {
        differences.push({
          what: "scan on push",
          is: "off",
          shouldBe: "on",
          mend: async () => {
            await ecr.putImageScanningConfiguration({
              repositoryName,
              imageScanningConfiguration: { scanOnPush: true },
            });
          },
        });
      }
      const lifecycle = await lifecycleOf(ecr, repositoryName);
      if (lifecycle !== canonicalText(LIFECYCLE)) {
        differences.push({
          what: "lifecycle policy",
          is: lifecycle === undefined ? "none" : "another",
          shouldBe: `untagged images expire after ${UNTAGGED_DAYS} days`,
          mend: async () => {
            await ecr.putLifecyclePolicy({
              repositoryName,
              lifecyclePolicyText: JSON.stringify(LIFECYCLE),
            });
          },
        });
      }
      differences.push(
        ...tagDifference(is, tagsToMend(is, tags), async (wrong) => {
          await ecr.tagResource({ resourceArn: repository.repositoryArn, tags: tagList(wrong) });
        }),
      );
      return differences;
    },
    inUse: async () => {
      const { count, more } = await imagesIn(await account.aws.ecr(), repositoryName);
      if (count === 0) return undefined;
      return `the repository ${name} holds ${more ? "more than " : ""}${count} ${count === 1 ? "image" : "images"}`;
    },
    remove: async (_, { forced }) => {
      const ecr = await account.aws.ecr();
      // What was pushed since the repository was seen to be empty is nobody's consent: ECR then refuses, and it is left.
      await ecr.deleteRepository({ repositoryName, force: forced });
    },
    console: ({ id }) => consolePage(account, `ecr/repositories/private/${account.accountId}/${id}`),
  });
}

async function allRepositories(ecr: ECR): Promise<readonly Repository[]> {
  return allPages(async (nextToken) => {
    const page = await ecr.describeRepositories({ maxResults: 1000, nextToken });
    return { items: page.repositories, next: page.nextToken };
  });
}

/** How many images a repository holds, up to the thousand that one call tells. */
async function imagesIn(
  ecr: ECR,
  repositoryName: string,
): Promise<{ readonly count: number; readonly more: boolean }> {
  const { imageIds = [], nextToken } = await ecr.listImages({ repositoryName, maxResults: 1000 });
  return {
    count: new Set(imageIds.map(({ imageDigest }) => imageDigest)).size,
    more: nextToken !== undefined,
  };
}

async function tagsOfRepository(ecr: ECR, resourceArn: string | undefined): Promise<Tags> {
  return tagsOf((await ecr.listTagsForResource({ resourceArn })).tags);
}

/** One text for policies that do the same, whatever the order of their keys; a text that is none is kept as it is. */
async function lifecycleOf(ecr: ECR, repositoryName: string): Promise<string | undefined> {
  try {
    const { lifecyclePolicyText = "" } = await ecr.getLifecyclePolicy({ repositoryName });
    try {
      return canonicalText(JSON.parse(lifecyclePolicyText));
    } catch (error) {
      if (error instanceof SyntaxError) return lifecyclePolicyText;
      throw error;
    }
  } catch (error) {
    if (isNotThere(error)) return undefined;
    throw error;
  }
}
