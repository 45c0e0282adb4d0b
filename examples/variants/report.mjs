// Writes the report of the variants example: recall and precision by sample, and a map of the genome.
//   node report.mjs PAGE.html TABLE.tsv GENOME_LENGTH MIN_QUALITY MIN_DEPTH VERDICTS.tsv…
import { readFileSync, writeFileSync } from "node:fs";

const [page, table, lengthText, minQuality, minDepth, ...files] = process.argv.slice(2);
const genomeLength = Number(lengthText);

const html = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const percent = (part, whole) => (whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`);

const samples = files.map((file) => {
  const variants = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"))
    .map(([sample, verdict, position, from, to]) => ({
      sample,
      verdict,
      position: Number(position),
      from,
      to,
    }));
  const count = (verdict) => variants.filter((v) => v.verdict === verdict).length;
  const [found, missed, wrong] = ["found", "missed", "wrong"].map(count);
  return { name: variants[0]?.sample ?? file, variants, found, missed, wrong };
});

writeFileSync(
  table,
  `${[
    "sample\tfound\tmissed\twrong\trecall\tprecision",
    ...samples.map((s) =>
      [
        s.name,
        s.found,
        s.missed,
        s.wrong,
        (s.found / (s.found + s.missed)).toFixed(4),
        (s.found / (s.found + s.wrong)).toFixed(4),
      ].join("\t"),
    ),
  ].join("\n")}\n`,
);

// ---------------------------------------------------------------- the map

const width = 960;
const margin = { left: 96, right: 24, top: 8 };
const rowHeight = 64;
const x = (position) => margin.left + ((width - margin.left - margin.right) * position) / genomeLength;
const colour = { found: "#2a9d8f", missed: "#c8ccd0", wrong: "#e76f51" };
const height = margin.top + rowHeight * samples.length + 34;

const ticks = [];
for (let at = 0; at <= genomeLength; at += 5000)
  ticks.push(
    `<line x1="${x(at)}" x2="${x(at)}" y1="${height - 30}" y2="${height - 25}" stroke="#9aa1a8"/>` +
      `<text x="${x(at)}" y="${height - 11}" text-anchor="middle">${at / 1000} kb</text>`,
  );

const rows = samples.map((sample, index) => {
  const middle = margin.top + rowHeight * index + rowHeight / 2;
  const marks = sample.variants.map((v) => {
    // Found above the line, missed below it, wrong across it: the picture reads without colours too.
    const [top, bottom] = { found: [-20, -2], missed: [2, 20], wrong: [-20, 20] }[v.verdict];
    const at = x(v.position).toFixed(1);
    return (
      `<line x1="${at}" x2="${at}" y1="${middle + top}" y2="${middle + bottom}" stroke="${colour[v.verdict]}" ` +
      `stroke-width="2"><title>${html(`${v.position} ${v.from} → ${v.to}: ${v.verdict}`)}</title></line>`
    );
  });
  return (
    `<text x="${margin.left - 12}" y="${middle + 4}" text-anchor="end" class="name">${html(sample.name)}</text>` +
    `<line x1="${x(0)}" x2="${x(genomeLength)}" y1="${middle}" y2="${middle}" stroke="#5c6670"/>${marks.join("")}`
  );
});

const map =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" ` +
  `font-size="12" fill="#5c6670" role="img" aria-label="Variants along the genome, by sample">` +
  `<style>.name { font-weight: 600; fill: #22282e }</style>${rows.join("")}${ticks.join("")}</svg>`;

// ---------------------------------------------------------------- the page

const sum = (key) => samples.reduce((total, sample) => total + sample[key], 0);
const row = (name, s) =>
  `<tr><th>${html(name)}</th><td>${s.found}</td><td>${s.missed}</td><td>${s.wrong}</td>` +
  `<td>${percent(s.found, s.found + s.missed)}</td><td>${percent(s.found, s.found + s.wrong)}</td></tr>`;

writeFileSync(
  page,
  `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Variants of the lambda samples</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; color: #22282e; max-width: 60rem; margin: 3rem auto; padding: 0 1rem }
  h1 { font-size: 1.6rem; margin-bottom: 0 }
  p { color: #5c6670 }
  table { border-collapse: collapse; margin: 1.5rem 0; font-variant-numeric: tabular-nums }
  th, td { padding: .3rem .9rem; text-align: right; border-bottom: 1px solid #e3e6e8 }
  th:first-child { text-align: left }
  tfoot th, tfoot td { border-bottom: 0; font-weight: 600 }
  svg { width: 100%; height: auto }
  b.found { color: ${colour.found} } b.missed { color: #8a9299 } b.wrong { color: ${colour.wrong} }
</style>
<h1>Variants of the lambda samples</h1>
<p>Calls of quality ${html(minQuality)} and more that at least ${html(minDepth)} reads cover, against the variants that were put in.</p>
<table>
<thead><tr><th>sample</th><th>found</th><th>missed</th><th>wrong</th><th>recall</th><th>precision</th></tr></thead>
<tbody>
${samples.map((s) => row(s.name, s)).join("\n")}
</tbody>
<tfoot>${row("all", { found: sum("found"), missed: sum("missed"), wrong: sum("wrong") })}</tfoot>
</table>
<p><b class="found">Found</b> above the line, <b class="missed">missed</b> below it, <b class="wrong">wrong</b> across it.</p>
${map}
</html>
`,
);
