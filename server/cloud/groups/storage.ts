import type { BucketLocationConstraint, S3 } from "@aws-sdk/client-s3";
import { Failure } from "../../base/failure.js";
import { isNotThere } from "../failures.js";
import { bucketSidPrefix, buildBucketStatements, temporaryBucketStatements } from "../policies/bucket.js";
import type { Statement } from "../policies/policy.js";
import { STORAGE_USE } from "../prices.js";
import type { Difference, Found, Group, Resource } from "../reconcile/resource.js";
import { resource } from "../reconcile/resource.js";
import { type Scope, type Tags, tagList, tagsOf, tagsToMend } from "../reconcile/scope.js";
import { adoptionDifference, releaseTag } from "./support/adoption.js";
import { type BucketAt, isNoBucket, setting } from "./support/bucket.js";
import { lifecycleDifference, lifecycleRules, putRules, rulePrefix } from "./support/bucket-lifecycle.js";
import { policyDifference, putStatements } from "./support/bucket-policy.js";
import { consolePage } from "./support/console.js";
import { contentsOf, emptyBucket } from "./support/empty-bucket.js";
import { policyScope } from "./support/policy-scope.js";
import { tagDifference } from "./support/tags.js";
import { tasksElsewhere } from "./support/tasks.js";

/**
 * The policies of the buckets speak of the task role by its ARN, as a condition and never as a principal: S3 takes no
 * policy with a principal that is not there. So this group needs no other one.
 */
export const storage: Group = {
  name: "storage",
  title: "Storage",
  purpose: "Buckets for results and for what passes through.",
  needs: [],
  settingsFile: "storage-settings.json",
  resources: (scope) => [bucket(scope, "tmp"), bucket(scope, "build")],
  settings: (of) => ({
    storage: { tmp_bucket: of("tmp").id, build_bucket: of("build").id },
  }),
};

type Part = "tmp" | "build";

const details: { readonly [part in Part]: string } = {
  tmp: "runs and pushed inputs, which expire",
  build: "results, with old versions for 30 days",
};

interface Live {
  readonly tags: Tags;
  /** Whether the endpoint is plain HTTP. */
  readonly plain: boolean;
}

