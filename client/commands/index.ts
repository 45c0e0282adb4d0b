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
