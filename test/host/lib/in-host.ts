// Runs a test suite inside the extension host of a window and waits for its exit code.
import { format } from "node:util";
import { closeBrowser } from "./browser.js";
import { Editor, remote, windowAddress } from "./editor.js";
import { Missing } from "./locate.js";
import { exitOnSignals } from "./processes.js";
import { type ServerOptions, startServer } from "./server.js";
import { makeWorkspace } from "./workspace.js";

export interface InHostRun extends ServerOptions {
  /** A folder or a `.code-workspace` file. */
  readonly workspace: string;
  readonly development: readonly string[];
  /** The module whose `run()` is called in the extension host. */
  readonly tests: string;
  /** Without an answer for this long, the run has failed. */
  readonly timeout: number;
  readonly write: (line: string) => void;
}

export { Missing };

/** What the workbench itself logs in the same place. */
const workbench = /^(?:Resolv|Creating|Updating|Started|Ignoring fetching|No search provider|\[|%c)/;

/** Frames of the workbench's own code in stacks: thousands of letters that tell nothing about a test. */
const ownFrames = /\n\s+at [^\n]*\/static\/out\/vs\/[^\n]*/g;

export async function runInHost(run: InHostRun): Promise<number> {
  exitOnSignals();
  const server = await startServer({ ...run, automation: true });
  try {
    const editor = await Editor.blank(server, makeWorkspace(run.workspace), { screenshots: "in-host" });
    let answer = (_code: number) => {};
    let answered = false;
    const ended = new Promise<number>((resolve) => {
      answer = (code) => {
        answered = true;
        resolve(code);
      };
    });
    await editor.page.exposeFunction("codeAutomationLog", (_level: string, parts: unknown[]) => {
      const line = format(...parts).replace(ownFrames, "");
      // A workbench that is torn down logs every read that it gave up.
      if (!answered && !workbench.test(line)) run.write(line);
    });
    await editor.page.exposeFunction("codeAutomationExit", (code: number) => answer(code));
    await editor.page.goto(
      windowAddress(server, run.workspace, [
        ...run.development.map((folder) => ["extensionDevelopmentPath", remote(server, folder)]),
        ["extensionTestsPath", remote(server, run.tests)],
        ["enableProposedApi", ""],
        ["skipWelcome", "true"],
      ]),
    );
    const give = (why: string) => {
      if (!answered) run.write(why);
      answer(1);
    };
    const timer = setTimeout(
      () => give(`no answer from the extension host for ${run.timeout / 1000} s`),
      run.timeout,
    );
    // Of a host that crashes, the workbench says that it ended well; only the server knows.
    const crash = () =>
      /Extension Host Process exited with (?!code: 0, signal: null)(.*)/.exec(server.output())?.[1];
    const watch = setInterval(() => {
      const how = crash();
      if (how !== undefined) give(`the extension host ended with ${how}`);
    }, 250);
    const said = await ended;
    const code = crash() === undefined ? said : 1;
    clearTimeout(timer);
    clearInterval(watch);
    if (code !== 0) await editor.report("exit");
    await editor.closeContext();
    return code;
  } finally {
    await closeBrowser();
    await server.stop();
  }
}
