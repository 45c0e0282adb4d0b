import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CancellationTokenSource,
  type CompletionItem,
  CompletionRequest,
  type DocumentSymbol,
  DocumentSymbolRequest,
  HoverRequest,
  LSPErrorCodes,
  PublishDiagnosticsNotification,
  ResponseError,
  type SymbolInformation,
} from "vscode-languageserver/node";
import { project } from "../support/bad-luck.js";
import { startServer } from "../support/language-server.js";
import { GREETINGS, openFile } from "./pipelines.js";

const KEYS = 1_000;

/** A name that says how many keys were typed before it was read: `k_z`, `k_zz`, … */
const name = "k_z";

/** What one request came to: the number of keys in its answer, or that the server gave it up. */
type Outcome =
  | { readonly asked: number; readonly answered: number }
  | { readonly asked: number; readonly code: number };

function givenUp(asked: number, error: unknown): Outcome {
  assert.ok(error instanceof ResponseError, String(error));
  const given: readonly number[] = [
    LSPErrorCodes.RequestCancelled,
    LSPErrorCodes.ContentModified,
    LSPErrorCodes.ServerCancelled,
  ];
  assert.ok(given.includes(error.code), `${error.code} ${error.message}`);
  return { asked, code: error.code };
}

/** Letters typed so far, in a text that holds them in one run. */
function counted(text: string): number {
  return /k_(z+)/.exec(text)?.[1]?.length ?? 0;
}

for (const cancelling of [true, false]) {
  const how = cancelling ? "each request takes back the one before it" : "nothing is taken back";
  test(`${KEYS} keys in a burst, ${how}: no answer is about an old text`, async (t) => {
    const folder = project(t, { "greetings.reprod": GREETINGS });
    const server = await startServer(t, { folders: [folder], patience: 120_000 });
    const document = openFile(server, folder, "greetings.reprod");
    await document.diagnostics();
    document.insert(0, `/// Counted.\nparam ${name}: Int = 1\n`);
    const start = document.offset(name) + name.length;
    await document.diagnostics();

    const outcomes: Promise<Outcome>[] = [];
    let before = new CancellationTokenSource();
    for (let key = 2; key <= KEYS; key++) {
      document.insert(start + key - 2, "z");
      if (cancelling) before.cancel();
      const tokens = new CancellationTokenSource();
      before = tokens;
      const asked = key;
      const { token } = tokens;
      const answer =
        key % 3 === 0
          ? server
              .request(DocumentSymbolRequest.type, document.id, token)
              .then((symbols) => counted(namesOf(symbols)))
          : key % 3 === 1
            ? server
                .request(HoverRequest.type, document.at("k_z"), token)
                .then((hover) => counted(JSON.stringify(hover?.contents)))
            : server
                .request(CompletionRequest.type, document.at('["ann"', 1), token)
                .then((found) => counted(labelsOf(Array.isArray(found) ? found : (found?.items ?? []))));
      outcomes.push(
        answer.then(
          (answered) => ({ asked, answered }),
          (error: unknown) => givenUp(asked, error),
        ),
      );
    }
    const all = await Promise.all(outcomes);
    const wrong = all.filter((one) => "answered" in one && one.answered !== one.asked);
    assert.deepEqual(
      wrong.slice(0, 5),
      [],
      `${wrong.length} answers are about another text than they were asked of`,
    );
    const cancelled = all.filter((one) => "code" in one).length;
    if (cancelling) assert.ok(cancelled > 0, "none of the requests that were taken back was given up");
    const last = all.at(-1);
    assert.ok(last && "answered" in last, "the last one, which nobody took back, is answered");

    // What is sent of its own accord says of which version it is, and is of that version.
    await document.diagnostics();
    const sent = server.all(PublishDiagnosticsNotification.type).filter(({ uri }) => uri === document.uri);
    const versions = sent.map(({ version }) => version ?? Number.NaN);
    assert.deepEqual(
      versions,
      [...versions].sort((a, b) => a - b),
    );
    for (const { version = 0, diagnostics } of sent) {
      // The first version is without the name; the second has one letter.
      if (version < 2) continue;
      const [unused] = diagnostics;
      assert.equal(counted(String(unused?.message)), version - 1);
    }
    assert.ok(sent.length < KEYS / 2, `${sent.length} sets of diagnostics for ${KEYS} keys in a burst`);
  });
}

test("a request that is taken back while others wait is given up, not answered", async (t) => {
  const folder = project(t, { "greetings.reprod": GREETINGS });
  const server = await startServer(t, { folders: [folder] });
  const document = openFile(server, folder, "greetings.reprod");
  const tokens = new CancellationTokenSource();
  const asked = Array.from({ length: 50 }, () =>
    server.request(HoverRequest.type, document.at("Say {"), tokens.token).then(
      () => "answered",
      (error: unknown) => {
        assert.ok(error instanceof ResponseError);
        assert.equal(error.code, LSPErrorCodes.RequestCancelled);
        return "cancelled";
      },
    ),
  );
  tokens.cancel();
  const outcomes = await Promise.all(asked);
  assert.ok(outcomes.includes("cancelled"));
  assert.ok(await server.request(HoverRequest.type, document.at("Say {")));
});

function namesOf(symbols: readonly (DocumentSymbol | SymbolInformation)[] | null): string {
  return (symbols ?? []).map(({ name }) => name).join(" ");
}

function labelsOf(items: readonly CompletionItem[]): string {
  return items.map(({ label }) => label).join(" ");
}
