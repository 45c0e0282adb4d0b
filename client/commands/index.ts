import * as vscode from "vscode";
import type { Services } from "../services.js";
import type { Run } from "./command.js";

/** Every command with the file that does it, which is loaded when it is called for the first time. */
const table: { readonly [id: string]: () => Promise<{ readonly run: Run }> } = {
  "reprod.run": () => import("./run.js"),
  "reprod.runTarget": () => import("./run-target.js"),
  "reprod.runNode": () => import("./run-node.js"),
  "reprod.runToHere": () => import("./run-to-here.js"),
  "reprod.runWithoutCache": () => import("./run-without-cache.js"),
  "reprod.plan": () => import("./plan.js"),
  "reprod.runPlan": () => import("./run-plan.js"),
  "reprod.discardPlan": () => import("./discard-plan.js"),
  "reprod.cancelRun": () => import("./cancel-run.js"),
  "reprod.retryFailed": () => import("./retry-failed.js"),
  // Of a run whose runner was lost: what it made is kept, so that the same request does the rest.
  "reprod.runAgain": () => import("./retry-failed.js"),
  "reprod.explainState": () => import("./explain-state.js"),
  "reprod.showProvenance": () => import("./show-provenance.js"),
  "reprod.openLogs": () => import("./open-logs.js"),
  "reprod.revealOutput": () => import("./reveal-output.js"),
  "reprod.pin": () => import("./pin.js"),
  "reprod.findTools": () => import("./find-tools.js"),
  "reprod.chooseProfile": () => import("./choose-profile.js"),
  "reprod.setupRoles": () => import("./resources.js").then(({ setUp }) => setUp("roles")),
  "reprod.setupStorage": () => import("./resources.js").then(({ setUp }) => setUp("storage")),
  "reprod.setupNetwork": () => import("./resources.js").then(({ setUp }) => setUp("network")),
  "reprod.setupKeyPair": () => import("./resources.js").then(({ setUp }) => setUp("key-pair")),
  "reprod.setupCluster": () => import("./resources.js").then(({ setUp }) => setUp("cluster")),
  "reprod.setupRepositories": () => import("./resources.js").then(({ setUp }) => setUp("repositories")),
  "reprod.setupFunctions": () => import("./resources.js").then(({ setUp }) => setUp("functions")),
  "reprod.setupEndpoints": () => import("./resources.js").then(({ setUp }) => setUp("endpoints")),
  "reprod.setupComputeEnvironment": () =>
    import("./resources.js").then(({ setUp }) => setUp("compute-environment")),
  "reprod.setupAll": () => import("./resources.js").then(({ setUp }) => setUp("all")),
  "reprod.setupGroup": () => import("./resources.js").then(({ setUp }) => setUp("row")),
  "reprod.previewRoles": () => import("./resources.js").then(({ preview }) => preview("roles")),
  "reprod.previewStorage": () => import("./resources.js").then(({ preview }) => preview("storage")),
  "reprod.previewNetwork": () => import("./resources.js").then(({ preview }) => preview("network")),
  "reprod.previewKeyPair": () => import("./resources.js").then(({ preview }) => preview("key-pair")),
  "reprod.previewCluster": () => import("./resources.js").then(({ preview }) => preview("cluster")),
  "reprod.previewRepositories": () => import("./resources.js").then(({ preview }) => preview("repositories")),
  "reprod.previewFunctions": () => import("./resources.js").then(({ preview }) => preview("functions")),
  "reprod.previewEndpoints": () => import("./resources.js").then(({ preview }) => preview("endpoints")),
  "reprod.previewComputeEnvironment": () =>
    import("./resources.js").then(({ preview }) => preview("compute-environment")),
  "reprod.previewAll": () => import("./resources.js").then(({ preview }) => preview("all")),
  "reprod.previewGroup": () => import("./resources.js").then(({ preview }) => preview("row")),
  "reprod.removeRoles": () => import("./resources.js").then(({ remove }) => remove("roles")),
  "reprod.removeStorage": () => import("./resources.js").then(({ remove }) => remove("storage")),
  "reprod.removeNetwork": () => import("./resources.js").then(({ remove }) => remove("network")),
  "reprod.removeKeyPair": () => import("./resources.js").then(({ remove }) => remove("key-pair")),
  "reprod.removeCluster": () => import("./resources.js").then(({ remove }) => remove("cluster")),
  "reprod.removeRepositories": () => import("./resources.js").then(({ remove }) => remove("repositories")),
  "reprod.removeFunctions": () => import("./resources.js").then(({ remove }) => remove("functions")),
  "reprod.removeEndpoints": () => import("./resources.js").then(({ remove }) => remove("endpoints")),
  "reprod.removeComputeEnvironment": () =>
    import("./resources.js").then(({ remove }) => remove("compute-environment")),
  "reprod.removeAll": () => import("./resources.js").then(({ remove }) => remove("all")),
  "reprod.removeGroup": () => import("./resources.js").then(({ remove }) => remove("row")),
  // The same word would be wrong for what was there before.
  "reprod.repairGroup": () => import("./resources.js").then(({ setUp }) => setUp("row")),
  "reprod.showResourceStatus": () => import("./resources.js").then(({ status }) => status),
  "reprod.refreshResources": () => import("./resources.js").then(({ refresh }) => refresh),
  "reprod.createEnvironment": () => import("./environments.js").then(({ create }) => create),
  "reprod.deleteEnvironment": () => import("./environments.js").then(({ remove }) => remove),
  "reprod.openInConsole": () => import("./resource-row.js").then(({ openInConsole }) => openInConsole),
  "reprod.copyResourceId": () => import("./resource-row.js").then(({ copyId }) => copyId),
  "reprod.openSettingsFile": () =>
    import("./resource-row.js").then(({ openSettingsFile }) => openSettingsFile),
  "reprod.signIn": () => import("./resource-row.js").then(({ signIn }) => signIn),
  "reprod.copySignIn": () => import("./resource-row.js").then(({ copySignIn }) => copySignIn),
  "reprod.newPipeline": () => import("./new-pipeline.js"),
  "reprod.openWalkthrough": () => import("./open-walkthrough.js"),
  "reprod.restartServer": () => import("./restart-server.js"),
  "reprod.showLog": () => import("./show-log.js"),
  "reprod.reportIssue": () => import("./report-issue.js"),
};

/** What a command rejects with is told here, once, whoever called it. */
export function registerCommands(services: Services): vscode.Disposable {
  const registrations = Object.entries(table).map(([id, load]) =>
    vscode.commands.registerCommand(id, async (argument: unknown) => {
      try {
        const { run } = await load();
        await run(services, argument);
      } catch (error) {
        services.report(error);
      }
    }),
  );
  return vscode.Disposable.from(...registrations);
}
