import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { bundlePath } from "../../../server/base/bundle.js";
import { held, nodeEnds, project, say } from "../../support/bad-luck.js";
import { type Ended, plainEnvironment, start } from "../../support/command-line.js";

/** What a script does, and what becomes of its node: `made`, or the kind of failure and its words. */
interface Misdeed {
  readonly script: string;
  /** Of the transform's body; `out o: File = "o"` when left out. */
  readonly outs?: string;
  readonly end: "made" | readonly [failure: string, message: RegExp];
}

const MISDEEDS: { readonly [name: string]: Misdeed } = {
  // Processes
  leavesChildren: { script: '(sleep 987 && echo late >> "$o") & echo x > "$o"', end: "made" },
  ignoresSignals: { script: "trap '' TERM INT HUP; echo x > \"$o\"", end: "made" },
  readsInput: { script: 'cat > "$o"; if read -r line; then exit 3; fi', end: "made" },
  closesOutput: { script: 'exec >&- 2>&-; echo x > "$o"', end: "made" },
  printsBinary: {
    script: "head -c 200000 /dev/urandom; printf '\\033[2J\\0\\377'; echo x > \"$o\"",
    end: "made",
  },
  endsBySignal: { script: 'echo x > "$o"; kill -SEGV $$', end: ["ScriptFailed", /ended by SIGSEGV$/] },
  endsByKill: { script: 'echo x > "$o"; kill -KILL $$', end: ["ScriptFailed", /ended by SIGKILL$/] },
  endsItsGroup: { script: 'echo x > "$o"; kill -KILL 0', end: ["ScriptFailed", /ended by SIGKILL$/] },
  exitCode: { script: "exit 255", end: ["ScriptFailed", /exit code 255$/] },
  // Its folders
  removesFolder: {
    script: 'echo x > "$o"; rm -rf ../work',
    end: ["OutMissing", /removed its own working folder$/],
  },
  removesAttempt: {
    script: 'echo x > "$o"; find .. -maxdepth 1 -type f -delete',
    end: "made",
  },
  replacesFolder: {
    script: "rm -rf ../work; echo x > ../work",
    end: ["OutMissing", /removed its own working folder$/],
  },
  closesFolder: {
    script: "echo x > sub/o; chmod 000 sub/o sub .",
    outs: 'out o: File = "sub/o"',
    end: "made",
  },
  closesDir: {
    script: 'mkdir -p "$o/a"; echo x > "$o/a/f"; chmod 000 "$o/a/f" "$o/a" "$o"',
    outs: 'out o: Dir = "o"',
    end: "made",
  },
  closesGlob: {
    script: "mkdir -p o/a; echo x > o/a/f.txt; chmod 000 o/a/f.txt o/a o",
    outs: 'out o: [File] = glob("o/**/*.txt")',
    end: "made",
  },
  fillsTemporary: { script: 'head -c 30000000 /dev/zero > "$TMPDIR/big"; ls "$TMPDIR" > "$o"', end: "made" },
  // What it leaves behind as outs
  nothing: { script: ":", end: ["OutMissing", /did not make its out: "o"$/] },
  leavingLink: {
    script: 'ln -s /etc/hostname "$o"',
    end: ["OutInvalid", /leads out of the working folder: "o"$/],
  },
  upwardLink: {
    script: 'ln -s ../script "$o"',
    end: ["OutInvalid", /leads out of the working folder: "o"$/],
  },
  danglingLink: { script: 'ln -s nowhere "$o"', end: ["OutMissing", /did not make its out: "o"$/] },
  circularLink: { script: 'ln -s o "$o"', end: ["OutInvalid", /leads back to itself: "o"$/] },
  linkedParent: {
    script: "rmdir sub; ln -s /etc sub",
    outs: 'out o: File = "sub/hostname"',
    end: ["OutInvalid", /leads out of the working folder: "sub\/hostname"$/],
  },
  innerLink: { script: 'echo x > y; ln -s y "$o"', end: "made" },
  dirWithLeavingLink: {
    script: 'mkdir "$o"; ln -s /etc "$o/etc"',
    outs: 'out o: Dir = "o"',
    end: ["OutInvalid", /leads out of its folder: "o\/etc"$/],
  },
  dirWithPipe: {
    script: 'mkdir "$o"; mkfifo "$o/pipe"',
    outs: 'out o: Dir = "o"',
    end: ["OutInvalid", /a named pipe cannot be kept as data: "pipe"$/],
  },
  pipe: { script: 'mkfifo "$o"', end: ["OutInvalid", /should be a file, but is a named pipe: "o"$/] },
  device: { script: 'ln -s /dev/null "$o"', end: ["OutInvalid", /leads out of the working folder: "o"$/] },
  folderForFile: { script: 'mkdir "$o"', end: ["OutInvalid", /should be a file, but is a folder: "o"$/] },
  fileForFolder: {
    script: 'echo > "$o"',
    outs: 'out o: Dir = "o"',
    end: ["OutInvalid", /should be a folder, but is a file: "o"$/],
  },
  tooDeep: {
    script:
      'mkdir "$o"; cd "$o"; n=$(printf %0200d 0); for _ in $(seq 30); do mkdir "$n"; cd "$n"; done; echo x > f',
    outs: 'out o: Dir = "o"',
    end: ["OutInvalid", /cannot be read \(ENAMETOOLONG\): "o\/0+…"$/],
  },
  oddNames: {
    script: 'mkdir "$o"; touch "$o/-rf" "$o/"$\'new\\nline\' "$o/ " "$o/$(printf \'\\360\\237\\247\\254\')"',
    outs: 'out o: Dir = "o"',
    end: "made",
  },
  namesThatAreNoText: {
    script: 'mkdir "$o"; touch "$o/"$\'\\377\'',
    outs: 'out o: Dir = "o"',
    end: ["OutInvalid", /not UTF-8/],
  },
  // Its inputs
  overwritesInput: {
    script: 'chmod u+w "$data" inputs; echo changed > "$data"; cat "$data" > "$o"',
    end: "made",
  },
  removesInput: { script: 'chmod u+w inputs; rm -f "$data"; echo x > "$o"', end: "made" },
  takesInputAsOut: { script: 'mv "$data" "$o" || { chmod u+w inputs; mv "$data" "$o"; }', end: "made" },
};

