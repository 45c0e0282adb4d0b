import { randomUUID } from "node:crypto";
import type {
  Filter,
  InternetGateway,
  IpPermission,
  Route,
  RouteTable,
  SecurityGroup,
  Subnet,
  Vpc,
  VpcAttributeName,
  VpcEndpoint,
} from "@aws-sdk/client-ec2";
import { Failure } from "../../base/failure.js";
import { PUBLIC_ADDRESS_USE } from "../prices.js";
import type { At, Difference, Found, Group, Ref, Resource } from "../reconcile/resource.js";
import { resource } from "../reconcile/resource.js";
import { type Scope, tagsOf } from "../reconcile/scope.js";
import { consolePage } from "./support/console.js";
import {
  commonDifferences,
  createdOrFound,
  type Ec2Kind,
  filter,
  type Looked,
  letGo,
  lookUp,
  noteChange,
  tagsOnCreate,
  unless,
  usedBy,
  whileFresh,
} from "./support/ec2.js";
import { unlessGone } from "./support/gone.js";
import { freeRanges, parseRange, printRange, type Range } from "./support/ipv4.js";
import { allPages } from "./support/pages.js";

const GROUP = "network";
const EVERYWHERE = "0.0.0.0/0";
const DEFAULT_RANGE = "10.0.0.0/16";

/**
 * What is adopted is not turned into what we would have made (F2): an adopted subnet keeps its routes and addresses, an
 * adopted route table its default route, an internet gateway or S3 endpoint that serves the VPC already is used as it is.
 * What nothing works without is added, shown in the plan, noted in a tag, and undone by whoever lets go of it last.
 */
export const network: Group = {
  name: GROUP,
  title: "Network",
  purpose: "A network of its own for tasks, that nobody can reach from outside.",
  needs: [],
  settingsFile: "network-settings.json",
  resources: (scope) => {
    checkAdoptions(scope);
    const foreign = adopts(scope, "subnet-a") && adopts(scope, "subnet-b");
    return [
      vpc(scope),
      // Subnets that somebody else made have their way out already.
      ...(foreign ? [] : [internetGateway(scope)]),
      subnet(scope, "subnet-a"),
      subnet(scope, "subnet-b"),
      ...(foreign ? [] : [routeTable(scope), s3Endpoint(scope)]),
      securityGroup(scope),
    ];
  },
  settings: (of) => ({
    vpc_id: of("vpc").id,
    subnet_id: of("subnet-a").id,
    subnet_ids: [...new Set([of("subnet-a").id, of("subnet-b").id])],
    security_group_id: of("security-group").id,
  }),
};

function adopts(scope: Scope, part: string): boolean {
  return scope.settings.adopt?.[`${GROUP}/${part}`] !== undefined;
}

function checkAdoptions(scope: Scope): void {
  const inside = ["subnet-a", "subnet-b", "route-table", "security-group"].filter((part) =>
    adopts(scope, part),
  );
  if (inside.length === 0 || adopts(scope, "vpc")) return;
  throw new Failure(
    "adopt-without-vpc",
    `reprod.json adopts what is in a VPC without that VPC: "${inside.join(", ")}"`,
    {
      why: "A subnet, route table or security group belongs to one VPC, and the one that would be made is another.",
      fix: 'Name the VPC that they are in as "network/vpc" in "cloud.adopt".',
    },
  );
}

/** What is adopted and lies in another VPC can be used by nothing of ours. */
function adoptedElsewhere(kind: string, id: string, is: string | undefined, vpc: string): Failure {
  return new Failure("adopted-elsewhere", `the ${kind} that is to be used is in another VPC: "${id}"`, {
    why: `It is in ${is ?? "none"}, and the network's VPC is ${vpc}.`,
    fix: 'Name parts of one VPC in "cloud.adopt" of reprod.json.',
  });
}

