import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as path from "node:path";
import { type TestContext, test } from "node:test";
import { Failure } from "../../server/base/failure.js";
import { emptyLock, type Lock, parseLock, printLock } from "../../server/data/lock.js";
import { type PinOptions, pin } from "../../server/data/pin.js";
import { parseImage, resolveImage } from "../../server/data/registry.js";
import { MANIFEST, startRegistry } from "../support/registry.js";
import { temporaryFolder } from "../support/temporary.js";
import { sends, startWeb, status } from "../support/web.js";

const digestOf = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const wait = async () => {};
const one = digestOf("one");
const two = digestOf("two");

const index = {
  schemaVersion: 2,
  manifests: [
    { digest: one, platform: { os: "linux", architecture: "amd64" } },
    { digest: two, platform: { os: "linux", architecture: "arm64", variant: "v8" } },
    { digest: digestOf("arm"), platform: { os: "linux", architecture: "arm", variant: "v7" } },
    { digest: digestOf("later"), platform: { os: "linux", architecture: "amd64" } },
    { digest: digestOf("proof"), platform: { os: "unknown", architecture: "unknown" } },
    { digest: "nonsense", platform: { os: "linux", architecture: "s390x" } },
    "nonsense",
  ],
};

function refused(code: string, text: RegExp): (error: unknown) => true {
  return (error) => {
    assert(error instanceof Failure, String(error));
    assert.equal(error.code, code);
    assert.match(`${error.message}\n${error.why}`, text);
    return true;
  };
}

test("image references are taken apart by Docker's rules", () => {
  for (const [reference, registry, repository, version] of [
    ["ubuntu", "registry-1.docker.io", "library/ubuntu", "latest"],
    ["ubuntu:24.04", "registry-1.docker.io", "library/ubuntu", "24.04"],
    ["docker.io/ubuntu:24.04", "registry-1.docker.io", "library/ubuntu", "24.04"],
    ["bio/bwa:1", "registry-1.docker.io", "bio/bwa", "1"],
    ["quay.io/biocontainers/mulled-v2-fe8faa35:1.0", "quay.io", "biocontainers/mulled-v2-fe8faa35", "1.0"],
    ["localhost:5000/a/b", "localhost:5000", "a/b", "latest"],
    ["localhost/a:1", "localhost", "a", "1"],
    [`ubuntu@${one}`, "registry-1.docker.io", "library/ubuntu", one],
    [`ubuntu:24.04@${one}`, "registry-1.docker.io", "library/ubuntu", one],
  ] as const) {
    const image = parseImage(reference);
    assert.deepEqual(
      [image.registry, image.repository, image.version],
      [registry, repository, version],
      reference,
    );
  }
  for (const bad of [
    "",
    "Ubuntu:1",
    "a b:1",
    "ubuntu:",
    "../x:1",
    "quay.io/../x",
    "ubuntu@sha256:1",
    "-x",
    "a/:1",
    "user@host.org/x:1",
  ]) {
    assert.throws(() => parseImage(bad), refused("image-malformed", /no name of an image/), bad);
  }
});

test("A10 a tag is resolved to the digest of its index and of each platform (stand-in registry)", async (t) => {
  for (const login of [false, true]) {
    const registry = await startRegistry(t, login);
    const digest = registry.put("bio/bwa", "manifests", index, "0.7");
    const image = await resolveImage(`${registry.host}/bio/bwa:0.7`, { wait });
    assert.equal(image.digest, digest);
    assert.deepEqual(Object.fromEntries(image.platforms), {
      "linux/amd64": one,
      "linux/arm64": two,
      "linux/arm/v7": digestOf("arm"),
    });
    const lock: Lock = { images: new Map([["x", image]]), urls: new Map() };
    assert.deepEqual(parseLock("reprod.lock", printLock(lock)), lock, "what was resolved can be locked");
  }
});

test("an image for one platform has its manifest's digest, and the platform of its configuration", async (t) => {
  const registry = await startRegistry(t, true);
  const config = registry.put("a", "blobs", { os: "linux", architecture: "amd64" });
  const digest = registry.put(
    "a",
    "manifests",
    { schemaVersion: 2, config: { digest: config } },
    "1",
    MANIFEST,
  );
  const image = await resolveImage(`${registry.host}/a:1`, { wait });
  assert.deepEqual(image, { digest, platforms: new Map([["linux/amd64", digest]]) });
});

