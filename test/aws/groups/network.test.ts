import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type EC2 as Client, EC2 } from "@aws-sdk/client-ec2";
import { Failure } from "../../../server/base/failure.js";
import type { Account } from "../support/aws.js";
import { awsTests } from "../support/aws.js";
import { failWith5xx, loseAnswerOf, throttleEvery } from "../support/faults.js";
import { taggedResources } from "../support/tagged.js";
import { actions, type Checkout, checkout, differences } from "./support/project.js";

const awsTest = awsTests();

const parts = [
  "vpc",
  "internet-gateway",
  "subnet-a",
  "subnet-b",
  "route-table",
  "s3-endpoint",
  "security-group",
] as const;

interface Ids {
  readonly vpc: string;
  readonly a: string;
  readonly b: string;
  readonly group: string;
}

function idsOf(project: Checkout): Ids {
  const settings = project.settings("network-settings.json");
  const [a, b] = settings.subnet_ids as string[];
  return {
    vpc: String(settings.vpc_id),
    a: String(a),
    b: String(b),
    group: String(settings.security_group_id),
  };
}

/** Everything about networks in the account, as it is. */
async function everything(ec2: Client): Promise<unknown> {
  const by = (key: string) => (one: object) => String(Reflect.get(one, key));
  const sorted = <Item extends object>(items: Item[] | undefined, key: string) =>
    [...(items ?? [])].sort((one, other) => (by(key)(one) < by(key)(other) ? -1 : 1));
  const vpcs = sorted((await ec2.describeVpcs()).Vpcs, "VpcId");
  const dns = [];
  for (const { VpcId } of vpcs) {
    const names = await ec2.describeVpcAttribute({ VpcId, Attribute: "enableDnsHostnames" });
    const support = await ec2.describeVpcAttribute({ VpcId, Attribute: "enableDnsSupport" });
    dns.push([VpcId, names.EnableDnsHostnames?.Value, support.EnableDnsSupport?.Value]);
  }
  return {
    vpcs,
    dns,
    subnets: sorted((await ec2.describeSubnets()).Subnets, "SubnetId"),
    gateways: sorted((await ec2.describeInternetGateways()).InternetGateways, "InternetGatewayId"),
    tables: sorted((await ec2.describeRouteTables()).RouteTables, "RouteTableId"),
    groups: sorted((await ec2.describeSecurityGroups()).SecurityGroups, "GroupId"),
  };
}

/** Fails with what differs, and not with a page of both. */
function same(is: unknown, shouldBe: unknown): void {
  assert.equal(JSON.stringify(is, undefined, 1), JSON.stringify(shouldBe, undefined, 1));
}

async function fails(work: Promise<unknown>, code: string): Promise<Failure> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.code, code, error.message);
    return error;
  }
  assert.fail(`no ${code}`);
}

