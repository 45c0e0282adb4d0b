// Draws the signs of states and the pictures of the walkthrough: node media/draw.mjs
// With --check it only says whether the files are as they would be drawn.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const media = fileURLToPath(new URL(".", import.meta.url));
const check = process.argv.includes("--check");

function write(name, text) {
  const file = path.join(media, name);
  if (!check) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  } else if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
    console.error(`media/${name} is not as it would be drawn: run node media/draw.mjs`);
    process.exitCode = 1;
  }
}

// ---------------------------------------------------------------- states/<state>-<light|dark>.svg

/** On white and on #1f1f1f; each stands out by 4.5 : 1 and more, which a test computes. */
const colours = {
  green: { light: "#1a7a35", dark: "#4cc261" },
  amber: { light: "#8f5f00", dark: "#dfa52e" },
  grey: { light: "#5c6470", dark: "#a3abb6" },
  blue: { light: "#0b62c4", dark: "#61abff" },
  red: { light: "#c2202c", dark: "#ff7a72" },
  plum: { light: "#9a2a8f", dark: "#ef8fe3" },
};

/** `currentColor` stands for the state's colour. */
const line = (d, width = 2) =>
  `<path d="${d}" fill="none" stroke="currentColor" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
const area = (d) => `<path d="${d}" fill="currentColor"/>`;
const ring = (width) =>
  `<circle cx="8" cy="8" r="5.25" fill="none" stroke="currentColor" stroke-width="${width}"/>`;
const dot = (x, y, r) => `<circle cx="${x}" cy="${y}" r="${r}" fill="currentColor"/>`;

/**
 * The colour and the shape of each state. No two shapes are alike: colours are lost on many people, and on everybody in
 * high contrast. They are the signs of texts (`stateSigns` in server/protocol.ts) drawn, but for what runs: a triangle
 * beside a line of code is taken for a button.
 */
const states = {
  // A tick.
  cached: ["green", line("M3 8.5 6.5 12 13 4.5", 2.25)],
  // Half a disc in a ring.
  stale: ["amber", ring(1.5) + area("M8 2.5a5.5 5.5 0 0 0 0 11z")],
  // A ring of dots.
  waiting: [
    "grey",
    Array.from({ length: 8 }, (_, at) => {
      const angle = (at * Math.PI) / 4;
      return dot((8 + 5.25 * Math.sin(angle)).toFixed(2), (8 - 5.25 * Math.cos(angle)).toFixed(2), 1.1);
    }).join(""),
  ],
  // An empty ring.
  missing: ["grey", ring(1.75)],
  // A sign of warning; the mark in it is left open.
  broken: [
    "plum",
    `<path d="M7.1 1.9a1 1 0 0 1 1.8 0l5.9 11.2a1 1 0 0 1-.9 1.4H2.1a1 1 0 0 1-.9-1.4zM7 5.5l.3 4.5h1.4L9 5.5zM8 11.1a1 1 0 1 0 0 2 1 1 0 0 0 0-2z" fill="currentColor" fill-rule="evenodd"/>`,
  ],
  // A question mark.
  unknown: ["grey", line("M5 5.6a3 3 0 1 1 4.6 2.55C8.5 8.9 8 9.4 8 10.4") + dot(8, 13.25, 1.3)],
  // Three dots in a row.
  queued: ["blue", dot(3, 8, 1.75) + dot(8, 8, 1.75) + dot(13, 8, 1.75)],
  // An arrow that goes round.
  running: ["blue", line("M13 8A5 5 0 1 1 10.6 3.73") + area("M9.2 .9 14.4 3.4 9.9 6.9z")],
  // A cross.
  failed: ["red", line("M4 4 12 12M12 4 4 12", 2.25)],
  // A ring with a bar across.
  cancelled: ["grey", ring(1.75) + line("M4.3 11.7 11.7 4.3", 1.75)],
};

for (const [state, [colour, shape]] of Object.entries(states)) {
  for (const theme of ["light", "dark"]) {
    const drawing = shape.replaceAll("currentColor", colours[colour][theme]);
    write(
      `states/${state}-${theme}.svg`,
      `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">${drawing}</svg>\n`,
    );
  }
}

