import assert from "node:assert/strict";
import { test } from "node:test";
import { moneyText } from "../../server/cloud/plan-words.js";
import { PRICES_AS_OF } from "../../server/cloud/prices.js";
import type { Step } from "../../server/cloud/reconcile/plan.js";
import { stepOf } from "./support/steps.js";

const money = (...costs: readonly NonNullable<Step["cost"]>[]): string =>
  moneyText({
    steps: costs.map((cost) => stepOf({ cost })),
    groups: [],
    atRest: costs.reduce((sum, { atRest }) => sum + atRest, 0),
    notes: [],
    against: [],
  });

test("amounts say of when their prices are, and what has none says nothing of it", () => {
  const dated = `list prices of us-east-1, ${PRICES_AS_OF}`;
  const used = "$ marks what costs money when it is used";
  assert.equal(money(), "free at rest");
  assert.equal(money({ atRest: 0 }), "free at rest");
  assert.equal(money({ atRest: 0, use: "$0.01 per GB" }), `free at rest; ${used} (${dated})`);
  assert.equal(
    money({ atRest: 3.6 }, { atRest: 0, use: "$0.01 per GB" }),
    `about $3.60 a month at rest (${dated}); ${used}`,
  );
});
