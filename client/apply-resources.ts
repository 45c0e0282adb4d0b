import * as vscode from "vscode";
import {
  applyResourcesRequest,
  planResourcesRequest,
  profilesRequest,
  type ResourceProject,
  type ResourcesApplied,
  type ResourcesArguments,
  type ResourcesPlanView,
  resourceProjectsRequest,
} from "../server/protocol.js";
import { chooseProfile } from "./choose-profile.js";
import { asSentence } from "./failure-text.js";
import { Refusal, RequestFailure } from "./failures.js";
import { closePage, type PlannedRun } from "./pages.js";
import { withPatience } from "./patience.js";
import {
  appliedText,
  applyDetail,
  applyQuestion,
  applyTitle,
  groupsText,
  progressText,
  whereText,
} from "./resources-model.js";
import type { Services } from "./services.js";
import { requireTrust } from "./trust.js";

const { t } = vscode.l10n;

const viewId = "reprod.resources";

/** Plans, shows the plan, asks, and does it. What is there already is said without a question. */
export async function planAndApply(services: Services, asked: ResourcesArguments): Promise<void> {
  requireTrust();
  const plan = await planResources(services, asked);
  if (plan === undefined) return;
  if (plan.nothing) {
    if (isEmptyEnvironments(plan, asked)) throw noEnvironment();
    if (plan.forgets) await services.server.request(applyResourcesRequest, { token: plan.token });
    vscode.window.showInformationMessage(nothingText(plan, asked.teardown === true));
    return;
  }
  const uri = await showPlan(services, plan, asked);
  if (!(await consents(plan, asked))) return;
  // The page offers the same; it was quicker when nothing is left to take.
  const offer = services.pages.takePlanned(uri);
  await closePage(uri);
  if (offer === undefined) throw new Refusal(t("This plan was carried out or given up already."));
  await apply(services, plan, asked);
}

/** Shows what would be done, with the offer to do it. */
export async function previewResources(services: Services, asked: ResourcesArguments): Promise<void> {
  requireTrust();
  const plan = await planResources(services, asked);
  if (plan !== undefined) await showPlan(services, plan, asked);
}

async function showPlan(
  services: Services,
  plan: ResourcesPlanView,
  asked: ResourcesArguments,
): Promise<vscode.Uri> {
  const { pages } = services;
  const planned: PlannedRun = {
    title: applyTitle(plan, t),
    // The page stays while it is asked about, and offers the same when the answer is no.
    asks: true,
    start: async () => {
      requireTrust();
      if (!(await consents(plan, asked))) return pages.offer(uri, planned);
      await closePage(uri);
      await apply(services, plan, asked);
    },
  };
  const uri = await pages.show(
    // A page of its own for each plan: one that VS Code still remembers must not be taken for another.
    { kind: "resources", of: asked, plan: plan.token },
    plan.page,
    plan.nothing ? undefined : planned,
  );
  return uri;
}

async function planResources(
  services: Services,
  asked: ResourcesArguments,
): Promise<ResourcesPlanView | undefined> {
  try {
    return await withPatience(t("Reading the account"), viewId, (token) =>
      services.server.request(planResourcesRequest, asked, token),
    );
  } catch (error) {
    if (!(error instanceof RequestFailure) || error.data.code !== "needs-group" || asked.withNeeds === true)
      throw error;
    // What it needs is set up with it, when the person wants that.
    const all = t("Plan What It Needs Too");
    const chosen = await vscode.window.showWarningMessage(
      error.data.why ?? error.data.message,
      { modal: true, detail: t("The plan is shown before anything is done.") },
      all,
    );
    return chosen === all ? planResources(services, { ...asked, withNeeds: true }) : undefined;
  }
}

/** Asks as often as it takes: for consent, what is in use, and data that is lost. */
async function consents(plan: ResourcesPlanView, asked: ResourcesArguments): Promise<boolean> {
  if (!(plan.against.length > 0 ? await insists(plan) : await agrees(plan, asked))) return false;
  for (const { kind, name } of plan.losesData) if (!(await typesName(kind, name))) return false;
  return true;
}

async function agrees(plan: ResourcesPlanView, asked: ResourcesArguments): Promise<boolean> {
  const title = applyTitle(plan, t);
  const options = { modal: true, detail: applyDetail(plan, asked.teardown === true, t) };
  const loses = asked.teardown === true || plan.remove + plan.replace > 0;
  const chosen = loses
    ? await vscode.window.showWarningMessage(applyQuestion(plan, t), options, title)
    : await vscode.window.showInformationMessage(applyQuestion(plan, t), options, title);
  return chosen === title;
}

/** What is in use is refused; who insists is asked again. */
async function insists(plan: ResourcesPlanView): Promise<boolean> {
  const anyway = t("Do It Anyway…");
  const first = await vscode.window.showWarningMessage(
    t("{0} is in use.", groupsText(plan.titles, t)),
    { modal: true, detail: [...plan.against.map(asSentence), t("Nothing was changed.")].join("\n") },
    anyway,
  );
  if (first !== anyway) return false;
  const title = applyTitle(plan, t);
  const second = await vscode.window.showWarningMessage(
    t("{0} Although it is in use?", applyQuestion(plan, t)),
    { modal: true, detail: t("What uses it fails, and data in it cannot be had back.") },
    title,
  );
  return second === title;
}