awsTest("from nothing to a network that nobody can reach, again without a step, and away", async (t, aws) => {
  const project = await checkout(t, aws);
  const ec2 = aws.client(EC2);
  const before = await everything(ec2);
  const plan = await project.plan("network");
  assert.deepEqual(
    actions(plan),
    parts.map((part) => `create network/${part}`),
  );
  assert.equal(plan.atRest, 0);
  assert.deepEqual(
    plan.steps.map(({ detail }) => detail),
    [
      "10.0.0.0/16",
      undefined,
      "10.0.0.0/20, public",
      "10.0.16.0/20, public",
      "0.0.0.0/0 to the internet gateway",
      "gateway to com.amazonaws.eu-central-1.s3",
      "nothing in, HTTPS out",
    ],
  );
  assert.deepEqual((await project.apply("network")).left, []);

  const { vpc, a, b, group } = idsOf(project);
  assert.deepEqual(Object.keys(project.settings("network-settings.json")), [
    "vpc_id",
    "subnet_id",
    "subnet_ids",
    "security_group_id",
  ]);
  assert.equal(project.settings("network-settings.json").subnet_id, a);
  const { Vpcs: [made] = [] } = await ec2.describeVpcs({ VpcIds: [vpc] });
  assert.equal(made?.CidrBlock, "10.0.0.0/16");
  assert.ok(made?.Tags?.some(({ Key, Value }) => Key === "Name" && Value === project.name("vpc")));
  const { Subnets = [] } = await ec2.describeSubnets({ SubnetIds: [a, b] });
  assert.deepEqual(
    Subnets.map((one) => [one.CidrBlock, one.AvailabilityZone, one.MapPublicIpOnLaunch, one.VpcId]).sort(),
    [
      ["10.0.0.0/20", "eu-central-1a", true, vpc],
      ["10.0.16.0/20", "eu-central-1b", true, vpc],
    ],
  );
  const { SecurityGroups: [rules] = [] } = await ec2.describeSecurityGroups({ GroupIds: [group] });
  assert.deepEqual(rules?.IpPermissions, []);
  assert.equal(rules?.IpPermissionsEgress?.length, 1);
  assert.deepEqual(
    rules?.IpPermissionsEgress?.map(({ FromPort, ToPort, IpProtocol, IpRanges }) => [
      FromPort,
      ToPort,
      IpProtocol,
      IpRanges,
    ]),
    [[443, 443, "tcp", [{ CidrIp: "0.0.0.0/0", Description: "reprod-https" }]]],
  );
  const { RouteTables: [table] = [] } = await ec2.describeRouteTables({
    Filters: [{ Name: "association.subnet-id", Values: [a] }],
  });
  assert.deepEqual(table?.Associations?.map(({ SubnetId }) => SubnetId).sort(), [a, b].sort());
  assert.ok(
    table?.Routes?.some(
      (route) => route.DestinationCidrBlock === "0.0.0.0/0" && route.GatewayId?.startsWith("igw-"),
    ),
  );
  assert.ok(table?.Routes?.some((route) => route.DestinationPrefixListId !== undefined));

  aws.clear();
  const again = await project.plan("network");
  assert.deepEqual(actions(again), []);
  assert.equal((await project.state("network")).state, "ready");
  await project.apply("network");
  assert.deepEqual(
    aws
      .mutations()
      .map(({ name }) => name)
      .filter((name) => name.startsWith("ec2:")),
    [],
  );

  const gone = await project.remove(["network"]);
  assert.deepEqual(gone.left, []);
  assert.deepEqual(await taggedResources(aws, project.projectId), []);
  same(await everything(ec2), before);
  assert.deepEqual(aws.crashes, []);
});

