import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import {
  childrenOf as childrenOfResources,
  contextOf as contextOfResources,
  type Entry as ResourcesEntry,
  topEntries,
} from "../../client/resources-model.js";
import { parseSamples } from "../../client/samples.js";
import { contextOf, memberEntries, PipelinesModel } from "../../client/views/pipelines-model.js";
import { contextOf as contextOfRun, newRun, setNodes } from "../../client/views/runs-entries.js";
import {
  commands,
  type ProjectResources,
  type ResourcesProgress,
  type RunNodeState,
  type RunState,
  type RunView,
  resourceGroupStates,
  shownStates,
} from "../../server/protocol.js";

/** The manifest, the code and the texts of the interface are held together here, so that none can drift. */

interface Menu {
  readonly command?: string;
  readonly submenu?: string;
  readonly when?: string;
  readonly group?: string;
}
interface Manifest {
  readonly main: string;
  readonly icon: string;
  readonly activationEvents: readonly string[];
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] };
  };
  readonly contributes: {
    readonly commands: readonly {
      readonly command: string;
      readonly title: string;
      readonly category: string;
      readonly icon?: string;
      readonly enablement?: string;
    }[];
    readonly menus: { readonly [place: string]: readonly Menu[] };
    readonly submenus: readonly { readonly id: string }[];
    readonly views: {
      readonly [container: string]: readonly { readonly id: string; readonly icon: string }[];
    };
    readonly viewsContainers: {
      readonly activitybar: readonly { readonly id: string; readonly icon: string }[];
    };
    readonly viewsWelcome: readonly {
      readonly view: string;
      readonly contents: string;
      readonly when: string;
    }[];
    readonly configuration: {
      readonly properties: { readonly [name: string]: { readonly [key: string]: unknown } };
    };
    readonly colors: readonly {
      readonly id: string;
      readonly defaults: { readonly [theme: string]: string };
    }[];
    readonly keybindings: readonly { readonly command: string; readonly when: string }[];
    readonly walkthroughs: readonly { readonly id: string; readonly steps: readonly unknown[] }[];
  };
}

const manifest: Manifest = JSON.parse(fs.readFileSync("package.json", "utf8"));
const texts: { readonly [key: string]: string } = JSON.parse(fs.readFileSync("package.nls.json", "utf8"));
const { contributes } = manifest;
const menus = Object.entries(contributes.menus);
const declared = contributes.commands.map(({ command }) => command);

const sources = (folder: string): readonly { readonly file: string; readonly text: string }[] =>
  fs
    .readdirSync(folder, { recursive: true })
    .map((file) => path.join(folder, String(file)))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => ({ file, text: fs.readFileSync(file, "utf8") }));
const client = sources("client");
const clientText = client.map(({ text }) => text).join("\n");

/** Every string of the manifest with where it stands. */
function* strings(value: unknown, at = ""): Generator<readonly [string, string]> {
  if (typeof value === "string") yield [at, value];
  else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) yield* strings(part, `${at}/${key}`);
  }
}

// ---------------------------------------------------------------- commands