/** Data is not lost by a click: its name is typed. */
async function typesName(kind: string, name: string): Promise<boolean> {
  const typed = await vscode.window.showInputBox({
    title: t("Data Is Lost for Good: {0}", kind),
    prompt: t('Type its name to remove it with all that is in it: "{0}"', name),
    placeHolder: name,
    ignoreFocusOut: true,
    validateInput: (value) => (value === name || value === "" ? undefined : t("That is another name.")),
  });
  return typed === name;
}

async function apply(services: Services, plan: ResourcesPlanView, asked: ResourcesArguments): Promise<void> {
  const { server, resources, log } = services;
  const force = plan.against.length > 0;
  const { project, teardown = false } = asked;
  const title = t("{0} {1}", plan.page.title, whereText(plan.account, t));
  log.info(`Applying: ${plan.page.title} ${plan.account.accountId ?? ""}`);
  let applied: ResourcesApplied;
  try {
    applied = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title, cancellable: true },
      async (report, token) => {
        let before = 0;
        const told = resources.onDidProgress((progress) => {
          if (progress.token !== plan.token) return;
          const percent = (100 * progress.done) / Math.max(1, progress.total);
          report.report({ message: progressText(progress, t), increment: Math.max(0, percent - before) });
          before = percent;
        });
        token.onCancellationRequested(() => {
          report.report({ message: t("Ending what was begun. What is made stays.") });
        });
        try {
          const work = server.request(
            applyResourcesRequest,
            { token: plan.token, ...(force ? { force } : {}) },
            token,
          );
          await vscode.window.withProgress({ location: { viewId } }, () =>
            work.then(undefined, () => undefined),
          );
          return await work;
        } finally {
          told.dispose();
        }
      },
    );
  } finally {
    // The server says itself that something has changed.
    resources.ended(project);
  }
  const text = appliedText(plan.titles, applied, teardown, t);
  const show = t("Show Resources");
  const tell =
    applied.outcome === "cancelled" || applied.left.length > 0
      ? vscode.window.showWarningMessage(text, show)
      : vscode.window.showInformationMessage(text, show);
  tell.then((chosen) => {
    if (chosen === show) return vscode.commands.executeCommand("reprod.resources.focus");
    return undefined;
  }, services.report);
}

/** The one group that begins with nothing: its environments are asked for by name. */
function isEmptyEnvironments({ kept }: ResourcesPlanView, { groups, teardown }: ResourcesArguments): boolean {
  return kept === 0 && teardown !== true && groups.every((name) => name === "compute-environment");
}

export function noEnvironment(): Refusal {
  return new Refusal(t("There is no compute environment."), {
    title: t("Create Compute Environment…"),
    command: "reprod.createEnvironment",
  });
}

function nothingText({ titles, account }: ResourcesPlanView, teardown: boolean): string {
  const what = groupsText(titles, t);
  const where = whereText(account, t);
  return teardown
    ? t("{0}: nothing to remove {1}.", what, where)
    : t("{0}: nothing to do, everything is as it should be {1}.", what, where);
}

// ---------------------------------------------------------------- which project, and whose account

/**
 * The project that a command is about, with an account to ask. Undefined when the person gave up.
 */
export async function chooseProject(services: Services, argument: unknown): Promise<string | undefined> {
  requireTrust();
  if ((vscode.workspace.workspaceFolders ?? []).length === 0) {
    throw new Refusal(t("No folder is open. Resources belong to the project of a folder."), {
      title: t("Open Folder"),
      command: "vscode.openFolder",
    });
  }
  const projects = await services.server.request(resourceProjectsRequest, {});
  const given = projects.find(({ project }) => project === projectOf(argument));
  const chosen = given ?? (await oneOf(projects));
  if (chosen === undefined || !(await hasAccount(services, chosen.folder))) return undefined;
  return chosen.project;
}

async function oneOf(projects: readonly ResourceProject[]): Promise<ResourceProject | undefined> {
  const [first, ...more] = projects;
  if (first === undefined) throw new Refusal(t("No project was found in this workspace."));
  if (more.length === 0) return first;
  const chosen = await vscode.window.showQuickPick(
    projects.map((view) => ({ label: view.name, detail: view.project, view })),
    { title: t("Choose a Project"), matchOnDetail: true },
  );
  return chosen?.view;
}

function projectOf(argument: unknown): string | undefined {
  if (typeof argument !== "object" || argument === null || !("project" in argument)) return undefined;
  return typeof argument.project === "string" ? argument.project : undefined;
}

/** Lets a person choose a profile when nobody has said whose account is meant. False when they gave up. */
async function hasAccount({ server }: Services, folder: string): Promise<boolean> {
  const { chosen, profiles } = await server.request(profilesRequest, { folder });
  // One profile that everybody takes, or credentials of the environment, need no choice.
  const isClear = chosen.by === "setting" || chosen.by === "AWS_PROFILE" || chosen.by === "environment";
  if (isClear || profiles.length === 0 || (chosen.by === "default" && profiles.length === 1)) return true;
  return chooseProfile(server, vscode.Uri.parse(folder));
}
