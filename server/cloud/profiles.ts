import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Failure, systemCode } from "../base/failure.js";
import { compareCodePoints } from "../base/order.js";
import { mostSimilar } from "../language/similar.js";
import { profileOption } from "./failures.js";
import { hasFargate, isKnownRegion, isRegionName, knownRegions, REGIONS_AS_OF } from "./regions.js";

/** How a profile comes to its credentials. */
export type CredentialKind =
  | "keys"
  | "sso"
  | "login"
  | "assume-role"
  | "web-identity"
  | "process"
  | "unknown";

export interface Profile {
  readonly name: string;
  readonly region: string | undefined;
  readonly kind: CredentialKind;
  /** Whether a code of an MFA device is asked for. */
  readonly mfa: boolean;
}

export interface ProfileWarning {
  readonly code:
    | "no-fargate"
    | "no-region"
    | "region-unknown"
    | "readable-by-others"
    | "not-signed-in"
    | "incomplete"
    | "section-ignored";
  /** Undefined for what is about a file. */
  readonly profile: string | undefined;
  readonly message: string;
  /** What to do, with the command to run where there is one. */
  readonly fix: string;
}

export interface AwsFiles {
  readonly config: string;
  readonly credentials: string;
}

export interface Profiles {
  readonly files: AwsFiles;
  /** By name; `default` comes first. */
  readonly profiles: readonly Profile[];
  readonly warnings: readonly ProfileWarning[];
}

/** What stands in a section, keys of access among it: never leaves `server/cloud/`. */
export interface Section {
  readonly [key: string]: string | undefined;
}

export interface SharedFiles {
  readonly files: AwsFiles;
  readonly profiles: ReadonlyMap<string, Section>;
  readonly ssoSessions: ReadonlyMap<string, Section>;
  readonly services: ReadonlyMap<string, Section>;
  readonly ignored: readonly ProfileWarning[];
}

/** Where the shared files are; the SDK looks at the same places. */
export function awsFiles(environment: NodeJS.ProcessEnv = process.env): AwsFiles {
  const home = homeOf(environment);
  const given = (value: string | undefined, name: string): string => {
    if (value === undefined || value === "") return path.join(home, ".aws", name);
    return value.startsWith("~/") ? path.join(home, value.slice(2)) : value;
  };
  return {
    config: given(environment.AWS_CONFIG_FILE, "config"),
    credentials: given(environment.AWS_SHARED_CREDENTIALS_FILE, "credentials"),
  };
}

function homeOf(environment: NodeJS.ProcessEnv): string {
  return environment.HOME || environment.USERPROFILE || os.homedir();
}

/**
 * Changes whenever a file changes that says who we are: the two shared files, and the tokens that signing in leaves.
 * Cost: four looks at the file system.
 */
export function filesStamp(environment: NodeJS.ProcessEnv = process.env): string {
  const { config, credentials } = awsFiles(environment);
  const aws = path.join(homeOf(environment), ".aws");
  return [config, credentials, path.join(aws, "sso", "cache"), path.join(aws, "login", "cache")]
    .map((file) => {
      try {
        const { mtimeMs, size, ino } = fs.statSync(file);
        return `${file}:${mtimeMs}:${size}:${ino}`;
      } catch {
        return `${file}:-`;
      }
    })
    .join("\n");
}

// ---------------------------------------------------------------- reading

/**
 * The sections of both files, as the SDK's own reader takes them. It takes what it cannot read for empty, so the files
 * are looked at first: what the AWS command line would refuse is refused here too, with its place.
 */
