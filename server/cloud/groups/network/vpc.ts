import type { Vpc, VpcAttributeName } from "@aws-sdk/client-ec2";
import { type Resource, resource } from "../../reconcile/resource.js";
import type { Scope } from "../../reconcile/scope.js";
import {
  commonDifferences,
  filter,
  type Looked,
  letGo,
  lookUp,
  noteChange,
  tagsOnCreate,
  usedBy,
  whileFresh,
} from "../support/ec2.js";
import { unlessGone } from "../support/gone.js";
import { printRange } from "../support/ipv4.js";
import { adopts, GROUP, made, never, page } from "./common.js";
import { subnets, vpcs } from "./kinds.js";
import { declaredRange } from "./range.js";

/** In the order in which they have to be turned on: names need the resolver. */
const dns: readonly (readonly [
  what: string,
  attribute: VpcAttributeName & ("enableDnsSupport" | "enableDnsHostnames"),
])[] = [
  ["DNS resolution", "enableDnsSupport"],
  ["DNS hostnames", "enableDnsHostnames"],
];

export function vpc(scope: Scope): Resource {
  const part = "vpc";
  const range = adopts(scope, part) ? undefined : printRange(declaredRange(scope));
  const look = lookUp(scope, GROUP, part, vpcs(scope), {
    // VPCs have no time of creation. The one that our other resources are in must stay; all else is alike.
    order: async (items) => {
      const inside = new Map<string, number>();
      for (const { VpcId = "" } of await subnets(scope).list([filter("tag:reprod:project", scope.projectId)]))
        inside.set(VpcId, (inside.get(VpcId) ?? 0) + 1);
      const count = ({ VpcId = "" }: Vpc) => inside.get(VpcId) ?? 0;
      return [...items].sort((a, b) => count(b) - count(a));
    },
  });
  const set = async (id: string, attribute: (typeof dns)[number][1], Value: boolean): Promise<void> => {
    const ec2 = await scope.account.aws.ec2();
    await whileFresh(
      ec2.modifyVpcAttribute({
        VpcId: id,
        ...(attribute === "enableDnsSupport"
          ? { EnableDnsSupport: { Value } }
          : { EnableDnsHostnames: { Value } }),
      }),
    );
  };
  const remove = async (id: string): Promise<void> => {
    await unlessGone((await scope.account.aws.ec2()).deleteVpc({ VpcId: id }));
  };
  return resource<Looked<Vpc>>({
    part,
    kind: "VPC",
    name: scope.name(part),
    ...(range !== undefined && { detail: range }),
    adoptable: true,
    find: look.find,
    duplicates: look.duplicates,
    create: async (at) => {
      const ec2 = await scope.account.aws.ec2();
      const { Vpc } = await ec2.createVpc({
        CidrBlock: range ?? printRange(declaredRange(scope)),
        TagSpecifications: tagsOnCreate("vpc", scope, GROUP, part),
      });
      return look.found(made(Vpc), at);
    },
    compare: async (found) => {
      const ec2 = await scope.account.aws.ec2();
      const { item } = found.live;
      const differences = [...commonDifferences(scope, GROUP, part, found, item.Tags, remove)];
      if (found.owner !== "adopted" && range !== undefined && item.CidrBlock !== range) {
        differences.push({
          what: "CIDR",
          is: item.CidrBlock ?? "none",
          shouldBe: range,
          replace: true,
          mend: never,
        });
      }
      for (const [what, attribute] of dns) {
        const answer = await whileFresh(ec2.describeVpcAttribute({ VpcId: found.id, Attribute: attribute }));
        const value = attribute === "enableDnsSupport" ? answer.EnableDnsSupport : answer.EnableDnsHostnames;
        if (value?.Value === true) continue;
        differences.push({
          what,
          is: "off",
          shouldBe: "on",
          // Of an adopted VPC too: the S3 endpoint needs the resolver, interface endpoints and tasks names. It takes
          // nothing from who uses the VPC already, is shown in the plan, and is turned off again on removal.
          mend: async () => {
            if (found.owner === "adopted") await noteChange(scope, found.id, item.Tags, attribute);
            await set(found.id, attribute, true);
          },
        });
      }
      return differences;
    },
    inUse: (found) => usedBy(scope, `the VPC ${found.id}`, [filter("vpc-id", found.id)]),
    remove: async (found) => {
      for (const id of [...found.live.copies, found.id]) await remove(id);
    },
    release: (found) =>
      letGo(scope, found.id, async (changed) => {
        for (const [, attribute] of [...dns].reverse())
          if (changed.includes(attribute)) await set(found.id, attribute, false);
      }),
    console: page(scope, "VpcDetails:VpcId"),
  });
}
