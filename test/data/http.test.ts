import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../server/base/failure.js";
import { get, isLoopback, readBody, redirected, retryAfter } from "../../server/data/http.js";
import { startWeb, status } from "../support/web.js";

test("a redirect never gives up encryption, except to this machine", () => {
  const from = new URL("https://example.org/a?X-Amz-Signature=hunter2");
  assert.equal(redirected(from, "../b").href, "https://example.org/b");
  assert.equal(redirected(from, "https://mirror.example.org/a").href, "https://mirror.example.org/a");
  assert.equal(redirected(from, "http://127.0.0.1:8000/a").protocol, "http:");
  assert.equal(redirected(new URL("http://example.org/"), "http://example.net/").protocol, "http:");
  assert.throws(
    () => redirected(from, "http://example.org/a"),
    (error) =>
      error instanceof Failure && error.code === "url-insecure" && !error.message.includes("hunter2"),
  );
});

test("only this machine counts as loopback, whatever a name looks like", () => {
  for (const [url, expected] of [
    ["http://localhost:5000", true],
    ["http://127.0.0.1", true],
    ["http://127.1.2.3", true],
    ["http://[::1]:80", true],
    ["http://localhost.example.org", false],
    ["http://127.0.0.1.example.org", false],
    ["http://10.0.0.1", false],
    ["http://example.org#localhost", false],
  ] as const) {
    assert.equal(isLoopback(new URL(url)), expected, url);
  }
});

test("a login goes to the host that asked for it and to no other", async (t) => {
  const seen: (string | undefined)[] = [];
  const other = await startWeb(t, {
    "/blob": (request, response) => {
      seen.push(request.headers.authorization);
      response.end("blob");
    },
  });
  const first = await startWeb(t, {
    "/here": status(307, { location: "/there" }),
    "/there": (request, response) => {
      seen.push(request.headers.authorization);
      status(307, { location: `${other.url}/blob` })(request, response);
    },
  });
  const answer = await get(`${first.url}/here`, { headers: { Authorization: "Bearer hunter2" } });
  assert.equal((await readBody(answer, 100, "x")).toString(), "blob");
  assert.deepEqual(seen, ["Bearer hunter2", undefined]);
});

test("an answer that should be small and is not is given up", async (t) => {
  const web = await startWeb(t, { "/a": (_request, response) => response.end(Buffer.alloc(100_000)) });
  await assert.rejects(
    readBody(await get(`${web.url}/a`), 1000, "the answer"),
    (error) => error instanceof Failure && error.code === "url-too-big",
  );
});

test("a server's wish to wait is kept within a minute", () => {
  for (const [header, milliseconds] of [
    ["3", 3000],
    ["0", 0],
    ["86400", 60_000],
    ["soon", undefined],
    ["-1", undefined],
    ["Wed, 21 Oct 2026 07:28:00 GMT", undefined],
  ] as const) {
    assert.equal(retryAfter({ "retry-after": header }), milliseconds, header);
  }
  assert.equal(retryAfter({}), undefined);
});
