// moto, the stand-in for AWS, for tests and benchmarks: a virtual environment in out/ with pinned versions, made
// once, and a server that ends with the process that started it.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

export class MotoUnavailable extends Error {}

/** Oldest first: the pinned packages have to be there for every one that is accepted. */
const minors = [10, 11, 12, 13, 14];
const isWindows = process.platform === "win32";

export async function motoEnvironment(root = process.cwd()) {
  const requirements = path.join(root, "test/aws/requirements.txt");
  const actions = path.join(root, "scripts/rest-actions.py");
  const hash = createHash("sha256");
  for (const file of [requirements, actions]) hash.update(readFileSync(file));
  const folder = path.join(root, "out", `moto-venv-${hash.digest("hex").slice(0, 12)}`);
  if (!isWhole(folder))
    await underLock(
      `${folder}.lock`,
      () => isWhole(folder),
      () => make(folder, requirements, actions),
    );
  return {
    python: pythonOf(folder),
    restActions: JSON.parse(readFileSync(path.join(folder, "rest-actions.json"), "utf8")),
  };
}

function pythonOf(folder) {
  return isWindows ? path.join(folder, "Scripts", "python.exe") : path.join(folder, "bin", "python");
}

/** A folder of that name is whole, since it gets the name last; but the Python that it links to may be gone. */
function isWhole(folder) {
  return existsSync(path.join(folder, "rest-actions.json")) && existsSync(pythonOf(folder));
}

async function make(folder, requirements, actions) {
  const python = findPython();
  const parent = path.dirname(folder);
  const partly = `${path.basename(folder)}.making-`;
  for (const name of readdirSync(parent)) {
    // What others began and were killed over. pip keeps what it had downloaded, so little is lost.
    if (name.startsWith(partly) && !isAlive(Number(name.slice(partly.length))))
      rmSync(path.join(parent, name), { recursive: true, force: true, maxRetries: 5 });
  }
  const making = path.join(parent, `${partly}${process.pid}`);
  rmSync(making, { recursive: true, force: true });
  try {
    say(`making ${path.relative(process.cwd(), folder)} for moto, once`);
    await command(python, ["-m", "venv", making], "a virtual environment cannot be made", venvHelp);
    await command(
      pythonOf(making),
      ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "-r", requirements],
      "moto cannot be installed",
      "it takes a connection to PyPI, or a mirror of it in pip's configuration",
    );
    const table = await command(pythonOf(making), [actions], "botocore does not work");
    writeFileSync(path.join(making, "rest-actions.json"), table);
    if (!isWhole(folder)) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(making, folder);
    }
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** On stderr, since stdout of a test process belongs to its runner. */
function say(text) {
  process.stderr.write(`${text}\n`);
}

const venvHelp = "install Python's venv and pip (Debian: sudo apt-get install python3-venv)";

function findPython() {
  const names = ["python3", ...minors.map((minor) => `python3.${minor}`).reverse(), "python"];
  let tooOld;
  let lacking;
  for (const name of names) {
    const asked = spawnSync(
      name,
      [
        "-c",
        "import sys; print('%d.%d' % sys.version_info[:2]); import venv, ensurepip; print(sys.executable)",
      ],
      { encoding: "utf8" },
    );
    const [version, executable] = (asked.stdout ?? "").trim().split(/\r?\n/);
    const found = /^3\.(\d+)$/.exec(version ?? "");
    if (asked.error !== undefined || !version) continue;
    if (found === null || Number(found[1]) < minors[0]) tooOld ??= version;
    else if (asked.status !== 0 || !executable) lacking ??= name;
    else return executable;
  }
  const wanted = `Python 3.${minors[0]} or newer`;
  if (lacking !== undefined)
    throw new MotoUnavailable(`moto takes ${wanted} with venv and pip, and ${lacking} has none: ${venvHelp}`);
  const is = tooOld === undefined ? "there is none on PATH" : `the one on PATH is ${tooOld}`;
  throw new MotoUnavailable(
    `moto takes ${wanted}, and ${is}: install it (Debian: sudo apt-get install python3 python3-venv)`,
  );
}

async function command(program, args, what, help) {
  // Variables that would send packages elsewhere than into the virtual environment.
  const { PYTHONHOME, PYTHONPATH, PIP_USER, PIP_TARGET, PIP_PREFIX, ...env } = process.env;
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const [code] = await once(child, "close");
  if (code === 0) return stdout;
  const said = `${stderr}${stdout}`.trim().slice(-1500);
  throw new MotoUnavailable(`${what}${help === undefined ? "" : ` (${help})`}: ${said}`);
}

/**
 * Only saves work: two that make the environment at once make it in folders of their own, and either is right. So
 * nothing depends on a lock that a killed process has left being told from a living one in every case.
 */
async function underLock(lock, isDone, work) {
  mkdirSync(path.dirname(lock), { recursive: true });
  for (;;) {
    if (isDone()) return;
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    let holder = "";
    try {
      holder = readFileSync(lock, "utf8");
    } catch {
      continue;
    }
    // Empty for the moment between its creation and its content, or for ever when its writer was killed right there.
    if (holder === "") await sleep(500);
    if (holder === "" ? isStillEmpty(lock) : !isAlive(Number(holder))) rmSync(lock, { force: true });
    else await sleep(200);
  }
  try {
    if (!isDone()) await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function isStillEmpty(file) {
  try {
    return readFileSync(file, "utf8") === "";
  } catch {
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

const keptLog = 4 * 1024 * 1024;

export async function startMoto(root = process.cwd()) {
  const environment = await motoEnvironment(root);
  const child = spawn(environment.python, [path.join(root, "scripts/moto-server.py")], {
    // Without the variables of whoever runs the tests: none of theirs may reach a call of moto to itself.
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: process.env.TMPDIR,
      SystemRoot: process.env.SystemRoot,
      PYTHONUNBUFFERED: "1",
      MOTO_IAM_LOAD_MANAGED_POLICIES: "true",
      AWS_EC2_METADATA_DISABLED: "true",
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    log = (log + text).slice(-keptLog);
  });
  const ended = once(child, "exit");
  const port = await Promise.race([
    once(createInterface({ input: child.stdout }), "line").then(([line]) => Number(line)),
    ended.then(() => undefined),
  ]);
  if (port === undefined || !(port > 0)) throw new Error(`moto does not start: ${log.slice(-3000)}`);
  // A test that forgets to stop it must end all the same; it ends with the test's process.
  for (const handle of [child, child.stdin, child.stdout, child.stderr]) handle.unref();
  const url = `http://127.0.0.1:${port}`;
  await config(url);
  return {
    ...environment,
    url,
    log: () => log,
    stop: async () => {
      child.ref();
      child.stdin.destroy();
      await ended;
    },
  };
}

/** Batch jobs and Lambda functions without containers, which this machine need not have. */
async function config(url) {
  const simple = { batch: { use_docker: false }, lambda: { use_docker: false } };
  const answer = await fetch(`${url}/moto-api/config`, { method: "POST", body: JSON.stringify(simple) });
  if (!answer.ok) throw new Error(`moto does not take its settings: ${answer.status}`);
}
