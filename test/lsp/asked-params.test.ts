import assert from "node:assert/strict";
import { test } from "node:test";
import { CodeLensRequest } from "vscode-languageserver/node";
import { pipelinesRequest, planRequest, runRequest, statesNotification } from "../../server/protocol.js";
import { project } from "../support/bad-luck.js";
import { startServer } from "../support/language-server.js";
import { openFile } from "./pipelines.js";

const ASKING = `pipeline asking
param depth: Int
node made = Make { depth }
transform Make {
  param depth: Int
  out o: File = "o.txt"
  run sh \`\`\`
    echo "$depth" > "$o"
  \`\`\`
}
`;

test("a param without a default is asked for; then the values of the newest run count for states", async (t) => {
  const folder = project(t, { "asking.reprod": ASKING });
  const server = await startServer(t, {
    folders: [folder],
    initializationOptions: { clientCommands: true, trusted: true },
  });
  const document = openFile(server, folder, "asking.reprod");
  const { uri } = document;
  const titles = async (): Promise<readonly (string | undefined)[]> =>
    ((await server.request(CodeLensRequest.type, { textDocument: { uri } })) ?? []).map(
      ({ command }) => command?.title,
    );
  assert.deepEqual(await titles(), ["▷ Run: asks for depth"]);
  const [before] = await server.request(pipelinesRequest, {});
  assert.equal(before?.message, "A run asks for depth");
  const plan = await server.request(planRequest, { uri, targets: [] });
  assert.deepEqual(plan.missingParams, [{ name: "depth", type: "Int" }]);

  await server.request(runRequest, { uri, targets: [], set: [{ name: "depth", text: "7" }] });
  await server.when(
    statesNotification,
    ({ marks }) => marks.length === 1 && marks.every(({ state }) => state === "cached"),
  );
  assert.deepEqual(await titles(), ["✓ 1 cached", "✓ cached"]);
  const [after] = await server.request(pipelinesRequest, {});
  assert.deepEqual([after?.message, after?.counts], [undefined, { cached: 1 }]);
});