awsTest("whatever a person changes is told in AWS's words, and put right", async (t, aws) => {
  const project = await checkout(t, aws);
  const ec2 = aws.client(EC2);
  await project.apply("network");
  const { vpc, a, b, group } = idsOf(project);
  const Associations = async () => {
    const Filters = [{ Name: "association.subnet-id", Values: [b] }];
    const { RouteTables: [table] = [] } = await ec2.describeRouteTables({ Filters });
    return { table, one: table?.Associations?.find(({ SubnetId }) => SubnetId === b) };
  };
  const { table, one } = await Associations();
  const RouteTableId = table?.RouteTableId;
  await ec2.modifyVpcAttribute({ VpcId: vpc, EnableDnsHostnames: { Value: false } });
  await ec2.modifySubnetAttribute({ SubnetId: a, MapPublicIpOnLaunch: { Value: false } });
  await ec2.disassociateRouteTable({ AssociationId: one?.RouteTableAssociationId });
  await ec2.deleteRoute({ RouteTableId, DestinationCidrBlock: "0.0.0.0/0" });
  const open = [{ IpProtocol: "tcp", FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];
  await ec2.authorizeSecurityGroupIngress({ GroupId: group, IpPermissions: open });
  await ec2.authorizeSecurityGroupEgress({
    GroupId: group,
    IpPermissions: [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }],
  });
  await ec2.revokeSecurityGroupEgress({
    GroupId: group,
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: "0.0.0.0/0" }] }],
  });
  await ec2.deleteTags({ Resources: [a], Tags: [{ Key: "reprod:part" }] });
  const { InternetGateways: [gateway] = [] } = await ec2.describeInternetGateways({
    Filters: [{ Name: "attachment.vpc-id", Values: [vpc] }],
  });
  const plan = await project.plan("network");
  assert.deepEqual(differences(plan), [
    "network/vpc DNS hostnames: off → on",
    "network/subnet-a tags: no reprod:part → reprod:part subnet-a",
    "network/subnet-a public IPv4 addresses: off → on",
    `network/route-table route 0.0.0.0/0: none → ${gateway?.InternetGatewayId}`,
    "network/route-table association with subnet-b: none → associated",
    "network/security-group ingress rules: TCP 22 from 0.0.0.0/0 → none",
    "network/security-group egress rules: all traffic to 0.0.0.0/0 → TCP 443 to 0.0.0.0/0",
  ]);
  assert.equal((await project.state("network")).state, "drifted");
  await project.apply("network");
  assert.deepEqual(differences(await project.plan("network")), []);

  await t.test(
    "a subnet on another route table, a gateway that is detached, a narrowed endpoint",
    async () => {
      const { RouteTable: other } = await ec2.createRouteTable({ VpcId: vpc });
      const { one: now } = await Associations();
      await ec2.replaceRouteTableAssociation({
        AssociationId: now?.RouteTableAssociationId,
        RouteTableId: other?.RouteTableId,
      });
      await ec2.detachInternetGateway({ InternetGatewayId: gateway?.InternetGatewayId, VpcId: vpc });
      const { VpcEndpoints: [endpoint] = [] } = await ec2.describeVpcEndpoints({
        Filters: [{ Name: "vpc-id", Values: [vpc] }],
      });
      const narrow = {
        Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "*" }],
      };
      await ec2.modifyVpcEndpoint({
        VpcEndpointId: endpoint?.VpcEndpointId,
        PolicyDocument: JSON.stringify(narrow),
      });
      assert.deepEqual(differences(await project.plan("network")), [
        `network/internet-gateway attachment: detached → attached to ${vpc}`,
        "network/route-table association with subnet-b: none → associated",
        "network/s3-endpoint policy: a narrower one → full access",
      ]);
      await project.apply("network");
      assert.deepEqual(differences(await project.plan("network")), []);
      await ec2.deleteRouteTable({ RouteTableId: other?.RouteTableId });
    },
  );

  await t.test("each part that is deleted is made again, with what needs it", async () => {
    const { VpcEndpoints: [endpoint] = [] } = await ec2.describeVpcEndpoints({
      Filters: [{ Name: "vpc-id", Values: [vpc] }],
    });
    await ec2.deleteVpcEndpoints({ VpcEndpointIds: [endpoint?.VpcEndpointId ?? ""] });
    assert.deepEqual(actions(await project.plan("network")), ["create network/s3-endpoint"]);
    await project.apply("network");
    await ec2.deleteSecurityGroup({ GroupId: group });
    const plan = await project.plan("network");
    assert.deepEqual(actions(plan), ["create network/security-group"]);
    assert.equal(plan.steps.find(({ action }) => action === "create")?.why, `${group} is gone`);
    await project.apply("network");
    const { one: now } = await Associations();
    await ec2.disassociateRouteTable({ AssociationId: now?.RouteTableAssociationId });
    await ec2.deleteSubnet({ SubnetId: b });
    const both = ["create network/subnet-b", "change network/route-table"];
    assert.deepEqual(actions(await project.plan("network")), both);
    await project.apply("network");
    const ids = idsOf(project);
    assert.notEqual(ids.b, b);
    const { Subnets: [made] = [] } = await ec2.describeSubnets({ SubnetIds: [ids.b] });
    assert.deepEqual([made?.CidrBlock, made?.AvailabilityZone], ["10.0.16.0/20", "eu-central-1b"]);
    const { InternetGateways: [gateway] = [] } = await ec2.describeInternetGateways({
      Filters: [{ Name: "attachment.vpc-id", Values: [vpc] }],
    });
    const InternetGatewayId = gateway?.InternetGatewayId;
    await ec2.detachInternetGateway({ InternetGatewayId, VpcId: vpc });
    await ec2.deleteInternetGateway({ InternetGatewayId });
    const lost = ["create network/internet-gateway", "change network/route-table"];
    assert.deepEqual(actions(await project.plan("network")), lost);
    await project.apply("network");
    assert.deepEqual(actions(await project.plan("network")), []);
    // A route table that is deleted is not tried: moto cannot remove the endpoint that led to S3 from it any more.
    assert.equal((await project.remove(["network"])).left.length, 0);
    assert.deepEqual(await taggedResources(aws, project.projectId), []);
  });
});

