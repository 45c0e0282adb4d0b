import { randomUUID } from "node:crypto";
import type { LaunchTemplateSpecification } from "@aws-sdk/client-batch";
import type {
  Filter,
  LaunchTemplate,
  LaunchTemplateVersion,
  RequestLaunchTemplateData,
} from "@aws-sdk/client-ec2";
import { type Difference, type Resource, resource } from "../../reconcile/resource.js";
import { type Scope, tagList } from "../../reconcile/scope.js";
import { consolePage } from "../support/console.js";
import {
  commonDifferences,
  createdOrFound,
  type Ec2Kind,
  filter,
  type Looked,
  lookUp,
  tagsOnCreate,
  whileFresh,
} from "../support/ec2.js";
import { DEFAULT_DISK, type EnvironmentSpec } from "../support/environment-specs.js";
import { unlessGone } from "../support/gone.js";
import { allPages } from "../support/pages.js";
import { GROUP, never } from "./common.js";

export function launchTemplates(scope: Scope): Ec2Kind<LaunchTemplate> {
  const list = async (which: { Filters: Filter[] } | { LaunchTemplateIds: string[] }) => {
    const ec2 = await scope.account.aws.ec2();
    return allPages<LaunchTemplate>(async (NextToken) => {
      const answer = await ec2.describeLaunchTemplates({ ...which, NextToken });
      return { items: answer.LaunchTemplates, next: answer.NextToken };
    });
  };
  return {
    id: ({ LaunchTemplateId = "" }) => LaunchTemplateId,
    tags: ({ Tags }) => Tags,
    // The first version is the one that is used: Batch keeps to the one that it was given (see `template`).
    ref: () => ({ attributes: { version: "1" } }),
    byId: (id) => list({ LaunchTemplateIds: [id] }),
    list: (Filters) => list({ Filters }),
  };
}

/** Disk of the machines that are made by a template; undefined when the template is away or says nothing of it. */
export async function diskOf(
  scope: Scope,
  used: LaunchTemplateSpecification | undefined,
): Promise<number | undefined> {
  if (used === undefined) return undefined;
  const { launchTemplateId: LaunchTemplateId, launchTemplateName: LaunchTemplateName, version = "1" } = used;
  const ec2 = await scope.account.aws.ec2();
  const answer = await unlessGone(
    ec2.describeLaunchTemplateVersions({
      ...(LaunchTemplateId === undefined ? { LaunchTemplateName } : { LaunchTemplateId }),
      Versions: [version],
    }),
  );
  const disks = answer?.LaunchTemplateVersions?.[0]?.LaunchTemplateData?.BlockDeviceMappings;
  return disks?.find(({ DeviceName }) => DeviceName === DISK)?.Ebs?.VolumeSize;
}

/** Where machines that Batch starts by itself have their disk. */
const DISK = "/dev/xvda";

/** Blocks tasks that have a network interface of their own from the instance's role (engine-rules.md D2). */
const USER_DATA = [
  "MIME-Version: 1.0",
  'Content-Type: multipart/mixed; boundary="==reprod=="',
  "",
  "--==reprod==",
  'Content-Type: text/x-shellscript; charset="us-ascii"',
  "",
  "#!/bin/sh",
  "echo ECS_AWSVPC_BLOCK_IMDS=true >> /etc/ecs/ecs.config",
  "",
  "--==reprod==--",
  "",
].join("\n");

function templateData(scope: Scope, name: string, diskGiB: number): RequestLaunchTemplateData {
  const Tags = tagList({ ...scope.tags(GROUP, `${name}-instance`), Name: scope.name(name) });
  return {
    BlockDeviceMappings: [
      {
        DeviceName: DISK,
        Ebs: { VolumeType: "gp3", VolumeSize: diskGiB, Encrypted: true, DeleteOnTermination: true },
      },
    ],
    MetadataOptions: { HttpTokens: "required", HttpPutResponseHopLimit: 1, HttpEndpoint: "enabled" },
    UserData: Buffer.from(USER_DATA).toString("base64"),
    TagSpecifications: [
      { ResourceType: "instance", Tags },
      { ResourceType: "volume", Tags },
    ],
  };
}

/**
 * Batch takes a version when an environment is made and keeps to it, even for `$Latest`, and changes it only for
 * environments under its service-linked role. So there is one version, the first, and another content is another
 * template with another environment. Versions that somebody adds are used by nothing of ours.
 */
