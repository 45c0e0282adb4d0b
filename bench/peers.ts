import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { bundlePath } from "../server/base/bundle.js";
import { type ProcessFigures, timeProcess } from "./measure.js";

export type Shape = "independent" | "chain";

/** An engine that makes `count` one-line shell tasks. */
export interface Engine {
  readonly name: string;
  /** Writes its pipeline into an empty folder. */
  prepare(folder: string, shape: Shape, count: number): void;
  run(folder: string, count: number): Promise<ProcessFigures>;
  /** Brings a prepared folder to where nothing is left to do, when that is quicker than a run. */
  fill?(folder: string, count: number): void;
  /** Says what a run would do, all being up to date; undefined when the engine has no such command. */
  plan: ((folder: string, count: number) => Promise<ProcessFigures>) | undefined;
  /** Files that prove the work was done: counted after the first run. */
  made(folder: string): number;
}

const tools = path.resolve("out/bench/peers");

/** Installs the peers from their registries, once: they are measured, never shipped. */
export function installPeers(): void {
  mkdirSync(tools, { recursive: true });
  const venv = path.join(tools, "venv");
  if (!existsSync(path.join(venv, "bin/snakemake")) || !existsSync(path.join(venv, "bin/redun"))) {
    console.error("installing Snakemake and redun from PyPI (once) …");
    must("python3", ["-m", "venv", venv]);
    must(path.join(venv, "bin/pip"), [
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "snakemake",
      "redun",
    ]);
  }
  if (!existsSync(path.join(tools, "npm/node_modules/.bin/wireit"))) {
    console.error("installing wireit from npm (once) …");
    must("npm", ["install", "--silent", "--prefix", path.join(tools, "npm"), "wireit"]);
  }
}

/** Installs the language servers that ours is measured beside, once: the newest that this Node runs. */
export function installLanguageServers(): void {
  const missing = languageServers.filter(({ program }) => !existsSync(peerProgram(program)));
  if (missing.length === 0) return;
  mkdirSync(tools, { recursive: true });
  console.error(`installing ${missing.map((one) => one.npm).join(" and ")} from npm (once) …`);
  must("npm", ["install", "--silent", "--prefix", path.join(tools, "npm"), ...missing.map((one) => one.npm)]);
}

const languageServers = [
  { npm: "yaml-language-server", program: "yaml-language-server" },
  { npm: "vscode-langservers-extracted", program: "vscode-json-language-server" },
] as const;

