import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { reprod } from "../support/command-line.js";
import { runOf, statesOf } from "../support/events.js";
import { copyOfExample, edit, needPrograms } from "../support/example.js";

const years = [2012, 2013, 2014, 2015];

test("the weather example: a page with a chart for each year, then everything is cached", async (t) => {
  needPrograms("awk");
  const folder = copyOfExample(t, "weather");
  const first = await runOf(folder, ["weather.reprod"]);
  assert.deepEqual([first.code, first.started.length, first.cached], [0, 14, 0]);
  const page = fs.readFileSync(path.join(folder, "results/seattle.html"), "utf8");
  for (const year of years) assert.match(page, new RegExp(`aria-label="Weather of ${year} in Seattle"`));
  assert.match(page, /<th>July<\/th><td>26\.0<\/td><td>14\.2<\/td><td>1\.8<\/td>/);

  const second = await runOf(folder, ["weather.reprod"]);
  assert.deepEqual([second.code, second.started, second.cached], [0, [], 14]);

  const got = await reprod(folder, ["get", "weather.reprod", "chart[2015].picture", "--to", "mine"]);
  assert.equal(got.code, 0, got.stderr);
  const media = fs.readFileSync("media/weather-2015.svg", "utf8");
  assert.equal(
    fs.readFileSync(path.join(folder, "mine/2015.svg"), "utf8"),
    media,
    "the picture of the README",
  );
});

test("the weather example: another unit makes the charts and the page anew, a new year only its own nodes", async (t) => {
  needPrograms("awk");
  const folder = copyOfExample(t, "weather");
  await runOf(folder, ["weather.reprod"]);
  const stale = await statesOf(folder, ["weather.reprod", "--set", "unit=fahrenheit"]);
  assert.deepEqual(stale.stale, [...years.map((year) => `chart[${year}]`), "report"]);
  assert.equal(stale.cached?.length, 9);

  fs.appendFileSync(path.join(folder, "seattle-weather.csv"), "2016-01-01,0.0,7.2,1.1,3.0,sun\n");
  const run = await runOf(folder, ["weather.reprod"]);
  assert.equal(run.code, 0);
  // The days of the older years come out with the same bytes, so nothing below them runs but what shows all years.
  assert.deepEqual(
    [...run.started].sort(),
    [...years, 2016]
      .flatMap((year) => [`chart[${year}]`, `year[${year}]`])
      .concat("monthly[2016]", "normals", "report")
      .sort(),
  );
});

test("the weather example: a helper script that draws the same bytes leaves the page as it is", async (t) => {
  needPrograms("awk");
  const folder = copyOfExample(t, "weather");
  await runOf(folder, ["weather.reprod"]);
  edit(path.join(folder, "chart.mjs"), "// Draws one year", "// Still draws one year");
  const run = await runOf(folder, ["weather.reprod"]);
  assert.deepEqual(
    [...run.started].sort(),
    years.map((year) => `chart[${year}]`),
  );
  assert.deepEqual(run.reused, ["report"]);
});
