// The graph view: its page in a browser alone, and all of it in VS Code.
import assert from "node:assert/strict";
import * as path from "node:path";
import { after, test } from "node:test";
import { graphPicture } from "../../../server/features/graph-picture.js";
import type { GraphPicture, ShownState } from "../../../server/protocol.js";
import { MemoryFacts } from "../../support/facts.js";
import { graphOf } from "../../support/graph.js";
import { closeBrowser } from "../lib/browser.js";
import { screenshotFolder } from "../lib/editor.js";
import { until } from "../lib/index.js";
import { type GraphPage, openGraphPage, type PageOptions, pageThemes, pipelineUri } from "./graph-page.js";

after(closeBrowser);

const transform = (name: string) => `
transform ${name} {
  in from: [File]
  out to: File = "x"
  run bash \`\`\`
    cat "\${from[@]}" > "$to"
  \`\`\`
}
`;
const facts = new MemoryFacts({ files: { "/p/genome.fa": "", "/p/reads/a.fq": "", "/p/reads/b.fq": "" } });
const calling = graphOf(
  `pipeline calling
${["Index", "Align", "Merge", "Call", "Report"].map(transform).join("")}
input genome = file("genome.fa")
node index = Index { from: [genome] }
for k in ["a", "b"] {
  for lane in [1, 2] { node aligned[k, lane] = Align { from: [index.to, file("reads/\${k}.fq")] } }
  node merged[k] = Merge { from: aligned[k, *].to }
  node called[k] = Call { from: [merged[k].to, genome] }
}
node report = Report { from: called[*].to }
target report
`,
  { facts },
);
const place = {
  uri: pipelineUri,
  range: { start: { line: 3, character: 0 }, end: { line: 3, character: 4 } },
};
type States = { readonly [name: string]: ShownState };
const someStale: States = {
  'aligned["a", 2]': "stale",
  'merged["a"]': "waiting",
  'called["a"]': "waiting",
  report: "waiting",
  'called["b"]': "running",
};
function pictured(states: States, ...unfolded: readonly string[]): GraphPicture {
  return graphPicture(calling, {
    unfolded: new Set(unfolded),
    stateOf: ({ name }) => states[name] ?? "cached",
    whyOf: (name) => (name.startsWith("aligned") ? "param lossy false → true" : undefined),
    placeOf: () => place,
    folder: "/p",
  });
}

/** A test with the page, which must not complain of anything. */
function pageTest(name: string, options: PageOptions, body: (graph: GraphPage) => Promise<void>): void {
  test(name, async () => {
    const graph = await openGraphPage(options);
    try {
      await body(graph);
    } catch (error) {
      await graph.screenshot(`failed/${name.replace(/\W+/g, "-")}`);
      await graph.drop();
      throw error;
    }
    await graph.close();
  });
}

for (const theme of pageThemes)
  pageTest(`draws families, inputs, states and causes (${theme})`, { theme }, async (graph) => {
    assert.match(await graph.page.locator(".notice:visible").innerText(), /Reading the pipeline/);
    await graph.send({ type: "picture", picture: pictured(someStale) });
    assert.equal(await graph.page.locator(".notice:visible").count(), 0, "there is nothing to say any more");
    assert.deepEqual(await graph.page.locator(".canvas .box .label").allTextContents(), [
      "genome.fa",
      "a.fq",
      "b.fq",
      "index",
      "aligned",
      "merged",
      "called",
      "report",
    ]);
    await graph.screenshot(`folded-${theme}`);
    await graph.box(/^report/).click();
    await graph.screenshot(`causes-${theme}`);
    await graph.send({ type: "picture", picture: pictured(someStale, "aligned", "merged", "called") });
    await graph.page.keyboard.press("Escape");
    await graph.screenshot(`unfolded-${theme}`);
  });

