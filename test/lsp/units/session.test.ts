import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { findProjectRoot } from "../../../server/data/project.js";
import { FolderWatch } from "../../../server/lsp/folder-watch.js";
import { ProjectContext } from "../../../server/lsp/project-context.js";
import { Session, type SessionHost } from "../../../server/lsp/session.js";
import { Texts } from "../../../server/lsp/texts.js";
import { foldersToWatch } from "../../../server/store/watch.js";
import { temporaryFolder, writeFiles } from "../../support/temporary.js";
import { Heard } from "./heard.js";

const PIPELINE = `import { Say } from "lib.reprod"
pipeline main
node a = Say { word: "a" }
`;
const LIBRARY = `transform Say {
  param word: String
  out text: File = "text.txt"
  run sh \`\`\`
    echo "$word" > "$text"
  \`\`\`
}
`;

interface Followed {
  readonly folder: string;
  readonly context: ProjectContext;
  readonly texts: Texts;
  /** What sessions tell, each with its file's name. */
  readonly heard: Heard<string>;
  readonly session: (name: string) => Session;
  /** Done besides, whenever states have changed. */
  onStates: (session: Session) => void;
}

/** Sessions of one project without a server: what they tell is heard. */
function followed(t: TestContext, files: { readonly [name: string]: string }): Followed {
  const folder = temporaryFolder(t);
  writeFiles(folder, { ".reprod/.gitignore": "*\n", ...files });
  const watch = new FolderWatch();
  const texts = new Texts();
  const heard = new Heard<string>();
  const sessions: Session[] = [];
  const tell = (what: string) => (session: Session) => heard.hear(`${path.basename(session.path)} ${what}`);
  const context = new ProjectContext(findProjectRoot(folder), watch, {
    settingsBroken: () => heard.hear("settings broken"),
    settingsChanged: () => heard.hear("settings"),
    resultsChanged: () => heard.hear("results"),
    runsChanged: () => heard.hear("runs"),
  });
  const host: SessionHost = {
    texts,
    watch,
    trusted: false,
    project: () => context,
    container: () => undefined,
    problemsChanged: tell("problems"),
    statesChanged: (session) => {
      tell("states")(session);
      made.onStates(session);
    },
    healthChanged: () => {},
    textMayHaveChanged: (file) => {
      if (texts.reread(file)) for (const one of sessions) if (one.restsOn(file)) one.textChanged();
    },
    defect: (error) => assert.fail(String(error)),
  };
  const made: Followed = {
    folder,
    context,
    texts,
    heard,
    session: (name) => {
      const session = new Session(path.join(folder, name), host);
      sessions.push(session);
      session.follow();
      return session;
    },
    onStates: () => {},
  };
  t.after(() => {
    for (const session of sessions) session.close();
    context.close();
    watch.close();
  });
  return made;
}

test("whoever waits for states is answered, though results come all the time", async (t) => {
  const made = followed(t, { "main.reprod": PIPELINE, "lib.reprod": LIBRARY });
  const session = made.session("main.reprod");
  made.onStates = () => session.resultsChanged();
  const first = await session.settled();
  assert.equal(first?.graph.nodes.length, 1);
  assert.equal(session.isSettled, false, "there is something newer to look for");
  assert.ok(await session.settled());
});

test("states that were asked for behind a key are those of its text", async (t) => {
  const made = followed(t, { "main.reprod": PIPELINE, "lib.reprod": LIBRARY });
  const session = made.session("main.reprod");
  await session.settled();
  made.texts.set(session.path, `${PIPELINE}node b = Say { word: "b" }\n`);
  session.textChanged();
  const asked = session.settled();
  made.texts.set(session.path, `${PIPELINE}node b = Say { word: "b" }\nnode c = Say { word: "c" }\n`);
  session.textChanged();
  assert.equal((await asked)?.graph.nodes.length, 3);
  assert.equal(session.isSettled, true);
});

test("a library that changes on the disk is seen by every pipeline that imports it", async (t) => {
  const made = followed(t, {
    "main.reprod": PIPELINE,
    "other.reprod": PIPELINE.replace("pipeline main", "pipeline other"),
    "lib.reprod": LIBRARY,
  });
  const sessions = [made.session("main.reprod"), made.session("other.reprod")];
  for (const session of sessions) await session.settled();
  assert.deepEqual(
    sessions.map((session) => session.problems().length),
    [0, 0],
  );
  made.heard.told.splice(0);
  fs.writeFileSync(path.join(made.folder, "lib.reprod"), LIBRARY.replaceAll("word", "text_to_say"));
  // Both watch its folder, and each of them may be the first to hear of it.
  while (sessions.some((session) => session.problems().length === 0))
    await made.heard.next((told) => told.endsWith("problems"));
});

test("a folder that is replaced brings its texts anew", async (t) => {
  const made = followed(t, {
    "main.reprod": PIPELINE.replace("lib.reprod", "lib/say.reprod"),
    "lib/say.reprod": LIBRARY,
  });
  const session = made.session("main.reprod");
  await session.settled();
  const folder = path.join(made.folder, "lib");
  writeFiles(made.folder, { "next/say.reprod": LIBRARY.replaceAll("word", "text_to_say") });
  made.heard.told.splice(0);
  fs.renameSync(folder, path.join(made.folder, "before"));
  fs.renameSync(path.join(made.folder, "next"), folder);
  while (session.problems().length === 0) await made.heard.next((told) => told === "main.reprod problems");
});

test("problems of a graph that a digest has shaped are told when it is known", async (t) => {
  const made = followed(t, {
    "main.reprod": `pipeline main
input data = file("data.txt")
if size(data) > 3 B {
  node a = Missing { }
}
node b = Copy { from: data }
transform Copy {
  in from: File
  out text: File = "text.txt"
  run sh \`\`\`
    cat "$from" > "$text"
  \`\`\`
}
`,
    "data.txt": "more than three bytes\n",
  });
  const session = made.session("main.reprod");
  await session.settled();
  assert.equal(session.graph()?.nodes.length, session.snapshot?.graph.nodes.length);
});

test("results are watched where the project's settings say, also after they say something else", async (t) => {
  const made = followed(t, { "main.reprod": PIPELINE, "lib.reprod": LIBRARY });
  const { context, heard, folder } = made;
  context.watchPipeline("main");
  const runs = context.runs;
  fs.writeFileSync(
    path.join(folder, "reprod.json"),
    JSON.stringify({ projectId: "abcdefghijkl", stores: { write: "elsewhere" } }),
  );
  await heard.next((told) => told === "settings");
  assert.notEqual(context.runs, runs, "leases of runs lie in the store");
  // As every look at the store does.
  context.watchPipeline("main");
  const [, names = ""] = foldersToWatch(path.join(folder, "elsewhere"), "abcdefghijkl", "main");
  fs.mkdirSync(names, { recursive: true });
  await heard.next((told) => told === "results");
  heard.told.splice(0);
  fs.writeFileSync(path.join(names, "run.ndjson"), "");
  await heard.next((told) => told === "results");
});
