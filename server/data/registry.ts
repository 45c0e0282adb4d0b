import { createHash } from "node:crypto";
import { Failure } from "../base/failure.js";
import {
  get,
  type HttpAnswer,
  isLoopback,
  type RetryOptions,
  readBody,
  retryAfter,
  Transient,
  withRetries,
} from "./http.js";
import type { LockedImage } from "./lock.js";

/** An image reference as people write it, taken apart. */
export interface ImageReference {
  /** Host of the registry's API, with a port perhaps. */
  readonly registry: string;
  /** `library/ubuntu` */
  readonly repository: string;
  /** A tag, or a digest `sha256:…`. */
  readonly version: string;
  readonly kind: "tag" | "digest";
}

const REPOSITORY = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?$/i;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * Takes a reference apart by Docker's rules: without a host it is on Docker Hub, there without a folder it is in
 * `library/`, and without a tag it is `latest`. Throws a `Failure` (`image-malformed`).
 */
export function parseImage(reference: string): ImageReference {
  const at = reference.indexOf("@");
  const digest = at < 0 ? undefined : reference.slice(at + 1);
  const named = at < 0 ? reference : reference.slice(0, at);
  // A colon behind the last slash is a tag's; one before it is a port's.
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const tag = colon < 0 ? "latest" : named.slice(colon + 1);
  const name = colon < 0 ? named : named.slice(0, colon);
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const hasHost = first.includes(".") || first.includes(":") || first === "localhost";
  const host = hasHost ? first : "docker.io";
  const rest = hasHost ? name.slice(slash + 1) : name;
  const hub = host === "docker.io" || host === "index.docker.io";
  const repository = hub && !rest.includes("/") ? `library/${rest}` : rest;
  const valid =
    REPOSITORY.test(repository) &&
    TAG.test(tag) &&
    (digest === undefined || DIGEST.test(digest)) &&
    HOST.test(host) &&
    URL.canParse(`https://${host}`);
  if (!valid) {
    throw new Failure("image-malformed", `this is no name of an image: "${reference}"`, {
      why: "An image is named like `quay.io/biocontainers/bwa:0.7.17`, in lower case.",
      fix: "Correct the name.",
    });
  }
  return {
    registry: hub ? "registry-1.docker.io" : host,
    repository,
    version: digest ?? tag,
    kind: digest === undefined ? "tag" : "digest",
  };
}

/** Manifests are some kilobytes; registries refuse above 4 MiB too. */
const MANIFEST_LIMIT = 4 * 1024 * 1024;

const INDEX_TYPES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
const MANIFEST_TYPES = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/**
 * What an image's tag stands for now: digests of the index and of each platform's manifest, by the distribution API
 * of OCI registries, without a login. Every digest is computed from the bytes that came. Rejects with a `Failure`
 * (`image-malformed`, `image-not-found`, `image-refused`, `url-unreachable`) or the signal's reason.
 */
export async function resolveImage(reference: string, options: RetryOptions = {}): Promise<LockedImage> {
  const image = parseImage(reference);
  return await withRetries(reference, options, async () => {
    const registry = new Registry(reference, image, options.signal);
    const { digest, document } = await registry.manifest();
    const listed = document.manifests;
    const platforms = new Map<string, string>();
    if (Array.isArray(listed)) {
      for (const entry of listed) addPlatform(platforms, entry);
    } else {
      platforms.set(await registry.platformOf(document), digest);
    }
    if (platforms.size === 0) throw malformedAnswer(reference, "its index names no platform");
    return { digest, platforms };
  });
}

type Document = Readonly<Record<string, unknown>>;

class Registry {
  private readonly base: string;
  private token: string | undefined;

  constructor(
    private readonly reference: string,
    private readonly image: ImageReference,
    private readonly signal: AbortSignal | undefined,
  ) {
    const secure = `https://${image.registry}`;
    // A registry on this machine speaks plain http, as Docker has it; any other must prove who it is.
    const scheme = isLoopback(new URL(secure)) ? "http" : "https";
    this.base = `${scheme}://${image.registry}/v2/${image.repository}`;
  }

  async manifest(): Promise<{ readonly digest: string; readonly document: Document }> {
    const { version, kind } = this.image;
    const body = await this.read(`manifests/${version}`, [...INDEX_TYPES, ...MANIFEST_TYPES].join(", "));
    const digest = digestOf(body);
    if (kind === "digest" && digest !== version) {
      throw malformedAnswer(this.reference, `the registry sent something with the digest ${digest}`);
    }
    const document = this.json(body);
    if (document.schemaVersion !== 2) {
      throw malformedAnswer(
        this.reference,
        "its manifest is of a format from before 2017, whose digests say nothing of its layers",
      );
    }
    return { digest, document };
  }

