import assert from "node:assert/strict";
import { test } from "node:test";
import { isVirtual, Uris } from "../../../server/lsp/uris.js";

test("one file has one path, however a client writes its uri", () => {
  const uris = new Uris();
  for (const uri of [
    "file:///work/a%20b/%C3%A4%23.reprod",
    "file:///work/a b/ä%23.reprod",
    "file:///work/x/../a%20b/%c3%a4%23.reprod",
  ])
    assert.equal(uris.path(uri), "/work/a b/ä#.reprod");
});

test("a folder's path has no separator at its end, though some clients write one", () => {
  assert.equal(new Uris().path("file:///work/project/"), "/work/project");
});

test("as long as a document is open its uri is given back as its client wrote it", () => {
  const uris = new Uris();
  const written = "file:///c%3A/a%5Bb%5D.reprod";
  const file = uris.opened(written);
  assert.equal(uris.uri(file), written);
  uris.closed(written);
  assert.equal(uris.path(uris.uri(file)), file);
});

test("what is no file has a path that no file has, and its uri is given back", () => {
  const uris = new Uris();
  for (const uri of [
    "untitled:Untitled-1",
    "vscode-vfs://github/o/r/main.reprod",
    "git:/folder/main.reprod?%7B%7D",
    "x:/../../../../etc/passwd",
    "x:../../../../etc/passwd",
    "x://../../../../etc/passwd",
  ]) {
    const file = uris.opened(uri);
    assert.ok(isVirtual(file), `${uri} is ${file}`);
    assert.equal(uris.uri(file), uri);
  }
  assert.notEqual(uris.path("untitled:a"), uris.path("other:a"));
  assert.equal(isVirtual(uris.path("file:///folder/main.reprod")), false);
});
