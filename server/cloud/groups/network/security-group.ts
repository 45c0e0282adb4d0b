import type { IpPermission, SecurityGroup } from "@aws-sdk/client-ec2";
import { type Resource, resource } from "../../reconcile/resource.js";
import type { Scope } from "../../reconcile/scope.js";
import {
  commonDifferences,
  createdOrFound,
  type Ec2Kind,
  filter,
  type Looked,
  letGo,
  lookUp,
  tagsOnCreate,
  unless,
  usedBy,
  whileFresh,
} from "../support/ec2.js";
import { unlessGone } from "../support/gone.js";
import { parseRange, printRange } from "../support/ipv4.js";
import { allPages } from "../support/pages.js";
import { EVERYWHERE, elsewhere, GROUP, page } from "./common.js";

/** One rule: what AWS keeps together in permissions, taken apart. */
interface Rule {
  readonly way: "ingress" | "egress";
  /** `tcp`, `-1` for all. */
  readonly protocol: string;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly kind: "IpRanges" | "Ipv6Ranges" | "PrefixListIds" | "UserIdGroupPairs";
  /** Range, id of a list or of a group. */
  readonly peer: string;
  readonly description: string | undefined;
}

/** What the descriptions of all rules begin with that we add, so that on an adopted group we know them again (F1). */
const OURS = "reprod-";

function wantedRules(scope: Scope, id: string): readonly Rule[] {
  const { sshFrom, amongMembers } = scope.settings.network ?? {};
  const tcp = (way: Rule["way"], port: number, range: string, name: string): Rule => ({
    way,
    protocol: "tcp",
    from: port,
    to: port,
    kind: "IpRanges",
    peer: range,
    description: `${OURS}${name}`,
  });
  const members = (way: Rule["way"]): Rule => ({
    way,
    protocol: "-1",
    from: undefined,
    to: undefined,
    kind: "UserIdGroupPairs",
    peer: id,
    description: `${OURS}members`,
  });
  const ssh = parseRange(sshFrom ?? "");
  return [
    tcp("egress", 443, EVERYWHERE, "https"),
    ...(ssh === undefined ? [] : [tcp("ingress", 22, printRange(ssh), "ssh")]),
    ...(amongMembers === true ? [members("ingress"), members("egress")] : []),
  ];
}

function rulesOf({ IpPermissions = [], IpPermissionsEgress = [] }: SecurityGroup): readonly Rule[] {
  const apart =
    (way: Rule["way"]) =>
    (permission: IpPermission): readonly Rule[] => {
      const { IpProtocol = "-1", FromPort, ToPort } = permission;
      const ports = IpProtocol === "-1" ? { from: undefined, to: undefined } : { from: FromPort, to: ToPort };
      const rule = (kind: Rule["kind"], peer: string | undefined, description: string | undefined): Rule => ({
        ...{ way, protocol: IpProtocol, ...ports, kind, peer: peer ?? "", description },
      });
      return [
        ...(permission.IpRanges ?? []).map((one) => rule("IpRanges", one.CidrIp, one.Description)),
        ...(permission.Ipv6Ranges ?? []).map((one) => rule("Ipv6Ranges", one.CidrIpv6, one.Description)),
        ...(permission.PrefixListIds ?? []).map((one) =>
          rule("PrefixListIds", one.PrefixListId, one.Description),
        ),
        ...(permission.UserIdGroupPairs ?? []).map((one) =>
          rule("UserIdGroupPairs", one.GroupId, one.Description),
        ),
      ];
    };
  return [...IpPermissions.flatMap(apart("ingress")), ...IpPermissionsEgress.flatMap(apart("egress"))];
}

function permissionOf({ protocol, from, to, kind, peer, description }: Rule): IpPermission {
  const more = description === undefined ? {} : { Description: description };
  const ports = protocol === "-1" ? {} : { FromPort: from, ToPort: to };
  const base = { IpProtocol: protocol, ...ports };
  switch (kind) {
    case "IpRanges":
      return { ...base, IpRanges: [{ CidrIp: peer, ...more }] };
    case "Ipv6Ranges":
      return { ...base, Ipv6Ranges: [{ CidrIpv6: peer, ...more }] };
    case "PrefixListIds":
      return { ...base, PrefixListIds: [{ PrefixListId: peer, ...more }] };
    case "UserIdGroupPairs":
      return { ...base, UserIdGroupPairs: [{ GroupId: peer, ...more }] };
  }
}

function sameRule(a: Rule, b: Rule): boolean {
  return (
    a.way === b.way &&
    a.protocol === b.protocol &&
    a.from === b.from &&
    a.to === b.to &&
    a.kind === b.kind &&
    a.peer === b.peer
  );
}

/** Whether one lets through all that the other does. */
function covers(wide: Rule, narrow: Rule): boolean {
  if (wide.way !== narrow.way || wide.kind !== narrow.kind) return false;
  if (wide.peer !== narrow.peer && wide.peer !== EVERYWHERE) return false;
  if (wide.protocol === "-1") return true;
  const ports = (wide.from ?? 0) <= (narrow.from ?? 0) && (wide.to ?? 65535) >= (narrow.to ?? 65535);
  return wide.protocol === narrow.protocol && ports;
}

function ruleWords(rules: readonly Rule[], id: string): string {
  const words = rules.map(({ way, protocol, from, to, peer }) => {
    const ports = from === undefined ? "" : from === to ? ` ${from}` : ` ${from}–${to ?? ""}`;
    const what = protocol === "-1" ? "all traffic" : `${protocol.toUpperCase()}${ports}`;
    return `${what} ${way === "ingress" ? "from" : "to"} ${peer === id ? "members" : peer}`;
  });
  return words.length === 0 ? "none" : words.sort().join(", ");
}

