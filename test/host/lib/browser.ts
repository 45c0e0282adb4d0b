// One headless browser a process; each editor gets a context of its own, so that nothing is remembered between them.
import { type Browser, chromium } from "playwright-core";
import { browserProgram, Missing } from "./locate.js";

let launched: Promise<Browser> | undefined;

export async function browser(): Promise<Browser> {
  launched ??= launch();
  return await launched;
}

export async function closeBrowser(): Promise<void> {
  const closing = launched;
  launched = undefined;
  await (await closing)?.close();
}

async function launch(): Promise<Browser> {
  const executablePath = browserProgram();
  if (executablePath === undefined) throw new Missing("no browser: run `node test/host/setup.mjs`");
  return await chromium.launch({
    executablePath,
    // Signals are handled where the servers are ended too; the browser ends with this process in any case.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [
      // Root may not start Chromium's sandbox; the only pages are this test's.
      ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
      "--disable-dev-shm-usage",
      "--disable-gpu",
      "--disable-background-networking",
      "--no-first-run",
      // A test that reaches for the network must fail here as it would on a machine that has none.
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ],
  });
}