/** What the code registers: the table of commands, views for themselves, the graph. */
const registered = [
  ...clientText.matchAll(/^\s*"(reprod\.\w+)": \(\) =>\s+import\(/gm),
  ...clientText.matchAll(/registerCommand\(\s*"(reprod\.\w+)"/g),
].map(([, id = ""]) => id);
for (const [, key = ""] of clientText.matchAll(/registerCommand\(\s*commands\.(\w+)/g)) {
  registered.push(String(Reflect.get(commands, key)));
}

test("every command that the code registers is declared, and every declared one is registered", () => {
  assert.deepEqual([...registered].sort(), [...declared].sort());
});

test("the commands that the server names are there", () => {
  for (const command of Object.values(commands)) assert.ok(declared.includes(command), command);
});

test("every command has our category and a title that begins with a verb and not with our name", () => {
  for (const { command, category, title } of contributes.commands) {
    assert.equal(category, "Reprod", command);
    const text = texts[title.slice(1, -1)] ?? "";
    assert.match(text, /^[A-Z][a-z]+( |$)/, command);
    assert.doesNotMatch(text, /reprod/i, command);
  }
});

test("commands that are called from the code exist", () => {
  const called = [...clientText.matchAll(/(?:executeCommand\(|command: )\s*"(reprod\.[\w.]+)"/g)];
  assert.ok(called.length > 5);
  for (const [, id = ""] of called) {
    const view = /^(reprod\.\w+)\.focus$/.exec(id)?.[1];
    if (view === undefined) assert.ok(declared.includes(id), id);
    else
      assert.ok(
        contributes.views.reprod?.some((known) => known.id === view),
        id,
      );
  }
});

test("menus, keys and welcome texts name commands that exist", () => {
  for (const [place, items] of menus) {
    for (const { command, submenu } of items) {
      if (command !== undefined) assert.ok(declared.includes(command), `${place}: ${command}`);
      else
        assert.ok(
          contributes.submenus.some(({ id }) => id === submenu),
          `${place}: ${submenu}`,
        );
    }
  }
  for (const { command } of contributes.keybindings) assert.ok(declared.includes(command), command);
  for (const [key, text] of Object.entries(texts)) {
    for (const [, id = ""] of text.matchAll(/\(command:(reprod\.\w+)/g)) {
      const view = contributes.views.reprod?.some((known) => id === known.id);
      assert.ok(declared.includes(id) || view === true, `${key}: ${id}`);
    }
  }
});

test("commands that need an argument are hidden from the palette", () => {
  const hidden = (contributes.menus.commandPalette ?? []).filter(({ when }) => when === "false");
  const wanted = [
    "reprod.copyResourceId",
    "reprod.copySignIn",
    "reprod.openInConsole",
    "reprod.openSettingsFile",
    "reprod.previewGroup",
    "reprod.removeGroup",
    "reprod.repairGroup",
    "reprod.run",
    "reprod.setupGroup",
    "reprod.showMoreMembers",
    "reprod.showMoreNodes",
    "reprod.signIn",
  ];
  assert.deepEqual(hidden.map(({ command }) => command).sort(), wanted);
});

test("keys act in our files only", () => {
  for (const { when } of contributes.keybindings) assert.match(when, /editorLangId == reprod/);
});

// ---------------------------------------------------------------- texts, pictures

test("every %key% has a text, and every text is used", () => {
  const used = new Set<string>();
  for (const [at, value] of strings(manifest)) {
    const key = /^%(.+)%$/.exec(value)?.[1];
    if (key === undefined) continue;
    used.add(key);
    assert.ok(texts[key], `${at}: ${key}`);
  }
  assert.deepEqual(
    Object.keys(texts).filter((key) => !used.has(key)),
    [],
  );
});

test("every picture is there, also those of states", () => {
  const files = [...strings(manifest)]
    .map(([, value]) => value)
    .filter((value) => /^(\.\/)?media\//.test(value));
  assert.ok(files.length > 5);
  for (const file of files) assert.ok(fs.existsSync(file), file);
  for (const state of shownStates) {
    for (const theme of ["light", "dark"]) {
      assert.ok(fs.existsSync(`media/states/${state}-${theme}.svg`), `${state}-${theme}`);
    }
  }
});

test("each state has a colour for every kind of theme", () => {
  const ids = contributes.colors.map(({ id }) => id);
  assert.deepEqual([...ids].sort(), shownStates.map((state) => `reprod.${state}Foreground`).sort());
  for (const { id, defaults } of contributes.colors) {
    const themes = ["dark", "highContrast", "highContrastLight", "light"];
    assert.deepEqual(Object.keys(defaults).sort(), themes, id);
  }
});

// ---------------------------------------------------------------- settings

const properties = Object.entries(contributes.configuration.properties);

test("every setting has a scope, a default, an order and a text", () => {
  for (const [name, property] of properties) {
    for (const key of ["scope", "default", "order", "type"]) assert.ok(key in property, `${name}: ${key}`);
    assert.ok("description" in property || "markdownDescription" in property, name);
    const { enum: values, enumDescriptions } = property;
    if (Array.isArray(values))
      assert.ok(Array.isArray(enumDescriptions) && enumDescriptions.length === values.length);
  }
});

test("docs/editor.md has a row for every setting, and names every command of the palette", () => {
  const page = fs.readFileSync("docs/editor.md", "utf8");
  const rows = [...page.matchAll(/^\| `(reprod\.[\w.]+)` \|/gm)].map(([, name]) => name);
  assert.deepEqual([...rows].sort(), properties.map(([name]) => name).sort());
  const hidden = new Set(
    (contributes.menus.commandPalette ?? [])
      .filter(({ when }) => when === "false")
      .map(({ command }) => command),
  );
  const texts: Record<string, string> = JSON.parse(fs.readFileSync("package.nls.json", "utf8"));
  for (const { command, title } of contributes.commands) {
    const shown = texts[title.replaceAll("%", "")] ?? title;
    // What trees and views do with what they show is no command for a person to look up.
    if (hidden.has(command) || /Refresh|Filter|Show More/.test(shown)) continue;
    assert.match(page.replaceAll("\n", " "), new RegExp(shown), command);
  }
});

test("every setting is read, with the default that the manifest says", () => {
  const server = fs.readFileSync("server/lsp/settings.ts", "utf8");
  const own = fs.readFileSync("client/settings.ts", "utf8");
  for (const [name, property] of properties) {
    const short = name.slice("reprod.".length);
    // The language client reads this one by the name of the client.
    if (short === "trace.server") continue;
    const inClient = new RegExp(`^  (?:"${short}"|${short}): (.+) as \\w+,$`, "m").exec(own)?.[1];
    const members = short.split(".").map((part) => `"${part}"`);
    const inServer = server.includes(`member(value, ${members.join(", ")})`);
    assert.ok(inServer || inClient !== undefined, `${name} is read nowhere`);
    if (inClient !== undefined) {
      assert.equal(inClient, JSON.stringify(property.default), name);
      assert.ok(clientText.includes(`setting("${short}"`), `${name} is used nowhere`);
    }
  }
});

test("a workspace that is not trusted sets nothing that matters for runs and accounts", () => {
  const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
  assert.deepEqual([...restricted].sort(), ["reprod.container", "reprod.profile", "reprod.region"]);
  for (const name of restricted) assert.ok(name in contributes.configuration.properties, name);
});

// ---------------------------------------------------------------- views

const run = (state: RunState): RunView => ({
  project: "/p",
  run: "01",
  state,
  pipeline: "p",
  uri: "file:///p/p.reprod",
  targets: [],
  executor: "local",
  startedAt: "2026-01-01T00:00:00Z",
  made: 0,
  reused: 0,
  failed: 0,
  skipped: 0,
  running: 0,
  queued: 0,
  warnings: [],
});

/** Every context value that an entry of a view can have. */
function contextValues(view: string): readonly string[] {
  if (view === "reprod.resources") return resourceContexts();
  if (view === "reprod.runs") {
    const runs: readonly RunState[] = ["running", "interrupted", "done", "failed", "cancelled"];
    const nodes: readonly RunNodeState[] = [
      "queued",
      "running",
      "made",
      "reused",
      "adopted",
      "failed",
      "skipped",
      "cancelled",
      "interrupted",
    ];
    const entry = newRun(run("running"));
    const attempt = { number: 1, startedAt: "2026-01-01T00:00:00Z" };
    setNodes(
      entry,
      nodes.flatMap((state) => [
        { node: `${state}1`, state, attempts: [] },
        { node: `${state}2`, state, attempts: [attempt, { ...attempt, number: 2 }] },
      ]),
    );
    const values = new Set(runs.map((state) => contextOfRun(newRun(run(state)))));
    for (const group of entry.groups) {
      values.add(contextOfRun(group));
      for (const view of group.group.nodes) {
        const { project, run: id, uri } = entry;
        values.add(
          contextOfRun({ kind: "node", id: "", project, run: id, uri, node: view.node, group, view }),
        );
      }
    }
    values.add("attempt logs").add("note");
    return [...values];
  }
  const place = { uri: "", range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } } };
  const family = { name: "f", transform: "F", nodes: 2, counts: {}, place };
  const pipeline = { uri: "u", name: "p", path: "p", errors: 0, warnings: 0, counts: {}, busy: false };
  const model = new PipelinesModel();
  model.update([
    {
      ...pipeline,
      nodes: 2,
      families: [
        { ...family, single: false },
        { ...family, name: "s", single: true },
      ],
    },
    { ...pipeline, uri: "v", nodes: 0, families: [] },
  ]);
  const families = model.pipelines.flatMap((entry) => entry.families);
  const [first] = families;
  assert.ok(first !== undefined);
  const members = shownStates.map((state) => ({ name: state, keys: "", state, why: [], toRun: false }));
  const entries = [...model.pipelines, ...families, ...memberEntries(first, members, 100)];
  return [...new Set(entries.map(contextOf))];
}

/** Of groups in every state, with and without a file; of resources with and without what a menu needs. */
function resourceContexts(): readonly string[] {
  const resource = { key: "k", kind: "VPC", name: "n", short: "n", state: "ready", differences: [] } as const;
  const group = { title: "T", purpose: "", fileDiffers: false } as const;
  const account = { by: "setting" } as const;
  const project: ProjectResources = {
    project: "/p",
    name: "p",
    folder: "file:///p",
    account,
    groups: resourceGroupStates.flatMap((state) => [
      { ...group, name: "network", state, resources: [resource] },
      {
        ...group,
        name: "storage",
        state,
        settingsFile: "file:///s",
        resources: [{ ...resource, id: "i", console: "https://c" }],
      },
    ]),
  };
  const failure = { code: "c", message: "m" };
  const broken: ProjectResources = {
    ...project,
    project: "/q",
    account: { ...account, failure, command: "c" },
    groups: [],
  };
  const busy: ResourcesProgress = {
    project: "/p",
    token: "",
    group: "storage",
    done: 0,
    total: 1,
    action: "create",
    kind: "",
    name: "",
    phase: "begun",
  };
  const values: string[] = [];
  for (const progress of [new Map(), new Map([["/p", busy]])]) {
    const walk = (entries: readonly ResourcesEntry[]): void => {
      for (const entry of entries) {
        values.push(contextOfResources(entry));
        walk(childrenOfResources(entry, progress));
      }
    };
    walk(topEntries([project, broken], progress));
  }
  return [...new Set(values)];
}

interface ItemMenu extends Menu {
  readonly view: string;
  readonly pattern: RegExp;
}
const itemMenus: readonly ItemMenu[] = (contributes.menus["view/item/context"] ?? []).map((menu) => {
  const [, view = "", pattern] = /^view == ([\w.]+) && viewItem =~ \/(.+)\/$/.exec(menu.when ?? "") ?? [];
  assert.ok(pattern !== undefined, `${menu.command}: ${menu.when}`);
  return { ...menu, view, pattern: new RegExp(pattern) };
});

test("every menu of entries is for entries that exist", () => {
  for (const { command, view, pattern, when } of itemMenus) {
    assert.ok(
      contextValues(view).some((value) => pattern.test(value)),
      `${command}: ${when}`,
    );
  }
});

test("an entry has three inline actions at most, each with an icon, and each in its menu too", () => {
  for (const view of new Set(itemMenus.map((menu) => menu.view))) {
    for (const value of contextValues(view)) {
      const here = itemMenus.filter((menu) => menu.view === view && menu.pattern.test(value));
      const inline = here.filter(({ group }) => group?.startsWith("inline"));
      assert.ok(inline.length <= 3, `${value}: ${inline.map(({ command }) => command)}`);
      for (const { command } of inline) {
        assert.ok(contributes.commands.find((known) => known.command === command)?.icon, command);
        assert.ok(
          here.some((menu) => menu.command === command && !menu.group?.startsWith("inline")),
          `${command} is reached by the mouse only, for ${value}`,
        );
      }
    }
  }
});

test("buttons above views and editors have icons; those that decide about a plan are read", () => {
  const inWords = ["reprod.runPlan", "reprod.discardPlan"];
  for (const place of ["view/title", "editor/title", "editor/title/run"]) {
    for (const { command, group } of contributes.menus[place] ?? []) {
      if (group?.startsWith("navigation") !== true) continue;
      const icon = contributes.commands.find((known) => known.command === command)?.icon;
      assert.equal(icon === undefined, inWords.includes(command ?? ""), `${place}: ${command}`);
    }
  }
});

test("each view is made by the code, and has a welcome text for every word that it says", () => {
  for (const { id } of contributes.views.reprod ?? []) {
    assert.ok(clientText.includes(`"${id}"`), id);
    const key = `${id}View`;
    const file = client.find(({ text }) => text.includes(`"${key}"`));
    assert.ok(file !== undefined, `${key} is set nowhere`);
    const welcomes = contributes.viewsWelcome.filter(({ view }) => view === id);
    for (const { when } of welcomes) {
      const state = new RegExp(`^${key.replaceAll(".", "\\.")} == (\\w+)$`).exec(when)?.[1];
      assert.ok(state !== undefined && file.text.includes(`"${state}"`), `${id}: ${when}`);
    }
    const said = [...file.text.matchAll(/[?:] "(\w+)"(?=\s*[:;,)]|\s*$)/gm)].map(([, word]) => word);
    const states = ["noFolder", "starting", "none", "untrusted", "stopped", "filtered", "noProfile"];
    for (const state of states.filter((word) => said.includes(word))) {
      assert.ok(
        welcomes.some(({ when }) => when.endsWith(` ${state}`)),
        `${id} has no text for ${state}`,
      );
    }
  }
});

test("context keys that conditions test are set by the code", () => {
  const keys = new Set<string>();
  const views = (contributes.views.reprod ?? []).map(({ id }) => id);
  for (const [at, value] of strings({ contributes })) {
    if (!/\/(when|enablement)$/.test(at)) continue;
    for (const [key] of value.matchAll(/\breprod\.\w+\b/g)) if (!views.includes(key)) keys.add(key);
  }
  assert.ok(keys.size >= 4);
  for (const key of keys) {
    assert.match(
      clientText,
      new RegExp(`(?:setContext",|#setContext\\()\\s*"${key.replaceAll(".", "\\.")}"`),
      key,
    );
  }
});

// ---------------------------------------------------------------- start, samples, walkthrough

test("the extension starts for what it has open, runs or shows, not for everything", () => {
  for (const event of manifest.activationEvents) {
    assert.match(
      event,
      /^(workspaceContains:(\.reprod|reprod\.json)|onFileSystem:reprod-out|onWebviewPanel:reprod\.graph)$/,
    );
  }
  assert.equal(manifest.main, "./dist/client.js");
});

test("samples are whole", () => {
  const samples = parseSamples(fs.readFileSync("samples/index.json", "utf8"));
  assert.ok(samples.length >= 3);
  for (const { id, files, open } of samples) {
    for (const { from } of files) assert.ok(fs.existsSync(from), `${id}: ${from}`);
    assert.ok(
      files.some(({ to }) => to === open),
      `${id} has no ${open}`,
    );
  }
});

test("the walkthrough that the command opens is there", () => {
  const opened = fs.readFileSync("client/commands/open-walkthrough.ts", "utf8");
  const [walkthrough] = contributes.walkthroughs;
  assert.ok(walkthrough !== undefined && opened.includes(`#${walkthrough.id}\``));
  assert.ok(walkthrough.steps.length <= 5);
});

test("the client takes the protocol from the server and nothing else", () => {
  for (const { file, text } of client) {
    for (const [, target = ""] of text.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)"([^"]+)"/gm)) {
      if (!target.startsWith(".")) continue;
      const to = path.posix.join(path.posix.dirname(file), target);
      assert.ok(to.startsWith("client/") || to === "server/protocol.js", `${file} imports ${target}`);
    }
  }
  const protocol = fs.readFileSync("server/protocol.ts", "utf8");
  assert.doesNotMatch(protocol, /^import /m);
});