pageTest("tells its panel what it shows unfolded, and draws what it gets", {}, async (graph) => {
  assert.deepEqual(await graph.lastSent("ready"), { type: "ready", unfolded: [] });
  await graph.send({ type: "picture", picture: pictured({}) });
  await graph
    .box(/^aligned, family/)
    .locator(".fold")
    .click();
  assert.deepEqual((await graph.lastSent("unfolded")).unfolded, ["aligned"]);
  await graph.send({ type: "picture", picture: pictured({}, "aligned") });
  assert.equal(await graph.box(/^aligned\[/).count(), 4);
  assert.deepEqual((await graph.kept()).unfolded, ["aligned"]);
  await graph
    .box(/^aligned\["a", 2\]/)
    .locator(".fold")
    .click();
  assert.deepEqual((await graph.lastSent("unfolded")).unfolded, []);
});

pageTest("goes to the definition by a double click, but not where a click unfolds", {}, async (graph) => {
  await graph.send({ type: "picture", picture: pictured({}) });
  await graph.box(/^index/).dblclick();
  assert.deepEqual(await graph.lastSent("open"), { type: "open", box: "node:index" });
  await graph
    .box(/^aligned/)
    .locator(".fold")
    .dblclick();
  assert.equal((await graph.sent()).filter(({ type }) => type === "open").length, 1);
});

pageTest("is worked with the keyboard alone", {}, async (graph) => {
  const { page } = graph;
  const selected = async () => (await page.locator(".selected .label").allTextContents()).join();
  const press = async (...keys: readonly string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await graph.send({ type: "picture", picture: pictured(someStale) });
  await press("Tab", "Tab", "Tab", "Tab", "Tab", "Tab", "Tab");
  assert.equal(await selected(), "genome.fa", "after the tools comes the first box");
  await press("ArrowRight");
  assert.equal(await selected(), "index");
  await press("ArrowRight");
  assert.equal(await selected(), "aligned");
  await press("ArrowRight", "ArrowRight", "ArrowRight");
  assert.equal(await selected(), "report");
  await press("ArrowLeft", "ArrowLeft", "ArrowLeft");
  assert.equal(await selected(), "aligned", "back to the cause");
  await press("End", "Enter");
  assert.deepEqual(await graph.lastSent("open"), { type: "open", box: "node:report" });
  await press("ArrowLeft", " ");
  assert.deepEqual((await graph.lastSent("unfolded")).unfolded, ["called"]);
  await graph.send({ type: "picture", picture: pictured(someStale, "called") });
  assert.equal(await selected(), 'called["a"]', "a member, and the keys go on from it");
  await press("ArrowDown");
  assert.equal(await selected(), 'called["b"]');
  await press(" ");
  await graph.send({ type: "picture", picture: pictured(someStale) });
  assert.equal(await selected(), "called");

  const whole = await graph.place();
  await press("+", "+");
  assert.notEqual(await graph.place(), whole);
  await press("Escape");
  assert.equal(await selected(), "");
  const before = await graph.place();
  await press("ArrowRight");
  assert.notEqual(await graph.place(), before, "with nothing selected arrows pan");
  await press("0");
  assert.equal(await graph.place(), whole);
  await press("/");
  await page.keyboard.type("index");
  await press("Enter");
  assert.equal(await selected(), "index");
});

pageTest("pans by dragging and by the wheel, zooms by the wheel with Ctrl", {}, async (graph) => {
  const { page } = graph;
  await graph.send({ type: "picture", picture: pictured({}) });
  const spot = async () => {
    const box = await graph.box(/^index/).boundingBox();
    assert.ok(box);
    return box;
  };
  const start = await spot();
  await page.mouse.move(600, 560);
  await page.mouse.down();
  await page.mouse.move(630, 540, { steps: 4 });
  await page.mouse.up();
  const dragged = await spot();
  assert.deepEqual([Math.round(dragged.x - start.x), Math.round(dragged.y - start.y)], [30, -20]);
  await page.mouse.wheel(0, 40);
  await until("the wheel to pan", async () => Math.round((await spot()).y) === Math.round(dragged.y - 40));
  const { x, y, width } = await spot();
  await page.mouse.move(x, y);
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -50);
  await page.keyboard.up("Control");
  await until("the wheel to zoom", async () => (await spot()).width > width * 1.2);
  const zoomed = await spot();
  assert.ok(Math.abs(zoomed.x - x) < 4 && Math.abs(zoomed.y - y) < 4, "towards the pointer");
  assert.equal((await page.locator(".selected").count()) > 0, false, "a drag selects nothing");
});

pageTest("changes in place: zoom, selection, focus and what has not changed stay", {}, async (graph) => {
  const { page } = graph;
  await graph.send({ type: "picture", picture: pictured({ report: "missing" }) });
  await graph.box(/^report/).click();
  await page.keyboard.press("+");
  const before = await graph.place();
  await page.evaluate(`for (const box of document.querySelectorAll(".box")) box.seen = true`);
  await graph.send({ type: "picture", picture: pictured({ report: "running" }) });
  assert.equal(await graph.place(), before);
  assert.equal(await page.locator(".selected .label").textContent(), "report");
  assert.equal(
    await page.evaluate(`document.activeElement.querySelector(".label").textContent`),
    "report",
    "the focus",
  );
  assert.match((await graph.box(/^report/).getAttribute("aria-label")) ?? "", /; running; /);
  assert.equal(
    await page.evaluate(`[...document.querySelectorAll(".box")].filter((box) => !box.seen).length`),
    1,
    "only the box that changed is drawn again",
  );
});

pageTest("leads what is stale back to its cause", {}, async (graph) => {
  const { page } = graph;
  const { 'called["b"]': _, ...states } = someStale;
  await graph.send({ type: "picture", picture: pictured(states, "aligned", "merged", "called") });
  await graph.send({ type: "select", name: "report" });
  const standing = await page.locator(".canvas [data-id]:not(.dimmed) .label").allTextContents();
  assert.deepEqual(standing, ['aligned["a", 2]', 'merged["a"]', 'called["a"]', "report"]);
  assert.equal(await page.locator(".edge.marked").count(), 3);
  assert.match(
    await page.locator(".status").innerText(),
    /because of called\["a"\] ← merged\["a"\] ← aligned\["a", 2\]: param lossy false → true/,
  );
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".dimmed").count(), 0);
});