/** The `aws` command line, once: what scripts that set up an account are written with. */
export function installAwsCommandLine(): void {
  const venv = path.join(tools, "aws-venv");
  if (existsSync(awsCommandLine)) return;
  mkdirSync(tools, { recursive: true });
  console.error("installing the aws command line from PyPI (once) …");
  must("python3", ["-m", "venv", venv]);
  must(path.join(venv, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", "awscli"]);
}

export const awsCommandLine = path.join(tools, "aws-venv/bin/aws");

/** Where npm puts the program of a peer. */
export function peerProgram(program: string): string {
  return path.join(tools, "npm/node_modules/.bin", program);
}

/** The version of an installed peer, for the table. */
export function peerVersion(npm: (typeof languageServers)[number]["npm"]): string {
  const manifest: unknown = JSON.parse(
    readFileSync(path.join(tools, "npm/node_modules", npm, "package.json"), "utf8"),
  );
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : "?";
}

function must(command: string, args: readonly string[]): void {
  const done = spawnSync(command, args, { encoding: "utf8" });
  if (done.status !== 0)
    throw new Error(`${command} ${args.join(" ")} failed: ${done.error?.message ?? done.stderr}`);
}

const count = (folder: string): number => readdirSync(path.join(folder, "out")).length;

/** Engines that go by times of files take these for their own. */
function writeOutputs(folder: string, count: number): void {
  mkdirSync(path.join(folder, "out"), { recursive: true });
  for (let i = 0; i < count; i++) writeFileSync(path.join(folder, "out", `${i}.txt`), `${i}\n`);
}

export const reprod: Engine = {
  name: "reprod",
  prepare(folder, shape, count) {
    // Each task takes its number as a param, so that no two nodes are the same recipe.
    const transform = (input: string): string =>
      [
        "transform Echo {",
        input,
        "  param i: Int",
        '  out made: File = "made.txt"',
        "  run sh ```",
        '    echo "$i" > "$made"',
        "  ```",
        "}",
        "",
      ].join("\n");
    const text =
      shape === "independent"
        ? `pipeline bench\n\nfor i in range(${count}) {\n  node made[i] = Echo { i }\n}\n\ntarget made\n\n${transform("")}`
        : `pipeline bench\n\nnode made[0] = Echo { i: 0 }\nfor i in range(1, ${count}) {\n  node made[i] = Echo { i, before: made[i - 1].made }\n}\n\ntarget made\n\n${transform("  in before: File?")}`;
    writeFileSync(path.join(folder, "bench.reprod"), text);
    writeFileSync(path.join(folder, "reprod.json"), `{ "projectId": "bench2bench2" }\n`);
  },
  run: (folder) =>
    timeProcess(process.execPath, [bundlePath("cli"), "run", "bench.reprod", "--jobs", "2"], {
      cwd: folder,
    }),
  plan: (folder) =>
    timeProcess(process.execPath, [bundlePath("cli"), "plan", "bench.reprod"], { cwd: folder }),
  made(folder) {
    const shards = readdirSync(path.join(folder, ".reprod/store/results"));
    return shards.reduce(
      (sum, shard) => sum + readdirSync(path.join(folder, ".reprod/store/results", shard)).length,
      0,
    );
  },
};

export const make: Engine = {
  name: "make",
  prepare(folder, shape, count) {
    mkdirSync(path.join(folder, "out"));
    const targets = `T := $(shell seq 0 ${count - 1} | sed 's|.*|out/&.txt|')\nall: $(T)\n`;
    const recipe = "\t@echo $* > $@\n";
    const chain = Array.from({ length: count - 1 }, (_, i) => `out/${i + 1}.txt: out/${i}.txt\n`).join("");
    writeFileSync(
      path.join(folder, "Makefile"),
      `${targets}${shape === "chain" ? chain : ""}out/%.txt:\n${recipe}`,
    );
  },
  run: (folder) => timeProcess("make", ["-s", "-j2"], { cwd: folder }),
  fill: writeOutputs,
  plan: (folder) => timeProcess("make", ["-s", "-q"], { cwd: folder }),
  made: count,
};

export const snakemake: Engine = {
  name: "snakemake",
  prepare(folder, shape, count) {
    const input =
      shape === "chain" ? '    input: lambda w: [] if w.i == "0" else [f"out/{int(w.i) - 1}.txt"]\n' : "";
    writeFileSync(
      path.join(folder, "Snakefile"),
      `rule all:\n    input: expand("out/{i}.txt", i=range(${count}))\nrule one:\n${input}    output: "out/{i}.txt"\n    shell: "echo {wildcards.i} > {output}"\n`,
    );
  },
  run: (folder) =>
    timeProcess(path.join(tools, "venv/bin/snakemake"), ["--cores", "2", "--quiet", "all"], { cwd: folder }),
  fill: writeOutputs,
  plan: (folder) =>
    timeProcess(path.join(tools, "venv/bin/snakemake"), ["--cores", "2", "--dry-run", "--quiet", "all"], {
      cwd: folder,
    }),
  made: count,
};

export const redun: Engine = {
  name: "redun",
  prepare(folder, shape, count) {
    mkdirSync(path.join(folder, "out"));
    const body =
      shape === "chain"
        ? `    made = None\n    for i in range(${count}):\n        made = one(i, made)\n    return made\n`
        : `    return [one(i, None) for i in range(${count})]\n`;
    writeFileSync(
      path.join(folder, "workflow.py"),
      `import subprocess\nfrom redun import task, File\nredun_namespace = "bench"\n\n@task()\ndef one(i, before):\n    path = f"out/{i}.txt"\n    subprocess.run(["sh", "-c", f"echo {i} > {path}"], check=True)\n    return File(path)\n\n@task()\ndef main():\n${body}`,
    );
  },
  run: (folder) =>
    timeProcess(path.join(tools, "venv/bin/redun"), ["run", "workflow.py", "main"], { cwd: folder }),
  plan: undefined,
  made: count,
};

export const wireit: Engine = {
  name: "wireit",
  prepare(folder, shape, count) {
    mkdirSync(path.join(folder, "out"));
    const tasks: Record<string, unknown> = {
      all: { dependencies: Array.from({ length: count }, (_, i) => `t${i}`) },
    };
    for (let i = 0; i < count; i++) {
      tasks[`t${i}`] = {
        command: `echo ${i} > out/${i}.txt`,
        files: [],
        output: [`out/${i}.txt`],
        ...(shape === "chain" && i > 0 ? { dependencies: [`t${i - 1}`] } : {}),
      };
    }
    const scripts = Object.fromEntries(Object.keys(tasks).map((name) => [name, "wireit"]));
    writeFileSync(
      path.join(folder, "package.json"),
      JSON.stringify({ name: "bench", scripts, wireit: tasks }),
    );
  },
  run: (folder) =>
    timeProcess("npm", ["run", "--silent", "all"], {
      cwd: folder,
      env: {
        WIREIT_PARALLEL: "2",
        WIREIT_LOGGER: "simple",
        PATH: `${path.join(tools, "npm/node_modules/.bin")}:${process.env.PATH}`,
      },
    }),
  plan: undefined,
  made: count,
};

const work = path.resolve("out/bench/work", `${process.pid}`);

/** A fresh folder for one engine and one size, below `out/`. */
export function freshFolder(name: string): string {
  const folder = path.join(work, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/**
 * Deletes what the benchmarks made: once, at the very end. Some file systems are slow to create files for minutes
 * after thousands were deleted, and whoever is measured next would pay for it.
 */
export function removeFolders(): void {
  rmSync(work, { recursive: true, force: true });
}
