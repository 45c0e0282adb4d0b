// `npm start`: opens the editor on examples/ with this checkout's extension: in desktop VS Code where `code` is on
// PATH, else in a VS Code server, whose address is printed.
//   node scripts/start.mjs [--port N] [--server] [--check]
//     --port N   port of the server (else $REPROD_PORT, else 7373 or, when that is taken, a free one)
//     --server   the server even though `code` is there
//     --check    starts the server, waits until the editor's page answers, prints its address and stops
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { load, root } from "../test/host/load.mjs";

const examples = path.join(root, "examples");
const firstFile = path.join(examples, "weather/weather.reprod");
const usualPort = 7373;

const fail = (message, code = 1) => {
  console.error(message);
  process.exit(code);
};

const options = readOptions();
const built = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: root, stdio: "inherit" });
if (built.status !== 0) fail("the extension could not be built", built.status ?? 1);

const { onPath, Missing } = await load("locate");
const code = options.server ? undefined : onPath("code");
if (code !== undefined) {
  const opened = spawnSync(code, [`--extensionDevelopmentPath=${root}`, examples, firstFile], {
    stdio: "inherit",
  });
  if (opened.status !== 0)
    fail(`"${code}" did not open a window; \`npm start -- --server\` needs none`, opened.status ?? 1);
} else {
  await serve().catch((error) =>
    fail(error instanceof Missing || error.expected ? error.message : (error.stack ?? error)),
  );
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: { port: { type: "string" }, server: { type: "boolean" }, check: { type: "boolean" } },
    });
    const port = values.port ?? process.env.REPROD_PORT;
    if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536))
      fail(`not a port: "${port}"`, 2);
    return {
      port: port === undefined ? undefined : Number(port),
      check: values.check === true,
      server: values.server === true || values.check === true,
    };
  } catch (error) {
    return fail(`${error.message}\nusage: node scripts/start.mjs [--port N] [--server] [--check]`, 2);
  }
}

async function serve() {
  const { setUp } = await load("setup");
  await setUp({ browser: false });
  const { startPersonalServer, freePort, isFree } = await load("server");
  if (options.port !== undefined && !(await isFree(options.port)))
    fail(`port ${options.port} is in use: choose another one with --port N`);
  const port = options.port ?? ((await isFree(usualPort)) ? usualPort : await freePort());
  // Settings, layout and state stay from one start to the next.
  const data = path.join(root, "out/editor");
  const token = tokenIn(data);
  const server = await startPersonalServer({ data, port, token, extensions: [{ folder: root }] });
  // The first thing to look at: an empty window says nothing of what can be done here.
  const first = `vscode-remote://${new URL(server.address).host}${pathToFileURL(firstFile).pathname}`;
  const payload = JSON.stringify([["openFile", first]]);
  const address = `${server.address}/?${new URLSearchParams({ folder: examples, payload, tkn: token })}`;
  try {
    await answers(address);
  } catch (error) {
    await server.stop();
    throw error;
  }
  console.log(`Reprod is open in the editor at\n\n  ${address}\n`);
  if (options.check) return await server.stop();
  console.log("Ctrl+C ends it.");
  let ending = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => {
      // Who asks twice does not want to wait.
      if (ending) process.exit(1);
      ending = true;
      server.stop().then(
        () => process.exit(0),
        (error) => fail(error.stack ?? error),
      );
    });
  openBrowser(address);
  const ended = await server.wait();
  if (!ending) fail(`the VS Code server ended (${ended}):\n${server.output()}`);
}

/** Without a token every account of this machine, and pages that find their way to the port, could run commands. */
function tokenIn(data) {
  const file = path.join(data, "token");
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  const token = randomBytes(16).toString("hex");
  mkdirSync(data, { recursive: true });
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  return token;
}

/** The page itself: the first answer trades the token for a cookie and sends on to the same address. */
async function answers(address) {
  const first = await fetch(address, { redirect: "manual" });
  const cookie = first.headers.getSetCookie().map((line) => line.split(";")[0]);
  const next = first.headers.get("location");
  const page =
    next === null ? first : await fetch(new URL(next, address), { headers: { cookie: cookie.join("; ") } });
  if (page.status !== 200) throw new Error(`the editor's page answers ${page.status}`);
}

function openBrowser(address) {
  const open = process.platform === "darwin" ? onPath("open") : onPath("xdg-open");
  if (open === undefined) return;
  if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return;
  const browser = spawn(open, [address], { stdio: "ignore", detached: true });
  browser.on("error", (error) => console.error(`no browser was opened: ${error.message}`));
  browser.unref();
}
