import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Account } from "../../server/cloud/account.js";
import { isAws } from "../../server/cloud/endpoints.js";
import { computeEnvironment } from "../../server/cloud/groups/compute-environment.js";
import { makeScope } from "../../server/cloud/reconcile/scope.js";
import {
  hasFargate,
  isRegionName,
  knownRegions,
  lacksFargate,
  regionCode,
} from "../../server/cloud/regions.js";

test("F1 regions have short codes, and no two share one", () => {
  assert.equal(regionCode("eu-central-1"), "euc1");
  assert.equal(regionCode("us-west-2"), "usw2");
  assert.equal(regionCode("ap-northeast-1"), "apne1");
  assert.equal(regionCode("us-gov-west-1"), "usgw1");
  assert.equal(regionCode("us-iso-east-1"), "usie1");
  assert.equal(regionCode("us-isob-east-1"), "usibe1");
  assert.equal(regionCode("eu-isoe-west-1"), "euiew1");
  assert.equal(regionCode("eusc-de-east-1"), "euscdee1");
  assert.equal(regionCode("us-moon-east-1"), "us-moon-east-1");
  for (const region of knownRegions) assert.match(regionCode(region), /^[a-z]{3,7}[1-9]$/, region);
  assert.equal(new Set(knownRegions.map(regionCode)).size, knownRegions.length);
  const part = fc.constantFrom(
    "us",
    "eu",
    "ap",
    "usg",
    "gov",
    "iso",
    "isob",
    "isoe",
    "eusc",
    "de",
    "east",
    "west",
    "e",
    "w",
    "northeast",
    "1",
    "11",
    "2",
  );
  const region = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("-"));
  fc.assert(
    fc.property(region, region, (one, other) => one === other || regionCode(one) !== regionCode(other)),
    { numRuns: 2_000 },
  );
});

test("every known region has the form of one, and most have Fargate", () => {
  for (const region of knownRegions) assert.ok(isRegionName(region), region);
  assert.ok(hasFargate("eu-central-1") && !hasFargate("ap-southeast-6") && !hasFargate("xx-new-1"));
  assert.ok(lacksFargate("ap-southeast-6"));
  for (const region of ["eu-central-1", "eusc-de-east-1", "xx-new-1"]) assert.ok(!lacksFargate(region));
  for (const text of ["", "eu", "eu-central", "EU-central-1", "eu-central-1.evil.example", "a b-c-1"])
    assert.equal(isRegionName(text), false, text);
});

test("AWS is known by its domains, whichever part of it is asked", () => {
  assert.ok(isAws(undefined));
  for (const host of [
    "s3.eu-central-1.amazonaws.com",
    "ecs.cn-north-1.amazonaws.com.cn",
    "s3.eusc-de-east-1.amazonaws.eu",
    "s3.dualstack.eu-west-1.api.aws",
    "logs.cn-north-1.api.amazonwebservices.com.cn",
    "logs.eusc-de-east-1.api.amazonwebservices.eu",
  ])
    assert.ok(isAws(`https://${host}`), host);
  for (const host of ["127.0.0.1:9", "notamazonaws.com", "amazonaws.com.example", "s3.amazonaws.de"])
    assert.ok(!isAws(`https://${host}`), host);
});

test("F1 names in every region fit into what AWS allows, and what does not is a failure with words", () => {
  const account = (region: string) => ({ region, partition: "aws", accountId: "123456789012" }) as Account;
  const scope = (region: string, declared: unknown = null) =>
    makeScope({
      projectId: "abcdefghij23",
      projectName: "x",
      folder: "/x",
      account: account(region),
      settings: {},
      version: "0",
      declared: new Map([["compute-environment", declared]]),
    });
  const named = (name: string) => ({ [name]: { type: "fargate", maxVcpus: 1 } });
  const longest = "a".repeat(20);
  for (const region of [...knownRegions, "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1"])
    assert.equal(computeEnvironment.resources(scope(region, named(longest))).length, 2, region);
  // Of a rule that nobody knows yet.
  const strange = "us-moon-southeast-12";
  assert.throws(() => computeEnvironment.resources(scope(strange, named(longest))), {
    code: "environment-name",
    fix: "Give one of up to 10 characters.",
  });
  assert.equal(computeEnvironment.resources(scope(strange, named("a".repeat(10)))).length, 2);
  assert.throws(() => scope(`us-${"moon".repeat(6)}-east-1`).name("security-group"), {
    code: "region-unknown",
  });
});
