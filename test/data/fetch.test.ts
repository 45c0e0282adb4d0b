import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import * as zlib from "node:zlib";
import { isSha256, type Sha256 } from "../../server/base/brand.js";
import { Failure } from "../../server/base/failure.js";
import { type FetchedFile, type FetchOptions, fetchFile } from "../../server/data/fetch.js";
import { temporaryFolder } from "../support/temporary.js";
import { type Answer, sends, startWeb, status } from "../support/web.js";

const hash = (kind: string, bytes: string | Uint8Array) => createHash(kind).update(bytes).digest("hex");
const sha256 = (bytes: string | Uint8Array): Sha256 => {
  const digest = hash("sha256", bytes);
  assert(isSha256(digest));
  return digest;
};

/** Fetches into a folder of its own; waits are noted, not waited. */
function fetcher(t: TestContext) {
  const folder = path.join(temporaryFolder(t), "tmp");
  const waits: number[] = [];
  const contents: string[] = [];
  const fetch = (url: string, more: Partial<FetchOptions> = {}): Promise<FetchedFile> =>
    fetchFile(url, {
      folder,
      sink: async (temporary, digest, size) => {
        const bytes = fs.readFileSync(temporary);
        assert.equal(digest, sha256(bytes));
        assert.equal(size, bytes.length);
        contents.push(bytes.toString("utf8"));
      },
      wait: async (milliseconds) => void waits.push(milliseconds),
      ...more,
    });
  const left = () => (fs.existsSync(folder) ? fs.readdirSync(folder) : []);
  return { fetch, waits, contents, left, folder };
}

function failure(code: string, ...texts: readonly RegExp[]): (error: unknown) => true {
  return (error) => {
    assert(error instanceof Failure, String(error));
    const all = [error.message, error.why, error.fix].join("\n");
    assert.equal(error.code, code, all);
    for (const text of texts) assert.match(all, text);
    return true;
  };
}

test("a file is fetched by digest and handed over; nothing is left behind", async (t) => {
  const body = "x".repeat(300_000);
  const web = await startWeb(t, { "/a.fa": sends(body, { etag: '"one"' }), "/empty": sends("") });
  const { fetch, contents, left } = fetcher(t);
  const progress: (number | undefined)[] = [];
  const fetched = await fetch(`${web.url}/a.fa`, { onBytes: (bytes, total) => progress.push(bytes, total) });
  assert.deepEqual(fetched, { sha256: sha256(body), size: 300_000, etag: '"one"' });
  assert.deepEqual(progress.slice(-2), [300_000, 300_000]);
  assert.equal((await fetch(`${web.url}/empty`)).size, 0);
  assert.deepEqual(contents, [body, ""]);
  assert.deepEqual(left(), []);
});

test("the sink may move the file away", async (t) => {
  const web = await startWeb(t, { "/a": sends("kept") });
  const { fetch, folder, left } = fetcher(t);
  await fetch(`${web.url}/a`, { sink: async (file) => fs.renameSync(file, path.join(folder, "object")) });
  assert.deepEqual(left(), ["object"]);
});

test("bytes are taken as the server has them, compressed or not", async (t) => {
  const zipped = zlib.gzipSync("text");
  const web = await startWeb(t, { "/a.gz": sends(zipped, { "content-encoding": "gzip" }) });
  assert.equal((await fetcher(t).fetch(`${web.url}/a.gz`)).sha256, sha256(zipped));
});

test("rule 26 a digest in the text verifies what is fetched, and never identifies it", async (t) => {
  const web = await startWeb(t, { "/a": sends("data") });
  const { fetch, contents, left } = fetcher(t);
  for (const kind of ["md5", "sha1", "sha256", "sha512"]) {
    const fetched = await fetch(`${web.url}/a`, { verify: `${kind}:${hash(kind, "data").toUpperCase()}` });
    assert.equal(fetched.sha256, sha256("data"));
  }
  const before = contents.length;
  for (const kind of ["md5", "sha256"]) {
    await assert.rejects(
      fetch(`${web.url}/a`, { verify: `${kind}:${hash(kind, "other")}` }),
      failure(
        "digest-mismatch",
        new RegExp(`says ${hash(kind, "other")}, the file has ${hash(kind, "data")}`),
      ),
    );
  }
  for (const verify of ["md5:abc", "crc32:00000000", hash("md5", "data"), "sha256:"]) {
    await assert.rejects(fetch(`${web.url}/a`, { verify }), failure("digest-malformed"), verify);
  }
  await assert.rejects(
    fetch(`${web.url}/a`, { expected: sha256("locked") }),
    failure("url-changed", /reprod pin --update/),
  );
  assert.equal(contents.length, before, "nothing wrong reached the store");
  assert.deepEqual(left(), []);
});

test("A15 addresses with credentials are refused, and no text of ours holds them", async (t) => {
  const { fetch } = fetcher(t);
  for (const url of [
    "https://user:hunter2@example.org/a",
    "https://example.org/a?X-Amz-Signature=hunter2",
    "https://example.org/a?x=1&sig=hunter2",
    "https://example.org/a?token=hunter2",
    "not an address",
  ]) {
    await assert.rejects(fetch(url), (error) => {
      failure("url-credentials")(error);
      assert(error instanceof Failure && !`${error.message}${error.why}${error.fix}`.includes("hunter2"));
      return true;
    });
  }
});

