// Starts and stops a VS Code server with data of its own.
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { serverNode, vscodeFolder } from "./locate.js";
import { atExit, type Group, startGroup } from "./processes.js";
import { until } from "./until.js";

export const themes = {
  light: "Default Light Modern",
  dark: "Default Dark Modern",
  "high-contrast": "Default High Contrast",
} as const;
export type Theme = keyof typeof themes;

/** An extension as a person has it: unpacked in a folder, or as a package. */
export type Extension = { readonly folder: string } | { readonly vsix: string };

/**
 * `trusted`: folders are trusted without a question. `restricted`: no folder is, and none is asked about. `ask`: a
 * dialog asks when a folder opens.
 */
export type Trust = "trusted" | "restricted" | "ask";

export interface ServerOptions {
  /** Extensions that are installed. Toasts show, as they do for a person. */
  readonly extensions?: readonly Extension[];
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly theme?: Theme;
  readonly trust?: Trust;
  /** Added to the environment of the server, its extension host, terminals and tasks; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Lets a page load extensions in development and test suites (`extensionDevelopmentPath`, `extensionTestsPath`). VS
   * Code shows no toasts then.
   */
  readonly automation?: boolean;
  /** All extensions that come with VS Code; else the few that pipelines meet, which starts sooner. */
  readonly allBuiltins?: boolean;
}

/** What people open beside a pipeline: grammars, previews of markdown and images, JSON with schemas. */
const builtins = [
  "configuration-editing",
  "diff",
  "javascript",
  "json",
  "json-language-features",
  "log",
  "markdown-basics",
  "markdown-language-features",
  "media-preview",
  "python",
  "r",
  "search-result",
  "shellscript",
  "theme-defaults",
  "theme-seti",
  "yaml",
];

/** Settings of an editor that asks nothing, offers nothing and reaches for nothing by itself. */
const quiet = {
  "chat.commandCenter.enabled": false,
  "chat.disableAIFeatures": true,
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "git.openRepositoryInParentFolders": "never",
  "remote.autoForwardPorts": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "workbench.enableExperiments": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};

/** On top of it, for tests: nothing saves, moves or hides by itself. */
const still = {
  "editor.cursorBlinking": "solid",
  "editor.minimap.enabled": false,
  "files.autoSave": "off",
  "git.enabled": false,
  "security.workspace.trust.banner": "always",
  "window.autoDetectColorScheme": false,
  "window.autoDetectHighContrast": false,
  "workbench.reduceMotion": "on",
};

export interface Server {
  /** `http://127.0.0.1:PORT` */
  readonly address: string;
  /** The authority of `vscode-remote:` addresses. */
  readonly authority: string;
  /** Data, extensions, home and logs of this server. */
  readonly data: string;
  readonly home: string;
  readonly options: ServerOptions;
  /** What the server itself wrote last. */
  output(): string;
  /** The newest lines of the server and of the extension host, to print when a test fails. */
  logs(): string;
  stop(): Promise<void>;
}

/** Starts a server for tests: in a new temporary folder, with a home of its own, gone when it stops. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const data = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "reprod-host-")));
  const remove = () => fs.rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  const free = atExit(remove);
  try {
    const home = path.join(data, "home");
    fs.mkdirSync(home);
    const trust = options.trust ?? "trusted";
    writeSettings(data, {
      ...quiet,
      ...still,
      "workbench.colorTheme": themes[options.theme ?? "dark"],
      "security.workspace.trust.enabled": trust !== "trusted",
      "security.workspace.trust.startupPrompt": trust === "ask" ? "always" : "never",
      ...options.settings,
    });
    const env = testEnvironment(data, home, options.env ?? {});
    installExtensions(data, options.extensions ?? [], env);
    const group = await startOn(await freePort(), data, env, {
      sweep: true,
      flags: [
        "--without-connection-token",
        ...(trust === "trusted" ? ["--disable-workspace-trust"] : []),
        ...(options.automation === true ? ["--enable-smoke-test-driver"] : []),
        ...(options.allBuiltins === true ? [] : ["--builtin-extensions-dir", fewBuiltins(data)]),
      ],
    });
    return {
      address: group.address,
      authority: new URL(group.address).host,
      data,
      home,
      options,
      output: () => group.output(),
      logs: () => logsOf(data, group),
      async stop() {
        await group.stop();
        remove();
        free();
      },
    };
  } catch (error) {
    remove();
    free();
    throw error;
  }
}

export interface PersonalServer {
  readonly address: string;
  output(): string;
  /** Resolves to how it ended. */
  wait(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts a server for a person: settings stay in `data`, the home and the environment are the person's, and what they
 * started detached goes on when it stops.
 */
export async function startPersonalServer(options: {
  readonly data: string;
  readonly port: number;
  readonly extensions: readonly Extension[];
  readonly token: string;
}): Promise<PersonalServer> {
  const { data, port, token } = options;
  fs.mkdirSync(data, { recursive: true });
  if (!fs.existsSync(path.join(data, "data/User/settings.json")))
    writeSettings(data, { ...quiet, "security.workspace.trust.enabled": false });
  const env = serverEnvironment();
  installExtensions(data, options.extensions, env);
  return await startOn(port, data, env, { sweep: false, flags: ["--connection-token", token] });
}

/** Whether nobody listens on the port. */
export async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(false);
      else reject(error);
    });
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

