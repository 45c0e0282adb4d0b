import type { InternetGateway } from "@aws-sdk/client-ec2";
import { type Resource, resource } from "../../reconcile/resource.js";
import { type Scope, tagsOf } from "../../reconcile/scope.js";
import {
  commonDifferences,
  type Ec2Kind,
  filter,
  type Looked,
  letGo,
  lookUp,
  noteChange,
  tagsOnCreate,
  unless,
  whileFresh,
} from "../support/ec2.js";
import { unlessGone } from "../support/gone.js";
import { allPages } from "../support/pages.js";
import { type AsItIs, adopts, GROUP, made, page } from "./common.js";

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

export function internetGateway(scope: Scope): Resource {
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