awsTest("SSH and members only when asked, with a warning for everybody", async (t, aws) => {
  const project = await checkout(t, aws, {
    network: { sshFrom: "203.0.113.7/24", amongMembers: true, cidr: "10.9.3.0/24" },
  });
  const ec2 = aws.client(EC2);
  const plan = await project.plan("network");
  const detail = (of: typeof plan, part: string) =>
    of.steps.find(({ key }) => key === `network/${part}`)?.detail;
  assert.equal(detail(plan, "security-group"), "SSH in from 203.0.113.0/24, all among members, HTTPS out");
  assert.equal(detail(plan, "subnet-b"), "10.9.3.64/26, public");
  await project.apply("network");
  const { group } = idsOf(project);
  const rules = async () => {
    const { SecurityGroups: [is] = [] } = await ec2.describeSecurityGroups({ GroupIds: [group] });
    return [...(is?.IpPermissions ?? []), ...(is?.IpPermissionsEgress ?? [])].flatMap((one) => [
      ...(one.IpRanges ?? []).map(
        ({ CidrIp, Description }) => `${one.IpProtocol} ${one.FromPort} ${CidrIp} ${Description}`,
      ),
      ...(one.UserIdGroupPairs ?? []).map(
        ({ GroupId, Description }) => `${one.IpProtocol} ${GroupId} ${Description}`,
      ),
    ]);
  };
  assert.deepEqual((await rules()).sort(), [
    `-1 ${group} reprod-members`,
    `-1 ${group} reprod-members`,
    "tcp 22 203.0.113.0/24 reprod-ssh",
    "tcp 443 0.0.0.0/0 reprod-https",
  ]);
  assert.deepEqual(differences(await project.plan("network")), []);
  project.configure({ network: { sshFrom: "0.0.0.0/0", cidr: "10.9.3.0/24" } });
  const open = await project.plan("network");
  assert.equal(
    detail(open, "security-group"),
    "SSH in from 0.0.0.0/0, HTTPS out, warning: everybody on the internet may try port 22",
  );
  assert.deepEqual(differences(open), [
    "network/security-group ingress rules: TCP 22 from 203.0.113.0/24, all traffic from members → TCP 22 from 0.0.0.0/0",
    "network/security-group egress rules: TCP 443 to 0.0.0.0/0, all traffic to members → TCP 443 to 0.0.0.0/0",
  ]);
  project.configure({ network: { cidr: "10.9.3.0/24" } });
  await project.apply("network");
  assert.deepEqual(await rules(), ["tcp 443 0.0.0.0/0 reprod-https"]);
  project.configure({ network: { cidr: "10.0.0.0/8" } });
  await fails(project.plan("network"), "network-range");
  project.configure({ network: { cidr: "10.8.0.0/16" } });
  const other = await project.plan("network");
  assert.deepEqual(
    actions(other),
    parts.map((part) => `replace network/${part}`),
  );
  await project.apply("network");
  assert.deepEqual(actions(await project.plan("network")), []);
  assert.equal((await taggedResources(aws, project.projectId)).length, parts.length);
});