pageTest("finds boxes by name", {}, async (graph) => {
  const { page } = graph;
  await graph.send({ type: "picture", picture: pictured({}, "aligned") });
  await page.getByRole("searchbox").fill('"b" al');
  assert.equal(await page.locator("output").innerText(), "2 found");
  assert.equal(await page.locator(".canvas [data-id].found").count(), 2);
  await page.keyboard.press("Enter");
  assert.equal(await page.locator(".selected .label").textContent(), 'aligned["b", 1]');
  await page.keyboard.press("Enter");
  assert.equal(await page.locator(".selected .label").textContent(), 'aligned["b", 2]');
  await graph.screenshot("found");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("output").innerText(), "");
});

pageTest("tells the same as a tree of text", {}, async (graph) => {
  const { page } = graph;
  await graph.send({ type: "picture", picture: pictured(someStale, "merged") });
  assert.equal(await page.getByRole("tree").count(), 0);
  await page.getByRole("button", { name: "List" }).click();
  const items = page.getByRole("treeitem");
  assert.deepEqual(await items.locator(".name").allTextContents(), [
    "genome.fa",
    "a.fq",
    "b.fq",
    "index",
    "aligned",
    "merged",
    'merged["a"]',
    'merged["b"]',
    "called",
    "report",
  ]);
  assert.equal(await items.nth(5).getAttribute("aria-expanded"), "true");
  assert.match(
    (await items.nth(6).getAttribute("aria-label")) ?? "",
    /^merged\["a"\], node, Merge; waiting; reads aligned/,
  );
  await items.first().focus();
  await page.keyboard.press("End");
  assert.equal(await page.locator(".canvas .selected .label").textContent(), "report");
  await page.keyboard.press("Enter");
  assert.deepEqual(await graph.lastSent("open"), { type: "open", box: "node:report" });
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowRight");
  assert.deepEqual((await graph.lastSent("unfolded")).unfolded, ["called"]);
  await graph.screenshot("list");
});

pageTest(
  "opens the list at once for those who use a screen reader",
  { screenReader: true },
  async (graph) => {
    await graph.send({ type: "picture", picture: pictured({}) });
    assert.equal(await graph.page.getByRole("tree").count(), 1);
  },
);