export function template(scope: Scope, name: string, { diskGiB = DEFAULT_DISK }: EnvironmentSpec): Resource {
  const part = `${name}-template`;
  const kind = launchTemplates(scope);
  const look = lookUp(scope, GROUP, part, kind, {
    order: (items) =>
      [...items].sort((a, b) => (a.CreateTime?.getTime() ?? 0) - (b.CreateTime?.getTime() ?? 0)),
    named: () => [filter("launch-template-name", scope.name(part))],
  });
  const remove = async (LaunchTemplateId: string): Promise<void> => {
    await unlessGone((await scope.account.aws.ec2()).deleteLaunchTemplate({ LaunchTemplateId }));
  };
  return resource<Looked<LaunchTemplate>>({
    part,
    kind: "launch template",
    name: scope.name(part),
    detail: `IMDSv2, encrypted gp3 disk of ${diskGiB} GiB`,
    find: look.find,
    create: async (at) => {
      const ec2 = await scope.account.aws.ec2();
      return createdOrFound(
        async () => {
          const { LaunchTemplate } = await ec2.createLaunchTemplate({
            LaunchTemplateName: scope.name(part),
            LaunchTemplateData: templateData(scope, name, diskGiB),
            TagSpecifications: tagsOnCreate("launch-template", scope, GROUP, part),
            ClientToken: randomUUID(),
          });
          if (LaunchTemplate === undefined)
            throw new Error("AWS made a launch template and did not say which");
          return look.found(LaunchTemplate, at);
        },
        (error) => error.name === "InvalidLaunchTemplateName.AlreadyExistsException",
        () => look.find(at),
      );
    },
    compare: async (found) => {
      const ec2 = await scope.account.aws.ec2();
      const versions = await whileFresh(
        allPages<LaunchTemplateVersion>(async (NextToken) => {
          const answer = await ec2.describeLaunchTemplateVersions({ LaunchTemplateId: found.id, NextToken });
          return { items: answer.LaunchTemplateVersions, next: answer.NextToken };
        }),
      );
      const first = versions.find(({ VersionNumber }) => VersionNumber === 1);
      const common = commonDifferences(scope, GROUP, part, found, found.live.item.Tags, remove);
      if (first === undefined)
        return [...common, { what: "version 1", is: "none", shouldBe: "there", replace: true, mend: never }];
      return [...common, ...templateDifferences(first, templateData(scope, name, diskGiB))];
    },
    remove: async (found) => {
      for (const id of [...found.live.copies, found.id]) await remove(id);
    },
    console: ({ id }) => consolePage(scope.account, `ec2/home#LaunchTemplateDetails:launchTemplateId=${id}`),
  });
}

/** What is read of a version: AWS answers with the same shapes as it is asked with, under types of their own. */
interface TemplateShape {
  readonly BlockDeviceMappings?:
    | readonly {
        readonly DeviceName?: string | undefined;
        readonly Ebs?:
          | {
              readonly VolumeType?: string | undefined;
              readonly VolumeSize?: number | undefined;
              readonly Encrypted?: boolean | undefined;
            }
          | undefined;
      }[]
    | undefined;
  readonly MetadataOptions?:
    | { readonly HttpTokens?: string | undefined; readonly HttpPutResponseHopLimit?: number | undefined }
    | undefined;
  readonly UserData?: string | undefined;
}

function templateDifferences(
  { LaunchTemplateData = {} }: LaunchTemplateVersion,
  wanted: RequestLaunchTemplateData,
): readonly Difference[] {
  const aspects: readonly (readonly [what: string, (data: TemplateShape) => string])[] = [
    [
      "disk",
      ({ BlockDeviceMappings = [] }) =>
        BlockDeviceMappings.map(({ DeviceName, Ebs }) =>
          [
            DeviceName,
            Ebs?.VolumeType,
            `${Ebs?.VolumeSize} GiB`,
            Ebs?.Encrypted === true ? "encrypted" : "plain",
          ].join(" "),
        ).join(", "),
    ],
    [
      "instance metadata",
      ({ MetadataOptions: options }) =>
        `tokens ${options?.HttpTokens}, hop limit ${options?.HttpPutResponseHopLimit}`,
    ],
    ["user data", ({ UserData }) => (UserData === wanted.UserData ? "as declared" : "another")],
  ];
  return aspects.flatMap(([what, of]) => {
    const is = of(LaunchTemplateData);
    const shouldBe = of(wanted);
    return is === shouldBe ? [] : [{ what, is: is || "none", shouldBe, replace: true as const, mend: never }];
  });
}
