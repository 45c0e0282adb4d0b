import type { Subnet, Vpc } from "@aws-sdk/client-ec2";
import type { Scope } from "../../reconcile/scope.js";
import type { Ec2Kind } from "../support/ec2.js";
import { allPages } from "../support/pages.js";

export function vpcs(scope: Scope): Ec2Kind<Vpc> {
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

export function subnets(scope: Scope): Ec2Kind<Subnet> {
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
