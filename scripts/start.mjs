// `npm start`: the main job, end to end: the weather example through the command line, twice.
// The first run makes what is missing; the second finds everything cached.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const pipeline = "examples/weather/weather.reprod";
const cli = "dist/cli.js";

function reprod(...args) {
  console.log(`\n$ npx reprod ${args.join(" ")}`);
  const { status, signal } = spawnSync(process.execPath, [cli, ...args], { stdio: "inherit" });
  if (status !== 0) process.exit(signal === null ? (status ?? 1) : 130);
}

if (!existsSync(cli)) {
  console.error(`${cli} is not built yet: run \`npm ci\` first`);
  process.exit(2);
}
const tools = spawnSync(process.execPath, ["scripts/install-tools.mjs", "awk"], { stdio: "inherit" });
if (tools.status !== 0) process.exit(1);

reprod("run", pipeline);
reprod("run", pipeline);
reprod("plan", pipeline);

console.log(`
Look at
  examples/weather/results/seattle.html    the page that was made: open it in a browser
  examples/weather/weather.reprod          the pipeline that says what it is made of

Try
  npx reprod show examples/weather/results/seattle.html       how this very file was made
  npx reprod plan ${pipeline} --set unit=fahrenheit
  npx reprod explain ${pipeline} 'chart[2015]' --set unit=fahrenheit`);
