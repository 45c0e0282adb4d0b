// Writes the page of the weather example: the average year as a table, then every chart.
//   node report.mjs NORMALS.csv UNIT WET_FROM CHART.svg… MONTHS.csv… > PAGE.html
import { readFileSync } from "node:fs";

const [normalsFile, unit, wetFrom, ...files] = process.argv.slice(2);
const charts = files.filter((file) => file.endsWith(".svg"));
const tables = files.filter((file) => file.endsWith(".csv"));

const rowsOf = (file) =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number));

const monthNames = ["January", "February", "March", "April", "May", "June", "July", "August", "September"];
monthNames.push("October", "November", "December");
const degrees = unit === "fahrenheit" ? "°F" : "°C";
const shown = (celsius) => (unit === "fahrenheit" ? (celsius * 9) / 5 + 32 : celsius).toFixed(1);

const normals = rowsOf(normalsFile);
const mostRain = Math.max(...normals.map(([, , , rain]) => rain));
const years = tables.map((file) => {
  const months = rowsOf(file);
  return { year: months[0][0], rain: new Map(months.map((month) => [month[1], month[5]])) };
});
const most = Math.max(...years.flatMap(({ rain }) => [...rain.values()]));

const cell = (rain) =>
  rain === undefined
    ? "<td></td>"
    : `<td style="background: rgb(63 127 191 / ${((0.75 * rain) / most).toFixed(3)})">${rain.toFixed(0)}</td>`;

const body = normals.map(
  ([month, high, low, rain, wetDays]) =>
    `<tr><th>${monthNames[month - 1]}</th><td>${shown(high)}</td><td>${shown(low)}</td><td>${wetDays.toFixed(1)}</td>` +
    `<td class="bar"><i style="width: ${((100 * rain) / mostRain).toFixed(1)}%"></i><span>${rain.toFixed(0)}</span></td>` +
    `${years.map((year) => cell(year.rain.get(month))).join("")}</tr>`,
);

process.stdout.write(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Four years of weather in Seattle</title>
<style>
  body { font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; color: #22282e; max-width: 60rem; margin: 3rem auto; padding: 0 1rem }
  h1 { font-size: 1.8rem; margin-bottom: 0 }
  h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem }
  p { color: #5c6670 }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .92rem }
  th, td { padding: .22rem .7rem; text-align: right; border-bottom: 1px solid #e3e6e8 }
  th:first-child { text-align: left }
  thead th { color: #5c6670; font-weight: 500 }
  td.bar { position: relative; width: 22%; text-align: left }
  td.bar i { position: absolute; left: 0; top: .3rem; bottom: .3rem; background: #b8d0e8; border-radius: 2px }
  td.bar span { position: relative; padding-left: .4rem }
  svg { width: 100%; height: auto; margin-top: 1rem }
</style>
<h1>Four years of weather in Seattle</h1>
<p>Daily observations of NOAA. A wet day has ${wetFrom} mm of rain or more.</p>
<h2>The average year</h2>
<table>
<thead><tr><th></th><th>highest, ${degrees}</th><th>lowest, ${degrees}</th><th>wet days</th><th style="text-align: left">rain, mm</th>
${years.map(({ year }) => `<th>${year}</th>`).join("")}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table>
<h2>Day by day</h2>
<p>Each bar spans the lowest and highest temperature of a day; grey is the average month; rain hangs below.</p>
${charts.map((file) => readFileSync(file, "utf8")).join("\n")}
</html>
`);
