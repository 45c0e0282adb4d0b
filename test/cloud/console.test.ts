import assert from "node:assert/strict";
import { test } from "node:test";
import { consolePage, logGroupPage } from "../../server/cloud/groups/support/console.js";

test("pages of the console are of the account's region and part of AWS", () => {
  const page = (region: string, partition: string) =>
    consolePage({ region, partition }, "lambda/home#/functions/x");
  assert.equal(
    page("eu-central-1", "aws"),
    "https://eu-central-1.console.aws.amazon.com/lambda/home?region=eu-central-1#/functions/x",
  );
  assert.equal(
    page("cn-north-1", "aws-cn"),
    "https://console.amazonaws.cn/lambda/home?region=cn-north-1#/functions/x",
  );
  assert.equal(
    page("us-gov-west-1", "aws-us-gov"),
    "https://console.amazonaws-us-gov.com/lambda/home?region=us-gov-west-1#/functions/x",
  );
  assert.equal(
    page("eusc-de-east-1", "aws-eusc"),
    "https://eusc-de-east-1.console.amazonaws-eusc.eu/lambda/home?region=eusc-de-east-1#/functions/x",
  );
});

test("a page that has a query keeps it, and the region comes after it", () => {
  const page = consolePage(
    { region: "us-west-2", partition: "aws" },
    "apigateway/main/develop/routes?api=abc#x",
  );
  assert.equal(
    page,
    "https://us-west-2.console.aws.amazon.com/apigateway/main/develop/routes?api=abc&region=us-west-2#x",
  );
  assert.deepEqual(
    [...new URL(page).searchParams],
    [
      ["api", "abc"],
      ["region", "us-west-2"],
    ],
  );
});

test("a log group's page has its name as the console writes it", () => {
  assert.equal(
    logGroupPage({ region: "eu-central-1", partition: "aws" }, "/reprod/a"),
    "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/$252Freprod$252Fa",
  );
});