// ---------------------------------------------------------------- walkthrough/<step>.svg

/**
 * Colours of the theme that is in use. VS Code lays these pictures into a page which allows no style sheets of theirs,
 * so colours stand in attributes. The second value is for viewers that know no themes.
 */
const theme = {
  text: "var(--vscode-editor-foreground, #3b3b3b)",
  ground: "var(--vscode-editor-background, #ffffff)",
  panel: "var(--vscode-sideBar-background, #f8f8f8)",
  edge: "var(--vscode-panel-border, #d0d0d0)",
  quiet: "var(--vscode-descriptionForeground, #6a6a6a)",
  lens: "var(--vscode-editorCodeLens-foreground, #767676)",
  marked: "var(--vscode-editor-lineHighlightBorder, #e0e0e0)",
  keyword: "var(--vscode-charts-blue, #1a63c0)",
  name: "var(--vscode-charts-purple, #652d90)",
  string: "var(--vscode-debugTokenExpression-string, #a31515)",
  warm: "var(--vscode-charts-red, #c2202c)",
  green: "var(--vscode-charts-green, #388a34)",
  amber: "var(--vscode-charts-yellow, #a26e00)",
  red: "var(--vscode-charts-red, #c2202c)",
  blue: "var(--vscode-charts-blue, #1a63c0)",
  grey: "var(--vscode-descriptionForeground, #6a6a6a)",
};

const WIDTH = 520;
const SIZE = 13;
const ROW = 22;

const escaped = (text) => text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);

/**
 * A line of text from `[colour, text]` pairs, or of one colour. Each piece says how wide it is, so that the picture looks
 * alike in every font.
 */
function text(x, y, pieces, size = SIZE) {
  let at = x;
  return (typeof pieces === "string" ? [["text", pieces]] : pieces)
    .map(([colour, piece]) => {
      const width = piece.length * size * 0.6;
      const lead = piece.length - piece.trimStart().length;
      const shown = piece.trim();
      const start = at + lead * size * 0.6;
      at += width;
      if (shown === "") return "";
      return `<text x="${round(start)}" y="${round(y)}" font-family="monospace" font-size="${size}" fill="${theme[colour]}" textLength="${round(shown.length * size * 0.6)}" lengthAdjust="spacingAndGlyphs" xml:space="preserve">${escaped(shown)}</text>`;
    })
    .join("");
}

const round = (number) => Number(number.toFixed(2));
const width = (characters, size = SIZE) => characters * size * 0.6;

/** The sign of a state at the height of the small letters of a line. */
function sign(state, x, y, scale = 0.8) {
  const [colour, shape] = states[state];
  const at = `translate(${round(x)} ${round(y - 4 - 8 * scale)}) scale(${scale})`;
  return `<g transform="${at}">${shape.replaceAll("currentColor", theme[colour] ?? theme.grey)}</g>`;
}

const box = (x, y, w, h, fill, more = "") =>
  `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="5" fill="${theme[fill]}"${more}/>`;

/** A part of the window with its title. */
function pane(x, y, w, h, title, content) {
  return [
    box(x + 0.5, y + 0.5, w - 1, h - 1, "ground", ` stroke="${theme.edge}"`),
    `<path d="M${x + 0.5} ${y + 28.5}H${x + w - 0.5}" stroke="${theme.edge}"/>`,
    text(x + 14, y + 18.5, [["quiet", title]], 11),
    content,
  ].join("\n");
}

/** Rows of code or of a tree, one below the other; each a function of where it stands. */
const rows = (x, y, list) => list.map((row, at) => row(x, y + at * ROW)).join("\n");

const picture = (name, height, content) =>
  write(
    `walkthrough/${name}.svg`,
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH + 8}" height="${height + 8}" viewBox="-4 -4 ${WIDTH + 8} ${height + 8}">\n${content}\n</svg>\n`,
  );

const code =
  (...pieces) =>
  (x, y) =>
    text(x, y, pieces);