function bucket(scope: Scope, part: Part): Resource {
  const { account, projectId } = scope;
  const name = scope.name(part);
  const tags = scope.tags("storage", part);
  const sids = bucketSidPrefix(scope);
  const ids = rulePrefix(projectId);
  let plain = false;
  let isAdopted = scope.settings.adopt?.[`storage/${part}`] !== undefined;
  const at = (Bucket: string): BucketAt => ({ Bucket, ExpectedBucketOwner: account.accountId });

  const lookFor = async (which: string, adopted: boolean): Promise<Found<Live> | undefined> => {
    refuseTwice(scope);
    plain = await account.aws.isPlain("s3");
    isAdopted = adopted;
    const s3 = await account.aws.s3();
    let is: Tags;
    try {
      is = tagsOf((await setting(s3.getBucketTagging(at(which))))?.TagSet);
      refuseElsewhere(
        which,
        regionOf((await s3.getBucketLocation(at(which))).LocationConstraint),
        account.region,
      );
    } catch (error) {
      if (isNoBucket(error)) return undefined;
      throw refusalOf(error, which, account.region);
    }
    return {
      id: which,
      arn: `arn:${account.partition}:s3:::${which}`,
      owner: scope.owner(is, adopted),
      live: { tags: is, plain },
    };
  };

  return resource<Live>({
    part,
    kind: "S3 bucket",
    name,
    // Known once it was looked for, which is before any plan.
    get detail() {
      const about = !isAdopted
        ? details[part]
        : `${details[part]}; its public access, encryption and versioning stay as they are`;
      return plain
        ? `${about}; without our policy, since plain HTTP is what it would refuse to everybody`
        : about;
    },
    cost: { atRest: 0, use: STORAGE_USE },
    holdsData: true,
    adoptable: true,
    find: ({ id, adopted }) => lookFor(adopted && id !== undefined ? id : name, adopted),
    create: async () => {
      const s3 = await account.aws.s3();
      try {
        await s3.createBucket({
          Bucket: name,
          CreateBucketConfiguration: {
            // us-east-1 is the region that must not be named.
            ...(account.region !== "us-east-1" && {
              LocationConstraint: account.region as BucketLocationConstraint,
            }),
            Tags: tagList(tags),
          },
        });
      } catch (error) {
        // The answer to an earlier try was lost. It was not there a moment ago, and nobody else knows the name.
        if (!(error instanceof Error && error.name === "BucketAlreadyOwnedByYou")) throw error;
      }
      // Services that speak S3, and S3 itself before 2025, make the bucket and pass over its tags.
      const made = await lookFor(name, false);
      if (made?.owner === "unmarked") {
        await putTags(s3, at(name), { ...made.live.tags, ...tags });
        return { ...made, owner: "ours", live: { ...made.live, tags } };
      }
      if (made === undefined) throw notYet(name);
      return made;
    },
    compare: async ({ id, owner, live }): Promise<readonly Difference[]> => {
      const s3 = await account.aws.s3();
      const where = at(id);
      const adopted = owner === "adopted";
      const tag = (wrong: Tags) => retag(s3, where, (now) => ({ ...now, ...wrong }));
      const security = adopted
        ? []
        : await Promise.all([
            publicAccess(s3, where),
            ownership(s3, where),
            encryption(s3, where),
            ...(part === "build" ? [versioning(s3, where)] : []),
          ]);
      const [policy, lifecycle] = await Promise.all([
        policyDifference(s3, where, sids, statementsFor(scope, part, id, live.plain)),
        lifecycleDifference(s3, where, ids, lifecycleRules(projectId, part, adopted)),
      ]);
      return [
        ...(adopted
          ? adoptionDifference(scope, live.tags, tag)
          : tagDifference(live.tags, tagsToMend(live.tags, tags), tag)),
        ...security.flat(),
        ...policy,
        ...lifecycle,
      ];
    },
    inUse: async ({ id, owner }, place) => {
      // One that was adopted stays, and nothing of it is lost.
      if (owner === "adopted") return undefined;
      const { count, more } = await contentsOf(await account.aws.s3(), at(id));
      const tasks = await tasksElsewhere(scope, place);
      const why = [
        ...(count === 0
          ? []
          : [`holds ${more ? "more than " : ""}${count} ${count === 1 ? "object" : "objects"}`]),
        ...(tasks === undefined ? [] : [`is used by what runs: ${tasks}`]),
      ];
      return why.length === 0 ? undefined : `the bucket ${id} ${why.join(" and ")}`;
    },
    remove: async ({ id }, { forced, signal }) => {
      const s3 = await account.aws.s3();
      try {
        // What came in since the bucket was seen to be empty is nobody's consent: S3 then refuses, and it is left.
        if (forced) await emptyBucket(s3, at(id), signal);
        await s3.deleteBucket(at(id));
      } catch (error) {
        if (!isNoBucket(error)) throw error;
      }
    },
    release: async ({ id }) => {
      const s3 = await account.aws.s3();
      const where = at(id);
      await putStatements(s3, where, sids, []);
      await putRules(s3, where, ids, []);
      // Last: while the tag is there, the bucket says that there is something of ours to undo.
      const is = tagsOf((await setting(s3.getBucketTagging(where)))?.TagSet);
      await releaseTag(scope, is, {
        tag: (value) => retag(s3, where, (now) => ({ ...now, ...value })),
        untag: (keys) =>
          retag(s3, where, (now) =>
            Object.fromEntries(Object.entries(now).filter(([key]) => !keys.includes(key))),
          ),
      });
    },
    console: ({ id }) => consolePage(account, `s3/buckets/${encodeURIComponent(id)}`),
  });
}

/** What is right for the one would break the other: tasks write to the build bucket, and only read the other one. */
function refuseTwice({ settings: { adopt } }: Scope): void {
  const build = adopt?.["storage/build"];
  if (build === undefined || build !== adopt?.["storage/tmp"]) return;
  throw new Failure(
    "bucket-twice",
    `one bucket cannot be for results and for what passes through: "${build}"`,
    {
      why: "What passes through expires, and tasks must not write there; results stay, and tasks create them.",
      fix: 'Name two buckets in "cloud.adopt" of reprod.json, or leave one line out: a bucket is then made.',
    },
  );
}

/** What a stand-in that reads no conditions would refuse to everybody is left out where TLS is not spoken at all. */
function statementsFor(scope: Scope, part: Part, id: string, plain: boolean): readonly Statement[] {
  const statements = part === "build" ? buildBucketStatements : temporaryBucketStatements;
  const all = policyScope(scope);
  const names = { ...all.names, [part === "build" ? "buildBucket" : "temporaryBucket"]: id };
  return statements({ ...all, names })
    .filter(({ needsConditions }) => !(plain && needsConditions))
    .map(({ statement }) => statement);
}

const BLOCKED = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
} as const;