export function securityGroup(scope: Scope): Resource {
  const part = "security-group";
  const name = scope.name(part);
  const kind: Ec2Kind<SecurityGroup> = {
    idFilter: "group-id",
    id: ({ GroupId = "" }) => GroupId,
    tags: ({ Tags }) => Tags,
    ref: ({ SecurityGroupArn }) => ({ ...(SecurityGroupArn !== undefined && { arn: SecurityGroupArn }) }),
    list: async (Filters) => {
      const ec2 = await scope.account.aws.ec2();
      return allPages(async (NextToken) => {
        const answer = await ec2.describeSecurityGroups({ Filters, NextToken });
        return { items: answer.SecurityGroups, next: answer.NextToken };
      });
    },
  };
  const look = lookUp(scope, GROUP, part, kind, {
    order: (items, at) => {
      const inside = ({ VpcId }: SecurityGroup) => (VpcId === at.ref("vpc")?.id ? 1 : 0);
      return [...items].sort((a, b) => inside(b) - inside(a));
    },
    named: (at) => {
      const vpc = at.ref("vpc");
      return vpc && [filter("vpc-id", vpc.id), filter("group-name", name)];
    },
  });
  const remove = async (id: string): Promise<void> => {
    await unlessGone((await scope.account.aws.ec2()).deleteSecurityGroup({ GroupId: id }));
  };
  const revoke = async (GroupId: string, rule: Rule): Promise<void> => {
    const ec2 = await scope.account.aws.ec2();
    const input = { GroupId, IpPermissions: [permissionOf(rule)] };
    await unlessGone(
      rule.way === "ingress" ? ec2.revokeSecurityGroupIngress(input) : ec2.revokeSecurityGroupEgress(input),
    );
  };
  const authorize = async (GroupId: string, rule: Rule): Promise<void> => {
    const ec2 = await scope.account.aws.ec2();
    const input = { GroupId, IpPermissions: [permissionOf(rule)] };
    const asked =
      rule.way === "ingress"
        ? ec2.authorizeSecurityGroupIngress(input)
        : ec2.authorizeSecurityGroupEgress(input);
    await unless(whileFresh<unknown>(asked), "InvalidPermission.Duplicate");
  };
  return resource<Looked<SecurityGroup>>({
    part,
    kind: "security group",
    name,
    detail: rulesInWords(scope),
    needs: ["vpc"],
    adoptable: true,
    find: look.find,
    create: async (at) => {
      const ec2 = await scope.account.aws.ec2();
      const { id: VpcId } = at.need("vpc");
      return createdOrFound(
        async () => {
          const { GroupId = "" } = await whileFresh(
            ec2.createSecurityGroup({
              VpcId,
              GroupName: name,
              Description: `Tasks of the Reprod project ${scope.projectId}`,
              TagSpecifications: tagsOnCreate("security-group", scope, GROUP, part),
            }),
          );
          // AWS says nothing more than its id. It is read again before it is compared.
          const [{ Tags } = {}] = tagsOnCreate("security-group", scope, GROUP, part);
          return look.found({ GroupId, VpcId, ...(Tags && { Tags }) }, at);
        },
        (error) => error.name === "InvalidGroup.Duplicate",
        () => look.find(at),
      );
    },
    compare: (found, at) => {
      const { item } = found.live;
      const ours = found.owner !== "adopted";
      const rules = rulesOf(item);
      const wanted = wantedRules(scope, found.id);
      const differences = [
        ...commonDifferences(scope, GROUP, part, found, item.Tags, remove),
        ...elsewhere("security group", found, item.VpcId, at),
      ];
      for (const way of ["ingress", "egress"] as const) {
        const there = rules.filter((rule) => rule.way === way);
        const should = wanted.filter((rule) => rule.way === way);
        const missing = should.filter(
          (rule) => !there.some((other) => (ours ? sameRule(other, rule) : covers(other, rule))),
        );
        // In a group of ours any other rule is a hole that somebody made; in an adopted one only what we once added.
        const extra = there.filter(
          (rule) =>
            !should.some((other) => sameRule(rule, other)) &&
            (ours || rule.description?.startsWith(OURS) === true),
        );
        if (missing.length === 0 && extra.length === 0) continue;
        const left = there.filter((rule) => !extra.includes(rule));
        differences.push({
          what: `${way} rules`,
          is: ruleWords(there, found.id),
          shouldBe: ruleWords([...left, ...missing], found.id),
          mend: async () => {
            for (const rule of missing) await authorize(found.id, rule);
            for (const rule of extra) await revoke(found.id, rule);
          },
        });
      }
      return differences;
    },
    inUse: (found) => usedBy(scope, `the security group ${found.id}`, [filter("group-id", found.id)]),
    remove: async (found) => {
      for (const id of [...found.live.copies, found.id]) await remove(id);
    },
    release: ({ id, live: { item } }) =>
      letGo(scope, id, async () => {
        for (const rule of rulesOf(item)) if (rule.description?.startsWith(OURS)) await revoke(id, rule);
      }),
    console: page(scope, "SecurityGroup:groupId"),
  });
}

function rulesInWords(scope: Scope): string {
  const { sshFrom, amongMembers } = scope.settings.network ?? {};
  const range = parseRange(sshFrom ?? "");
  const everybody = range?.bits === 0;
  return [
    ...(range === undefined && amongMembers !== true ? ["nothing in"] : []),
    ...(range === undefined ? [] : [`SSH in from ${printRange(range)}`]),
    ...(amongMembers === true ? ["all among members"] : []),
    "HTTPS out",
    ...(everybody ? ["warning: everybody on the internet may try port 22"] : []),
  ].join(", ");
}
