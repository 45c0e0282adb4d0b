import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { test } from "node:test";
import { PipelineProject } from "../support/pipeline-project.js";

test("C11 few attempts are made ready before there is room for them, however many could be", async (context) => {
  const project = new PipelineProject(
    context,
    `transform Count {
  param i: Int
  out count: File = "count"
  resources { cpus: 1 }
  run bash \`\`\`
    echo "$i" > "$count"
    sleep 0.02
  \`\`\`
}
for i in range(${40 * os.availableParallelism()}) {
  node count[i] = Count { i }
}
`,
  );
  let attempts = 0;
  let most = 0;
  const result = await project.run(
    {},
    {
      onEvent: (line) => {
        if (line.event !== "attempt-started") return;
        attempts++;
        const folder = path.dirname(line.folder);
        const unstarted = fs.readdirSync(folder).filter((id) => {
          return (
            fs.existsSync(path.join(folder, id, "script")) && !fs.existsSync(path.join(folder, id, "state"))
          );
        });
        most = Math.max(most, unstarted.length);
      },
    },
  );
  assert.equal(result.outcome, "done");
  assert.equal(attempts, 40 * os.availableParallelism());
  assert.ok(most > 0 && most < attempts / 4, `${most} attempts were ready at once`);
});

test("C10 what fails while it stands by and is tried again starts when there is room", {
  timeout: 30_000,
}, async (context) => {
  const project = new PipelineProject(
    context,
    `transform Two {
  out one: File = "one"
  out two: File = "two"
  run sh \`\`\`
    sleep 0.45
    echo one > one
    echo two > two
  \`\`\`
}
transform Slow {
  out made: File = "made"
  run sh \`\`\`
    sleep 1.2
    echo slow > made
  \`\`\`
}
transform Use {
  in from: File
  out made: File = "used"
  retry { attempts: 2 }
  run sh \`\`\`
    cat "$from" > "$made"
  \`\`\`
}
node two = Two {}
node lost = Use { from: two.one }
node first = Use { from: two.two }
node second = Use { from: first.made }
node slow = Slow {}
target lost, second, slow
`,
  );
  const result = await project.run(
    { jobs: 1, keepGoing: true },
    {
      onEvent: (line) => {
        if (line.event !== "attempt-ended" || line.node !== "two") return;
        const objects = project.path(".reprod", "store", "objects", "sha256");
        for (const name of fs.readdirSync(objects, { recursive: true, encoding: "utf8" })) {
          const file = path.join(objects, name);
          if (fs.statSync(file).isFile() && fs.readFileSync(file, "utf8") === "one\n") fs.rmSync(file);
        }
      },
    },
  );
  assert.deepEqual([result.outcome, result.made, result.failed], ["failed", 4, 1]);
  const running = new Set<string>();
  for (const line of project.events) {
    if (line.event === "attempt-started") running.add(`${line.node} ${line.attempt}`);
    if (line.event === "attempt-ended")
      assert.ok(running.delete(`${line.node} ${line.attempt}`), `${line.node} ended, and had not started`);
  }
});

test("C11 nodes that start together do not promise the same free disk to each", async (context) => {
  const { bavail, bsize } = fs.statfsSync(os.tmpdir());
  const each = Math.floor((bavail * bsize * 0.6) / 2 ** 20);
  const project = new PipelineProject(
    context,
    `transform Big {
  param i: Int
  out made: File = "made"
  resources { disk: ${each} MiB, cpus: 0.1 }
  run sh \`\`\`
    sleep 0.3
    echo "$i" > made
  \`\`\`
}
for i in range(3) {
  node big[i] = Big { i }
}
`,
  );
  let running = 0;
  let most = 0;
  const result = await project.run(
    {},
    {
      onEvent: (line) => {
        if (line.event === "attempt-started") most = Math.max(most, ++running);
        if (line.event === "attempt-ended") running--;
      },
    },
  );
  assert.equal(result.outcome, "done");
  assert.equal(most, 1);
});
