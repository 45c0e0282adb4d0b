import { randomUUID } from "node:crypto";
import type { Filter, VpcEndpoint } from "@aws-sdk/client-ec2";
import { type Resource, resource } from "../../reconcile/resource.js";
import type { Scope } from "../../reconcile/scope.js";
import {
  commonDifferences,
  type Ec2Kind,
  filter,
  type Looked,
  lookUp,
  tagsOnCreate,
  whileFresh,
} from "../support/ec2.js";
import { allPages } from "../support/pages.js";
import { type AsItIs, elsewhere, GROUP, made, page } from "./common.js";

/** What AWS gives to an endpoint without a policy: who may do what is said by roles and buckets. */
const OPEN_POLICY = {
  Version: "2008-10-17",
  Statement: [{ Effect: "Allow", Principal: "*", Action: "*", Resource: "*" }],
};

export function s3Endpoint(scope: Scope): Resource {
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
