import type { AbsolutePath } from "../base/brand.js";
import { Failure } from "../base/failure.js";
import { isAbsent, readIfThere, systemReason } from "./files.js";
import { type JsonNode, lineAndColumn, parseJsonNodes } from "./json-text.js";

/** Where nodes with an image run: `auto` is resolved once for a checkout (engine-rules.md A9). */
export type ContainerPolicy = "required" | "never" | "auto";

/** `reprod.json`: what a team shares. `media/reprod.schema.json` says the same to editors. Nothing personal is in it. */
export interface ProjectSettings {
  /** Random, made once; says whose results and cloud resources are whose. */
  readonly projectId?: string;
  readonly name?: string;
  readonly container?: ContainerPolicy;
  readonly executor?: "local" | "ecs" | "batch";
  readonly stores?: {
    /** Folder that results are written to, relative to the project root. */
    readonly write?: string;
    /** Further stores that results are reused from, in this order (A3): folders, relative to the project root. */
    readonly read?: readonly string[];
  };
  readonly resources?: ResourceDefaults;
  /** Names that `secret("…")` may use (D11). */
  readonly secrets?: readonly string[];
  readonly cloud?: CloudSettings;
}

/** What a project sets up in an AWS account, beyond what is so by itself. */
export interface CloudSettings {
  /** Folder of the settings files of what was set up, relative to the project root; the root itself by default. */
  readonly folder?: string;
  /** What is there already and is to be used: `storage/build` → name of a bucket, `network/vpc` → id. */
  readonly adopt?: { readonly [part: string]: string };
  readonly network?: {
    /** IPv4 range of the VPC: `10.0.0.0/16`. */
    readonly cidr?: string;
    /** IPv4 range that may reach port 22; nobody may by default. */
    readonly sshFrom?: string;
    /** Whether members of the security group may reach each other on all ports; not by default. */
    readonly amongMembers?: boolean;
  };
  /** Container repositories for images of one's own: `tools/bwa`. */
  readonly repositories?: readonly string[];
  /** ARNs of container repositories, beyond those, that images of tasks come from. */
  readonly images?: readonly string[];
  /** Buckets whose objects may be imported by their `s3://` address. */
  readonly importFrom?: readonly string[];
}

/** What a transform gets that declares no resources. */
export interface ResourceDefaults {
  readonly cpus?: number;
  readonly memoryBytes?: number;
  readonly diskBytes?: number;
  readonly timeoutMilliseconds?: number;
}

/** Reads `reprod.json`; undefined when there is none. Throws a `Failure` with the place of what is wrong. */
export function readProjectSettings(file: AbsolutePath): ProjectSettings | undefined {
  let text: string | undefined;
  try {
    text = readIfThere(file)?.toString("utf8");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw new Failure("project-unreadable", `the project's settings cannot be read: "${file}"`, {
      why: `The system says: ${systemReason(error)}.`,
      fix: "Make it a readable file.",
      place: file,
      cause: error,
    });
  }
  return text === undefined ? undefined : parseProjectSettings(file, text);
}

/** Reads the text of a `reprod.json`. Throws a `Failure` (`project-invalid`) with the place of what is wrong. */
export function parseProjectSettings(file: string, text: string): ProjectSettings {
  const read = parseJsonNodes(text);
  if ("problem" in read) {
    const { message, line, column } = read.problem;
    throw invalid(`${file}:${line}:${column}`, message);
  }
  const fail = (offset: number, message: string): Failure => {
    const { line, column } = lineAndColumn(text, offset);
    return invalid(`${file}:${line}:${column}`, message);
  };
  const object = members(read.node, "the file", fail, [
    "$schema",
    "projectId",
    "name",
    "container",
    "executor",
    "stores",
    "resources",
    "secrets",
    "cloud",
  ]);
  const projectId = object.get("projectId");
  const name = object.get("name");
  const container = object.get("container");
  const executor = object.get("executor");
  const stores = object.get("stores");
  const resources = object.get("resources");
  const secrets = object.get("secrets");
  const cloud = object.get("cloud");
  return {
    ...(projectId && {
      projectId: matching(projectId, /^[a-z2-7]{12}$/, "12 of the characters a–z, 2–7", fail),
    }),
    ...(name && { name: matching(name, /\S/, "a text", fail) }),
    ...(container && { container: oneOf(container, ["required", "never", "auto"], fail) }),
    ...(executor && { executor: oneOf(executor, ["local", "ecs", "batch"], fail) }),
    ...(stores && { stores: readStores(stores, fail) }),
    ...(resources && { resources: readResources(resources, fail) }),
    ...(secrets && { secrets: texts(secrets, "secrets", fail) }),
    ...(cloud && { cloud: readCloud(cloud, fail) }),
  };
}