for (const theme of pageThemes)
  pageTest(`exports a file that shows the same without the page (${theme})`, { theme }, async (graph) => {
    const { page } = graph;
    await graph.send({ type: "picture", picture: pictured(someStale, "aligned") });
    await page.getByRole("button", { name: "Export as SVG" }).click();
    const { svg } = await graph.lastSent("export");
    assert.ok(!/var\(|color-mix|rgb\(/.test(svg), "plain colours");
    const alone = await page.context().newPage();
    await alone.setContent(
      `<img alt="" src="data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}">`,
    );
    await until(
      "the picture to load",
      () => alone.evaluate(`document.images[0].naturalWidth > 500`) as Promise<boolean>,
    );
    await alone
      .locator("img")
      .screenshot({ path: path.join(screenshotFolder(), `graph/export-${theme}.png`) });
  });

pageTest("says what went wrong, keeps what it shows, and asks again when told to", {}, async (graph) => {
  const { page } = graph;
  await graph.send({ type: "problem", text: "The file cannot be read. What to do: save it." });
  assert.match(await page.locator(".notice:visible").innerText(), /cannot be read/);
  await page.getByRole("button", { name: "Try Again" }).click();
  await graph.lastSent("retry");
  await graph.send({ type: "picture", picture: pictured({}) });
  assert.equal(await page.locator(".notice:visible").count(), 0);
  await graph.send({ type: "problem", text: "Again." });
  assert.equal(await graph.box(/^report/).count(), 1);
  await graph.screenshot("problem");
  await graph.send({ type: "picture", picture: { ...pictured({}), boxes: [], edges: [] } });
  assert.match(await page.locator(".notice:visible").innerText(), /has no nodes yet/);
});

test("comes back as it was left", async () => {
  const first = await openGraphPage();
  await first.send({ type: "picture", picture: pictured({}, "aligned") });
  await first.box(/^merged/).click();
  await first.page.keyboard.press("+");
  await first.page.getByRole("button", { name: "List" }).click();
  const [place, selected] = [await first.place(), "family:merged"];
  await until("the state to be kept", async () => {
    const { viewport, list } = await first.kept();
    return viewport !== undefined && list === true;
  });
  const state = await first.kept();
  await first.close();
  const second = await openGraphPage({ state });
  await second.send({ type: "picture", picture: pictured({}, "aligned") });
  assert.equal(await second.place(), place);
  assert.equal((await second.kept()).selected, selected);
  assert.equal(await second.page.getByRole("tree").count(), 1);
  await second.close();
  const other = await openGraphPage({ state: { ...state, uri: "file:///other.reprod", unfolded: ["x"] } });
  assert.deepEqual(
    await other.lastSent("ready"),
    { type: "ready", unfolded: [] },
    "the state of another pipeline",
  );
  await other.close();
});

pageTest(
  "speaks the language of the display",
  { bundle: { waiting: "wartet", "{0}, node, {1}": "{0}, Knoten, {1}", "Find nodes": "Knoten finden" } },
  async (graph) => {
    await graph.send({ type: "picture", picture: pictured(someStale) });
    assert.equal(await graph.box("report, Knoten, Report; target; wartet; reads called").count(), 1);
    assert.equal(await graph.page.getByPlaceholder("Knoten finden").count(), 1);
  },
);

test("stays smooth with hundreds of boxes", async (t) => {
  const wide = graphOf(`${transform("Make")}
node index = Make { from: [] }
${["a", "b", "c", "d", "e"].map((family, at, families) => `for i in range(90) { node ${family}[i] = Make { from: [${at === 0 ? "index.to" : `${families[at - 1]}[i].to, index.to`}] } }`).join("\n")}
node all = Make { from: e[*].to }
`);
  const states: readonly ShownState[] = [
    "cached",
    "cached",
    "stale",
    "waiting",
    "running",
    "failed",
    "missing",
  ];
  const shown = (shift: number) =>
    graphPicture(wide, {
      unfolded: new Set(["a", "b", "c", "d", "e"]),
      stateOf: ({ index }) => states[(index + shift) % states.length],
      folder: "/p",
    });
  const graph = await openGraphPage();
  const { page } = graph;
  const drawnIn = async (picture: GraphPicture) => {
    const start = performance.now();
    await graph.send({ type: "picture", picture });
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))");
    return performance.now() - start;
  };
  const first = await drawnIn(shown(0));
  const boxes = await page.locator(".canvas .box").count();
  assert.equal(boxes, 452);
  const again = await drawnIn(shown(1));
  await graph.screenshot("hundreds");
  // Sixty wheel events, one a frame.
  const frames = (await page.evaluate(`new Promise((done) => {
    const canvas = document.querySelector(".canvas");
    const times = [];
    let last = performance.now();
    const step = () => {
      const now = performance.now();
      times.push(now - last);
      last = now;
      if (times.length > 60) return done(times.slice(1));
      const zoom = times.length % 2 === 0;
      canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: zoom ? -8 : 30, ctrlKey: zoom, clientX: 400, clientY: 300, cancelable: true }));
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  })`)) as readonly number[];
  const sorted = [...frames].sort((a, b) => a - b);
  const [median = 0, slow = 0] = [sorted[30], sorted[57]];
  t.diagnostic(
    `${boxes} boxes: first ${first.toFixed(0)} ms, all states changed ${again.toFixed(0)} ms, a frame ${median.toFixed(0)} ms (95 %: ${slow.toFixed(0)} ms) without a graphics card`,
  );
  assert.ok(median < 100);
  await graph.close();
});
