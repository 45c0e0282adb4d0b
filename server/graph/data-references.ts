import * as path from "node:path";
import { dataPath } from "./checks/data-path.js";
import { urlCredentials } from "./checks/url-credentials.js";
import { Trouble } from "./reports.js";
import { type DataPlace, DataReference } from "./value.js";
import { dataIdentity } from "./values.js";

/** What relative paths start from: the folder of a file, or the address of a remote table (rule 15). */
export type Base =
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "address"; readonly url: string };

export interface DataOptions {
  readonly exclude?: readonly string[];
  /** `md5:<hex>` */
  readonly verify?: string | undefined;
}

/** Makes data references, one object for one place, so that 100,000 nodes that read a genome share it. */
export class DataReferences {
  readonly #made = new Map<string, DataReference>();

  make(kind: "file" | "dir", text: string, base: Base, options: DataOptions = {}): DataReference | Trouble {
    const place = placeOf(text, base, options.verify);
    if (place instanceof Trouble) return place;
    const name = baseNameOf(place);
    if (name === undefined) return new Trouble(dataPath, `the last part of this path is no name: "${text}"`);
    const reference = new DataReference(kind, place, name, options.exclude ?? []);
    const identity = dataIdentity(reference);
    const known = this.#made.get(identity);
    if (known !== undefined) return known;
    this.#made.set(identity, reference);
    return reference;
  }
}

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]+):\/\//;

function placeOf(text: string, base: Base, verify: string | undefined): DataPlace | Trouble {
  if (text === "") return new Trouble(dataPath, "a path is empty");
  if (text.includes("\0")) return new Trouble(dataPath, "a path has a zero byte in it");
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    if (base.kind === "folder") return { kind: "local", path: path.resolve(base.folder, text) };
    return placeOf(beside(base.url, text), base, verify);
  }
  if (scheme === "s3") return { kind: "s3", url: text };
  if (scheme !== "http" && scheme !== "https")
    return new Trouble(
      dataPath,
      `an address begins with https://, http:// or s3://, not with "${scheme}://"`,
    );
  if (!URL.canParse(text)) return new Trouble(dataPath, `this is no address: "${text}"`);
  if (hasCredentials(new URL(text)))
    return new Trouble(
      urlCredentials,
      `an address holds a password or a signature: "${withoutCredentials(text)}"`,
    );
  return { kind: "http", url: text, verify };
}

/** A path in the folder of an address; S3 keys are plain text and take no percent signs. */
function beside(url: string, text: string): string {
  if (!url.startsWith("s3://")) return new URL(text, url).href;
  if (text.startsWith("/")) return `${url.slice(0, url.indexOf("/", 5))}${text}`;
  const [, root = "", key = ""] = /^(s3:\/\/[^/]*\/?)(.*)$/.exec(url) ?? [];
  return root + path.posix.join(path.posix.dirname(key), text);
}

// Signed addresses of S3, Google Cloud Storage, Azure and whoever calls it by its name (A15).
const SIGNED =
  /^(x-amz-(signature|credential|security-token)|x-goog-(signature|credential)|sig|signature|token|access_token)$/i;

function hasCredentials(url: URL): boolean {
  if (url.username !== "" || url.password !== "") return true;
  return [...url.searchParams.keys()].some((name) => SIGNED.test(name));
}

/** An address without user name, query and fragment: what may be written where others read (A15). */
export function withoutCredentials(address: string): string {
  if (!URL.canParse(address)) return address.replace(/\/\/[^/@]*@/, "//").replace(/[?#].*$/, "");
  const url = new URL(address);
  url.username = "";
  url.password = "";
  if ([...url.searchParams.keys()].some((name) => SIGNED.test(name))) url.search = "";
  return url.href;
}

/** The last part of a path or address: part of a file's identity, so it must be a name and nothing else (rule 24). */
function baseNameOf(place: DataPlace): string | undefined {
  let name: string;
  switch (place.kind) {
    case "local":
      name = path.basename(place.path);
      break;
    case "s3":
      name = /^s3:\/\/[^/]+\/(?:.*\/)?([^/]+)\/?$/.exec(place.url)?.[1] ?? "";
      break;
    case "http":
      name = decoded(
        new URL(place.url).pathname
          .split("/")
          .filter((part) => part !== "")
          .at(-1) ?? "",
      );
      break;
  }
  return name === "" || name === "." || name === ".." || /[/\0]/.test(name) ? undefined : name;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stray percent sign: the name is what the address says, letter by letter.
    return text;
  }
}