type Fail = (offset: number, message: string) => Failure;

function readStores(node: JsonNode, fail: Fail): NonNullable<ProjectSettings["stores"]> {
  const object = members(node, '"stores"', fail, ["write", "read"]);
  const write = object.get("write");
  const read = object.get("read");
  return {
    ...(write && {
      write: matching(
        write,
        /^(?!s3:)./,
        "the path of a folder (stores in S3 come with the cloud part)",
        fail,
      ),
    }),
    ...(read && { read: texts(read, "read", fail) }),
  };
}

function readCloud(node: JsonNode, fail: Fail): CloudSettings {
  const object = members(node, '"cloud"', fail, [
    "folder",
    "adopt",
    "network",
    "repositories",
    "images",
    "importFrom",
  ]);
  const folder = object.get("folder");
  const adopt = object.get("adopt");
  const network = object.get("network");
  const repositories = object.get("repositories");
  const images = object.get("images");
  const importFrom = object.get("importFrom");
  return {
    ...(folder && {
      folder: matching(
        folder,
        // A path is written to terminals and logs: what moves a cursor or turns the line round has no place in it.
        /^(?!\/|.*(?:^|\/)\.\.(?:\/|$)|.*\\)[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+$/u,
        "the path of a folder inside the project, without control characters",
        fail,
      ),
    }),
    ...(adopt && { adopt: readAdopted(adopt, fail) }),
    ...(network && { network: readNetwork(network, fail) }),
    ...(repositories && {
      repositories: names(
        repositories,
        "repositories",
        /^(?=..)[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$/,
        "the name of a container repository, of lower case letters and digits as in tools/bwa",
        fail,
        LONGEST_REPOSITORY,
      ),
    }),
    // Both become part of policies, where a star would mean more than it says.
    ...(images && {
      images: names(
        images,
        "images",
        /^arn:aws[\w-]*:ecr:[a-z0-9-]+:\d{12}:repository\/[a-z0-9]+(?:[._/-][a-z0-9]+)*$/,
        "the ARN of a container repository",
        fail,
      ),
    }),
    ...(importFrom && {
      importFrom: names(
        importFrom,
        "importFrom",
        /^[a-z0-9][a-z0-9.-]+[a-z0-9]$/,
        "the name of a bucket",
        fail,
        LONGEST_BUCKET,
      ),
    }),
  };
}

function readAdopted(node: JsonNode, fail: Fail): { readonly [part: string]: string } {
  if (node.kind !== "object") throw fail(node.offset, '"adopt" must be an object, in braces');
  return Object.fromEntries(
    [...node.members].map(([part, { value, offset }]) => {
      if (!/^[a-z-]+\/[a-z-]+$/.test(part)) {
        throw fail(offset, `a resource is named by its group and part, as in "network/vpc", not "${part}"`);
      }
      return [part, matching(value, /^[\w.:/+=,@-]+$/, "an id or a name in AWS", fail)];
    }),
  );
}

const IPV4_RANGE =
  /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)\/(?:[0-9]|[12]\d|3[0-2])$/;

function readNetwork(node: JsonNode, fail: Fail): NonNullable<CloudSettings["network"]> {
  const object = members(node, '"network"', fail, ["cidr", "sshFrom", "amongMembers"]);
  const cidr = object.get("cidr");
  const sshFrom = object.get("sshFrom");
  const amongMembers = object.get("amongMembers");
  return {
    ...(cidr && { cidr: matching(cidr, IPV4_RANGE, "a range of addresses such as 10.0.0.0/16", fail) }),
    ...(sshFrom && {
      sshFrom: matching(sshFrom, IPV4_RANGE, "a range of addresses such as 203.0.113.7/32", fail),
    }),
    ...(amongMembers && { amongMembers: trueOrFalse(amongMembers, fail) }),
  };
}

/** In characters. A repository gets a prefix of the project's own before it, with which it must not be too long for AWS. */
const LONGEST_REPOSITORY = 100;
const LONGEST_BUCKET = 63;

/** A list of names, each of them once. */
function names(
  node: JsonNode,
  setting: string,
  pattern: RegExp,
  what: string,
  fail: Fail,
  longest = Number.POSITIVE_INFINITY,
): readonly string[] {
  if (node.kind !== "array") throw fail(node.offset, `a list of names must stand here, for "${setting}"`);
  const found = node.items.map((item) => {
    const name = matching(item, pattern, what, fail);
    if (name.length <= longest) return name;
    throw fail(item.offset, `"${name.slice(0, 20)}…" is longer than ${longest} characters`);
  });
  const twice = found.findIndex((name, at) => found.indexOf(name) !== at);
  if (twice >= 0) {
    throw fail(node.items[twice]?.offset ?? node.offset, `"${found[twice] ?? ""}" is named twice`);
  }
  return found;
}

function trueOrFalse(node: JsonNode, fail: Fail): boolean {
  if (node.kind === "scalar" && typeof node.value === "boolean") return node.value;
  throw fail(node.offset, "true or false must stand here");
}

function readResources(node: JsonNode, fail: Fail): ResourceDefaults {
  const object = members(node, '"resources"', fail, ["cpus", "memory", "disk", "timeout"]);
  const cpus = object.get("cpus");
  const memory = object.get("memory");
  const disk = object.get("disk");
  const timeout = object.get("timeout");
  return {
    ...(cpus && { cpus: positiveNumber(cpus, fail) }),
    ...(memory && { memoryBytes: quantity(memory, BYTE_UNITS, '"2 GiB"', fail) }),
    ...(disk && { diskBytes: quantity(disk, BYTE_UNITS, '"10 GiB"', fail) }),
    ...(timeout && { timeoutMilliseconds: quantity(timeout, TIME_UNITS, '"4 h"', fail) }),
  };
}

const BYTE_UNITS: ReadonlyMap<string, number> = new Map([
  ["B", 1],
  ["kB", 1e3],
  ["MB", 1e6],
  ["GB", 1e9],
  ["TB", 1e12],
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["GiB", 2 ** 30],
  ["TiB", 2 ** 40],
]);
const TIME_UNITS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1e3],
  ["min", 60e3],
  ["h", 3600e3],
  ["d", 86400e3],
]);