export async function readSharedFiles(environment: NodeJS.ProcessEnv = process.env): Promise<SharedFiles> {
  const files = awsFiles(environment);
  const inspected = [inspect(files.config, "config"), inspect(files.credentials, "credentials")];
  const { sdk } = await import("./aws-sdk.js");
  const { loadSharedConfigFiles } = await sdk.files();
  const { configFile, credentialsFile } = await loadSharedConfigFiles({
    filepath: files.credentials,
    configFilepath: files.config,
    ignoreCache: true,
  });
  const profiles = new Map<string, Section>();
  const ssoSessions = new Map<string, Section>();
  const services = new Map<string, Section>();
  for (const [name, section] of Object.entries(configFile)) {
    if (name.startsWith("sso-session.")) ssoSessions.set(name.slice("sso-session.".length), section);
    else if (name.startsWith("services.")) services.set(name.slice("services.".length), section);
    else profiles.set(name, section);
  }
  for (const [name, section] of Object.entries(credentialsFile)) {
    if (/^(?:profile|sso-session|services)\./.test(name)) continue;
    profiles.set(name, { ...profiles.get(name), ...section });
  }
  // The reader drops a header with nothing below it, which is a profile that says nothing, and not none.
  for (const name of inspected.flatMap(({ names }) => names)) {
    if (!profiles.has(name)) profiles.set(name, {});
  }
  return { files, profiles, ssoSessions, services, ignored: inspected.flatMap(({ ignored }) => ignored) };
}

/** Larger than any file of profiles; a disk image by mistake would fill memory. */
const LARGEST = 4 * 1024 * 1024;

/**
 * Throws for what is no file of profiles, and tells of sections that nobody reads. No line is ever quoted: it may hold
 * a key.
 */
