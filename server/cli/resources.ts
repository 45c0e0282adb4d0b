import type { Failure } from "../base/failure.js";
import { groupsByName } from "../cloud/groups/index.js";
import { accountText, groupStateWords, resourceState, resourceStateWords } from "../cloud/plan-words.js";
import { groupPlan } from "../cloud/reconcile/plan.js";
import type { Reading, Readings } from "../cloud/reconcile/reading.js";
import { type GroupName, groupNames } from "../cloud/reconcile/resource.js";
import { readResources } from "../cloud/setup.js";
import { type AccountOptions, accountJson, accountOf, interrupted } from "./cloud-options.js";
import type { CommandContext } from "./context.js";
import { exitCodes } from "./exit.js";
import { currentProject } from "./open.js";
import { failureJson, shownPath } from "./report.js";
import { printable, table, writeJson } from "./text.js";

/** `reprod resources`: what is set up in the account, and whether it is as declared. */
export async function run({ terminal }: CommandContext, options: AccountOptions): Promise<number> {
  const { out } = terminal;
  terminal.handleInterrupts();
  const account = await accountOf(terminal, options);
  try {
    const readings = await readResources({
      project: currentProject(),
      account,
      signal: terminal.interrupted,
      onRemark: (text) => terminal.notes.write(`note: ${printable(text)}\n`),
    });
    if (options.json) {
      writeJson(out, {
        account: accountJson(account),
        groups: groupNames.map((name) => groupJson(name, readings)),
      });
      return exitCodes.done;
    }
    out.write(`${printable(accountText(account))}\n`);
    for (const name of groupNames) {
      const trouble = readings.unreadable.get(name);
      if (trouble !== undefined) {
        out.write(`${out.colours.bold(groupsByName[name].title)}  ${painted("unknown", out.colours)}\n`);
        out.write(`  ${printable(troubleText(trouble))}\n`);
        continue;
      }
      const { title, state, settingsFile, fileDiffers } = groupPlan(name, readings);
      const file = state === "not-set-up" ? "" : out.colours.dim(`  ${printable(shownPath(settingsFile))}`);
      const differs = fileDiffers ? ", which does not say what is there" : "";
      out.write(`${out.colours.bold(title)}  ${painted(state, out.colours)}${file}${differs}\n`);
      const there = resourcesOf(name, readings).filter(
        ({ found, file: { entries }, resource, trouble }) =>
          found !== undefined || trouble !== undefined || entries.has(resource.part),
      );
      out.write(
        table(
          there.map((reading) => [
            `  ${reading.resource.kind}`,
            printable(reading.found?.id ?? reading.resource.name),
            printable(stateText(reading)),
          ]),
        ),
      );
    }
    return exitCodes.done;
  } catch (error) {
    throw interrupted(terminal, error);
  } finally {
    account.aws.destroy();
  }
}

function painted(
  state: keyof typeof groupStateWords,
  colours: CommandContext["terminal"]["out"]["colours"],
): string {
  const word = groupStateWords[state];
  if (state === "ready") return colours.green(word);
  return state === "not-set-up" ? colours.dim(word) : colours.yellow(word);
}

function resourcesOf(name: string, { byKey }: Readings): readonly Reading[] {
  return [...byKey.values()].filter(({ group }) => group.name === name);
}

/** Why it is not as declared, or what else to know of it; mostly empty. */
function stateText(reading: Reading): string {
  const { trouble, differences } = reading;
  const state = resourceState(reading);
  const word = resourceStateWords[state];
  switch (state) {
    case "ready":
      return (reading.found && reading.resource.remark?.(reading.found)) ?? "";
    case "unknown":
      return trouble === undefined ? word : `${word}: ${troubleText(trouble)}`;
    case "drifted":
      return [
        ...(reading.found?.owner === "adopted" ? [resourceStateWords.adopted] : []),
        ...differences.map(({ what, is, shouldBe }) => `${what}: ${is}, not ${shouldBe}`),
      ].join("; ");
    default:
      return word;
  }
}

function troubleText({ message, code, fix }: Failure): string {
  return `${message} [${code}]${fix === undefined ? "" : `. ${fix}`}`;
}

function groupJson(name: GroupName, readings: Readings): unknown {
  const trouble = readings.unreadable.get(name);
  if (trouble !== undefined) {
    return {
      name,
      title: groupsByName[name].title,
      state: "unknown",
      settingsFile: null,
      settingsFileDiffers: false,
      resources: [],
      error: failureJson(trouble).error,
    };
  }
  const { title, state, settingsFile, fileDiffers } = groupPlan(name, readings);
  return {
    name,
    title,
    state,
    settingsFile,
    settingsFileDiffers: fileDiffers,
    resources: resourcesOf(name, readings).map(({ key, resource, found, differences, stray, trouble }) => ({
      key,
      kind: resource.kind,
      name: resource.name,
      id: found?.id ?? null,
      arn: found?.arn ?? null,
      owner: found?.owner ?? null,
      console: found === undefined ? null : (resource.console?.(found) ?? null),
      differences: differences.map(({ what, is, shouldBe }) => ({ what, is, shouldBe })),
      stray,
      error: trouble === undefined ? null : failureJson(trouble).error,
    })),
    error: null,
  };
}
