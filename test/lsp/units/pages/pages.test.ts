import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { idsKnown } from "../../../../server/graph/recipe.js";
import { explainPage } from "../../../../server/lsp/pages/explain.js";
import { planView } from "../../../../server/lsp/pages/plan.js";
import { provenancePage } from "../../../../server/lsp/pages/provenance.js";
import { PipelineProject } from "../../../support/pipeline-project.js";
import { goldenLater } from "../golden-later.js";

/** What differs from run to run and from machine to machine. */
function settled(page: string, project: PipelineProject): string {
  return page
    .replaceAll(project.folder, "/project")
    .replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, "RUN")
    .replace(/\b[0-9a-f]{64}\b/g, "SHA256")
    .replace(/\b[0-9a-f]{12}…?(?=[`\s,])/g, "ID")
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?/g, "TIME")
    .replace(/\b\d+(\.\d+)? (ms|s|min|h)\b( \d+ (s|min))?/g, "DURATION")
    .replace(/DURATION to DURATION/g, "DURATION")
    .replace(/\b\d+(\.\d+)? cpu\b/g, "CPUS")
    .replace(/\b\d+(\.\d+)? (B|KiB|MiB|GiB)( peak)/g, "SIZE$3")
    .replace(/(linux|darwin)\/\w+/g, "PLATFORM");
}

/**
 * Runs the pipeline, edits it as `--- edit` says (two lines: what and with what), and asks for the three pages about
 * the node of `--- node`. Nothing in them may act: they are searched for what Markdown would make a link or HTML.
 */
goldenLater("test/lsp/units/pages", async (fixture, context: TestContext) => {
  const [text = "", edit = "", node = ""] = fixture.split(/^--- (?:edit|node)\n/m);
  const [from = "", to = ""] = edit.split("\n");
  const project = new PipelineProject(context, text);
  const { outcome } = await project.run();
  assert.equal(outcome, "done");
  const before = await project.open();
  const made = before.graph.byName.get(node.trim());
  assert.ok(made, `${node} is none of ${[...before.graph.byName.keys()].join(", ")}`);
  const ids = before.identifier.ids(made);
  assert.ok(idsKnown(ids));
  const record = await before.store.readRecord(ids.recipe);
  assert.ok(record);
  const provenance = await provenancePage(before.store, record, made.name, "Asked for.", [record]);
  project.edit(from, to);
  const explain = await explainPage(await project.open(), made.name);
  const { page: plan } = await planView(await project.plan(), 20);
  const pages = [explain, plan, provenance].map(({ markdown }) => settled(markdown, project));
  for (const page of pages) assertInert(page);
  return pages.join("\n~~~~~~~~ next page\n\n");
});

/** Outside of code nothing is left that Markdown, HTML or VS Code would make something of. */
function assertInert(page: string): void {
  const prose = page
    .replace(/^(`{3,})\w*\n[\s\S]*?^\1$/gm, "")
    .replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, "")
    .replace(/\\./g, "");
  assert.doesNotMatch(prose, /\]\(|<\w|!\[|\$\(|https?:\/\//);
}