function pipelineOf(misdeeds: { readonly [name: string]: Misdeed }): string {
  const lines = ["pipeline misdeeds", 'input data = file("data.txt")'];
  for (const [name, { script, outs = 'out o: File = "o"' }] of Object.entries(misdeeds)) {
    const transform = `T${name}`;
    // Each asks for other data by its param, so that no two of them are one piece of work.
    lines.push(
      `transform ${transform} {`,
      "  in data: File",
      `  ${outs}`,
      `  run bash \`\`\``,
      `    : ${name}`,
      `    ${script}`,
      "  ```",
      "}",
      `node ${name} = ${transform} { data }`,
    );
  }
  return `${lines.join("\n")}\n`;
}

async function checkEnds(
  t: TestContext,
  folder: string,
  run: (...args: string[]) => Promise<Ended>,
): Promise<void> {
  const names = Object.keys(MISDEEDS);
  const args = ["run", "p.reprod", "--keep-going", "--json"];
  const first = held(args, await run(...args));
  assert.equal(first.code, 1, first.all.slice(-2000));
  const ends = nodeEnds(first.stdout);
  const shown = (name: string): string => {
    const end = ends.get(name);
    return `${name}: ${end?.from ?? `${end?.failure}: ${end?.message}`}`;
  };
  for (const [name, { end }] of Object.entries(MISDEEDS)) {
    const [failure, message] = end === "made" ? [undefined, /made$/] : end;
    assert.equal(ends.get(name)?.failure, failure, shown(name));
    assert.match(shown(name), message);
  }
  const made = names.filter((name) => MISDEEDS[name]?.end === "made").length;
  assert.match(
    held(["verify"], await run("verify")).stdout,
    new RegExp(`and ${made} records verified: all is well`),
  );
  const second = held(["run"], await run("run", "p.reprod", "--keep-going"));
  assert.match(second.stdout, new RegExp(`0 made, ${made} cached, ${names.length - made} failed`));
  assert.equal(fs.readFileSync(path.join(folder, "data.txt"), "utf8"), "data\n", "inputs are as they were");
  const ended = spawnSync("pgrep", ["-f", "^sleep 987$"], { encoding: "utf8" });
  assert.equal(ended.stdout ?? "", "", "no child is left");
  // Node.js cannot delete paths as long as one of these scripts makes them.
  spawnSync("rm", ["-rf", path.join(folder, ".reprod/tmp")]);
  t.diagnostic(`${made} made, ${names.length - made} refused`);
}

