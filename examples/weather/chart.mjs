// Draws one year of weather as SVG.
//   node chart.mjs DAYS.csv NORMALS.csv YEAR UNIT WET_FROM > YEAR.svg
import { readFileSync } from "node:fs";

const [daysFile, normalsFile, year, unit, wetFromText] = process.argv.slice(2);
const wetFrom = Number(wetFromText);

const rowsOf = (file) => {
  const [header, ...lines] = readFileSync(file, "utf8").trim().split("\n");
  const names = header.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, index) => [names[index], cell])));
};
const days = rowsOf(daysFile).map((row) => ({
  date: new Date(`${row.date}T00:00:00Z`),
  rain: Number(row.precipitation),
  high: Number(row.temp_max),
  low: Number(row.temp_min),
}));
const normals = rowsOf(normalsFile);

// ---------------------------------------------------------------- scales

const width = 960;
const height = 340;
const plot = { left: 52, right: 12, top: 62, temperature: 192, gap: 4, rain: 52 };
const firstDay = Date.UTC(Number(year), 0, 1);
const dayLength = 86_400_000;
const lengthOfYear = (Date.UTC(Number(year) + 1, 0, 1) - firstDay) / dayLength;
const dayWidth = (width - plot.left - plot.right) / lengthOfYear;

const x = (time) => plot.left + ((time - firstDay) / dayLength) * dayWidth;
// The same scale in all charts, whatever the year was like: they are meant to be compared.
const coldest = -12;
const hottest = 37;
const y = (celsius) => plot.top + (plot.temperature * (hottest - celsius)) / (hottest - coldest);
const rainTop = plot.top + plot.temperature + plot.gap;
const rainMost = 60;
const rainHeight = (millimetres) => (plot.rain * Math.min(millimetres, rainMost)) / rainMost;
const shown = (celsius) => (unit === "fahrenheit" ? (celsius * 9) / 5 + 32 : celsius);
const degrees = unit === "fahrenheit" ? "°F" : "°C";
const n = (value) => Number(value.toFixed(2));

const stops = [
  [-5, [69, 94, 176]],
  [4, [92, 160, 214]],
  [11, [150, 203, 190]],
  [17, [246, 213, 124]],
  [23, [240, 147, 76]],
  [30, [206, 66, 61]],
];
/** Blue to red by temperature, by straight lines between the stops. */
function warmth(celsius) {
  const above = stops.findIndex(([at]) => celsius < at);
  if (above === 0) return rgb(stops[0][1]);
  if (above < 0) return rgb(stops[stops.length - 1][1]);
  const [from, a] = stops[above - 1];
  const [to, b] = stops[above];
  const share = (celsius - from) / (to - from);
  return rgb(a.map((channel, index) => Math.round(channel + share * (b[index] - channel))));
}
const rgb = (channels) => `#${channels.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;

// ---------------------------------------------------------------- marks

const monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const monthStart = (month) => x(Date.UTC(Number(year), month, 1));
const months = monthNames.map(
  (name, month) =>
    (month === 0
      ? ""
      : `<line x1="${n(monthStart(month))}" x2="${n(monthStart(month))}" y1="${plot.top}" y2="${rainTop + plot.rain}" class="grid"/>`) +
    `<text x="${n((monthStart(month) + monthStart(month + 1)) / 2)}" y="${height - 8}" text-anchor="middle">${name}</text>`,
);

const levels = [0, 10, 20, 30].map(
  (celsius) =>
    `<line x1="${plot.left}" x2="${width - plot.right}" y1="${n(y(celsius))}" y2="${n(y(celsius))}" class="grid"/>` +
    `<text x="${plot.left - 8}" y="${n(y(celsius)) + 4}" text-anchor="end">${shown(celsius)} ${degrees}</text>`,
);

const band = normals.map((normal) => {
  const month = Number(normal.month) - 1;
  const [left, right] = [monthStart(month), monthStart(month + 1)];
  const [top, bottom] = [y(Number(normal.high)), y(Number(normal.low))];
  return `<rect x="${n(left)}" y="${n(top)}" width="${n(right - left)}" height="${n(bottom - top)}" class="normal"/>`;
});

const label = (date) => `${date.getUTCDate()} ${monthNames[date.getUTCMonth()]}`;
const ranges = days.map((day) => {
  const title = `${label(day.date)}: ${n(shown(day.low))} to ${n(shown(day.high))} ${degrees}, ${day.rain} mm`;
  const barHeight = Math.max(y(day.low) - y(day.high), 1);
  return (
    `<rect x="${n(x(day.date.getTime()))}" y="${n(y(day.high))}" width="${n(dayWidth * 0.86)}" height="${n(barHeight)}" ` +
    `rx="1" fill="${warmth((day.high + day.low) / 2)}"><title>${title}</title></rect>`
  );
});
const rain = days
  .filter((day) => day.rain > 0)
  .map(
    (day) =>
      `<rect x="${n(x(day.date.getTime()))}" y="${rainTop}" width="${n(dayWidth * 0.86)}" ` +
      `height="${n(rainHeight(day.rain))}" class="${day.rain >= wetFrom ? "rain" : "drizzle"}"/>`,
  );

const best = (better) => days.reduce((a, b) => (better(b, a) ? b : a));
const hot = best((a, b) => a.high > b.high);
const cold = best((a, b) => a.low < b.low);
const total = days.reduce((sum, day) => sum + day.rain, 0);
const wet = days.filter((day) => day.rain >= wetFrom).length;
const extreme = (day, celsius, dy) =>
  `<text x="${n(Math.min(Math.max(x(day.date.getTime()), 100), width - 60))}" y="${n(y(celsius)) + dy}" ` +
  `text-anchor="middle" class="extreme">${shown(celsius).toFixed(1).replace("-", "−")} ${degrees}</text>`;

process.stdout.write(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" \
aria-label="Weather of ${year} in Seattle" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="12" fill="#5c6670">
<style>.grid { stroke: #e3e6e8 } .normal { fill: #eceff1 } .rain { fill: #3f7fbf } .drizzle { fill: #b8d0e8 }
.year { font-size: 26px; font-weight: 700; fill: #22282e } .extreme { font-weight: 600; fill: #22282e; \
stroke: #fff; stroke-width: 3; paint-order: stroke }</style>
<text x="${plot.left}" y="34" class="year">${year}</text>
<text x="${width - plot.right}" y="34" text-anchor="end">${Math.round(total).toLocaleString("en-GB")} mm of rain on ${wet} wet days</text>
${band.join("")}
${levels.join("")}
${months.join("")}
${ranges.join("\n")}
<line x1="${plot.left}" x2="${width - plot.right}" y1="${rainTop}" y2="${rainTop}" class="grid"/>
<text x="${plot.left - 8}" y="${rainTop + 11}" text-anchor="end">rain</text>
${rain.join("\n")}
${extreme(hot, hot.high, -6)}
${extreme(cold, cold.low, 16)}
</svg>
`);
