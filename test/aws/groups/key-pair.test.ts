import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import { Failure } from "../../../server/base/failure.js";
import {
  fingerprint,
  newKey,
  publicLine,
  readPublicKey,
  shortFingerprint,
} from "../../../server/cloud/groups/support/openssh.js";
import { awsTests } from "../support/aws.js";
import { denyAction, loseAnswerOf, only } from "../support/faults.js";
import { taggedResources } from "../support/tagged.js";
import { actions, type Checkout, checkout, differences } from "./support/project.js";

const awsTest = awsTests();
const isWindows = process.platform === "win32";

const pem = (project: Checkout) => path.join(project.root, "key-pair.pem");
const isKey = (name: string) => /\.pem$/.test(name);
const keys = (project: Checkout) => fs.readdirSync(project.root).filter(isKey).sort();
const ignored = (project: Checkout) => fs.readFileSync(path.join(project.root, ".gitignore"), "utf8");

function publicHalf(file: string): {
  readonly material: string;
  readonly short: string;
  readonly comment: string;
} {
  const key = readPublicKey(fs.readFileSync(file, "utf8"));
  assert.ok(key);
  return { material: key.blob.toString("base64"), short: shortFingerprint(key.blob), comment: key.comment };
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

awsTest(
  "a key that OpenSSH reads, with its public half in AWS, closed to others and to git",
  async (t, aws) => {
    const project = await checkout(t, aws);
    const ec2 = aws.client(EC2);
    fs.writeFileSync(path.join(project.root, ".gitignore"), "out");
    const plan = await project.plan("key-pair");
    assert.deepEqual(actions(plan), ["create key-pair/key-pair"]);
    assert.equal(plan.steps[0]?.detail, "Ed25519, private key in key-pair.pem, which will be written");
    await project.apply("key-pair");

    const { material, comment } = publicHalf(pem(project));
    const { KeyPairs: [pair] = [] } = await ec2.describeKeyPairs({ IncludePublicKey: true });
    assert.equal(pair?.KeyName, project.name("key-pair"));
    assert.equal(pair?.PublicKey?.split(" ")[1], material);
    assert.equal(comment, project.name("key-pair"));
    assert.deepEqual(project.settings("key-pair-settings.json"), {
      key_name: project.name("key-pair"),
      key_pair_id: pair?.KeyPairId,
      key_file: "key-pair.pem",
    });
    if (!isWindows) assert.equal(fs.statSync(pem(project)).mode & 0o777, 0o400);
    assert.equal(ignored(project), "out\nkey-pair.pem\nkey-pair-*.pem\n");
    assert.deepEqual(keys(project), ["key-pair.pem"]);
    const privateLine = fs.readFileSync(pem(project), "utf8").split("\n")[3] ?? "";
    for (const { body, url } of aws.calls) assert.ok(!`${url}${body}`.includes(privateLine.slice(0, 30)));
    assert.ok(
      !fs.readFileSync(path.join(project.root, "key-pair-settings.json"), "utf8").includes(privateLine),
    );

    assert.deepEqual(actions(await project.plan("key-pair")), []);
    aws.clear();
    await project.apply("key-pair");
    assert.deepEqual(
      aws.mutations().filter(({ service }) => service === "ec2"),
      [],
    );

    const { plan: removal } = await project.planRemoval("key-pair");
    const aside = `key-pair-${publicHalf(pem(project)).short}.pem`;
    assert.equal(
      removal.steps[0]?.why,
      `key-pair.pem stays on this machine as ${aside}: machines that know the key still let it in`,
    );
    await project.remove(["key-pair"]);
    assert.deepEqual(keys(project), [aside]);
    assert.equal(publicHalf(path.join(project.root, aside)).material, material);
    assert.deepEqual(await taggedResources(aws, project.projectId), []);
    await project.apply("key-pair");
    assert.notEqual(publicHalf(pem(project)).material, material);
    assert.equal(keys(project).length, 2);
  },
);

awsTest("what was changed by hand: mode, .gitignore, tags, the key pair itself", async (t, aws) => {
  const project = await checkout(t, aws);
  const ec2 = aws.client(EC2);
  await project.apply("key-pair");
  const { material } = publicHalf(pem(project));
  const { KeyPairs: [pair] = [] } = await ec2.describeKeyPairs();
  fs.chmodSync(pem(project), 0o644);
  fs.writeFileSync(path.join(project.root, ".gitignore"), "/key-pair.pem\n");
  await ec2.createTags({ Resources: [pair?.KeyPairId ?? ""], Tags: [{ Key: "reprod:part", Value: "x" }] });
  assert.deepEqual(differences(await project.plan("key-pair")), [
    "key-pair/key-pair tags: reprod:part x → reprod:part key-pair",
    ...(isWindows ? [] : ["key-pair/key-pair mode of key-pair.pem: 0644 → 0400"]),
    "key-pair/key-pair .gitignore: without key-pair-*.pem → with key-pair-*.pem",
  ]);
  await project.apply("key-pair");
  assert.deepEqual(differences(await project.plan("key-pair")), []);

  // Deleted in AWS: the same key is given to it again, so that machines which know it need no other.
  await ec2.deleteKeyPair({ KeyName: pair?.KeyName });
  assert.deepEqual(actions(await project.plan("key-pair")), ["create key-pair/key-pair"]);
  await project.apply("key-pair");
  assert.equal(publicHalf(pem(project)).material, material);
  const { KeyPairs: [again] = [] } = await ec2.describeKeyPairs({ IncludePublicKey: true });
  assert.equal(again?.PublicKey?.split(" ")[1], material);
});

awsTest(
  "a teammate without the private key has no drift, and one with another takes nobody's away",
  async (t, aws) => {
    const project = await checkout(t, aws);
    await project.apply("key-pair");
    const teammate = await checkout(t, aws, {}, project.projectId);
    const plan = await teammate.plan("key-pair");
    assert.deepEqual(actions(plan), []);
    const lacking = "Ed25519, its private key is not on this machine (key-pair.pem)";
    assert.equal(plan.steps[0]?.detail, lacking);
    assert.deepEqual(plan.notes, [
      `the key pair ${project.name("key-pair")}: its private key is not on this machine (key-pair.pem)`,
    ]);
    assert.equal((await teammate.state("key-pair")).state, "partly");
    await teammate.apply("key-pair");
    assert.deepEqual(keys(teammate), []);
    assert.equal((await teammate.state("key-pair")).state, "ready");
    fs.rmSync(pem(project));
    assert.equal((await project.plan("key-pair")).steps[0]?.detail, lacking);
    await project.apply("key-pair");
    assert.deepEqual(keys(project), []);
    assert.deepEqual(teammate.settings("key-pair-settings.json"), project.settings("key-pair-settings.json"));

    fs.writeFileSync(pem(teammate), newKey("somebody").privateText, { mode: 0o400 });
    const foreign = publicHalf(pem(teammate));
    await teammate.apply("key-pair");
    const told = await teammate.plan("key-pair");
    assert.deepEqual(actions(told), []);
    assert.match(told.steps[0]?.detail ?? "", /another key \(SHA256:\S+, not SHA256:\S+\)$/);
    assert.deepEqual(keys(teammate), ["key-pair.pem"]);
    assert.equal(publicHalf(pem(teammate)).material, foreign.material);
    assert.deepEqual(differences(await project.plan("key-pair")), []);
  },
);

awsTest("a private key that is there is never overwritten", async (t, aws) => {
  const project = await checkout(t, aws);
  const text = "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\n";
  fs.writeFileSync(pem(project), text);
  await fails(project.apply("key-pair"), "key-file-exists");
  assert.equal(fs.readFileSync(pem(project), "utf8"), text);
  assert.deepEqual((await aws.client(EC2).describeKeyPairs()).KeyPairs, []);
  fs.rmSync(pem(project));
  await project.apply("key-pair");
});

awsTest("F3 cut off between key and import, or with a lost answer: the same key goes on", async (t, aws) => {
  const project = await checkout(t, aws);
  aws.inject(denyAction("ec2:ImportKeyPair"));
  await fails(project.apply("key-pair"), "access-denied");
  const { material } = publicHalf(pem(project));
  fs.writeFileSync(path.join(project.root, "key-pair-0123456789ab.unfinished.pem"), "torn");
  aws.inject(only(({ name }) => name === "ec2:ImportKeyPair", loseAnswerOf(1)));
  await project.apply("key-pair");
  aws.inject();
  assert.equal(publicHalf(pem(project)).material, material);
  assert.equal((await aws.client(EC2).describeKeyPairs()).KeyPairs?.length, 1);
  assert.deepEqual(actions(await project.plan("key-pair")), []);
});

awsTest("F1 a key pair of our name that nobody tagged is not ours, and stays", async (t, aws) => {
  const project = await checkout(t, aws);
  const ec2 = aws.client(EC2);
  const { KeyPairId } = await ec2.createKeyPair({ KeyName: project.name("key-pair") });
  await fails(project.plan("key-pair"), "not-ours");
  assert.deepEqual(
    (await ec2.describeKeyPairs()).KeyPairs?.map((pair) => pair.KeyPairId),
    [KeyPairId],
  );
  assert.deepEqual(keys(project), []);
});

awsTest("the format is OpenSSH's", (t) => {
  for (const comment of ["", "a", "reprod-abcdefghijkl-euc1-key-pair", "ä b"]) {
    const key = newKey(comment);
    const read = readPublicKey(key.privateText);
    assert.ok(read?.blob.equals(key.blob));
    assert.equal(read?.comment, comment);
    assert.equal(readPublicKey(key.privateText.slice(0, 200)), undefined);
    assert.equal(readPublicKey(key.privateText.replaceAll("OPENSSH", "RSA")), undefined);
  }
  const file = path.join(
    fs.mkdtempSync(path.join(fs.realpathSync(process.env.TMPDIR ?? "/tmp"), "reprod-key-")),
    "k",
  );
  t.after(() => fs.rmSync(path.dirname(file), { recursive: true }));
  const key = newKey("with-comment");
  fs.writeFileSync(file, key.privateText, { mode: 0o400 });
  const asked = spawnSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" });
  if (asked.error !== undefined) {
    t.diagnostic("there is no ssh-keygen to ask");
    return;
  }
  assert.equal(asked.status, 0, asked.stderr);
  assert.equal(asked.stdout.trim(), publicLine(key));
  const listed = spawnSync("ssh-keygen", ["-l", "-f", file], { encoding: "utf8" }).stdout;
  assert.ok(listed.includes(`SHA256:${fingerprint(key.blob)} `), listed);
});
