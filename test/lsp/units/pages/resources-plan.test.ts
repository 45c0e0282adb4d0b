import assert from "node:assert/strict";
import { test } from "node:test";
import * as words from "../../../../server/cloud/plan-words.js";
import type { Plan, Step } from "../../../../server/cloud/reconcile/plan.js";
import { resourcesPlanPage } from "../../../../server/lsp/pages/resources-plan.js";
import { stepOf } from "../../../cloud/support/steps.js";

const planOf = (steps: readonly Step[], more: Partial<Plan> = {}): Plan => ({
  groups: [
    {
      name: "network",
      title: "Network",
      state: "partly",
      settingsFile: "/p/network-settings.json",
      writesFile: steps.length > 0,
      fileDiffers: false,
    },
  ],
  steps,
  atRest: 0,
  notes: [],
  against: [],
  ...more,
});

const account = {
  accountId: "123456789012",
  region: "us-west-2",
  profile: "lab",
  callerArn: "arn:aws:iam::123456789012:user/anna",
};

const page = (plan: Plan, more: Partial<Parameters<typeof resourcesPlanPage>[0]> = {}) =>
  resourcesPlanPage({
    plan,
    account,
    teardown: false,
    against: [],
    lost: [],
    money: "free at rest",
    words,
    root: "/p",
    ...more,
  });

test("every kind of step with its sign and word, what differs and what it costs", () => {
  const { title, markdown } = page(
    planOf([
      stepOf({ detail: "10.0.0.0/16" }),
      stepOf({
        action: "change",
        kind: "security group",
        id: "sg-1",
        differences: [{ what: "ingress rules", is: "22 from 0.0.0.0/0", shouldBe: "none" }],
      }),
      stepOf({ action: "replace", kind: "subnet", id: "subnet-1", why: "it needs VPC" }),
      stepOf({ action: "remove", kind: "route table", id: "rtb-1", cost: { atRest: 9 } }),
      stepOf({ action: "release", kind: "S3 bucket", id: "b", name: "b" }),
      stepOf({ kind: "endpoint", cost: { atRest: 3.6, use: "$0.01 per GB" } }),
      stepOf({ action: "keep", kind: "gateway" }),
    ]),
  );
  assert.equal(title, "Set up Network");
  assert.equal(
    markdown.replaceAll("\u00a0", " "),
    `# Set up Network

Account **123456789012** · \`us-west-2\` · profile \`lab\`

**2 to create, 1 to change, 1 to replace, 1 to remove, 1 to let go of**; 1 stays as it is.

Free at rest.

## Network

| | resource | name | |
|---|---|---|---|
| \`+\` create | VPC | \`reprod-x-vpc\` | 10\\.0.0.0/16 |
| \`~\` change | security group | \`reprod-x-vpc\`<br>\`sg-1\` | **ingress rules**: 22 from 0.0.0.0/0 → none |
| \`!\` replace | subnet | \`reprod-x-vpc\`<br>\`subnet-1\` | it needs VPC |
| \`-\` remove | route table | \`reprod-x-vpc\`<br>\`rtb-1\` |  |
| \`<\` let go of | S3 bucket | \`b\` |  |
| \`+\` create | endpoint | \`reprod-x-vpc\` | **\\$** \\$3.60 a month, \\$0.01 per GB |

Stays as it is: gateway.

Writes \`network-settings.json\`.
`,
  );
});

test("what AWS says is text: it makes no link, no markup and no row", () => {
  const { markdown } = page(
    planOf([
      stepOf({
        name: "a|b`c\n| x |",
        detail: "[x](command:evil) <img src=x>",
        differences: [{ what: "**w**", is: "a\n\n# b", shouldBe: "|" }],
      }),
    ]),
    { against: ["<script>"] },
  );
  assert.ok(!markdown.includes("[x](command"));
  assert.doesNotMatch(markdown, /(?<!\\)<(?:img|script)/);
  assert.equal(markdown.split("\n").filter((line) => line.startsWith("| `+`")).length, 1);
  assert.doesNotMatch(markdown, /^# b/m);
});

test("nothing to do, nothing to remove, and what speaks against a removal", () => {
  assert.match(page(planOf([])).markdown, /Nothing to do/);
  assert.match(page(planOf([]), { teardown: true, money: "" }).markdown, /Nothing to remove/);
  const removal = page(planOf([stepOf({ action: "remove", name: "bucket", losesData: true })]), {
    teardown: true,
    money: "",
    against: ["the bucket bucket holds 1 object"],
    lost: [{ name: "bucket" }],
  });
  assert.equal(removal.title, "Remove Network");
  assert.match(removal.markdown, /\*\*In use:\*\* the bucket bucket holds 1 object/);
  assert.match(removal.markdown, /## Data\n\nWhat is in `bucket` is lost with it/);
  assert.doesNotMatch(removal.markdown, /Writes/);
});
