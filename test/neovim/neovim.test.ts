import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { bundlePath } from "../../server/base/bundle.js";
import { plainEnvironment } from "../support/command-line.js";
import { copyOfExample } from "../support/example.js";
import { untilGone } from "../support/language-server.js";
import { temporaryFolder } from "../support/temporary.js";

/** What `session.lua` writes. */
interface Results {
  readonly problem?: string;
  readonly filetype: string;
  readonly root: string;
  readonly encoding: string;
  readonly broken: readonly Found[];
  readonly mended: readonly Found[];
  readonly hover: readonly string[];
  readonly completions: readonly string[];
  readonly formatted: string;
  readonly renamed: { readonly here: readonly string[]; readonly there: readonly string[] };
  readonly definition: { readonly file: string; readonly line: string; readonly column: number };
  readonly clients: number;
}
interface Found {
  readonly code: string;
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

/** Why Neovim cannot be had, or undefined when it is there. It is installed where this user may. */
function noNeovim(): string | undefined {
  const ended = spawnSync(process.execPath, ["scripts/install-tools.mjs", "nvim"], { encoding: "utf8" });
  return ended.status === 0 ? undefined : ended.stderr.trim();
}

/** The blocks of Lua of the page, this Neovim's first: what people are told to write is what is tested. */
function documentedSetups(): readonly string[] {
  const page = fs.readFileSync("docs/editors.md", "utf8");
  return [...page.matchAll(/^```lua\n([\s\S]*?)^```$/gm)].map(([, lua = ""]) => lua);
}

/** Skips where Neovim cannot be had; on a build machine that is a failure. */
function needNeovim(t: TestContext): boolean {
  const missing = noNeovim();
  if (missing === undefined) return true;
  assert.notEqual(process.env.CI, "true", missing);
  t.skip(missing);
  return false;
}

test("Neovim attaches by what docs/editors.md says, and a person can work", async (t) => {
  if (!needNeovim(t)) return;
  const home = temporaryFolder(t);
  const project = copyOfExample(t, "variants");
  const original = fs.readFileSync(path.join(project, "variants.reprod"), "utf8");
  fs.mkdirSync(path.join(home, "bin"));
  fs.symlinkSync(bundlePath("cli"), path.join(home, "bin/reprod"));
  const [setup] = documentedSetups();
  assert.ok(setup, "docs/editors.md shows no Lua");
  fs.writeFileSync(path.join(home, "init.lua"), setup);
  const mark = `REPROD_TEST_NEOVIM=${process.pid}`;
  const [name = "", value = ""] = mark.split("=");
  const results = await nvim(project, home, { [name]: value });
  assert.equal(results.problem, undefined, log(home));

  assert.equal(results.filetype, "reprod");
  assert.equal(results.root, project);
  const codes = (found: readonly Found[]): readonly string[] => found.map(({ code }) => code);
  assert.deepEqual(
    codes(results.broken).filter((code) => code === "reprod/unknown-name"),
    ["reprod/unknown-name"],
  );
  const broken = results.broken.find(({ code }) => code === "reprod/unknown-name");
  const lines = original.replace("seeds[0]", "seedz[0]").split("\n");
  assert.equal(lines[broken?.line ?? 0]?.slice(broken?.column).startsWith("seedz"), true);
  assert.match(broken?.message ?? "", /seedz/);
  assert.deepEqual(
    codes(results.mended).filter((code) => code === "reprod/unknown-name"),
    [],
  );

  const hover = results.hover.join("\n");
  assert.match(hover, /node called\[name\] = Call/);
  assert.match(hover, /3 nodes/);
  assert.ok(results.completions.includes("min_depth"), results.completions.join());
  assert.equal(results.formatted, "node index = Index { genome }");

  const { here, there } = results.renamed;
  assert.ok(here.some((line) => /import \{.* FilterCalls,/.test(line)));
  assert.ok(here.some((line) => line.includes("node filtered[name] = FilterCalls {")));
  assert.ok(there.includes("transform FilterCalls {"));
  assert.ok(![...here, ...there].some((line) => /\bFilter \{|\bFilter,/.test(line)));

  assert.deepEqual(results.definition, { file: "transforms.reprod", line: "transform Score {", column: 11 });
  assert.equal(results.clients, 1, "one server for both files");
  // Neovim does not wait for a server that is asked to end.
  await untilGone(mark);
  assert.equal(fs.readFileSync(path.join(project, "variants.reprod"), "utf8"), original, "nothing was saved");
});

test("what docs/editors.md says for other versions of Neovim is Lua at least", (t) => {
  if (!needNeovim(t)) return;
  const folder = temporaryFolder(t);
  const setups = documentedSetups();
  assert.equal(setups.length, 2);
  for (const [at, setup] of setups.entries()) {
    const file = path.join(folder, `${at}.lua`);
    fs.writeFileSync(file, setup);
    const check = `lua if not loadfile(${JSON.stringify(file)}) then vim.cmd("cquit") end`;
    const ended = spawnSync("nvim", ["--headless", "--clean", "-c", check, "-c", "quit"], {
      encoding: "utf8",
    });
    assert.equal(ended.status, 0, ended.stderr);
  }
});

function nvim(project: string, home: string, env: NodeJS.ProcessEnv): Promise<Results> {
  const results = path.join(home, "results.json");
  const session = path.resolve("test/neovim/session.lua");
  const child = spawn(
    "nvim",
    ["--headless", "--clean", "-u", path.join(home, "init.lua"), "-c", `luafile ${session}`],
    {
      cwd: project,
      stdio: ["ignore", "pipe", "pipe"],
      env: plainEnvironment({
        ...env,
        HOME: home,
        XDG_CACHE_HOME: path.join(home, "cache"),
        XDG_STATE_HOME: path.join(home, "state"),
        XDG_CONFIG_HOME: path.join(home, "config"),
        XDG_DATA_HOME: path.join(home, "data"),
        REPROD_RESULTS: results,
        PATH: [path.join(home, "bin"), path.dirname(process.execPath), process.env.PATH].join(path.delimiter),
      }),
    },
  );
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (fs.existsSync(results)) resolve(JSON.parse(fs.readFileSync(results, "utf8")));
      else reject(new Error(`Neovim ended with ${code} and no results: ${said}`));
    });
  });
}

/** What Neovim wrote down of the conversation, for a test that failed. */
function log(home: string): string {
  const found = fs
    .readdirSync(home, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith("lsp.log"));
  return found.map((file) => fs.readFileSync(path.join(home, file), "utf8")).join("\n");
}
