import { Failure } from "../../base/failure.js";
import type { Group } from "../reconcile/resource.js";
import type { Scope } from "../reconcile/scope.js";
import { adopts, GROUP } from "./network/common.js";
import { internetGateway } from "./network/internet-gateway.js";
import { routeTable } from "./network/route-table.js";
import { s3Endpoint } from "./network/s3-endpoint.js";
import { securityGroup } from "./network/security-group.js";
import { subnet } from "./network/subnets.js";
import { vpc } from "./network/vpc.js";

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