test("C4 C7 C9 whatever a script does fails its own node at most, in words, and the store stays whole", async (t) => {
  const folder = project(t, { "p.reprod": pipelineOf(MISDEEDS), "data.txt": "data\n" });
  await checkEnds(t, folder, (...args) => say(folder, args));
});

test("C4 C7 C9 the same for a user who is not root, whom modes hold", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("the test before this one ran as such a user");
  // Nobody may look into a home of root: program and project lie where everybody may.
  const folder = project(t, { "p.reprod": pipelineOf(MISDEEDS), "data.txt": "data\n" });
  const program = fs.mkdtempSync(path.join(os.tmpdir(), "reprod-program-"));
  t.after(() => fs.rmSync(program, { recursive: true, force: true }));
  const built = path.dirname(bundlePath("cli"));
  fs.cpSync(built, program, { recursive: true });
  const nobody = 65534;
  for (const place of [program, folder]) {
    fs.chownSync(place, nobody, nobody);
    for (const name of fs.readdirSync(place)) fs.chownSync(path.join(place, name), nobody, nobody);
  }
  const asNobody = (file: string, args: readonly string[]) =>
    spawn(file, args, {
      cwd: folder,
      uid: nobody,
      gid: nobody,
      env: plainEnvironment({ HOME: folder }),
      stdio: ["ignore", "pipe", "pipe"],
    });
  const run = async (...args: string[]): Promise<Ended> => {
    const child = asNobody(process.execPath, [path.join(program, "cli.js"), ...args]);
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    return await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
  };
  await checkEnds(t, folder, run);
});

test("an interpreter that is not there is told at its place before anything runs", async (t) => {
  const folder = project(t, {
    "p.reprod":
      'pipeline p\nnode n = T {}\ntransform T {\n  out o: File = "o"\n  run "no-such-program" ```\n    x\n  ```\n}\n',
  });
  const ended = await say(folder, ["run", "p.reprod"]);
  assert.equal(ended.code, 2, ended.all);
  assert.match(ended.all, /^error\[reprod\/missing-tool\].*"no-such-program"\n\s+--> p\.reprod:5:7$/m);
  assert.ok(!fs.existsSync(path.join(folder, ".reprod/runs")));
});

test("a script that prints 1 GB ends like any other; its log keeps head and tail", async (t) => {
  const folder = project(t, {
    "p.reprod": `pipeline flood
node n = Flood {}
transform Flood {
  out o: File = "o"
  run bash \`\`\`
    echo first
    yes "$(printf %0999d 0)" | head -c 1000000000 || :
    echo last
    echo x > "$o"
  \`\`\`
}
`,
  });
  const run = await say(folder, ["run", "p.reprod"]);
  assert.equal(run.code, 0, run.all);
  const logs = start(["logs", "latest", "n"], { cwd: folder });
  await logs.prints("| first\n");
  // Whoever has seen enough closes the pipe: that is no failure.
  logs.child.stdout?.destroy();
  const { code, signal, stderr } = await logs.ended;
  assert.deepEqual([code, signal, stderr], [0, null, ""]);
});
