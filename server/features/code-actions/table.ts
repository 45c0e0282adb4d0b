import { missingArgument, unknownArgument } from "./arguments.js";
import { fargateSize, importFile, inOrParam, missingValue, transformParts } from "./declarations.js";
import type { FixesOf } from "./fix.js";
import { otherName, unknownName } from "./names.js";
import { duplicateName, outNotMentioned, unusedName } from "./remove.js";
import { shellVariable, shList } from "./shell.js";
import { badEscape, outPath, stagedName, unclosedScript, unclosedString } from "./strings.js";
import { suggestion } from "./suggestion.js";
import { syntaxProblem } from "./syntax.js";
import { missingTool, unlockedUrl, unpinnedImage } from "./world.js";
import { wrongType } from "./wrong-type.js";

/** How each kind of problem is mended. A rule stands here or in `withoutFix`: a test holds that none is forgotten. */
export const fixes: ReadonlyMap<string, FixesOf> = new Map<string, FixesOf>([
  ["reprod/bad-escape", badEscape],
  ["reprod/duplicate-name", duplicateName],
  ["reprod/family-keys", suggestion],
  ["reprod/fargate-size", fargateSize],
  ["reprod/import-file", importFile],
  ["reprod/import-name", suggestion],
  ["reprod/in-or-param", inOrParam],
  ["reprod/missing-argument", missingArgument],
  ["reprod/missing-file", suggestion],
  ["reprod/missing-tool", missingTool],
  ["reprod/missing-value", missingValue],
  ["reprod/out-not-mentioned", outNotMentioned],
  ["reprod/out-path", outPath],
  ["reprod/reserved-name", otherName],
  ["reprod/sh-list", shList],
  ["reprod/shadowing", otherName],
  ["reprod/shell-variable", shellVariable],
  ["reprod/staged-name", stagedName],
  ["reprod/syntax", syntaxProblem],
  ["reprod/transform-parts", transformParts],
  ["reprod/unclosed-script", unclosedScript],
  ["reprod/unclosed-string", unclosedString],
  ["reprod/unknown-argument", unknownArgument],
  ["reprod/unknown-entry", suggestion],
  ["reprod/unknown-function", suggestion],
  ["reprod/unknown-member", suggestion],
  ["reprod/unknown-name", unknownName],
  ["reprod/unknown-type", suggestion],
  ["reprod/unlocked-url", unlockedUrl],
  ["reprod/unpinned-image", unpinnedImage],
  ["reprod/unused-name", unusedName],
  ["reprod/wrong-type", wrongType],
]);

/** What only its author can mend, each with the reason. */
export const withoutFix: ReadonlyMap<string, string> = new Map([
  ["reprod/bad-cell", "the cell is in another file, and what it should be is not known"],
  ["reprod/bad-operand", "the value, or what to do without one, is the author's to say"],
  ["reprod/bad-resources", "how much it needs is not known"],
  ["reprod/bad-table", "the table is in another file"],
  ["reprod/bad-value", "it was given from outside"],
  ["reprod/check-failed", "it says what the author wants it to say"],
  ["reprod/constant-text", "which of the values is meant is not known"],
  ["reprod/cycle", "which of them should rest on something else is not known"],
  ["reprod/data-path", "where the data is is not known"],
  ["reprod/duplicate-node", "which key tells them apart is not known"],
  ["reprod/evaluation-limit", "a smaller pipeline is another pipeline"],
  ["reprod/image-platform", "another image is another choice"],
  ["reprod/image-tag", "which version is meant is not known"],
  ["reprod/import-cycle", "what moves to a third file is the author's to say"],
  ["reprod/misplaced", "the place that is meant is not known"],
  ["reprod/missing-key", "which member is meant is not known"],
  ["reprod/nesting-limit", "the parts need names"],
  ["reprod/number-range", "no other number is the same"],
  ["reprod/out-before-run", "the decision moves into a script"],
  ["reprod/out-overlap", "which of the two gets another path is not known"],
  ["reprod/publish-folder", "where else to publish is not known"],
  ["reprod/reserved-word", "a name that is free is the author's to choose"],
  ["reprod/staging-collision", "which of the two gets another name is not known"],
  ["reprod/unreadable-data", "the data is in another file"],
  ["reprod/url-credentials", "whether the address works without them is not known"],
]);