  /** The platform of an image that is for one only: its configuration has it. */
  async platformOf(manifest: Document): Promise<string> {
    const { config } = manifest;
    const digest = isDocument(config) ? config.digest : undefined;
    if (typeof digest !== "string" || !DIGEST.test(digest)) {
      throw malformedAnswer(this.reference, "its manifest names no configuration");
    }
    const body = await this.read(`blobs/${digest}`, "*/*");
    if (digestOf(body) !== digest)
      throw malformedAnswer(this.reference, "its configuration has another digest");
    const platform = platformName(this.json(body));
    if (platform === undefined) throw malformedAnswer(this.reference, "its configuration names no platform");
    return platform;
  }

  private async read(part: string, accept: string): Promise<Buffer> {
    const url = `${this.base}/${part}`;
    let answer = await this.ask(url, accept);
    if (answer.status === 401 && this.token === undefined) {
      answer.body.destroy();
      this.token = await this.login(answer.headers["www-authenticate"]);
      answer = await this.ask(url, accept);
    }
    if (answer.status !== 200) {
      answer.body.destroy();
      throw this.refused(answer);
    }
    return await readBody(answer, MANIFEST_LIMIT, this.reference);
  }

  private async ask(url: string, accept: string): Promise<HttpAnswer> {
    const headers = {
      accept,
      ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
    };
    return await get(url, { headers, signal: this.signal });
  }

  /** Fetches the token that registries give to everybody, where the challenge says. */
  private async login(challenge: string | undefined): Promise<string> {
    const values = new Map<string, string>();
    for (const [, name = "", value = ""] of (challenge ?? "").matchAll(/(\w+)="([^"]*)"/g))
      values.set(name, value);
    const realm = values.get("realm") ?? "";
    if (!/^bearer /i.test(challenge ?? "") || !URL.canParse(realm)) throw this.notOpen();
    const url = new URL(realm);
    if (url.protocol !== "https:" && !isLoopback(url)) {
      throw malformedAnswer(this.reference, "it sends its logins over a connection without encryption");
    }
    const service = values.get("service");
    if (service !== undefined) url.searchParams.set("service", service);
    url.searchParams.set("scope", values.get("scope") ?? `repository:${this.image.repository}:pull`);
    const answer = await get(url.href, { signal: this.signal });
    if (answer.status !== 200) {
      answer.body.destroy();
      throw this.refused(answer);
    }
    const document = this.json(await readBody(answer, MANIFEST_LIMIT, this.reference));
    const token = document.token ?? document.access_token;
    if (typeof token !== "string" || token === "")
      throw malformedAnswer(this.reference, "its login gave no token");
    return token;
  }

  private refused({ status, headers }: HttpAnswer): Error {
    if (status === 408 || status === 429 || status >= 500) {
      return new Transient(`the registry is busy or broken (status ${status})`, retryAfter(headers));
    }
    if (status === 401 || status === 403) return this.notOpen();
    if (status === 404) {
      return new Failure("image-not-found", `the registry has no such image: "${this.reference}"`, {
        why: `"${this.image.registry}" knows no "${this.image.version}" of "${this.image.repository}".`,
        fix: "Correct the name or the tag.",
      });
    }
    return malformedAnswer(this.reference, `it answers with status ${status}`);
  }

  private notOpen(): Failure {
    return new Failure(
      "image-refused",
      `the registry does not give this image to everybody: "${this.reference}"`,
      {
        why: "It is private or does not exist; registries answer the same to both.",
        fix: "Correct the name, or write the image with its digest (`name@sha256:…`), which needs no resolving.",
      },
    );
  }

  private json(body: Buffer): Document {
    try {
      const value: unknown = JSON.parse(body.toString("utf8"));
      if (isDocument(value)) return value;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    throw malformedAnswer(this.reference, "its answer is not JSON");
  }
}

/** Attestations are listed beside the images, as `unknown/unknown`. The first of two for one platform is what engines take. */
function addPlatform(platforms: Map<string, string>, entry: unknown): void {
  if (!isDocument(entry) || !isDocument(entry.platform)) return;
  const { digest } = entry;
  const platform = platformName(entry.platform);
  if (typeof digest !== "string" || !DIGEST.test(digest) || platform === undefined) return;
  if (!platforms.has(platform)) platforms.set(platform, digest);
}

/** `linux/amd64`, `linux/arm/v7`; arm64 is v8 whether it says so or not. */
function platformName({ os, architecture, variant }: Document): string | undefined {
  if (typeof os !== "string" || typeof architecture !== "string") return undefined;
  if (!/^[a-z0-9]+$/.test(os) || !/^[a-z0-9_]+$/.test(architecture) || os === "unknown") return undefined;
  const named = typeof variant === "string" && /^[a-z0-9]+$/.test(variant) ? variant : undefined;
  if (named === undefined || (architecture === "arm64" && named === "v8")) return `${os}/${architecture}`;
  return `${os}/${architecture}/${named}`;
}

function isDocument(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function malformedAnswer(reference: string, what: string): Failure {
  return new Failure("registry-malformed", `the registry's answer cannot be used: "${reference}"`, {
    why: `Looking the image up, ${what}.`,
    fix: "Check the name; if it is right, tell those who run the registry.",
  });
}
