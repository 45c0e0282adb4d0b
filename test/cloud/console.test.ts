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
});

test("a log group's page has its name as the console writes it", () => {
  assert.equal(
    logGroupPage({ region: "eu-central-1", partition: "aws" }, "/reprod/a"),
    "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/$252Freprod$252Fa",
  );
});
