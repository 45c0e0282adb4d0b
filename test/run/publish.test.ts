import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import { PipelineProject } from "../support/pipeline-project.js";

test("what keeps one out from being published is told, and the run ends as it should", async (context) => {
  const project = new PipelineProject(
    context,
    `transform Make {
  out made: File = "made"
  run sh \`\`\`
    echo made > made
  \`\`\`
}
node make = Make {}
publish make.made to "loop/"
publish make.made to "taken/"
publish make.made to "taken/below/"
publish make.made to "good/"
`,
  );
  fs.symlinkSync("loop", project.path("loop"));
  project.write("taken", "a file of the user\n");
  const result = await project.run();
  assert.equal(result.outcome, "done");
  assert.equal(project.events.filter(({ event }) => event === "warning").length, 3);
  assert.equal(project.read("taken"), "a file of the user\n");
  assert.equal(project.read("good/made"), "made\n");
});

test("publish does not take away a folder that is in the way of an out", async (context) => {
  const project = new PipelineProject(
    context,
    `transform Make {
  out made: File = "mine"
  run sh \`\`\`
    echo made > mine
  \`\`\`
}
node make = Make {}
publish make.made to "."
`,
  );
  fs.mkdirSync(project.path("mine"));
  project.write("mine/precious.txt", "years of work");
  await project.run();
  assert.equal(project.read("mine/precious.txt"), "years of work");
});

test("a Dir is laid into a folder that is there: its files replace theirs, and nothing is deleted", async (context) => {
  const project = new PipelineProject(
    context,
    `transform Make {
  out site: Dir = "site"
  run sh \`\`\`
    mkdir -p site/pages site/empty
    echo new > site/index.html
    echo one > site/pages/one.html
    ln -s index.html site/start.html
  \`\`\`
}
node make = Make {}
publish make.site to "."
`,
  );
  fs.mkdirSync(project.path("site"));
  project.write("site/mine.txt", "years of work");
  project.write("site/index.html", "old\n");
  for (let round = 0; round < 2; round++) {
    const result = await project.run();
    assert.equal(result.outcome, "done");
    assert.deepEqual(
      project.events.filter(({ event }) => event === "warning"),
      [],
    );
    assert.equal(project.read("site/mine.txt"), "years of work");
    assert.equal(project.read("site/index.html"), "new\n");
    assert.equal(project.read("site/pages/one.html"), "one\n");
    assert.equal(fs.readlinkSync(project.path("site/start.html")), "index.html");
    assert.ok(fs.statSync(project.path("site/empty")).isDirectory());
  }
});

test("nothing is published through a link that leads out of the project", async (context) => {
  const elsewhere = fs.mkdtempSync(path.join(os.tmpdir(), "reprod-"));
  context.after(() => fs.rmSync(elsewhere, { recursive: true }));
  const project = new PipelineProject(
    context,
    `transform Make {
  out made: File = "made"
  run sh \`\`\`
    echo made > made
  \`\`\`
}
node make = Make {}
publish make.made to "results/deep/"
`,
  );
  fs.symlinkSync(elsewhere, project.path("results"));
  const result = await project.run();
  assert.equal(result.outcome, "done");
  assert.deepEqual(fs.readdirSync(elsewhere), []);
  const warnings = project.events.flatMap((line) => (line.event === "warning" ? [line.code] : []));
  assert.deepEqual(warnings, ["export-outside"]);
});
