import type { Rule } from "../../language/problems.js";
import { badCell } from "./bad-cell.js";
import { badOperand } from "./bad-operand.js";
import { badResources } from "./bad-resources.js";
import { badTable } from "./bad-table.js";
import { badValue } from "./bad-value.js";
import { checkFailed } from "./check-failed.js";
import { dataPath } from "./data-path.js";
import { duplicateNode } from "./duplicate-node.js";
import { evaluationLimit } from "./evaluation-limit.js";
import { missingKey } from "./missing-key.js";
import { missingValue } from "./missing-value.js";
import { stagingCollision } from "./staging-collision.js";
import { unreadableData } from "./unreadable-data.js";
import { urlCredentials } from "./url-credentials.js";

/** What can be wrong with a graph though its text is right. Cycles, numbers and paths of outs share the rules of the language. */
export const graphRules: readonly Rule[] = [
  badCell,
  badOperand,
  badResources,
  badTable,
  badValue,
  checkFailed,
  dataPath,
  duplicateNode,
  evaluationLimit,
  missingKey,
  missingValue,
  stagingCollision,
  unreadableData,
  urlCredentials,
];
