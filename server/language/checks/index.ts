import type { Rule } from "../problems.js";
import { badEscape } from "./bad-escape.js";
import { constantText } from "./constant-text.js";
import { cycle } from "./cycle.js";
import { duplicateName } from "./duplicate-name.js";
import { familyKeys } from "./family-keys.js";
import { fargateSize } from "./fargate-size.js";
import { imageTag } from "./image-tag.js";
import { importCycle } from "./import-cycle.js";
import { importFile } from "./import-file.js";
import { importName } from "./import-name.js";
import { inOrParam } from "./in-or-param.js";
import { misplaced } from "./misplaced.js";
import { missingArgument } from "./missing-argument.js";
import { nestingLimit } from "./nesting-limit.js";
import { numberRange } from "./number-range.js";
import { outBeforeRun } from "./out-before-run.js";
import { outNotMentioned } from "./out-not-mentioned.js";
import { outOverlap } from "./out-overlap.js";
import { outPath } from "./out-path.js";
import { reservedName } from "./reserved-name.js";
import { reservedWord } from "./reserved-word.js";
import { shList } from "./sh-list.js";
import { shadowing } from "./shadowing.js";
import { shellVariable } from "./shell-variable.js";
import { stagedName } from "./staged-name.js";
import { syntax } from "./syntax.js";
import { transformParts } from "./transform-parts.js";
import { unclosedScript } from "./unclosed-script.js";
import { unclosedString } from "./unclosed-string.js";
import { unknownArgument } from "./unknown-argument.js";
import { unknownEntry } from "./unknown-entry.js";
import { unknownFunction } from "./unknown-function.js";
import { unknownMember } from "./unknown-member.js";
import { unknownName } from "./unknown-name.js";
import { unknownType } from "./unknown-type.js";
import { unusedName } from "./unused-name.js";
import { wrongType } from "./wrong-type.js";

/**
 * Every rule that the text alone decides. To add one: a file here with its rule (and its check, when it is more than
 * a line in `typecheck.ts`), a line in this list, `test/language/checks/<name>.txt`, and `node scripts/docs-errors.mjs`.
 */
export const languageRules: readonly Rule[] = [
  badEscape,
  constantText,
  cycle,
  duplicateName,
  familyKeys,
  fargateSize,
  imageTag,
  importCycle,
  importFile,
  importName,
  inOrParam,
  misplaced,
  missingArgument,
  nestingLimit,
  numberRange,
  outBeforeRun,
  outNotMentioned,
  outOverlap,
  outPath,
  reservedName,
  reservedWord,
  shList,
  shadowing,
  shellVariable,
  stagedName,
  syntax,
  transformParts,
  unclosedScript,
  unclosedString,
  unknownArgument,
  unknownEntry,
  unknownFunction,
  unknownMember,
  unknownName,
  unknownType,
  unusedName,
  wrongType,
];