awsTest("F2 an adopted VPC keeps what it has, and is as before when it is let go", async (t, aws) => {
  const ec2 = aws.client(EC2);
  const { Vpc } = await ec2.createVpc({
    CidrBlock: "172.20.0.0/16",
    TagSpecifications: [{ ResourceType: "vpc", Tags: [{ Key: "Team", Value: "lab" }] }],
  });
  const vpc = Vpc?.VpcId ?? "";
  const { InternetGateway } = await ec2.createInternetGateway({});
  const igw = InternetGateway?.InternetGatewayId ?? "";
  await ec2.attachInternetGateway({ InternetGatewayId: igw, VpcId: vpc });
  await ec2.createSubnet({ VpcId: vpc, CidrBlock: "172.20.0.0/24", AvailabilityZone: "eu-central-1a" });
  await ec2.createSubnet({ VpcId: vpc, CidrBlock: "172.20.32.0/20", AvailabilityZone: "eu-central-1b" });
  const before = await everything(ec2);

  const project = await checkout(t, aws, { adopt: { "network/vpc": vpc } });
  const plan = await project.plan("network");
  assert.deepEqual(actions(plan), [
    "adopt network/vpc",
    "adopt network/internet-gateway",
    ...parts.slice(2).map((part) => `create network/${part}`),
  ]);
  assert.deepEqual(differences(plan), [
    `network/vpc tags: no reprod:adopted → reprod:adopted ${project.projectId}`,
    "network/vpc DNS hostnames: off → on",
  ]);
  await project.apply("network");
  assert.deepEqual(actions(await project.plan("network")), []);
  const ids = idsOf(project);
  assert.equal(ids.vpc, vpc);
  const { Subnets = [] } = await ec2.describeSubnets({ SubnetIds: [ids.a, ids.b] });
  assert.deepEqual(
    Subnets.map(({ CidrBlock, AvailabilityZone }) => `${CidrBlock} ${AvailabilityZone}`).sort(),
    ["172.20.16.0/20 eu-central-1a", "172.20.48.0/20 eu-central-1b"],
  );
  const { InternetGateways: [gateway] = [] } = await ec2.describeInternetGateways({
    InternetGatewayIds: [igw],
  });
  assert.deepEqual(gateway?.Tags ?? [], []);

  // A second project that uses the same VPC does not lose its names when the first one goes.
  const second = await checkout(t, aws, { adopt: { "network/vpc": vpc } });
  await second.apply("network");
  const removal = await project.planRemoval("network");
  assert.deepEqual(actions(removal.plan).slice(-2), [
    "release network/internet-gateway",
    "release network/vpc",
  ]);
  assert.deepEqual((await project.remove(["network"])).left, []);
  const dns = await ec2.describeVpcAttribute({ VpcId: vpc, Attribute: "enableDnsHostnames" });
  assert.equal(dns.EnableDnsHostnames?.Value, true);
  assert.deepEqual(actions(await second.plan("network")), []);
  assert.deepEqual((await second.remove(["network"])).left, []);
  same(await everything(ec2), before);
});

awsTest(
  "F2 an adopted security group, subnet and route table: what is missing is added, and taken back",
  async (t, aws) => {
    const ec2 = aws.client(EC2);
    const { Vpc } = await ec2.createVpc({ CidrBlock: "172.20.0.0/16" });
    const VpcId = Vpc?.VpcId ?? "";
    await ec2.modifyVpcAttribute({ VpcId, EnableDnsHostnames: { Value: true } });
    const { Subnet } = await ec2.createSubnet({
      VpcId,
      CidrBlock: "172.20.0.0/24",
      AvailabilityZone: "eu-central-1a",
    });
    const { GroupId = "" } = await ec2.createSecurityGroup({ VpcId, GroupName: "lab", Description: "lab" });
    const all = [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];
    await ec2.revokeSecurityGroupEgress({ GroupId, IpPermissions: all });
    const own = [
      {
        IpProtocol: "tcp",
        FromPort: 5432,
        ToPort: 5432,
        IpRanges: [{ CidrIp: "172.20.0.0/16", Description: "db" }],
      },
    ];
    await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: own });
    const { RouteTable } = await ec2.createRouteTable({ VpcId });
    const before = await everything(ec2);
    const adopt = {
      "network/vpc": VpcId,
      "network/subnet-a": Subnet?.SubnetId ?? "",
      "network/security-group": GroupId,
      "network/route-table": RouteTable?.RouteTableId ?? "",
    };
    const project = await checkout(t, aws, { adopt, network: { sshFrom: "198.51.100.0/24" } });
    const adopted = `no reprod:adopted → reprod:adopted ${project.projectId}`;
    const plan = await project.plan("network");
    assert.deepEqual(differences(plan), [
      `network/vpc tags: ${adopted}`,
      `network/subnet-a tags: ${adopted}`,
      `network/route-table tags: ${adopted}`,
      "network/route-table route 0.0.0.0/0: none → the internet gateway",
      "network/route-table association with subnet-b: none → associated",
      `network/security-group tags: ${adopted}`,
      "network/security-group ingress rules: TCP 5432 from 172.20.0.0/16 → TCP 22 from 198.51.100.0/24, TCP 5432 from 172.20.0.0/16",
      "network/security-group egress rules: none → TCP 443 to 0.0.0.0/0",
    ]);
    await project.apply("network");
    await project.apply("network");
    assert.deepEqual(actions(await project.plan("network")), []);
    // The adopted subnet stays private, ours in the next zone is public.
    const { Subnets = [] } = await ec2.describeSubnets({ Filters: [{ Name: "vpc-id", Values: [VpcId] }] });
    assert.deepEqual(
      Subnets.map((one) => `${one.CidrBlock} ${one.AvailabilityZone} ${one.MapPublicIpOnLaunch}`).sort(),
      ["172.20.0.0/24 eu-central-1a false", "172.20.16.0/20 eu-central-1b true"],
    );
    project.configure({ adopt, network: { sshFrom: "198.51.100.8/32" } });
    assert.deepEqual(differences(await project.plan("network")), [
      "network/security-group ingress rules: TCP 22 from 198.51.100.0/24, TCP 5432 from 172.20.0.0/16 → TCP 22 from 198.51.100.8/32, TCP 5432 from 172.20.0.0/16",
    ]);
    await project.apply("network");
    assert.deepEqual((await project.remove(["network"])).left, []);
    same(await everything(ec2), before);

    project.configure({ adopt: { "network/security-group": GroupId } });
    await fails(project.plan("network"), "adopt-without-vpc");
    const { Vpcs = [] } = await ec2.describeVpcs({ Filters: [{ Name: "is-default", Values: ["true"] }] });
    project.configure({ adopt: { "network/vpc": Vpcs[0]?.VpcId ?? "", "network/security-group": GroupId } });
    await fails(project.plan("network"), "adopted-elsewhere");
  },
);

