import * as vscode from "vscode";
import {
  type PlanView,
  planRequest,
  type RunArguments,
  runRequest,
  type SetValue,
} from "../server/protocol.js";
import { askParams } from "./ask-params.js";
import { Refusal } from "./failures.js";
import { grouped } from "./format.js";
import { closePage, type PlannedRun } from "./pages.js";
import { withPatience } from "./patience.js";
import { planSentence, runTitle } from "./plan-text.js";
import type { Services } from "./services.js";
import { setting } from "./settings.js";
import { requireTrust } from "./trust.js";

const { t } = vscode.l10n;

/** What a run is asked to do. */
export type Wanted = RunArguments & { readonly set?: readonly SetValue[] };

/**
 * Every run goes this way: trust, saved files, a plan, what the plan asks for, and for a large or billable one the
 * consent of a person who has seen the plan.
 */
export async function planAndRun(services: Services, wanted: Wanted): Promise<void> {
  requireTrust();
  if (!(await saveBefore())) return;
  const planned = await plan(services, wanted);
  if (planned === undefined) return;
  const { view, wanted: complete } = planned;
  if (view.toRun === 0) {
    vscode.window.showInformationMessage(nothingToRun(view));
    return;
  }
  if (!view.confirm) return start(services, complete);
  await showPlan(services, view, complete, true);
}

/** Shows what a run would do, with the offer to do it. */
export async function planOnly(services: Services, wanted: Wanted): Promise<void> {
  requireTrust();
  const planned = await plan(services, wanted);
  if (planned !== undefined) await showPlan(services, planned.view, planned.wanted, false);
}

async function showPlan(services: Services, view: PlanView, wanted: Wanted, ask: boolean): Promise<void> {
  const { pages } = services;
  const title = runTitle(view, t);
  const planned: PlannedRun = {
    title,
    start: async () => {
      requireTrust();
      if (view.cost === undefined || (await consent(view, title))) await start(services, wanted);
    },
  };
  const uri = await pages.show({ kind: "plan", of: wanted }, view.page, view.toRun > 0 ? planned : undefined);
  if (!ask) return;
  const cancel = t("Cancel");
  const chosen = await vscode.window.showInformationMessage(
    t("{0}: {1}.", view.page.title, planSentence(view, t)),
    title,
    cancel,
  );
  // A message that went away by itself has decided nothing: the page still offers both.
  if (chosen !== title && chosen !== cancel) return;
  const offer = pages.takePlanned(uri);
  await closePage(uri);
  if (chosen !== title) return;
  // The message cannot be taken away when the page was quicker.
  if (offer === undefined) throw planIsOver();
  await offer.start();
}

/** A plan is run once: what is true of it afterwards is another plan. */
export function planIsOver(): Refusal {
  return new Refusal(t("This plan was run or given up already."), {
    title: t("Plan Again"),
    command: "reprod.plan",
  });
}

/** What costs money is asked for in a way that cannot be overlooked. */
async function consent(view: PlanView, title: string): Promise<boolean> {
  const chosen = await vscode.window.showWarningMessage(
    t("{0}: {1}", view.page.title, planSentence(view, t)),
    { modal: true, detail: t("This run costs money.") },
    title,
  );
  return chosen === title;
}

/** Plans until nothing is missing; undefined when the person gave up. */
async function plan(
  { server, ...services }: Services,
  wanted: Wanted,
): Promise<{ readonly view: PlanView; readonly wanted: Wanted } | undefined> {
  let complete = wanted;
  for (;;) {
    const view = await withPatience(t("Planning"), "reprod.runs", (token) =>
      server.request(planRequest, complete, token),
    );
    if (view.missingParams.length === 0) return { view, wanted: complete };
    const values = await askParams({ server, ...services }, wanted.uri, view.missingParams);
    if (values === undefined) return undefined;
    complete = { ...complete, set: [...(complete.set ?? []), ...values] };
  }
}

async function start({ server, log, runs }: Services, wanted: Wanted): Promise<void> {
  const run = await withPatience(t("Starting the run"), "reprod.runs", () =>
    server.request(runRequest, wanted),
  );
  runs.started(run);
  log.info(`Started run ${run.run} of ${wanted.uri}`);
}

function nothingToRun({ nodes, page }: PlanView): string {
  return nodes === 1
    ? t("{0}: nothing to run, the node is cached.", page.title)
    : t("{0}: nothing to run, all {1} nodes are cached.", page.title, grouped(nodes));
}

/** The runner reads files, not editors. False when a file could not be saved or the person gave up. */
async function saveBefore(): Promise<boolean> {
  const dirty = vscode.workspace.textDocuments.filter(
    ({ isDirty, languageId, uri }) => isDirty && languageId === "reprod" && uri.scheme === "file",
  );
  if (dirty.length === 0) return true;
  if (!setting("saveBeforeRun")) {
    const save = t("Save and Run");
    const chosen = await vscode.window.showWarningMessage(
      t("A run reads files as they are on the disk, and there are changes that are not saved."),
      { modal: true },
      save,
    );
    if (chosen !== save) return false;
  }
  const saved = await Promise.all(dirty.map((document) => document.save()));
  return saved.every(Boolean);
}
