import type { Subnet } from "@aws-sdk/client-ec2";
import { Failure } from "../../../base/failure.js";
import { PUBLIC_ADDRESS_USE } from "../../prices.js";
import { type At, type Found, type Resource, resource } from "../../reconcile/resource.js";
import type { Scope } from "../../reconcile/scope.js";
import {
  commonDifferences,
  createdOrFound,
  filter,
  type Looked,
  letGo,
  lookUp,
  tagsOnCreate,
  whileFresh,
} from "../support/ec2.js";
import { unlessGone } from "../support/gone.js";
import { freeRanges, parseRange, printRange } from "../support/ipv4.js";
import { adopts, elsewhere, GROUP, made, never, page } from "./common.js";
import { subnets, vpcs } from "./kinds.js";
import { declaredRange, subnetBits } from "./range.js";

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

export function subnet(scope: Scope, part: "subnet-a" | "subnet-b"): Resource {
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