async function publicAccess(s3: S3, bucket: BucketAt): Promise<readonly Difference[]> {
  const is = (await setting(s3.getPublicAccessBlock(bucket)))?.PublicAccessBlockConfiguration;
  const open = (Object.keys(BLOCKED) as (keyof typeof BLOCKED)[]).filter((key) => is?.[key] !== true);
  if (open.length === 0) return [];
  return [
    {
      what: "public access block",
      is: open.length === 4 ? "off" : `without ${open.join(", ")}`,
      shouldBe: "on",
      mend: async () => {
        await s3.putPublicAccessBlock({ ...bucket, PublicAccessBlockConfiguration: BLOCKED });
      },
    },
  ];
}

async function ownership(s3: S3, bucket: BucketAt): Promise<readonly Difference[]> {
  const is = (await setting(s3.getBucketOwnershipControls(bucket)))?.OwnershipControls?.Rules?.[0]
    ?.ObjectOwnership;
  if (is === "BucketOwnerEnforced") return [];
  return [
    {
      what: "object ownership",
      is: is ?? "none",
      shouldBe: "BucketOwnerEnforced",
      mend: async () => {
        await s3.putBucketOwnershipControls({
          ...bucket,
          OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
        });
      },
    },
  ];
}

/** With S3's own keys: they cost nothing, and no key policy decides who can read a result. */
async function encryption(s3: S3, bucket: BucketAt): Promise<readonly Difference[]> {
  const rule = (await setting(s3.getBucketEncryption(bucket)))?.ServerSideEncryptionConfiguration?.Rules?.[0];
  const is = rule?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
  if (is === "AES256") return [];
  return [
    {
      what: "encryption",
      is: is ?? "none",
      shouldBe: "AES256",
      mend: async () => {
        await s3.putBucketEncryption({
          ...bucket,
          ServerSideEncryptionConfiguration: {
            Rules: [
              { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" }, BucketKeyEnabled: true },
            ],
          },
        });
      },
    },
  ];
}

async function versioning(s3: S3, bucket: BucketAt): Promise<readonly Difference[]> {
  const { Status } = await s3.getBucketVersioning(bucket);
  if (Status === "Enabled") return [];
  return [
    {
      what: "versioning",
      is: Status === undefined ? "off" : Status.toLowerCase(),
      shouldBe: "enabled",
      mend: async () => {
        await s3.putBucketVersioning({ ...bucket, VersioningConfiguration: { Status: "Enabled" } });
      },
    },
  ];
}

/** Every put replaces all tags, those of AWS itself (`aws:…`) too, which have to be said again as they are. */
async function retag(s3: S3, bucket: BucketAt, change: (now: Tags) => Tags): Promise<void> {
  await putTags(s3, bucket, change(tagsOf((await setting(s3.getBucketTagging(bucket)))?.TagSet)));
}

async function putTags(s3: S3, bucket: BucketAt, tags: Tags): Promise<void> {
  if (Object.keys(tags).length === 0) await s3.deleteBucketTagging(bucket);
  else await s3.putBucketTagging({ ...bucket, Tagging: { TagSet: tagList(tags) } });
}

/** S3 writes its oldest regions in a way of their own. */
function regionOf(constraint: string | undefined): string {
  if (constraint === undefined || constraint === "") return "us-east-1";
  return constraint === "EU" ? "eu-west-1" : constraint;
}

function refuseElsewhere(name: string, is: string | undefined, shouldBe: string): void {
  if (is === shouldBe) return;
  throw new Failure("bucket-elsewhere", `this bucket is in another region: "${name}"`, {
    why: `It is ${is === undefined ? "not" : `in ${is}, and not`} in ${shouldBe}, where everything else of the project is. Every byte between the two would cost money and time.`,
    fix: 'Name a bucket of this region in "cloud.adopt" of reprod.json, or choose the region of the bucket.',
  });
}

/**
 * What a refusal to look at a bucket means. S3 says who may not do what to those of the same account; to all others it
 * says no more than no.
 */
function refusalOf(error: unknown, name: string, region: string): unknown {
  if (!(error instanceof Error) || isNotThere(error)) return error;
  if (error.name === "PermanentRedirect" || error.name === "AuthorizationHeaderMalformed") {
    try {
      refuseElsewhere(name, undefined, region);
    } catch (failure) {
      return failure;
    }
  }
  if (error.name !== "AccessDenied" || /not authorized to perform/.test(error.message)) return error;
  return new Failure("bucket-of-others", `this bucket belongs to another account: "${name}"`, {
    why: "Names of buckets are shared by all accounts of AWS, and S3 does not let us look at this one.",
    fix: 'Name a bucket of this account in "cloud.adopt" of reprod.json, or choose the profile that the bucket belongs to.',
    cause: error,
  });
}

/** In the words of S3, so that it is waited for. */
function notYet(name: string): Error {
  return Object.assign(new Error(`the bucket ${name} is not to be seen yet`), {
    name: "OperationAborted",
    $metadata: {},
  });
}
