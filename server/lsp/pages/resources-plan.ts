import * as path from "node:path";
import { count, printable } from "../../base/format.js";
import type { Account } from "../../cloud/account.js";
import type { Plan, Step } from "../../cloud/reconcile/plan.js";
import { codeBlock, codeSpan, escapeMarkdown } from "../../features/markdown.js";
import type { Page } from "../../protocol.js";

export interface PlannedResources {
  readonly plan: Plan;
  readonly account: Pick<Account, "profile" | "region" | "accountId" | "callerArn">;
  readonly teardown: boolean;
  /** Why it must not be removed now. */
  readonly against: readonly string[];
  /** What it costs, in words; empty for a removal. */
  readonly money: string;
  /** Root of the project: paths are shown from there. */
  readonly root: string;
}

/** What would be made, changed and removed, as a page. What AWS and settings files say is shown as text. */
export function resourcesPlanPage(planned: PlannedResources): Page {
  const { plan, account, teardown, against, money, root } = planned;
  const names = plan.groups.length > 3 ? "all groups" : plan.groups.map(({ title }) => title).join(", ");
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
    lines.push(`**${summary(steps)}**${kept > 0 ? `; ${kept} stay as they are` : ""}.`);
  }
  if (money !== "") lines.push(`${escapeMarkdown(capital(money))}.`);
  for (const reason of against) lines.push(`⚠ **In use:** ${escapeMarkdown(reason)}`);
  for (const group of plan.groups) {
    const own = plan.steps.filter((step) => step.group === group.name);
    if (own.length === 0 && !group.writesFile) continue;
    lines.push(`## ${escapeMarkdown(group.title)}`);
    if (own.length > 0) lines.push(codeBlock(own.flatMap(stepLines(own)).join("\n"), "diff"));
    if (group.writesFile && !teardown) {
      lines.push(`Writes ${codeSpan(path.relative(root, group.settingsFile))}.`);
    }
  }
  const lost = steps.filter(({ losesData }) => losesData);
  if (lost.length > 0) {
    lines.push("## Data", `What is in ${lost.map(({ name }) => codeSpan(name)).join(", ")} is lost with it.`);
  }
  if (plan.notes.length > 0) {
    lines.push("## Notes", plan.notes.map((note) => `- ${escapeMarkdown(note)}`).join("\n"));
  }
  if (steps.length > 0) lines.push(legend(steps));
  return { title, markdown: `${lines.join("\n\n")}\n` };
}

function where({ accountId, region, profile, callerArn }: PlannedResources["account"]): string {
  const who = profile === undefined ? codeSpan(callerArn) : `profile ${codeSpan(profile)}`;
  return `Account **${escapeMarkdown(accountId)}** · ${codeSpan(region)} · ${who}`;
}

/** `+`, `-` and `!` are what Markdown's renderers colour in a diff. */
const signs: { readonly [action in Step["action"]]: string } = {
  create: "+",
  adopt: "&",
  change: "~",
  replace: "!",
  remove: "-",
  release: "<",
  keep: " ",
};

const words: { readonly [action in Exclude<Step["action"], "keep">]: string } = {
  create: "create",
  adopt: "adopt",
  change: "change",
  replace: "replace",
  remove: "remove",
  release: "let go of",
};

/** `11 to create, 1 to change` */
function summary(steps: readonly Step[]): string {
  const parts = Object.entries(words).flatMap(([action, word]) => {
    const number = steps.filter((step) => step.action === action).length;
    return number === 0 ? [] : [`${number} to ${word}`];
  });
  return parts.length === 0 ? "Only settings files to write" : parts.join(", ");
}

/** A line for each step, in columns, and one below it for each difference. */
function stepLines(steps: readonly Step[]): (step: Step) => readonly string[] {
  const wide = Math.max(...steps.map(({ kind }) => printable(kind).length));
  return (step) => {
    const { action, kind, name, id, detail, differences, why, cost } = step;
    const known = id === undefined || id === name ? "" : ` (${printable(id)})`;
    const parts = [
      `${printable(kind).padEnd(wide)}  ${printable(name)}${known}`,
      ...(detail === undefined ? [] : [printable(detail)]),
      ...(cost === undefined || action === "remove" ? [] : [price(cost)]),
    ];
    const sign = signs[action];
    return [
      `${sign} ${parts.join("  ")}`,
      ...(why === undefined ? [] : [`      ${printable(why)}`]),
      ...differences.map(
        ({ what, is, shouldBe }) => `      ${printable(what)}: ${printable(is)} → ${printable(shouldBe)}`,
      ),
    ];
  };
}

function price({ atRest, use }: NonNullable<Step["cost"]>): string {
  const parts = [
    ...(atRest === 0 ? [] : [`$${atRest.toFixed(2)} a month`]),
    ...(use === undefined ? [] : [printable(use)]),
  ];
  return `$ ${parts.join(", ") || "costs money"}`.replace(/^\$ \$/, "$");
}

function legend(steps: readonly Step[]): string {
  const used = Object.entries(words).filter(([action]) => steps.some((step) => step.action === action));
  const parts = used.map(([action, word]) => {
    const sign = Object.entries(signs).find(([name]) => name === action)?.[1] ?? "";
    return `${codeSpan(sign)} ${word}`;
  });
  const money = steps.some(({ cost, action }) => cost !== undefined && action !== "remove");
  return [...parts, ...(money ? ["`$` costs money"] : []), `${count(steps.length, "step")} in all`].join(
    " · ",
  );
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
