import * as path from "node:path";
import type { Account } from "../../cloud/account.js";
import type * as PlanWords from "../../cloud/plan-words.js";
import type { Plan, Step } from "../../cloud/reconcile/plan.js";
import { codeSpan, escapeMarkdown, inCell } from "../../features/markdown.js";
import { type Page, resourceGroups } from "../../protocol.js";

export interface PlannedResources {
  readonly plan: Plan;
  readonly account: Pick<Account, "profile" | "region" | "accountId" | "callerArn">;
  readonly teardown: boolean;
  /** Why it must not be carried out now. */
  readonly against: readonly string[];
  /** What goes with data of the user in it. */
  readonly lost: readonly Pick<Step, "name">[];
  /** What it costs, in words; empty for a removal. */
  readonly money: string;
  /** Signs and verbs, as terminals show them. */
  readonly words: Pick<typeof PlanWords, "actionWords" | "costsMoney">;
  /** Root of the project: paths are shown from there. */
  readonly root: string;
}

/** What would be made, changed and removed, as a page. What AWS and settings files say is shown as text. */
export function resourcesPlanPage(planned: PlannedResources): Page {
  const { plan, account, teardown, against, lost, money, words, root } = planned;
  const { length } = plan.groups;
  const names =
    length === resourceGroups.length
      ? "all groups"
      : length > 3
        ? `${length} groups`
        : plan.groups.map(({ title }) => title).join(", ");
  const title = teardown ? `Remove ${names}` : `Set up ${names}`;
  const lines = [`# ${escapeMarkdown(title)}`, where(account)];
  const steps = plan.steps.filter(({ action }) => action !== "keep");
  const kept = plan.steps.length - steps.length;
  const files = plan.groups.filter(({ writesFile }) => writesFile);
  if (steps.length === 0 && files.length === 0) {
    lines.push(
      teardown
        ? "**Nothing to remove.** None of it is there."
        : "**Nothing to do.** Everything is as declared.",
    );
  } else {
    lines.push(
      `**${summary(steps, words)}**${kept > 0 ? `; ${kept} ${kept === 1 ? "stays as it is" : "stay as they are"}` : ""}.`,
    );
  }
  if (money !== "") lines.push(`${escapeMarkdown(capital(money))}.`);
  for (const reason of against) lines.push(`⚠ **In use:** ${escapeMarkdown(reason)}`);
  for (const group of plan.groups) {
    const own = plan.steps.filter((step) => step.group === group.name);
    if (own.length === 0 && !group.writesFile) continue;
    lines.push(`## ${escapeMarkdown(group.title)}`);
    const going = own.filter(({ action }) => action !== "keep");
    if (going.length > 0) lines.push([...head, ...going.map((step) => row(step, words))].join("\n"));
    const kept = own.filter(({ action }) => action === "keep").map(({ kind }) => escapeMarkdown(kind));
    if (kept.length > 0)
      lines.push(`${kept.length === 1 ? "Stays as it is" : "Stay as they are"}: ${kept.join(", ")}.`);
    if (group.writesFile && !teardown) {
      lines.push(`Writes ${codeSpan(path.relative(root, group.settingsFile))}.`);
    }
  }
  if (lost.length > 0) {
    lines.push("## Data", `What is in ${lost.map(({ name }) => codeSpan(name)).join(", ")} is lost with it.`);
  }
  if (plan.notes.length > 0) {
    lines.push("## Notes", plan.notes.map((note) => `- ${escapeMarkdown(note)}`).join("\n"));
  }
  return { title, markdown: `${lines.join("\n\n")}\n` };
}

function where({ accountId, region, profile, callerArn }: PlannedResources["account"]): string {
  const who = profile === undefined ? codeSpan(callerArn) : `profile ${codeSpan(profile)}`;
  return `Account **${escapeMarkdown(accountId)}** · ${codeSpan(region)} · ${who}`;
}

/** `11 to create, 1 to change` */
function summary(steps: readonly Step[], { actionWords }: PlannedResources["words"]): string {
  const parts = Object.entries(actionWords).flatMap(([action, { verb }]) => {
    const number = steps.filter((step) => step.action === action).length;
    return number === 0 ? [] : [`${number} to ${verb}`];
  });
  return parts.length === 0 ? "Only settings files to write" : parts.join(", ");
}

const head = ["| | resource | name | |", "|---|---|---|---|"];

/** A row for a step: what is done to which, and in which ways it is not as it should be. */
function row(step: Step, { actionWords, costsMoney }: PlannedResources["words"]): string {
  const { action, kind, name, id, detail, differences, why, cost } = step;
  const { sign, verb } = actionWords[action];
  // The sign is read with its word, so that colour and sign are never alone.
  const what = `${codeSpan(sign)}\u00a0${verb.replaceAll(" ", "\u00a0")}`;
  const money = costsMoney(step);
  const known = id === undefined || id === name ? "" : `<br>${codeSpan(id)}`;
  const more = [
    ...(detail === undefined ? [] : [escapeMarkdown(detail)]),
    ...(why === undefined ? [] : [escapeMarkdown(why)]),
    ...differences.map(
      ({ what, is, shouldBe }) =>
        `**${escapeMarkdown(what)}**: ${escapeMarkdown(is)} → ${escapeMarkdown(shouldBe)}`,
    ),
    ...(money && cost !== undefined ? [prices(cost)] : []),
  ];
  const cells = [what, escapeMarkdown(kind), `${codeSpan(name)}${known}`, more.join("<br>")];
  return `| ${cells.map(inCell).join(" | ")} |`;
}

/** `**$** $3.60 a month, $0.01 per GB`: the mark that the page speaks of, and what it costs to be there and to be used. */
function prices({ atRest, use }: NonNullable<Step["cost"]>): string {
  const rest = atRest === 0 ? [] : [`$${atRest.toFixed(2)} a month`];
  return `**\\$** ${escapeMarkdown([...rest, ...(use === undefined ? [] : [use])].join(", "))}`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