/** A number with a unit in one string, written as in the pipeline language. */
function quantity(node: JsonNode, units: ReadonlyMap<string, number>, example: string, fail: Fail): number {
  const [, digits, unit] =
    node.kind === "scalar" && typeof node.value === "string"
      ? (/^(\d+(?:\.\d+)?) ?([A-Za-z]+)$/.exec(node.value) ?? [])
      : [];
  const factor = units.get(unit ?? "");
  const value = Math.floor(Number(digits) * (factor ?? Number.NaN));
  if (!Number.isSafeInteger(value) || value <= 0) {
    throw fail(
      node.offset,
      `a number with one of the units ${[...units.keys()].join(", ")} must stand here, as in ${example}`,
    );
  }
  return value;
}

function positiveNumber(node: JsonNode, fail: Fail): number {
  if (node.kind === "scalar" && typeof node.value === "number" && node.value > 0) return node.value;
  throw fail(node.offset, "a number above 0 must stand here");
}

function matching(node: JsonNode, pattern: RegExp, what: string, fail: Fail): string {
  if (node.kind === "scalar" && typeof node.value === "string" && pattern.test(node.value)) return node.value;
  throw fail(node.offset, `${what}, in double quotes, must stand here`);
}

function oneOf<Word extends string>(node: JsonNode, words: readonly Word[], fail: Fail): Word {
  const found = words.find((word) => node.kind === "scalar" && node.value === word);
  if (found !== undefined) return found;
  throw fail(node.offset, `one of these must stand here: ${words.map((word) => `"${word}"`).join(", ")}`);
}

function texts(node: JsonNode, name: string, fail: Fail): readonly string[] {
  if (node.kind !== "array") throw fail(node.offset, `a list of texts must stand here, for "${name}"`);
  return node.items.map((item) => matching(item, /./, "a text", fail));
}

function members(
  node: JsonNode,
  what: string,
  fail: Fail,
  known: readonly string[],
): ReadonlyMap<string, JsonNode> {
  if (node.kind !== "object") throw fail(node.offset, `${what} must be an object, in braces`);
  const result = new Map<string, JsonNode>();
  for (const [key, member] of node.members) {
    // A misspelt setting that is passed over in silence would run on the host what was meant for the image.
    if (!known.includes(key)) {
      throw fail(
        member.offset,
        `${what} can have ${known.map((name) => `"${name}"`).join(", ")}, but not "${key}"`,
      );
    }
    result.set(key, member.value);
  }
  return result;
}

function invalid(place: string, message: string): Failure {
  return new Failure("project-invalid", `reprod.json: ${message}`, {
    why: "The settings of a project decide where nodes run and what counts as their result, so none is guessed.",
    fix: "Correct the file at the place named; docs/cli.md#reprodjson lists what may stand in it.",
    place,
  });
}
