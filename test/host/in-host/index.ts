// Loaded inside the extension host: runs the suites that lie beside it and writes down what came of them.
import * as fs from "node:fs";
import * as path from "node:path";
import Mocha from "mocha";

export async function run(): Promise<void> {
  const grep = process.env.REPROD_HOST_GREP;
  const mocha = new Mocha({
    ui: "tdd",
    color: false,
    reporter: "spec",
    timeout: Number(process.env.REPROD_HOST_PATIENCE ?? 20_000),
    ...(grep === undefined ? {} : { grep: new RegExp(grep) }),
  });
  const suites = fs.readdirSync(__dirname, { recursive: true, encoding: "utf8" });
  for (const file of suites.filter((name) => name.endsWith(".test.js")).sort())
    mocha.addFile(path.join(__dirname, file));
  const stats = await new Promise<Mocha.Stats | undefined>((resolve) => {
    const runner = mocha.run(() => resolve(runner.stats));
  });
  const { passes = 0, failures = 0, pending = 0 } = stats ?? {};
  const results = process.env.REPROD_HOST_RESULTS;
  if (results !== undefined)
    fs.writeFileSync(results, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
  if (failures > 0) throw new Error(`${failures} failed`);
}