test("A15 a signed address that a redirect leads to is followed, and never told", async (t) => {
  const web = await startWeb(t, {
    "/a": status(302, { location: "/signed?X-Amz-Signature=hunter2" }),
    "/signed": sends("data"),
    "/b": status(302, { location: "/gone?X-Amz-Signature=hunter2" }),
  });
  const { fetch } = fetcher(t);
  assert.equal((await fetch(`${web.url}/a`)).sha256, sha256("data"));
  await assert.rejects(fetch(`${web.url}/b`), (error) => {
    failure("url-not-found", /\/b"$/m)(error);
    return !JSON.stringify(error, ["message", "why", "fix"]).includes("hunter2");
  });
});

test("redirects are followed ten times, and never to another protocol", async (t) => {
  const web = await startWeb(t, {
    "/circle": status(301, { location: "/circle" }),
    "/file": status(302, { location: "file:///etc/passwd" }),
    "/nonsense": status(302, { location: "http://[" }),
    "/end": sends("end"),
  });
  for (let step = 0; step < 10; step++) {
    web.paths.set(`/${step}`, status(307, { location: step === 9 ? "/end" : `/${step + 1}` }));
  }
  const { fetch } = fetcher(t);
  assert.equal((await fetch(`${web.url}/0`)).sha256, sha256("end"));
  await assert.rejects(fetch(`${web.url}/circle`), failure("url-redirects", /more than 10 times/));
  await assert.rejects(fetch(`${web.url}/file`), failure("url-redirects", /no web address/));
  await assert.rejects(fetch(`${web.url}/nonsense`), failure("url-redirects", /no web address/));
});

test("a busy server is asked again, as late as it wants; a missing file is not", async (t) => {
  const answers: Answer[] = [status(503), status(429, { "retry-after": "7" }), status(500), sends("at last")];
  const web = await startWeb(t, {
    "/busy": (request, response) => (answers.shift() ?? status(500))(request, response),
    "/never": status(503, { "retry-after": "99999" }),
    "/closed": status(403),
  });
  const { fetch, waits } = fetcher(t);
  assert.equal((await fetch(`${web.url}/busy`)).sha256, sha256("at last"));
  assert.deepEqual(waits, [1000, 7000, 4000]);
  await assert.rejects(
    fetch(`${web.url}/never`),
    failure("url-unreachable", /After 5 tries: the server is busy or broken \(status 503\)/),
  );
  assert.deepEqual(waits.slice(3), [60_000, 60_000, 60_000, 60_000]);
  const asked = web.requests.length;
  await assert.rejects(fetch(`${web.url}/missing`), failure("url-not-found", /missing"/));
  await assert.rejects(fetch(`${web.url}/closed`), failure("url-refused", /not without a login/));
  assert.equal(web.requests.length, asked + 2, "asked once each");
});

test("a connection that breaks off, or says nothing, is tried again from the start", async (t) => {
  let broken = 2;
  const web = await startWeb(t, {
    "/a": (request, response) => {
      if (broken-- > 0) {
        response.writeHead(200, { "content-length": 1000 });
        response.write("half of it", () => response.destroy());
      } else sends("whole")(request, response);
    },
    "/silent": () => {},
  });
  const { fetch, waits, contents, left } = fetcher(t);
  assert.equal((await fetch(`${web.url}/a`)).sha256, sha256("whole"));
  assert.deepEqual(contents, ["whole"]);
  assert.deepEqual(waits, [1000, 2000]);
  await assert.rejects(
    fetch(`${web.url}/silent`, { idleMilliseconds: 20 }),
    failure("url-unreachable", /the server sent nothing for 0\.02 s/),
  );
  assert.deepEqual(left(), []);
});

test("nobody there, no such host, and what is no web server", async (t) => {
  const { fetch } = fetcher(t);
  const server = net.createServer((socket) => socket.resume().end("SSH-2.0-x\r\n"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  await assert.rejects(
    fetch(`http://127.0.0.1:${port}/`),
    failure("url-unreachable", /no answer of a web server/),
  );
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects(fetch(`http://127.0.0.1:${port}/`), failure("url-unreachable", /refuses connections/));
});

test("a fetch can be limited and cancelled; nothing is left", async (t) => {
  const web = await startWeb(t, {
    "/endless": (_request, response) => {
      response.writeHead(200);
      const more = () =>
        void (response.destroyed || response.write(Buffer.alloc(65_536), () => setImmediate(more)));
      more();
    },
  });
  const { fetch, left } = fetcher(t);
  await assert.rejects(
    fetch(`${web.url}/endless`, { limitBytes: 1_000_000 }),
    failure("url-too-big", /1000000 bytes/),
  );
  const controller = new AbortController();
  await assert.rejects(
    fetch(`${web.url}/endless`, {
      signal: controller.signal,
      onBytes: (bytes) => void (bytes > 200_000 && controller.abort(new Error("enough"))),
    }),
    /enough/,
  );
  assert.deepEqual(left(), []);
});

test("a folder that cannot be written to is told as such, and not as a fault of the network", async (t) => {
  const web = await startWeb(t, { "/a": sends("x") });
  const { fetch, folder, waits } = fetcher(t);
  fs.writeFileSync(folder, "a file in the way");
  await assert.rejects(fetch(`${web.url}/a`), failure("project-read-only"));
  assert.deepEqual(waits, []);
});

test("what the sink throws comes through as it is", async (t) => {
  const web = await startWeb(t, { "/a": sends("x") });
  const { fetch, left } = fetcher(t);
  const sink = async () => {
    throw new Failure("store-damaged", "the store is damaged");
  };
  await assert.rejects(fetch(`${web.url}/a`, { sink }), failure("store-damaged"));
  assert.deepEqual(left(), []);
});