awsTest("F1 a security group of our name that nobody tagged is not ours, and stays", async (t, aws) => {
  const project = await checkout(t, aws);
  const ec2 = aws.client(EC2);
  await project.apply("network");
  const { vpc, group } = idsOf(project);
  await ec2.deleteSecurityGroup({ GroupId: group });
  const { GroupId = "" } = await ec2.createSecurityGroup({
    VpcId: vpc,
    GroupName: project.name("security-group"),
    Description: "by hand",
  });
  const failure = await fails(project.plan("network"), "not-ours");
  assert.match(failure.message, new RegExp(GroupId));
  await project.remove(["network"]);
  const { SecurityGroups: [is] = [] } = await ec2.describeSecurityGroups({ GroupIds: [GroupId] });
  assert.equal(is?.IpPermissionsEgress?.[0]?.IpProtocol, "-1");
});

awsTest(
  "F1 an id that was edited by hand in the settings file makes nothing of others ours",
  async (t, aws) => {
    const project = await checkout(t, aws);
    const ec2 = aws.client(EC2);
    await project.apply("network");
    const { Vpc } = await ec2.createVpc({ CidrBlock: "172.20.0.0/16" });
    const tagged = await ec2.createVpc({
      CidrBlock: "172.21.0.0/16",
      TagSpecifications: [{ ResourceType: "vpc", Tags: [{ Key: "reprod:project", Value: "aaaaaaaaaaaa" }] }],
    });
    const { vpc, a, b } = idsOf(project);
    const file = path.join(project.root, "network-settings.json");
    const mine = fs.readFileSync(file, "utf8");
    for (const stranger of [Vpc?.VpcId ?? "", tagged.Vpc?.VpcId ?? ""]) {
      fs.writeFileSync(file, mine.replaceAll(vpc, stranger));
      assert.deepEqual(actions(await project.plan("network")), []);
      await project.apply("network");
      assert.equal(idsOf(project).vpc, vpc);
    }
    // Nor another part of ours.
    fs.writeFileSync(file, mine.replaceAll(a, b));
    await project.apply("network");
    assert.deepEqual([idsOf(project).a, idsOf(project).b], [a, b]);
    // Gone, with a stranger's id in its place: ours is made again.
    fs.writeFileSync(file, mine.replaceAll(vpc, Vpc?.VpcId ?? ""));
    await project.remove(["network"]);
    fs.writeFileSync(file, mine.replaceAll(vpc, Vpc?.VpcId ?? ""));
    await project.apply("network");
    assert.notEqual(idsOf(project).vpc, Vpc?.VpcId);
    await project.remove(["network"]);
    const { Vpcs = [] } = await ec2.describeVpcs({
      VpcIds: [Vpc?.VpcId ?? "", tagged.Vpc?.VpcId ?? ""],
    });
    assert.deepEqual(Vpcs.map(({ Tags = [] }) => Tags.length).sort(), [0, 1]);
  },
);