function inspect(file: string, kind: "config" | "credentials"): Inspected {
  const text = readText(file);
  const names: string[] = [];
  const ignored: ProfileWarning[] = [];
  const sections = new Map<string, number>();
  let inside = false;
  text.split(/\r?\n/).forEach((line, index) => {
    const at = index + 1;
    const bare = line.trim();
    if (bare === "" || /^[#;]/.test(bare)) return;
    if (!bare.startsWith("[")) {
      if (!inside) throw broken(file, at, "a line stands before the first section");
      // Lines with an indent belong to the key above, whatever they hold.
      if (!/^\s/.test(line) && !/^[^=]+=/.test(bare)) {
        throw broken(file, at, "a line is neither a section nor a key with a value");
      }
      return;
    }
    const header = /^\[\s*([^\]]*?)\s*\](?:\s*[#;].*)?$/.exec(bare)?.[1];
    if (header === undefined || header === "")
      throw broken(file, at, "a section is not closed or has no name");
    inside = true;
    const earlier = sections.get(header);
    if (earlier !== undefined) {
      throw broken(file, at, `the section [${header}] stands twice, first in line ${earlier}`);
    }
    sections.set(header, at);
    if (/^(?:profile\s+)?__proto__$/.test(header)) throw broken(file, at, "no section may have this name");
    const problem = unread(header, kind);
    if (problem === undefined) {
      const name = profileIn(header, kind);
      if (name !== undefined) names.push(name);
    } else {
      ignored.push({
        code: "section-ignored",
        profile: undefined,
        message: `nobody reads the section [${header}] (${file}:${at})`,
        fix: problem,
      });
    }
  });
  return { names, ignored };
}

interface Inspected {
  /** Of the profiles, with or without anything in them. */
  readonly names: readonly string[];
  readonly ignored: readonly ProfileWarning[];
}

function profileIn(header: string, kind: "config" | "credentials"): string | undefined {
  if (header === "default") return header;
  if (kind === "credentials") return header;
  return /^profile\s+(["'])?(.+)\1$/.exec(header)?.[2];
}

/** Why a section is not read, as what to do about it. */
function unread(header: string, kind: "config" | "credentials"): string | undefined {
  if (header === "default" || header === "preview" || header === "plugins") return undefined;
  const [, prefix, name] = /^(profile|sso-session|services)\s+(.+)$/.exec(header) ?? [];
  if (kind === "credentials") {
    return prefix === undefined
      ? undefined
      : `Name it [${name}]: in this file sections have no word in front, and only profiles stand in it.`;
  }
  if (prefix === undefined) return `Name it [profile ${header}]: only "default" stands alone in this file.`;
  return /^(["'])?[\w\-@+.%:/]+\1$/.test(name ?? "")
    ? undefined
    : "Give it a name of letters, digits and - _ . @ + % : / only.";
}

function readText(file: string): string {
  let bytes: Buffer;
  try {
    const found = fs.statSync(file);
    if (!found.isFile()) {
      throw new Failure(
        "aws-config-broken",
        `this is no file, but AWS's profiles are read from it: "${file}"`,
        {
          fix: "Remove or rename it, or name another with AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE.",
          place: file,
        },
      );
    }
    if (found.size > LARGEST) throw broken(file, undefined, "it is too large for profiles");
    bytes = fs.readFileSync(file);
  } catch (error) {
    switch (systemCode(error)) {
      case "ENOENT":
      case "ENOTDIR":
        return "";
      case "EACCES":
      case "EPERM":
        throw new Failure("aws-config-broken", `AWS's profiles may not be read: "${file}"`, {
          why: "The file does not allow it to this user.",
          fix: `Allow it: \`chmod u+r "${file}"\`, or work as the user whose file it is.`,
          place: file,
        });
      default:
        throw error;
    }
  }
  const marked = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? bytes.subarray(3) : bytes;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(marked);
    if (/[\0-\x08\x0e-\x1f]/.test(text)) throw new Error("binary");
    return text;
  } catch {
    throw broken(file, undefined, "it is no text in UTF-8");
  }
}

function broken(file: string, line: number | undefined, what: string): Failure {
  return new Failure("aws-config-broken", `AWS's profiles cannot be read, ${what}: "${file}"`, {
    why: "The AWS command line refuses such a file too; the SDK alone would take it for empty, in whole or in part.",
    fix: "Correct it by hand. `aws configure list-profiles` shows when it is well.",
    place: line === undefined ? file : `${file}:${line}`,
  });
}

// ---------------------------------------------------------------- what is told of them

/** All profiles with what is wrong with them. No key, token or address of a sign-in is among what is told. */
export async function readProfiles(environment: NodeJS.ProcessEnv = process.env): Promise<Profiles> {
  const shared = await readSharedFiles(environment);
  const profiles = [...shared.profiles]
    .map(([name, section]) => ({
      name,
      region: section.region,
      kind: kindOf(section),
      mfa: section.mfa_serial !== undefined,
    }))
    .sort(
      (a, b) =>
        Number(b.name === "default") - Number(a.name === "default") || compareCodePoints(a.name, b.name),
    );
  const warnings = [
    ...readableByOthers(shared),
    ...shared.ignored,
    ...profiles.flatMap((profile) => ofProfile(profile, shared, environment)),
  ];
  return { files: shared.files, profiles, warnings };
}

/** In the order in which the SDK looks at a section. */
export function kindOf(section: Section): CredentialKind {
  const { role_arn, source_profile, credential_source, web_identity_token_file } = section;
  if (role_arn !== undefined && (source_profile !== undefined || credential_source !== undefined))
    return "assume-role";
  if (section.aws_access_key_id !== undefined && section.aws_secret_access_key !== undefined) return "keys";
  if (web_identity_token_file !== undefined && role_arn !== undefined) return "web-identity";
  if (section.credential_process !== undefined) return "process";
  if (Object.keys(section).some((key) => key.startsWith("sso_"))) return "sso";
  if (section.login_session !== undefined) return "login";
  return "unknown";
}

/** Windows keeps rights in lists that Node.js does not show. */
function readableByOthers({ files }: SharedFiles): readonly ProfileWarning[] {
  if (process.platform === "win32") return [];
  return [files.credentials, files.config].flatMap((file) => {
    let mode: number;
    try {
      mode = fs.statSync(file).mode;
    } catch {
      return [];
    }
    if ((mode & 0o066) === 0) return [];
    // The config file is often open to others, and harmless unless somebody has put keys into it.
    if (
      file === files.config &&
      !/^\s*aws_(?:secret_access_key|session_token)\s*=/m.test(fs.readFileSync(file, "utf8"))
    )
      return [];
    return [
      {
        code: "readable-by-others" as const,
        profile: undefined,
        message: `other users of this machine can read or change your keys: "${file}"`,
        fix: `chmod go-rw "${file}"`,
      },
    ];
  });
}

function ofProfile(
  { name, region, kind }: Profile,
  shared: SharedFiles,
  environment: NodeJS.ProcessEnv,
): readonly ProfileWarning[] {
  const warnings: ProfileWarning[] = [];
  const warn = (code: ProfileWarning["code"], message: string, fix: string): void => {
    warnings.push({ code, profile: name, message, fix });
  };
  const section = shared.profiles.get(name) ?? {};
  const option = profileOption(name);
  if (region === undefined) {
    warn("no-region", "it names no region", `aws configure set region eu-central-1${option}`);
  } else if (!isRegionName(region) || !isKnownRegion(region)) {
    const similar = mostSimilar(region, knownRegions);
    warn(
      "region-unknown",
      `no region was known by this name in ${REGIONS_AS_OF}: "${region}"${similar === undefined ? "" : `, did you mean "${similar}"?`}`,
      `aws configure set region ${similar ?? "eu-central-1"}${option}`,
    );
  } else if (!hasFargate(region)) {
    warn(
      "no-fargate",
      `Fargate did not run in this region in ${REGIONS_AS_OF}: "${region}"`,
      "Choose another region, or use compute environments on EC2 (`reprod env create`).",
    );
  }
  const incomplete = whatIsMissing(section, kind, shared);
  if (incomplete !== undefined)
    warn("incomplete", incomplete, `aws configure${kind === "sso" ? " sso" : ""}${option}`);
  else if (kind === "sso" && !isSignedIn(section, environment))
    warn("not-signed-in", "nobody is signed in, or the session has expired", `aws sso login${option}`);
  return warnings;
}

function whatIsMissing(section: Section, kind: CredentialKind, shared: SharedFiles): string | undefined {
  switch (kind) {
    case "unknown":
      return "it says nothing of how to come to credentials";
    case "assume-role": {
      const { source_profile: source } = section;
      return source === undefined || shared.profiles.has(source)
        ? undefined
        : `it takes its credentials from a profile that is not there: "${source}"`;
    }
    case "sso": {
      const { sso_session: session } = section;
      const settings = session === undefined ? section : shared.ssoSessions.get(session);
      if (settings === undefined) return `there is no [sso-session ${session}]`;
      const needed: Section = {
        ...settings,
        sso_account_id: section.sso_account_id,
        sso_role_name: section.sso_role_name,
      };
      const missing = (["sso_start_url", "sso_region", "sso_account_id", "sso_role_name"] as const).filter(
        (key) => needed[key] === undefined,
      );
      return missing.length === 0 ? undefined : `it lacks ${missing.join(", ")}`;
    }
    default:
      return undefined;
  }
}

/** Whether a token lies where `aws sso login` puts it that is valid still, or can be renewed without a person. */
function isSignedIn(section: Section, environment: NodeJS.ProcessEnv): boolean {
  const id = section.sso_session ?? section.sso_start_url ?? "";
  const name = `${createHash("sha1").update(id).digest("hex")}.json`;
  try {
    const token: unknown = JSON.parse(
      fs.readFileSync(path.join(homeOf(environment), ".aws", "sso", "cache", name), "utf8"),
    );
    if (typeof token !== "object" || token === null) return false;
    if ("refreshToken" in token && typeof token.refreshToken === "string") return true;
    return "expiresAt" in token && new Date(String(token.expiresAt)).getTime() > Date.now();
  } catch {
    return false;
  }
}
