import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import { bundlePath } from "../../server/base/bundle.js";
import { type Account, startAws } from "../../test/aws/support/aws.js";
import { median, timeProcess } from "../measure.js";
import { awsCommandLine, freshFolder, installAwsCommandLine } from "../peers.js";
import { milliseconds, type Row } from "../table.js";

/**
 * Setting up against moto on this machine: it answers in milliseconds where AWS takes tens to hundreds, so what counts
 * are the calls, and that they go out at once where nothing waits for them. The peer is how the first set-up of this
 * system went: a shell script of `aws` calls, one after the other.
 */
export async function cloudCase(): Promise<readonly Row[]> {
  const aws = await startAws();
  try {
    const rows: Row[] = [];
    const account = await aws.account();
    const folder = freshFolder("cloud");
    writeFileSync(path.join(folder, "reprod.json"), `{ "projectId": "bench2bench2" }\n`);
    const reprod = async (what: string, ...args: readonly string[]): Promise<number> => {
      account.clear();
      const { wallMilliseconds } = await timeProcess(process.execPath, [bundlePath("cli"), ...args], {
        cwd: folder,
        env: { ...account.env },
      });
      rows.push({
        what,
        ours: `${milliseconds(wallMilliseconds)}, ${account.calls.length} calls, ${account.mutations().length} of them change something`,
        peers: [],
        aim: undefined,
      });
      return wallMilliseconds;
    };
    await reprod("setup all --plan, from nothing", "setup", "all", "--plan");
    await reprod("setup all, from nothing", "setup", "all", "--yes");
    await reprod("setup all, again (no change)", "setup", "all", "--yes");
    await reprod("resources", "resources");
    const file = path.join(folder, "network-settings.json");
    const text = readFileSync(file, "utf8");
    // Made last year: of what was made minutes ago, absence is asked for again for seconds (engine-rules.md F3).
    writeFileSync(file, text.replace(/"at": "\d{4}/g, `"at": "${new Date().getUTCFullYear() - 1}`));
    const settings: unknown = JSON.parse(text);
    await account.client(EC2).deleteSecurityGroup({ GroupId: String(Object(settings).security_group_id) });
    await reprod("setup network, with its security group gone", "setup", "network", "--yes");
    await reprod("teardown all", "teardown", "all", "--yes");
    account.close();
    rows.push(await network(aws));
    return rows;
  } finally {
    await aws.stop();
  }
}

/** One group beside the script that makes the same. */
async function network(aws: Awaited<ReturnType<typeof startAws>>): Promise<Row> {
  installAwsCommandLine();
  const ours: number[] = [];
  const theirs: number[] = [];
  let calls = "";
  for (let round = 0; round < 3; round++) {
    const account = await aws.account();
    const folder = freshFolder(`cloud-network-${round}`);
    writeFileSync(path.join(folder, "reprod.json"), `{ "projectId": "bench2bench2" }\n`);
    ours.push(
      (
        await timeProcess(process.execPath, [bundlePath("cli"), "setup", "network", "--yes"], {
          cwd: folder,
          env: { ...account.env },
        })
      ).wallMilliseconds,
    );
    const own = account.calls.length;
    account.close();
    const other = await aws.account();
    theirs.push(await scripted(other));
    calls = `${own} calls; the script ${other.calls.length}, none of which looks or notes`;
    other.close();
  }
  const mine = median(ours);
  const script = median(theirs);
  return {
    what: `setup network, from nothing (${calls})`,
    ours: milliseconds(mine),
    peers: [{ name: "script of `aws` calls", figure: milliseconds(script), ratio: script / mine }],
    aim: undefined,
  };
}

async function scripted(account: Account): Promise<number> {
  const folder = freshFolder(`cloud-script-${account.accountId}`);
  mkdirSync(folder, { recursive: true });
  const script = path.join(folder, "setup-network.sh");
  const tags = (type: string): string =>
    `--tag-specifications 'ResourceType=${type},Tags=[{Key=reprod:project,Value=bench2bench2}]'`;
  writeFileSync(
    script,
    `set -eu
aws() { ${awsCommandLine} "$@" --output text; }
vpc=$(aws ec2 create-vpc --cidr-block 10.0.0.0/16 ${tags("vpc")} --query Vpc.VpcId)
aws ec2 modify-vpc-attribute --vpc-id $vpc --enable-dns-support
aws ec2 modify-vpc-attribute --vpc-id $vpc --enable-dns-hostnames
igw=$(aws ec2 create-internet-gateway ${tags("internet-gateway")} --query InternetGateway.InternetGatewayId)
aws ec2 attach-internet-gateway --vpc-id $vpc --internet-gateway-id $igw
table=$(aws ec2 create-route-table --vpc-id $vpc ${tags("route-table")} --query RouteTable.RouteTableId)
aws ec2 create-route --route-table-id $table --destination-cidr-block 0.0.0.0/0 --gateway-id $igw
for zone in a b; do
  block=10.0.$([ $zone = a ] && echo 0 || echo 128).0/17
  subnet=$(aws ec2 create-subnet --vpc-id $vpc --cidr-block $block --availability-zone \${AWS_REGION}$zone ${tags("subnet")} --query Subnet.SubnetId)
  aws ec2 modify-subnet-attribute --subnet-id $subnet --map-public-ip-on-launch
  aws ec2 associate-route-table --route-table-id $table --subnet-id $subnet
done
aws ec2 create-vpc-endpoint --vpc-id $vpc --service-name com.amazonaws.$AWS_REGION.s3 --route-table-ids $table ${tags("vpc-endpoint")}
group=$(aws ec2 create-security-group --group-name tasks --description tasks --vpc-id $vpc ${tags("security-group")} --query GroupId)
aws ec2 revoke-security-group-egress --group-id $group --protocol all --cidr 0.0.0.0/0
aws ec2 authorize-security-group-egress --group-id $group --protocol tcp --port 443 --cidr 0.0.0.0/0
`,
  );
  return (
    await timeProcess("bash", [script], {
      cwd: folder,
      env: { ...account.env, AWS_DEFAULT_REGION: account.env.AWS_REGION },
    })
  ).wallMilliseconds;
}