awsTest(
  "F2 an internet gateway of the VPC's owner that goes away is followed by one of ours",
  async (t, aws) => {
    const ec2 = aws.client(EC2);
    const { Vpc } = await ec2.createVpc({ CidrBlock: "172.20.0.0/16" });
    const VpcId = Vpc?.VpcId ?? "";
    const { InternetGateway } = await ec2.createInternetGateway({});
    const InternetGatewayId = InternetGateway?.InternetGatewayId ?? "";
    await ec2.attachInternetGateway({ InternetGatewayId, VpcId });
    const project = await checkout(t, aws, { adopt: { "network/vpc": VpcId } });
    await project.apply("network");
    await ec2.detachInternetGateway({ InternetGatewayId, VpcId });
    await ec2.deleteInternetGateway({ InternetGatewayId });
    assert.deepEqual(actions(await project.plan("network")), [
      "create network/internet-gateway",
      "change network/route-table",
    ]);
    await project.apply("network");
    assert.deepEqual(actions(await project.plan("network")), []);
    const attached = await ec2.describeInternetGateways({
      Filters: [{ Name: "attachment.vpc-id", Values: [VpcId] }],
    });
    assert.ok(
      attached.InternetGateways?.[0]?.Tags?.some(({ Value }) => Value === project.name("internet-gateway")),
    );
    assert.deepEqual((await project.remove(["network"])).left, []);
    assert.equal((await ec2.describeVpcs({ VpcIds: [VpcId] })).Vpcs?.[0]?.Tags?.length ?? 0, 0);
  },
);

awsTest("F2 who came to use an adopted VPC while it is let go of is not harmed", async (t, aws) => {
  const ec2 = aws.client(EC2);
  const { Vpc } = await ec2.createVpc({ CidrBlock: "172.20.0.0/16" });
  const VpcId = Vpc?.VpcId ?? "";
  const project = await checkout(t, aws, { adopt: { "network/vpc": VpcId } });
  await project.apply("network");
  const other = "zzzzzzzzzzzz";
  // Behind the last look at the VPC, and before it is let go of.
  let adopted: Promise<unknown> | undefined;
  aws.inject(({ name }) => {
    if (name !== "ec2:DeleteSecurityGroup" || adopted !== undefined) return "pass";
    const Value = [project.projectId, other].sort().join(" ");
    adopted = ec2.createTags({ Resources: [VpcId], Tags: [{ Key: "reprod:adopted", Value }] });
    return { delay: 500 };
  });
  assert.deepEqual((await project.remove(["network"])).left, []);
  aws.inject();
  await adopted;
  const { Vpcs: [now] = [] } = await ec2.describeVpcs({ VpcIds: [VpcId] });
  assert.equal(now?.Tags?.find(({ Key }) => Key === "reprod:adopted")?.Value, other);
  const dns = await ec2.describeVpcAttribute({ VpcId, Attribute: "enableDnsHostnames" });
  assert.equal(dns.EnableDnsHostnames?.Value, true);
});

awsTest("F2 a tag that is full of projects takes no other one", async (t, aws) => {
  const ec2 = aws.client(EC2);
  const { Vpc } = await ec2.createVpc({ CidrBlock: "172.20.0.0/16" });
  const Value = Array.from({ length: 19 }, (_, at) => String.fromCharCode(97 + at).repeat(12)).join(" ");
  await ec2.createTags({ Resources: [Vpc?.VpcId ?? ""], Tags: [{ Key: "reprod:adopted", Value }] });
  const project = await checkout(t, aws, { adopt: { "network/vpc": Vpc?.VpcId ?? "" } });
  await fails(project.plan("network"), "adopted-by-many");
});

awsTest("F3 answers that are lost leave one of each", async (t, aws) => {
  for (const k of [1, 3, 4, 6, 8, 11]) {
    const project = await checkout(t, aws);
    aws.inject(loseAnswerOf(k));
    await project.apply("network");
    aws.inject();
    assert.deepEqual(actions(await project.plan("network")), [], `answer ${k}`);
    assert.equal((await taggedResources(aws, project.projectId)).length, parts.length, `answer ${k}`);
    await project.remove(["network"]);
    assert.deepEqual(await taggedResources(aws, project.projectId), []);
  }
});