const blank = () => "";
/** A row of code with what the editor shows of its state: a sign in the margin, and one with words behind it. */
const withState =
  (state, shown, ...pieces) =>
  (x, y) => {
    const end = x + width(pieces.reduce((sum, [, piece]) => sum + piece.length, 0)) + 16;
    return [
      sign(state, x - 24, y),
      text(x, y, pieces),
      sign(state, end, y),
      text(end + 18, y, [["lens", shown]]),
    ].join("");
  };
/** Small words above a line of code, that can be clicked. */
const lens = (words) => (x, y) => text(x, y + 4, [["lens", words]], 10.5);

picture(
  "open",
  316,
  [
    pane(
      0,
      0,
      170,
      316,
      "EXPLORER",
      rows(14, 54, [
        code(["text", "▾ weather"]),
        code(["keyword", "  weather.reprod"]),
        code(["quiet", "  seattle-weather"]),
        code(["quiet", "  by-month.awk"]),
        code(["quiet", "  chart.mjs"]),
        code(["quiet", "  report.mjs"]),
      ]),
    ),
    pane(
      180,
      0,
      340,
      316,
      "weather.reprod",
      rows(196, 54, [
        code(["green", "/// Four years of weather in Seattle."]),
        code(["keyword", "pipeline "], ["name", "weather"]),
        blank,
        code(["keyword", "table "], ["text", "days = "], ["string", 'csv("seattle-weather…")']),
        blank,
        code(["keyword", "for "], ["text", "y "], ["keyword", "in "], ["text", "years {"]),
        code(["keyword", "  node "], ["name", "year[y]"], ["text", " = PickYear { … }"]),
        code(["keyword", "  node "], ["name", "chart[y]"], ["text", " = Chart { … }"]),
        code(["text", "}"]),
        blank,
        code(["keyword", "node "], ["name", "report"], ["text", " = Report { … }"]),
        code(["keyword", "target "], ["text", "report"]),
      ]),
    ),
  ].join("\n"),
);

picture(
  "states",
  304,
  pane(
    0,
    0,
    WIDTH,
    304,
    "weather.reprod",
    rows(46, 56, [
      code(["keyword", "for "], ["text", "y "], ["keyword", "in "], ["text", "years {"]),
      withState("cached", "4", ["keyword", "  node "], ["name", "year[y]"], ["text", " = PickYear { … }"]),
      withState("cached", "4", ["keyword", "  node "], ["name", "monthly[y]"], ["text", " = ByMonth { … }"]),
      lens("  ▷ Run 4 of 4  |  stale: param unit"),
      withState("stale", "4", ["keyword", "  node "], ["name", "chart[y]"], ["text", " = Chart { … }"]),
      code(["text", "}"]),
      withState(
        "cached",
        "cached",
        ["keyword", "node "],
        ["name", "normals"],
        ["text", " = AverageYear { … }"],
      ),
      withState("stale", "stale", ["keyword", "node "], ["name", "report"], ["text", " = Report { … }"]),
      blank,
      lens("▷ Run 5 of 14  |  9 cached · 5 stale"),
      code(["keyword", "target "], ["text", "report"]),
    ]),
  ),
);

/** A row of the Runs view. */
const item =
  (depth, state, name, more = "") =>
  (x, y) => {
    const at = x + depth * 18;
    return [
      state === undefined ? "" : sign(state, at, y),
      text(at + (state === undefined ? 0 : 20), y, [
        ["text", name],
        ["quiet", more === "" ? "" : `  ${more}`],
      ]),
    ].join("");
  };