/** An unused port. Somebody may take it before it is used; then the server says so and the test fails. */
export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

const serverMain = path.join(vscodeFolder, "out/server-main.js");

const commonFlags = (data: string) => [
  "--accept-server-license-terms",
  "--server-data-dir",
  data,
  "--extensions-dir",
  path.join(data, "extensions"),
  "--telemetry-level",
  "off",
  "--disable-telemetry",
];

async function startOn(
  port: number,
  data: string,
  env: NodeJS.ProcessEnv,
  options: { readonly sweep: boolean; readonly flags: readonly string[] },
): Promise<Group & { readonly address: string }> {
  const address = `http://127.0.0.1:${port}`;
  const args = [
    serverMain,
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    ...commonFlags(data),
    "--disable-experiments",
    "--disable-getting-started-override",
    ...options.flags,
  ];
  const group = startGroup(serverNode(), args, { env, cwd: data, sweep: options.sweep });
  try {
    await until("the VS Code server to answer", () => {
      const ended = group.ended();
      if (ended !== undefined) throw new Error(`the VS Code server ended (${ended}):\n${group.output()}`);
      return answers(`${address}/version`);
    });
  } catch (error) {
    await group.stop();
    throw error;
  }
  return { ...group, address };
}

async function answers(address: string): Promise<boolean> {
  try {
    const response = await fetch(address, { redirect: "manual" });
    await response.arrayBuffer();
    return response.status < 400;
  } catch (error) {
    // Nobody listens yet: `fetch` wraps the refusal.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

function writeSettings(data: string, settings: Readonly<Record<string, unknown>>): void {
  const folder = path.join(data, "data/User");
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, "settings.json"), `${JSON.stringify(settings, null, 2)}\n`);
}

/** The environment without what would make the server part of a VS Code that this process runs in. */
function serverEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env))
    if (!/^(VSCODE_|ELECTRON_|CODE_SERVER_|npm_)/.test(name)) env[name] = value;
  // Without this the server asks open-vsx.org for extensions.
  env.EXTENSIONS_GALLERY = '{"serviceUrl":""}';
  return env;
}

/** For tests also without anything personal: no home, no accounts, no settings of Reprod itself. */
function testEnvironment(
  data: string,
  home: string,
  added: Readonly<Record<string, string | undefined>>,
): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  // The variables of node's test runner would make every node below report to it.
  for (const [name, value] of Object.entries(serverEnvironment()))
    if (!/^(AWS_|REPROD_|XDG_|NODE_TEST_CONTEXT$|NODE_OPTIONS$)/.test(name)) env[name] = value;
  return {
    ...env,
    HOME: home,
    USERPROFILE: home,
    XDG_CONFIG_HOME: path.join(home, ".config"),
    XDG_CACHE_HOME: path.join(home, ".cache"),
    XDG_DATA_HOME: path.join(home, ".local/share"),
    XDG_STATE_HOME: path.join(home, ".local/state"),
    XDG_RUNTIME_DIR: data,
    ...added,
  };
}

function installExtensions(data: string, extensions: readonly Extension[], env: NodeJS.ProcessEnv): void {
  const folder = path.join(data, "extensions");
  fs.mkdirSync(folder, { recursive: true });
  // The server's own list may tell of versions that are not there any more; without it, it looks for itself.
  fs.rmSync(path.join(folder, "extensions.json"), { force: true });
  for (const extension of extensions) {
    if ("folder" in extension) {
      const { publisher, name, version } = manifestOf(extension.folder);
      for (const old of fs.readdirSync(folder))
        if (old.startsWith(`${publisher}.${name}-`)) fs.rmSync(path.join(folder, old), { recursive: true });
      fs.symlinkSync(
        path.resolve(extension.folder),
        path.join(folder, `${publisher}.${name}-${version}`),
        "junction",
      );
      continue;
    }
    const args = [
      serverMain,
      ...commonFlags(data),
      "--install-extension",
      path.resolve(extension.vsix),
      "--force",
    ];
    const done = spawnSync(serverNode(), args, { env, encoding: "utf8" });
    if (done.status !== 0)
      throw new Error(`cannot install "${extension.vsix}":\n${done.error ?? done.stdout + done.stderr}`);
  }
}

export function manifestOf(folder: string): { publisher: string; name: string; version: string } {
  const { publisher, name, version } = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
  return { publisher, name, version };
}

function fewBuiltins(data: string): string {
  const folder = path.join(data, "builtin");
  fs.mkdirSync(folder);
  for (const name of builtins)
    fs.symlinkSync(path.join(vscodeFolder, "extensions", name), path.join(folder, name), "junction");
  return folder;
}

/** The ends of all logs: the server's output, then the files of the newest sessions. */
function logsOf(data: string, group: Group): string {
  const parts = [`--- server (${group.ended() ?? "running"})\n${tail(group.output())}`];
  const folder = path.join(data, "data/logs");
  const files = fs.existsSync(folder) ? fs.readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
  // Besides the hosts of extensions, what the server writes there is in its output too.
  for (const file of files.filter((name) => /exthost.*\.log$/.test(name)).sort()) {
    const text = fs.readFileSync(path.join(folder, file), "utf8");
    if (text.trim() !== "") parts.push(`--- ${file}\n${tail(text)}`);
  }
  return parts.join("\n");
}

const tail = (text: string) =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^File not found: |reconnection-grace-time/.test(line))
    .slice(-25)
    .join("\n");