test("what a registry may do wrong is told, and never locked", async (t) => {
  const registry = await startRegistry(t);
  const at = (name: string) => `${registry.host}/${name}`;
  registry.put("old", "manifests", { schemaVersion: 1, fsLayers: [] }, "1");
  registry.put("text", "manifests", "hello", "1");
  registry.put("empty", "manifests", { schemaVersion: 2, manifests: [] }, "1");
  registry.put("bare", "manifests", { schemaVersion: 2 }, "1");
  registry.web.paths.set(`/v2/a/manifests/${one}`, sends('{"schemaVersion": 2}'));
  registry.web.paths.set("/v2/private/manifests/1", status(401, { "www-authenticate": 'Basic realm="x"' }));
  registry.web.paths.set(
    "/v2/plain/manifests/1",
    status(401, { "www-authenticate": 'Bearer realm="http://example.org/token"' }),
  );
  registry.web.paths.set("/v2/busy/manifests/1", status(503));
  for (const [name, code, text] of [
    ["absent:1", "image-not-found", /no such image: ".*absent:1"/],
    ["old:1", "registry-malformed", /before 2017/],
    ["text:1", "registry-malformed", /not JSON/],
    ["empty:1", "registry-malformed", /names no platform/],
    ["bare:1", "registry-malformed", /names no configuration/],
    [`a@${one}`, "registry-malformed", /sent something with the digest/],
    ["private:1", "image-refused", /private or does not exist/],
    ["plain:1", "registry-malformed", /without encryption/],
    ["busy:1", "url-unreachable", /After 5 tries: the registry is busy/],
  ] as const) {
    await assert.rejects(resolveImage(at(name), { wait }), refused(code, text), name);
  }
});

function options(t: TestContext, more: Partial<PinOptions>): PinOptions {
  const folder = path.join(temporaryFolder(t), "tmp");
  return { images: [], addresses: [], lock: emptyLock, folder, sink: async () => {}, wait, ...more };
}

test("rule 27 pin fills the lock, and what is locked is not looked up again", async (t) => {
  const registry = await startRegistry(t);
  const web = await startWeb(t, { "/a.fa": sends("data", { etag: '"e"' }) });
  const digest = registry.put("bwa", "manifests", index, "1");
  const image = `${registry.host}/bwa:1`;
  const url = `${web.url}/a.fa`;
  const stored: string[] = [];
  const wanted = options(t, {
    images: [image, image, `quay.io/pinned@${one}`],
    addresses: [
      { url, verify: undefined },
      { url, verify: `md5:${createHash("md5").update("data").digest("hex")}` },
    ],
    sink: async (_file, sha256) => void stored.push(sha256),
  });
  const first = await pin(wanted);
  assert.deepEqual(
    first.steps.map((step) => [step.kind, step.name, "change" in step && step.change]),
    [
      ["image", image, "added"],
      ["url", url, "added"],
    ],
  );
  assert.equal(first.lock.images.get(image)?.digest, digest);
  assert.deepEqual(first.lock.urls.get(url), { sha256: stored[0], size: 4, etag: '"e"', version: undefined });
  assert.equal(stored.length, 1);

  const asked = web.requests.length + registry.web.requests.length;
  const second = await pin({ ...wanted, lock: first.lock });
  assert.deepEqual(second, { lock: first.lock, steps: [] });
  assert.equal(web.requests.length + registry.web.requests.length, asked, "nobody was asked");

  web.paths.set("/a.fa", sends("other"));
  const third = await pin({
    ...wanted,
    addresses: [{ url, verify: undefined }],
    lock: first.lock,
    update: true,
  });
  assert.deepEqual(
    third.steps.map((step) => "change" in step && step.change),
    ["kept", "changed"],
  );
});

test("rule 27 what cannot be pinned leaves the rest pinned and its own entry as it was", async (t) => {
  const web = await startWeb(t, { "/good": sends("good"), "/wrong": sends("wrong") });
  const before = await pin(options(t, { addresses: [{ url: `${web.url}/wrong`, verify: undefined }] }));
  const result = await pin(
    options(t, {
      images: ["Not An Image"],
      addresses: [
        { url: `${web.url}/missing`, verify: undefined },
        { url: `${web.url}/wrong`, verify: `md5:${"0".repeat(32)}` },
        { url: `${web.url}/good`, verify: undefined },
      ],
      lock: before.lock,
      update: true,
    }),
  );
  assert.deepEqual(
    result.steps.map((step) => (step.kind === "failed" ? step.failure.code : step.kind)),
    ["image-malformed", "url-not-found", "digest-mismatch", "url"],
  );
  assert.deepEqual([...result.lock.urls.keys()].sort(), [`${web.url}/good`, `${web.url}/wrong`].sort());
  assert.deepEqual(result.lock.urls.get(`${web.url}/wrong`), before.lock.urls.get(`${web.url}/wrong`));
});

test("pinning can be cancelled", async (t) => {
  const web = await startWeb(t, { "/a": sends("x") });
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(
    pin(options(t, { addresses: [{ url: `${web.url}/a`, verify: undefined }], signal })),
    /enough/,
  );
});