/** In another VPC than the network's: cannot be moved. */
function elsewhere(
  kind: string,
  found: Found<unknown>,
  is: string | undefined,
  at: At,
): readonly Difference[] {
  const vpc = at.ref("vpc");
  if (vpc === undefined || is === vpc.id) return [];
  if (found.owner === "adopted") throw adoptedElsewhere(kind, found.id, is, vpc.id);
  return [{ what: "VPC", is: is ?? "none", shouldBe: vpc.id, replace: true, mend: never }];
}

async function never(): Promise<void> {
  throw new Error("what cannot be changed is replaced");
}

function page(scope: Scope, what: string): (ref: Ref) => string {
  return ({ id }) => consolePage(scope.account, `vpcconsole/home#${what}=${id}`);
}

// ---------------------------------------------------------------- VPC

/** The VPC's range: what AWS takes, and room for two subnets. */
function declaredRange(scope: Scope): Range {
  const text = scope.settings.network?.cidr ?? DEFAULT_RANGE;
  const range = parseRange(text);
  if (range !== undefined && range.bits >= 16 && range.bits <= 27) return range;
  throw new Failure(
    "network-range",
    `a VPC with two subnets cannot have this range of addresses: "${text}"`,
    {
      why: "AWS takes ranges from /16 to /28 for a VPC, and of /28 as the smallest for each subnet.",
      fix: 'Give a range from /16 to /27 as "cloud.network.cidr" in reprod.json.',
    },
  );
}

/** Room for 4091 tasks a subnet where the VPC has it, else a quarter of the VPC or AWS's smallest. */
function subnetBits(vpc: Range): number {
  return Math.min(28, Math.max(20, vpc.bits + 2));
}

function vpcs(scope: Scope): Ec2Kind<Vpc> {
  return {
    idFilter: "vpc-id",
    id: ({ VpcId = "" }) => VpcId,
    tags: ({ Tags }) => Tags,
    ref: ({ CidrBlock }) => ({ attributes: { cidr: CidrBlock ?? "" } }),
    list: async (Filters) => {
      const ec2 = await scope.account.aws.ec2();
      return allPages(async (NextToken) => {
        const { Vpcs, NextToken: next } = await ec2.describeVpcs({ Filters, NextToken });
        return { items: Vpcs, next };
      });
    },
  };
}

/** In the order in which they have to be turned on: names need the resolver. */
const dns: readonly (readonly [
  what: string,
  attribute: VpcAttributeName & ("enableDnsSupport" | "enableDnsHostnames"),
])[] = [
  ["DNS resolution", "enableDnsSupport"],
  ["DNS hostnames", "enableDnsHostnames"],
];

