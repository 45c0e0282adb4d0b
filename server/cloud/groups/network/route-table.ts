import { randomUUID } from "node:crypto";
import type { Route, RouteTable } from "@aws-sdk/client-ec2";
import { type At, type Ref, type Resource, resource } from "../../reconcile/resource.js";
import type { Scope } from "../../reconcile/scope.js";
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
import { adopts, EVERYWHERE, elsewhere, GROUP, made, page } from "./common.js";

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

export function routeTable(scope: Scope): Resource {
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