awsTest(
  "F3 a second VPC of ours is told and removed, and the one with our subnets is kept",
  async (t, aws) => {
    const project = await checkout(t, aws);
    const ec2 = aws.client(EC2);
    await project.apply("network");
    const { vpc } = idsOf(project);
    const { Vpcs: [first] = [] } = await ec2.describeVpcs({ VpcIds: [vpc] });
    const Tags = first?.Tags ?? [];
    const { Vpc: copy } = await ec2.createVpc({
      CidrBlock: "10.0.0.0/16",
      TagSpecifications: [{ ResourceType: "vpc", Tags }],
    });
    assert.deepEqual(differences(await project.plan("network")), [
      `network/vpc copies: ${copy?.VpcId} → none`,
    ]);
    await project.apply("network");
    assert.equal(idsOf(project).vpc, vpc);
    assert.equal((await taggedResources(aws, project.projectId)).length, parts.length);
  },
);

awsTest("throttling and failures inside AWS are waited for", async (t, aws) => {
  const project = await checkout(t, aws);
  aws.inject(throttleEvery(9), failWith5xx(1));
  await project.apply("network");
  await project.remove(["network"]);
  aws.inject();
  assert.deepEqual(await taggedResources(aws, project.projectId), []);
});

awsTest("F5 what is in use speaks against removal, and what AWS does not let go is left", async (t, aws) => {
  const project = await checkout(t, aws);
  const ec2 = aws.client(EC2);
  await project.apply("network");
  const { vpc, a, group } = idsOf(project);
  const { NetworkInterface } = await ec2.createNetworkInterface({
    SubnetId: a,
    Groups: [group],
    Description: "by hand",
  });
  const { Images: [image] = [] } = await ec2.describeImages({ Owners: ["amazon"] });
  const { Instances: [instance] = [] } = await ec2.runInstances({
    ImageId: image?.ImageId,
    MinCount: 1,
    MaxCount: 1,
    NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId: NetworkInterface?.NetworkInterfaceId }],
  });
  const against = (await project.planRemoval("network")).against.map(({ why }) => why);
  assert.equal(against.length, 2, against.join("; "));
  assert.match(against[1] ?? against[0] ?? "", new RegExp(NetworkInterface?.NetworkInterfaceId ?? ""));
  assert.ok(against.some((why) => why.includes(vpc)) && against.some((why) => why.includes(group)));
  await fails(project.remove(["network"]), "in-use");
  await ec2.terminateInstances({ InstanceIds: [instance?.InstanceId ?? ""] });
  // AWS would not let a VPC go with this in it; moto looks at fewer things.
  aws.inject((call) =>
    call.name === "ec2:DeleteVpc"
      ? {
          status: 400,
          code: "DependencyViolation",
          message: "The vpc has dependencies and cannot be deleted.",
        }
      : "pass",
  );
  const { left } = await project.remove(["network"], true);
  assert.deepEqual(
    left.map(({ step, why }) => `${step.key}: ${why}`),
    ["network/vpc: it is still in use; try again later"],
  );
  aws.inject();
  assert.deepEqual((await project.remove(["network"], true)).left, []);
  assert.deepEqual(await taggedResources(aws, project.projectId), []);
});

awsTest(
  "a VPC without room says so, and a lost settings file is found again by tags",
  async (t, aws: Account) => {
    const ec2 = aws.client(EC2);
    const { Vpc } = await ec2.createVpc({ CidrBlock: "172.20.0.0/24" });
    await ec2.createSubnet({ VpcId: Vpc?.VpcId, CidrBlock: "172.20.0.0/24" });
    const full = await checkout(t, aws, { adopt: { "network/vpc": Vpc?.VpcId ?? "" } });
    await fails(full.apply("network"), "network-full");

    const project = await checkout(t, aws);
    await project.apply("network");
    const teammate = await checkout(t, aws, {}, project.projectId);
    const plan = await teammate.plan("network");
    assert.deepEqual(actions(plan), []);
    await teammate.apply("network");
    assert.deepEqual(teammate.settings("network-settings.json"), project.settings("network-settings.json"));
  },
);