function vpc(scope: Scope): Resource {
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

function made<Item>(item: Item | undefined): Item {
  if (item === undefined) throw new Error("AWS made something and did not say what");
  return item;
}

// ---------------------------------------------------------------- internet gateway

function gateways(scope: Scope): Ec2Kind<InternetGateway> {
  return {
    idFilter: "internet-gateway-id",
    id: ({ InternetGatewayId = "" }) => InternetGatewayId,
    tags: ({ Tags }) => Tags,
    list: async (Filters) => {
      const ec2 = await scope.account.aws.ec2();
      return allPages(async (NextToken) => {
        const answer = await ec2.describeInternetGateways({ Filters, NextToken });
        return { items: answer.InternetGateways, next: answer.NextToken };
      });
    },
  };
}

/** Of somebody else and used as it is, without consent by its id: nothing about it is changed, not even its tags. */
interface AsItIs {
  readonly asItIs?: true;
}

function internetGateway(scope: Scope): Resource {
  const part = "internet-gateway";
  const kind = gateways(scope);
  const attached = ({ Attachments = [] }: InternetGateway, id: string) =>
    Attachments.some(({ VpcId }) => VpcId === id);
  const look = lookUp(scope, GROUP, part, kind, {
    // The one that is attached is in use.
    order: (items) => [...items].sort((a, b) => (b.Attachments?.length ?? 0) - (a.Attachments?.length ?? 0)),
  });
  const detach = async (id: string, from: (vpc: string) => boolean): Promise<void> => {
    const ec2 = await scope.account.aws.ec2();
    const [now] = await kind.list([filter("internet-gateway-id", id)]);
    for (const { VpcId = "" } of now?.Attachments ?? [])
      if (from(VpcId)) await unlessGone(ec2.detachInternetGateway({ InternetGatewayId: id, VpcId }));
  };
  const remove = async (id: string): Promise<void> => {
    await detach(id, () => true);
    await unlessGone((await scope.account.aws.ec2()).deleteInternetGateway({ InternetGatewayId: id }));
  };
  return resource<Looked<InternetGateway> & AsItIs>({
    part,
    kind: "internet gateway",
    name: scope.name(part),
    needs: ["vpc"],
    adoptable: true,
    find: async (at) => {
      const vpc = at.ref("vpc");
      if (adopts(scope, part)) return look.find(at);
      if (vpc === undefined) {
        const found = await look.find(at);
        return found && at.adopted ? { ...found, live: { ...found.live, asItIs: true } } : found;
      }
      // A VPC has one at most. Where somebody else's is attached, ours could not be.
      const [other] = await kind.list([filter("attachment.vpc-id", vpc.id)]);
      const others = { ...at, adopted: false, ...(at.adopted && { id: undefined }) };
      if (other === undefined || scope.owner(tagsOf(other.Tags), false) === "ours") return look.find(others);
      const copies = (await look.duplicates(others)).map(({ id }) => id);
      return { id: kind.id(other), owner: "adopted", live: { item: other, copies, asItIs: true } };
    },
    duplicates: look.duplicates,
    create: async (at) => {
      const ec2 = await scope.account.aws.ec2();
      const TagSpecifications = tagsOnCreate("internet-gateway", scope, GROUP, part);
      return look.found(made((await ec2.createInternetGateway({ TagSpecifications })).InternetGateway), at);
    },
    compare: (found, at) => {
      const { item, asItIs } = found.live;
      const common = commonDifferences(scope, GROUP, part, found, item.Tags, remove);
      if (asItIs === true) return common.filter(({ what }) => what === "copies");
      const there = at.ref("vpc");
      if (there !== undefined && attached(item, there.id)) return common;
      const is = item.Attachments?.map(({ VpcId }) => `attached to ${VpcId}`).join(", ");
      const mend = async () => {
        const ec2 = await scope.account.aws.ec2();
        const vpc = at.need("vpc");
        if (found.owner === "adopted") await noteChange(scope, found.id, item.Tags, "attachment");
        else await detach(found.id, (other) => other !== vpc.id);
        // It may be attached already: AWS says so by the same code as when another one is, and a look tells.
        const attach = ec2.attachInternetGateway({ InternetGatewayId: found.id, VpcId: vpc.id });
        const [now] = await unless(whileFresh(attach), "Resource.AlreadyAssociated").then(() =>
          kind.list([filter("internet-gateway-id", found.id)]),
        );
        if (now !== undefined && !attached(now, vpc.id)) throw new Error(`${found.id} is attached elsewhere`);
      };
      const shouldBe = `attached to ${there?.id ?? "the VPC"}`;
      return [...common, { what: "attachment", is: is || "detached", shouldBe, mend }];
    },
    remove: async (found) => {
      for (const id of [...found.live.copies, found.id]) await remove(id);
    },
    release: async ({ id, live: { copies, asItIs } }, at) => {
      for (const copy of copies) await remove(copy);
      if (asItIs === true) return;
      await letGo(scope, id, async (changed) => {
        if (changed.includes("attachment")) await detach(id, (vpc) => vpc === at.ref("vpc")?.id);
      });
    },
    console: page(scope, "InternetGateway:internetGatewayId"),
  });
}

// ---------------------------------------------------------------- subnets

function subnets(scope: Scope): Ec2Kind<Subnet> {
  return {
    idFilter: "subnet-id",
    id: ({ SubnetId = "" }) => SubnetId,
    tags: ({ Tags }) => Tags,
    ref: ({ SubnetArn, AvailabilityZone, CidrBlock }) => ({
      ...(SubnetArn !== undefined && { arn: SubnetArn }),
      attributes: { zone: AvailabilityZone ?? "", cidr: CidrBlock ?? "" },
    }),
    list: async (Filters) => {
      const ec2 = await scope.account.aws.ec2();
      return allPages(async (NextToken) => {
        const answer = await ec2.describeSubnets({ Filters, NextToken });
        return { items: answer.Subnets, next: answer.NextToken };
      });
    },
  };
}

/** Zones without Fargate or most kinds of instances, by AWS's own pages: taken when there is no other. */
const poorZones: ReadonlySet<string> = new Set(["apne1-az3", "cac1-az4", "use1-az3", "usw1-az2"]);

/** Names of zones that an account has without asking for them, always in the same order. */
async function zonesOf(scope: Scope): Promise<readonly string[]> {
  const ec2 = await scope.account.aws.ec2();
  const { AvailabilityZones = [] } = await ec2.describeAvailabilityZones({
    Filters: [filter("state", "available"), filter("opt-in-status", "opt-in-not-required")],
  });
  const poor = (id: string | undefined) => (poorZones.has(id ?? "") ? 1 : 0);
  return [...AvailabilityZones]
    .sort((a, b) => poor(a.ZoneId) - poor(b.ZoneId) || ((a.ZoneName ?? "") < (b.ZoneName ?? "") ? -1 : 1))
    .flatMap(({ ZoneName }) => ZoneName ?? []);
}

function subnet(scope: Scope, part: "subnet-a" | "subnet-b"): Resource {
  const kind = subnets(scope);
  const sister = part === "subnet-a" ? "subnet-b" : "subnet-a";
  const own = lookUp(scope, GROUP, part, kind, {
    order: (items, at) => [...items].sort((a, b) => inNetwork(b, at) - inNetwork(a, at)),
  });
  const inNetwork = ({ VpcId }: Subnet, at: At) => (VpcId === at.ref("vpc")?.id ? 1 : 0);
  // The route table has to know whose routes it may set.
  const marked = (found: Found<Looked<Subnet>>): Found<Looked<Subnet>> =>
    found.owner === "adopted" ? { ...found, attributes: { ...found.attributes, adopted: "yes" } } : found;
  const remove = async (id: string): Promise<void> => {
    await unlessGone((await scope.account.aws.ec2()).deleteSubnet({ SubnetId: id }));
  };
  return resource<Looked<Subnet>>({
    part,
    kind: "subnet",
    name: scope.name(part),
    ...(!adopts(scope, part) && { detail: detailOf(scope, part) }),
    // One after the other, so that each sees which range and zone the other has.
    needs: part === "subnet-a" ? ["vpc"] : ["vpc", "subnet-a"],
    ...(!adopts(scope, part) && { cost: { atRest: 0, use: PUBLIC_ADDRESS_USE } }),
    adoptable: true,
    find: async (at) => {
      const found = await own.find(at);
      return found && marked(found);
    },
    duplicates: own.duplicates,
    create: async (at) => {
      const ec2 = await scope.account.aws.ec2();
      const { id: VpcId } = at.need("vpc");
      const [vpc] = await vpcs(scope).list([filter("vpc-id", VpcId)]);
      const blocks = [
        vpc?.CidrBlock,
        ...(vpc?.CidrBlockAssociationSet ?? [])
          .filter(({ CidrBlockState }) => (CidrBlockState?.State ?? "associated") === "associated")
          .map(({ CidrBlock }) => CidrBlock),
      ];
      const whole = [...new Set(blocks)].flatMap((text) => parseRange(text ?? "") ?? []);
      const taken = (await kind.list([filter("vpc-id", VpcId)])).flatMap(
        ({ CidrBlock }) => parseRange(CidrBlock ?? "") ?? [],
      );
      const [first] = whole;
      const free = first === undefined ? undefined : freeRanges(whole, taken, subnetBits(first)).next().value;
      if (free === undefined) throw first === undefined ? notYet(VpcId) : noRoom(VpcId, subnetBits(first));
      const other = at.ref(sister)?.attributes?.zone;
      const zones = await zonesOf(scope);
      const AvailabilityZone = zones.find((zone) => zone !== other) ?? zones[0];
      return createdOrFound(
        async () => {
          const { Subnet } = await whileFresh(
            ec2.createSubnet({
              VpcId,
              CidrBlock: printRange(free),
              ...(AvailabilityZone !== undefined && { AvailabilityZone }),
              TagSpecifications: tagsOnCreate("subnet", scope, GROUP, part),
            }),
          );
          return own.found(made(Subnet), at);
        },
        ({ name }) => name === "InvalidSubnet.Conflict",
        () => own.find(at),
      );
    },
    compare: async (found, at) => {
      const { item } = found.live;
      const differences = [
        ...commonDifferences(scope, GROUP, part, found, item.Tags, remove),
        ...elsewhere("subnet", found, item.VpcId, at),
      ];
      // What was there before stays private or public, as its owner wants it.
      if (found.owner === "adopted") return differences;
      if (item.MapPublicIpOnLaunch !== true) {
        const mend = async () => {
          const ec2 = await scope.account.aws.ec2();
          const MapPublicIpOnLaunch = { Value: true };
          await whileFresh(ec2.modifySubnetAttribute({ SubnetId: found.id, MapPublicIpOnLaunch }));
        };
        differences.push({ what: "public IPv4 addresses", is: "off", shouldBe: "on", mend });
      }
      const zone = item.AvailabilityZone ?? "";
      if (part === "subnet-b" && zone === at.ref("subnet-a")?.attributes?.zone) {
        const better = (await zonesOf(scope)).find((name) => name !== zone);
        if (better !== undefined)
          differences.push({ what: "zone", is: zone, shouldBe: better, replace: true, mend: never });
      }
      return differences;
    },
    remove: async (found) => {
      for (const id of [...found.live.copies, found.id]) await remove(id);
    },
    release: (found) => letGo(scope, found.id, async () => {}),
    console: page(scope, "SubnetDetails:subnetId"),
  });
}

function detailOf(scope: Scope, part: "subnet-a" | "subnet-b"): string {
  if (adopts(scope, "vpc")) return "public, a free range of the VPC";
  const range = declaredRange(scope);
  const [first, second] = [...freeRanges([range], [], subnetBits(range))];
  const own = part === "subnet-a" ? first : second;
  return own === undefined ? "public" : `${printRange(own)}, public`;
}

function notYet(id: string): Error {
  return Object.assign(new Error(`${id} is not to be seen yet`), {
    name: "ResourceNotReadyException",
    $metadata: {},
  });
}

function noRoom(id: string, bits: number): Failure {
  return new Failure("network-full", `the VPC has no free range of addresses for a subnet: "${id}"`, {
    why: `A range of /${bits} is needed, and its subnets leave none.`,
    fix: 'Name subnets of it as "network/subnet-a" and "network/subnet-b" in "cloud.adopt" of reprod.json, or add a range to the VPC.',
  });
}

// ---------------------------------------------------------------- routes

function routeTables(scope: Scope): Ec2Kind<RouteTable> {
  return {
    idFilter: "route-table-id",
    id: ({ RouteTableId = "" }) => RouteTableId,
    tags: ({ Tags }) => Tags,
    list: async (Filters) => {
      const ec2 = await scope.account.aws.ec2();
      return allPages(async (NextToken) => {
        const answer = await ec2.describeRouteTables({ Filters, NextToken });
        return { items: answer.RouteTables, next: answer.NextToken };
      });
    },
  };
}

function routeTable(scope: Scope): Resource {
  const part = "route-table";
  const kind = routeTables(scope);
  const look = lookUp(scope, GROUP, part, kind, {
    order: (items) =>
      [...items].sort((a, b) => (b.Associations?.length ?? 0) - (a.Associations?.length ?? 0)),
  });
  const disassociate = async (id: string, which: (subnet: string) => boolean): Promise<void> => {
    const ec2 = await scope.account.aws.ec2();
    const [now] = await kind.list([filter("route-table-id", id)]);
    for (const { Main, SubnetId, RouteTableAssociationId } of now?.Associations ?? []) {
      if (Main === true || SubnetId === undefined || !which(SubnetId)) continue;
      await unlessGone(ec2.disassociateRouteTable({ AssociationId: RouteTableAssociationId }));
    }
  };
  const remove = async (id: string): Promise<void> => {
    await disassociate(id, () => true);
    await unlessGone((await scope.account.aws.ec2()).deleteRouteTable({ RouteTableId: id }));
  };
  const ownSubnets = (at: At): readonly Ref[] =>
    ["subnet-a", "subnet-b"].flatMap((name) => {
      const ref = at.ref(name);
      return ref === undefined || ref.attributes?.adopted === "yes" ? [] : [ref];
    });
  const defaultRoute = ({ Routes = [] }: RouteTable) =>
    Routes.find(({ DestinationCidrBlock }) => DestinationCidrBlock === EVERYWHERE);
  return resource<Looked<RouteTable>>({
    part,
    kind: "route table",
    name: scope.name(part),
    detail: `${EVERYWHERE} to the internet gateway`,
    needs: ["vpc", "internet-gateway", "subnet-a", "subnet-b"],
    adoptable: true,
    find: look.find,
    duplicates: look.duplicates,
    create: async (at) => {
      const ec2 = await scope.account.aws.ec2();
      const { RouteTable } = await whileFresh(
        ec2.createRouteTable({
          VpcId: at.need("vpc").id,
          TagSpecifications: tagsOnCreate("route-table", scope, GROUP, part),
          ClientToken: randomUUID(),
        }),
      );
      return look.found(made(RouteTable), at);
    },
    compare: (found, at) => {
      const { item } = found.live;
      const differences = [
        ...commonDifferences(scope, GROUP, part, found, item.Tags, remove),
        ...elsewhere("route table", found, item.VpcId, at),
      ];
      const route = defaultRoute(item);
      const gateway = at.ref("internet-gateway")?.id;
      const leadsThere = gateway !== undefined && route?.GatewayId === gateway && route.State !== "blackhole";
      // An adopted table that leads elsewhere (to a NAT gateway, say) is meant to.
      if (!leadsThere && (found.owner !== "adopted" || route === undefined)) {
        differences.push({
          what: `route ${EVERYWHERE}`,
          is: targetOf(route),
          shouldBe: gateway ?? "the internet gateway",
          mend: async () => {
            const ec2 = await scope.account.aws.ec2();
            const { id: GatewayId } = at.need("internet-gateway");
            if (found.owner === "adopted") await noteChange(scope, found.id, item.Tags, "default-route");
            const wanted = { RouteTableId: found.id, DestinationCidrBlock: EVERYWHERE, GatewayId };
            const create = () => unless(whileFresh(ec2.createRoute(wanted)), "RouteAlreadyExists");
            if (route === undefined) await create();
            else await whileFresh(ec2.replaceRoute(wanted));
          },
        });
      }
      for (const name of ["subnet-a", "subnet-b"]) {
        const subnet = at.ref(name);
        if (subnet?.attributes?.adopted === "yes" || (subnet === undefined && adopts(scope, name))) continue;
        if (item.Associations?.some(({ SubnetId }) => SubnetId === subnet?.id && SubnetId !== undefined))
          continue;
        differences.push({
          what: `association with ${name}`,
          is: "none",
          shouldBe: "associated",
          mend: async () => {
            const ec2 = await scope.account.aws.ec2();
            const { id: SubnetId } = at.need(name);
            const [other] = await kind.list([filter("association.subnet-id", SubnetId)]);
            const old = other?.Associations?.find((association) => association.SubnetId === SubnetId);
            const RouteTableId = found.id;
            await whileFresh<unknown>(
              old === undefined
                ? ec2.associateRouteTable({ RouteTableId, SubnetId })
                : ec2.replaceRouteTableAssociation({
                    RouteTableId,
                    AssociationId: old.RouteTableAssociationId,
                  }),
            );
          },
        });
      }
      return differences;
    },
    remove: async (found) => {
      for (const id of [...found.live.copies, found.id]) await remove(id);
    },
    release: async ({ id, live: { item } }, at) => {
      const own = new Set(ownSubnets(at).map((ref) => ref.id));
      await disassociate(id, (subnet) => own.has(subnet));
      await letGo(scope, id, async (changed) => {
        if (!changed.includes("default-route")) return;
        if (defaultRoute(item)?.GatewayId !== at.ref("internet-gateway")?.id) return;
        const ec2 = await scope.account.aws.ec2();
        await unlessGone(ec2.deleteRoute({ RouteTableId: id, DestinationCidrBlock: EVERYWHERE }));
      });
    },
    console: page(scope, "RouteTableDetails:RouteTableId"),
  });
}

function targetOf(route: Route | undefined): string {
  if (route === undefined) return "none";
  const target = route.GatewayId ?? route.NatGatewayId ?? route.TransitGatewayId ?? route.NetworkInterfaceId;
  return route.State === "blackhole" ? `${target ?? "something"} that is gone` : (target ?? "elsewhere");
}

// ---------------------------------------------------------------- S3 endpoint

/** What AWS gives to an endpoint without a policy: who may do what is said by roles and buckets. */
const OPEN_POLICY = {
  Version: "2008-10-17",
  Statement: [{ Effect: "Allow", Principal: "*", Action: "*", Resource: "*" }],
};

function s3Endpoint(scope: Scope): Resource {
  const part = "s3-endpoint";
  const service = `com.amazonaws.${scope.account.region}.s3`;
  const list = async (which: { Filters: Filter[] } | { VpcEndpointIds: string[] }) => {
    const ec2 = await scope.account.aws.ec2();
    const all = await allPages<VpcEndpoint>(async (NextToken) => {
      const answer = await ec2.describeVpcEndpoints({ ...which, NextToken });
      return { items: answer.VpcEndpoints, next: answer.NextToken };
    });
    // Deleted ones are told of for a while.
    return all.filter(({ State }) => !/^delet/i.test(State ?? ""));
  };
  const kind: Ec2Kind<VpcEndpoint> = {
    id: ({ VpcEndpointId = "" }) => VpcEndpointId,
    tags: ({ Tags }) => Tags,
    byId: (id) => list({ VpcEndpointIds: [id] }),
    list: (Filters) => list({ Filters }),
  };
  const look = lookUp(scope, GROUP, part, kind, {
    order: (items) =>
      [...items].sort(
        (a, b) => (a.CreationTimestamp?.getTime() ?? 0) - (b.CreationTimestamp?.getTime() ?? 0),
      ),
  });
  const remove = async (id: string): Promise<void> => {
    const ec2 = await scope.account.aws.ec2();
    const { Unsuccessful: [left] = [] } = await ec2.deleteVpcEndpoints({ VpcEndpointIds: [id] });
    if (left?.Error === undefined || /NotFound/.test(left.Error.Code ?? "")) return;
    const { Code = "Unknown", Message = "" } = left.Error;
    throw Object.assign(new Error(Message), { name: Code, $metadata: {} });
  };
  return resource<Looked<VpcEndpoint> & AsItIs>({
    part,
    kind: "VPC endpoint",
    name: scope.name(part),
    detail: `gateway to ${service}`,
    needs: ["vpc", "route-table"],
    find: async (at) => {
      const { id: table } = at.ref("route-table") ?? {};
      const own = await look.find({ ...at, adopted: false, ...(at.adopted && { id: undefined }) });
      if (own !== undefined || table === undefined) return own;
      // A route table leads to S3 by one endpoint: that of an adopted one is as good as ours.
      const others: Filter[] = [filter("service-name", service), filter("vpc-endpoint-type", "Gateway")];
      const other = (await kind.list(others)).find(({ RouteTableIds }) => RouteTableIds?.includes(table));
      return (
        other && { id: kind.id(other), owner: "adopted", live: { item: other, copies: [], asItIs: true } }
      );
    },
    create: async (at) => {
      const ec2 = await scope.account.aws.ec2();
      const { VpcEndpoint } = await whileFresh(
        ec2.createVpcEndpoint({
          VpcEndpointType: "Gateway",
          VpcId: at.need("vpc").id,
          ServiceName: service,
          RouteTableIds: [at.need("route-table").id],
          TagSpecifications: tagsOnCreate("vpc-endpoint", scope, GROUP, part),
          // Of this call and its repetitions by the SDK: one of an earlier call could give back what is deleted by now.
          ClientToken: randomUUID(),
        }),
      );
      return look.found(made(VpcEndpoint), at);
    },
    compare: (found, at) => {
      const { item, asItIs } = found.live;
      if (asItIs === true) return [];
      const differences = [
        ...commonDifferences(scope, GROUP, part, found, item.Tags, remove),
        ...elsewhere("VPC endpoint", found, item.VpcId, at),
      ];
      const change = async (more: {
        AddRouteTableIds?: string[];
        PolicyDocument?: string;
      }): Promise<void> => {
        const ec2 = await scope.account.aws.ec2();
        await whileFresh(ec2.modifyVpcEndpoint({ VpcEndpointId: found.id, ...more }));
      };
      const table = at.ref("route-table")?.id;
      if (table === undefined || item.RouteTableIds?.includes(table) !== true) {
        differences.push({
          what: "route tables",
          is: item.RouteTableIds?.join(", ") || "none",
          shouldBe: table ?? "the route table",
          mend: () => change({ AddRouteTableIds: [at.need("route-table").id] }),
        });
      }
      if (!isOpen(item.PolicyDocument)) {
        differences.push({
          what: "policy",
          is: "a narrower one",
          shouldBe: "full access",
          mend: () => change({ PolicyDocument: JSON.stringify(OPEN_POLICY) }),
        });
      }
      return differences;
    },
    remove: async (found) => {
      for (const id of [...found.live.copies, found.id]) await remove(id);
    },
    release: async () => {},
    console: page(scope, "EndpointDetails:vpcEndpointId"),
  });
}

/** Statements of an open policy, however they are written. */
function isOpen(text: string | undefined): boolean {
  if (text === undefined || text === "") return true;
  try {
    const { Statement }: { Statement?: unknown } = JSON.parse(text);
    const [statement, ...others]: unknown[] = Array.isArray(Statement) ? Statement : [Statement];
    if (others.length > 0 || typeof statement !== "object" || statement === null) return false;
    const plain = (name: string): unknown => {
      const value: unknown = Reflect.get(statement, name);
      if (Array.isArray(value) && value.length === 1) return value[0];
      return typeof value === "object" && value !== null && "AWS" in value ? value.AWS : value;
    };
    return (
      plain("Effect") === "Allow" &&
      ["Principal", "Action", "Resource"].every((name) => plain(name) === "*") &&
      !("Condition" in statement)
    );
  } catch {
    // No policy that we know to read is one that somebody has put there.
    return false;
  }
}

// ---------------------------------------------------------------- security group

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

function securityGroup(scope: Scope): Resource {
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