picture(
  "run",
  312,
  [
    pane(
      0,
      0,
      300,
      312,
      "RUNS",
      rows(16, 56, [
        item(0, "running", "weather", "now   9 of 14"),
        item(1, undefined, "running (2)"),
        item(2, "running", "chart[2014]", "0.1 s"),
        item(2, "running", "chart[2015]", "0.1 s"),
        item(1, undefined, "waiting (3)"),
        item(1, undefined, "done (9)"),
        item(2, "cached", "year[2012]", "12 ms"),
        item(2, "cached", "monthly[2012]", "14 ms"),
        item(2, "cached", "normals", "9 ms"),
        item(0, "cached", "weather", "2 min ago"),
      ]),
    ),
    pane(
      310,
      0,
      210,
      312,
      "results/seattle.html",
      [
        ["2012", 0],
        ["2013", 1],
        ["2014", 2],
        ["2015", 3],
      ]
        .map(([year, at]) => {
          const top = 48 + at * 66;
          const bars = Array.from({ length: 24 }, (_, bar) => {
            const warmth = Math.sin(((bar - 6) * Math.PI) / 12);
            const height = 14 + ((bar * 7 + at * 5) % 9);
            const y = top + 26 - warmth * 14 - height / 2;
            const colour = warmth > 0.35 ? "warm" : warmth < -0.35 ? "blue" : "green";
            return `<rect x="${324 + bar * 7.6}" y="${round(y)}" width="5" height="${height}" rx="2" fill="${theme[colour]}"/>`;
          });
          return [text(324, top + 2, [["quiet", year]], 10), ...bars].join("");
        })
        .join("\n"),
    ),
  ].join("\n"),
);

picture(
  "explain",
  306,
  [
    pane(
      0,
      0,
      WIDTH,
      132,
      "weather.reprod",
      [
        `<rect x="1" y="62.5" width="${WIDTH - 2}" height="22" fill="none" stroke="${theme.marked}"/>`,
        rows(46, 56, [
          code(["green", "/// Scale of the temperatures that are shown."]),
          code(
            ["keyword", "param "],
            ["text", "unit: "],
            ["string", '"celsius" | "fahrenheit"'],
            ["text", " = "],
            ["string", '"fahrenheit"'],
          ),
          blank,
          withState("stale", "4", ["keyword", "node "], ["name", "chart[y]"], ["text", " = Chart { … }"]),
        ]),
      ].join("\n"),
    ),
    pane(
      0,
      142,
      WIDTH,
      164,
      "Explain chart[2015]",
      rows(24, 198, [
        (x, y) => sign("stale", x, y) + text(x + 22, y, "chart[2015] is stale"),
        blank,
        code(
          ["quiet", "param "],
          ["text", "unit  "],
          ["red", '"celsius"'],
          ["quiet", " → "],
          ["green", '"fahrenheit"'],
        ),
        blank,
        code(["quiet", "A run makes 5 of 14 nodes: chart (4), report."]),
      ]),
    ),
  ].join("\n"),
);

/** A row of a tree that shows what a file rests on, with the line that leads to it. */
const rest =
  (depth, pieces, up = 1) =>
  (x, y) => {
    const at = x + depth * 22;
    const lead =
      depth === 0
        ? ""
        : `<path d="M${at - 14} ${y - up * ROW + 6}V${y - 4}H${at - 4}" fill="none" stroke="${theme.quiet}"/>`;
    return lead + text(at, y, pieces);
  };

picture(
  "provenance",
  266,
  pane(
    0,
    0,
    WIDTH,
    266,
    "Provenance of seattle.html",
    rows(20, 56, [
      rest(0, [
        ["text", "results/seattle.html"],
        ["quiet", "   sha256 5fd09a3e…"],
      ]),
      rest(1, [
        ["name", "report"],
        ["quiet", "   today, 09:13   92 ms"],
      ]),
      rest(2, [
        ["name", "chart[2012]"],
        ["quiet", "   unit = "],
        ["string", '"celsius"'],
        ["quiet", ", year = 2012"],
      ]),
      rest(3, [
        ["name", "year[2012]"],
        ["quiet", "   year = 2012"],
      ]),
      rest(4, [
        ["text", "seattle-weather.csv"],
        ["quiet", "   sha256 0845078a…"],
      ]),
      rest(
        3,
        [
          ["name", "normals"],
          ["quiet", "   from monthly[*]"],
        ],
        2,
      ),
      blank,
      code(["quiet", "year[2012] ran sh on the host, with awk 301315e7…"]),
      (x, y) =>
        `<rect x="${x}" y="${y - 15}" width="3" height="${ROW}" fill="${theme.edge}"/>${text(x + 12, y, [["text", "awk -F, -v year=\"$year\" 'NR == 1 || …'"]])}`,
    ]),
  ),
);
