import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isNodeArguments, isRunArguments, uriOf } from "../../client/arguments.js";
import {
  logPlace,
  logUri,
  outPlace,
  outUri,
  type PageSource,
  pageSource,
  pageUri,
} from "../../client/uris.js";

const name = fc.string({ minLength: 1, maxLength: 200, unit: "grapheme" });

test("a log's uri leads back to the log, whatever the node is called", () => {
  fc.assert(
    fc.property(name, name, name, fc.integer({ min: 1, max: 99 }), (project, run, node, attempt) => {
      const place = { project, run: run.replaceAll("/", ""), node, attempt };
      assert.deepEqual(logPlace(logUri(place)), place);
    }),
  );
});

test("the tab of a log says the node, and which attempt when there are several", () => {
  const place = { project: "/p", run: "01J", node: 'aligned["a/b", 2]', attempt: 1 };
  assert.equal(logUri(place).path, '/01J/aligned["a_b", 2].log');
  assert.equal(logUri({ ...place, attempt: 3 }).path, '/01J/aligned["a_b", 2] (3).log');
});

test("a page's uri leads back to what it is made from", () => {
  const sources: readonly PageSource[] = [
    { kind: "plan", of: { uri: "file:///a.reprod", targets: [] } },
    {
      kind: "plan",
      of: { uri: "file:///a.reprod", targets: ["b"], noCache: ["b"], set: [{ name: "n", text: "12 GiB" }] },
    },
    { kind: "resources", of: { project: "/p", groups: ["network", "key-pair"], teardown: true }, plan: "1" },
    { kind: "explain", of: { uri: "file:///a.reprod", node: 'a["x"]' } },
    { kind: "provenance", of: { uri: "file:///a.reprod", node: "a" } },
    { kind: "provenance", of: { file: "/data/x.csv" } },
    { kind: "provenance", of: { file: "/data/objects/ab", name: "x.csv" } },
  ];
  for (const source of sources) assert.deepEqual(pageSource(pageUri("Title", source)), source);
  assert.equal(
    pageUri("Plan of a/b", { kind: "explain", of: { uri: "u", node: "n" } }).path,
    "/Plan of a_b.md",
  );
});

test("uris that are not ours stand for nothing", () => {
  const page = { scheme: "reprod-page", path: "/x.md" };
  const queries = ["", "{", "null", "[]", '{"kind":"plan"}', '{"kind":"plan","of":{"uri":1,"targets":[]}}'];
  queries.push('{"kind":"run","of":{"uri":"u","targets":[]}}', '{"kind":"explain","of":{"file":"/x"}}');
  queries.push('{"kind":"resources","of":{"project":"/p","groups":["all"]},"plan":"1"}');
  for (const query of queries) assert.equal(pageSource({ ...page, query }), undefined, query);
  assert.equal(
    logPlace({ scheme: "reprod-log", path: "/x", query: '{"project":"/p","run":"r"}' }),
    undefined,
  );
  assert.equal(logPlace({ scheme: "file", path: "/x", query: "{}" }), undefined);
});

test("an output opens under its own name, below its object", () => {
  const place = { object: "/w/.reprod/store/objects/sha256/30/87df", name: "parts/hello.txt" };
  const uri = outUri(place);
  assert.equal(uri.path, "/w/.reprod/store/objects/sha256/30/87df/hello.txt");
  assert.deepEqual(outPlace(uri), { object: place.object, name: "hello.txt" });
  assert.equal(outPlace({ scheme: "reprod-out", path: "/x", query: "" }), undefined);
  assert.equal(outPlace({ scheme: "file", path: "/a/x", query: "" }), undefined);
  assert.equal(outUri({ object: "/o", name: ".." }).path, "/o/_");
});

test("arguments of commands are known by their shape", () => {
  assert.ok(isNodeArguments({ uri: "u", node: "n", kind: "family" }));
  assert.ok(!isNodeArguments({ uri: "u" }));
  assert.ok(!isNodeArguments(undefined));
  assert.ok(isRunArguments({ uri: "u", targets: [] }));
  assert.ok(!isRunArguments({ uri: "u", targets: [1] }));
  assert.ok(!isRunArguments({ uri: "u", targets: [], noCache: "a" }));
  assert.equal(uriOf({ uri: "file:///a" }), "file:///a");
  assert.equal(uriOf({ scheme: "file", path: "/a", toString: () => "file:///a" }), "file:///a");
  assert.equal(uriOf("file:///a"), undefined);
});
