import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isAws } from "../../server/cloud/endpoints.js";
import { hasFargate, isRegionName, knownRegions, regionCode } from "../../server/cloud/regions.js";

test("F1 regions have short codes, and no two share one", () => {
  assert.equal(regionCode("eu-central-1"), "euc1");
  assert.equal(regionCode("us-west-2"), "usw2");
  assert.equal(regionCode("ap-northeast-1"), "apne1");
  assert.equal(regionCode("us-gov-west-1"), "usgw1");
  assert.equal(regionCode("us-iso-east-1"), "us-iso-east-1");
  for (const region of knownRegions) assert.match(regionCode(region), /^[a-z]{3,5}[1-9]$/, region);
  assert.equal(new Set(knownRegions.map(regionCode)).size, knownRegions.length);
  const part = fc.constantFrom(
    "us",
    "eu",
    "ap",
    "usg",
    "gov",
    "iso",
    "isob",
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
