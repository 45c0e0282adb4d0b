// Installs the VS Code server and a browser, once.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { browserProgram, hostFolder, Missing, root, serverNode, vscodeFolder } from "./locate.js";
import { until } from "./until.js";

/** Packages of the server that only other extensions need: 250 MB of Copilot and containers. */
const unneeded = [
  "node_modules/@github",
  "node_modules/@microsoft/mxc-sdk",
  "node_modules/@devcontainers",
  "extensions/copilot",
];

const stamp = path.join(hostFolder, "node_modules/.reprod-setup");

/** Raise it when `installServer` does something else, so that older installations are made again. */
const recipe = 1;

/** What is installed must be made again when this changes. */
function wanted(): string {
  const hash = createHash("sha256");
  for (const name of ["package.json", "package-lock.json"])
    hash.update(fs.readFileSync(path.join(hostFolder, name)));
  return `${recipe} ${hash.digest("hex")} ${process.platform} ${process.arch}\n`;
}

function isInstalled(): boolean {
  return fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === wanted();
}

export { Missing };

export interface SetupOptions {
  /** Also look for a browser that tests can drive. */
  readonly browser: boolean;
  readonly say?: (line: string) => void;
}

/** Makes sure that the server and, for tests, a browser are there; returns at once when they are. */
export async function setUp({ browser, say = console.log }: SetupOptions): Promise<void> {
  if (!isInstalled())
    await alone(async () => {
      if (!isInstalled()) installServer(say);
    });
  serverNode();
  if (browser && browserProgram() === undefined) {
    say("Installing Chromium …");
    const done = spawnSync(process.execPath, [path.join(root, "scripts/install-tools.mjs"), "chromium"], {
      encoding: "utf8",
    });
    if (browserProgram() === undefined)
      throw new Missing(
        done.stderr.trim() || "please install Chromium, or name a browser in REPROD_CHROMIUM",
      );
  }
}

/** The second half does what code-server's own postinstall would, without the builds that nothing here needs. */
function installServer(say: (line: string) => void): void {
  say("Installing the VS Code server (once, about 550 MB, half a minute) …");
  const npm = path.join(path.dirname(process.execPath), "npm");
  const command = fs.existsSync(npm) ? npm : "npm";
  // Under `npm start` the environment holds settings of the outer npm, which are about another package.
  const env: NodeJS.ProcessEnv = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(lifecycle|package|config_local_prefix)/.test(name),
    ),
  );
  const headers = path.join(hostFolder, `node_modules/node-${process.platform}-${process.arch}`);
  const call = (cwd: string, ...args: string[]) => {
    // The headers of that Node are at hand only after the first call; without them node-gyp would download some.
    if (fs.existsSync(path.join(headers, "include/node"))) env.npm_config_nodedir = headers;
    const done = spawnSync(command, [...args, "--no-audit", "--no-fund"], {
      cwd,
      env,
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    if (done.status === 0) return;
    const why = done.error?.message ?? `${done.stdout}\n${done.stderr}`.trim().slice(-4_000);
    throw new Missing(`\`npm ${args.join(" ")}\` failed in "${cwd}":\n${why}`);
  };
  call(hostFolder, "ci", "--ignore-scripts", "--include=dev", "--include=optional");
  call(vscodeFolder, "install", "--omit=dev", "--ignore-scripts");
  try {
    call(vscodeFolder, "rebuild", "--ignore-scripts=false", "@vscode/spdlog", "@vscode/native-watchdog");
  } catch (error) {
    // The editor works without; only log files and output channels that are read back stay empty.
    say(`No compiler for the server's log writer (g++ and make): output channels will be empty.\n${error}`);
  }
  for (const folder of unneeded) fs.rmSync(path.join(vscodeFolder, folder), { recursive: true, force: true });
  const prebuilds = path.join(vscodeFolder, "node_modules/node-pty/prebuilds");
  for (const name of fs.existsSync(prebuilds) ? fs.readdirSync(prebuilds) : [])
    if (!name.startsWith(`${process.platform}-`)) fs.rmSync(path.join(prebuilds, name), { recursive: true });
  fs.writeFileSync(stamp, wanted());
}

/** One installation at a time: two at once would tear each other's node_modules down. */
async function alone(work: () => Promise<void>): Promise<void> {
  const lock = path.join(root, "out/host-setup.lock");
  fs.mkdirSync(path.dirname(lock), { recursive: true });
  await until("another installation to end", () => take(lock), { timeout: 10 * 60_000 });
  try {
    await work();
  } finally {
    fs.rmSync(lock, { force: true });
  }
}

function take(lock: string): boolean {
  try {
    fs.writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const holder = Number(fs.readFileSync(lock, "utf8"));
  if (holder > 0 && !isAlive(holder)) fs.rmSync(lock, { force: true });
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
