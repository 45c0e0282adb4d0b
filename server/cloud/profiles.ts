import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Failure, systemCode } from "../base/failure.js";
import { compareCodePoints } from "../base/order.js";
import { mostSimilar } from "../language/similar.js";
import { profileOption, TOKEN_FILE_FIX, unreadableToken } from "./failures.js";
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
    | "source-loop"
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
  /** Profiles that only the AWS command line reads, by the name that it knows them by. */
  readonly beyondUs: ReadonlyMap<string, Unread>;
  /** `file:line` of each profile's section, and of its keys. */
  readonly places: ReadonlyMap<string, Places>;
}

interface Places {
  readonly section: string;
  readonly keys: ReadonlyMap<string, string>;
}

/** Where a profile says this, or the first of these that it says; its section for what it does not say. */
export function placeOf(shared: SharedFiles, profile: string, ...keys: readonly string[]): string {
  const places = shared.places.get(profile);
  const [key] = keys.filter((name) => places?.keys.has(name));
  return (key === undefined ? places?.section : places?.keys.get(key)) ?? shared.files.config;
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
    if (/^(?:profile|sso-session|services)\./.test(name) || name !== name.trim()) continue;
    profiles.set(name, { ...profiles.get(name), ...section });
  }
  const places = new Map<string, Places>();
  for (const [name, { section, keys }] of inspected.flatMap((file) => [...file.places])) {
    // The reader drops a header with nothing below it, which is a profile that says nothing, and not none.
    if (!profiles.has(name)) profiles.set(name, {});
    const before = places.get(name);
    places.set(name, {
      section: before?.section ?? section,
      keys: new Map([...(before?.keys ?? []), ...keys]),
    });
  }
  return {
    files,
    profiles,
    ssoSessions,
    services,
    ignored: inspected.flatMap(({ ignored }) => ignored),
    beyondUs: new Map(inspected.flatMap(({ beyondUs }) => [...beyondUs])),
    places,
  };
}

/** Larger than any file of profiles; a disk image by mistake would fill memory. */
const LARGEST = 4 * 1024 * 1024;

/**
 * Throws for what is no file of profiles, and tells of sections that we do not read. No line is ever quoted: it may hold
 * a key.
 */
function inspect(file: string, kind: "config" | "credentials"): Inspected {
  const text = readText(file);
  const places = new Map<string, Places>();
  const ignored: ProfileWarning[] = [];
  const beyondUs = new Map<string, Unread>();
  const sections = new Map<string, number>();
  let keys: Map<string, string> | undefined;
  text.split(/\r?\n/).forEach((line, index) => {
    const at = index + 1;
    const bare = line.trim();
    if (bare === "" || /^[#;]/.test(bare)) return;
    if (!bare.startsWith("[")) {
      if (keys === undefined) throw broken(file, at, "a line stands before the first section");
      // Lines with an indent belong to the key above, whatever they hold.
      if (/^\s/.test(line)) return;
      const [, key] = /^([^=]+)=/.exec(bare) ?? [];
      if (key === undefined) throw broken(file, at, "a line is neither a section nor a key with a value");
      keys.set(key.trim(), `${file}:${at}`);
      return;
    }
    const [, header = ""] = /^\[([^\]]*)\](?:\s*[#;].*)?$/.exec(bare) ?? [];
    if (header.trim() === "") throw broken(file, at, "a section is not closed or has no name");
    if (!/^\[[^\]]*\]$/.test(withoutComment(line))) throw commentTooNear(file, at);
    const earlier = sections.get(header);
    if (earlier !== undefined) {
      throw broken(file, at, `the section [${header}] stands twice, first in line ${earlier}`);
    }
    sections.set(header, at);
    if (/^(?:profile\s+)?__proto__$/.test(header)) throw broken(file, at, "no section may have this name");
    keys = new Map();
    const unread = whyUnread(header, kind);
    if (unread === undefined) {
      const name = profileIn(header, kind);
      if (name !== undefined) places.set(name, { section: `${file}:${at}`, keys });
      return;
    }
    const reader = unread.onlyCommandLine ? "only the AWS command line, not the SDK," : "nobody";
    const message = `${reader} reads the section [${header}] (${file}:${at})`;
    ignored.push({ code: "section-ignored", profile: undefined, message, fix: unread.fix });
    if (unread.profile !== undefined) {
      beyondUs.set(unread.profile, { message, fix: unread.fix, place: `${file}:${at}` });
    }
  });
  return { places, ignored, beyondUs };
}

interface Inspected {
  /** Of the profiles, with or without anything in them. */
  readonly places: ReadonlyMap<string, Places>;
  readonly ignored: readonly ProfileWarning[];
  readonly beyondUs: ReadonlyMap<string, Unread>;
}

interface Unread {
  readonly message: string;
  readonly fix: string;
  readonly place: string;
}

/** A line as the SDK's reader has it. */
function withoutComment(line: string): string {
  return (line.split(/(?:^|\s)[;#]/)[0] ?? "").trim();
}

function profileIn(header: string, kind: "config" | "credentials"): string | undefined {
  if (header === "default" || kind === "credentials") return header;
  return header.startsWith("profile") ? SDK_SECTION.exec(header)?.[2] : undefined;
}

/** What the SDK's reader takes for a section of this file: one space, and a name of few characters. */
const SDK_SECTION = /^(?:profile|sso-session|services)\s(["'])?([\w\-@+.%:/]+)\1$/;

/** What the AWS command line takes for one, with its name in quotes or without. It splits headers as a shell does. */
const COMMAND_LINE_SECTION = /^(profile|sso-session|services)\s+(?:"([^"\\]+)"|'([^']+)'|([^\s"'\\]+))\s*$/;

interface WhyUnread {
  readonly onlyCommandLine: boolean;
  /** That the AWS command line finds there. */
  readonly profile?: string | undefined;
  readonly fix: string;
}

/** Why we do not read a section, with what to do about it. */
function whyUnread(header: string, kind: "config" | "credentials"): WhyUnread | undefined {
  const characters = "letters a-z, digits and - _ . @ + % : / only";
  if (/^(?:default|preview|plugins)$/.test(header)) return undefined;
  const bare = header.trim();
  if (kind === "credentials") {
    const [, prefix, name] = /^(profile|sso-session|services)\s+(.+)$/.exec(bare) ?? [];
    if (prefix !== undefined) {
      return {
        onlyCommandLine: false,
        fix: `Name it [${name}]: in this file sections have no word in front, and only profiles stand in it.`,
      };
    }
    if (header !== bare) {
      return { onlyCommandLine: false, fix: `Write it [${bare}]: spaces around a name belong to it.` };
    }
    // The SDK takes the first of two words for a kind of section, and does not know it.
    return /^[\w-]+\s(["'])?[\w\-@+.%:/]+\1$/.test(header)
      ? {
          onlyCommandLine: true,
          profile: header,
          fix: `Rename the profile: a name of ${characters}, without spaces.`,
        }
      : undefined;
  }
  if (SDK_SECTION.test(header)) return undefined;
  const [, prefix, ...quoted] = COMMAND_LINE_SECTION.exec(header) ?? [];
  const name = quoted.find((one) => one !== undefined);
  if (prefix !== undefined && name !== undefined) {
    const isPlain = /^[\w\-@+.%:/]+$/.test(name);
    return {
      onlyCommandLine: true,
      ...(prefix === "profile" && { profile: name }),
      fix: isPlain
        ? `Write it [${prefix} ${name}], with one space.`
        : `Rename it: a name of ${characters}, without spaces.`,
    };
  }
  const squeezed = bare.replace(/\s+/g, " ");
  if (squeezed === "default" || SDK_SECTION.test(squeezed)) {
    return { onlyCommandLine: false, fix: `Write it [${squeezed}], without spaces around it.` };
  }
  return {
    onlyCommandLine: false,
    fix:
      /^(?:profile|sso-session|services)(?:\s|$)/.test(bare) || !/^[\w\-@+.%:/]+$/.test(squeezed)
        ? `Give it a name of ${characters}: [profile NAME].`
        : `Name it [profile ${squeezed}]: only "default" stands alone in this file.`,
  };
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
    if (error instanceof Failure) throw error;
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
      case "ELOOP":
        throw notReadable(file, "It is a link that leads back to itself.");
      case undefined:
        throw error;
      default:
        throw notReadable(file, `The system says ${systemCode(error)}.`);
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

function notReadable(file: string, why: string): Failure {
  return new Failure("aws-config-broken", `AWS's profiles cannot be read: "${file}"`, {
    why,
    fix: "Mend or remove it, or name another file with AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE.",
    place: file,
  });
}

/** The lines below would count as those of the section above, keys among them. */
function commentTooNear(file: string, line: number): Failure {
  return new Failure(
    "aws-config-broken",
    `AWS's SDK does not see a section because of its comment: "${file}"`,
    {
      why: "It would take the lines below for lines of the section above.",
      fix: "Put the comment into a line of its own.",
      place: `${file}:${line}`,
    },
  );
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
  const missing = whatIsMissing(name, shared) ?? sourceGone(name, shared);
  const loop = sourceLoop(name, shared);
  if (missing !== undefined) warn("incomplete", missing.message, missing.fix);
  else if (loop !== undefined) {
    warn("source-loop", `profiles take their credentials from each other: ${loop.join(" → ")}`, LOOP_FIX);
  } else if (kind === "sso" && !isSignedIn(section, environment))
    warn("not-signed-in", "nobody is signed in, or the session has expired", `aws sso login${option}`);
  return warnings;
}

interface Missing {
  readonly message: string;
  readonly fix: string;
}

/** What a profile itself lacks for credentials, or says wrongly; what it rests on is left out. */
export function whatIsMissing(name: string, shared: SharedFiles): Missing | undefined {
  const section = shared.profiles.get(name) ?? {};
  const option = profileOption(name);
  switch (kindOf(section)) {
    case "unknown":
      return whatNobodyKnows(section, option);
    case "assume-role": {
      const { source_profile: profile, credential_source: source, duration_seconds: seconds } = section;
      if (profile !== undefined && source !== undefined) {
        return {
          message: "it names both source_profile and credential_source, and the AWS tools take one of them",
          fix: "Take one of the two out.",
        };
      }
      if (source !== undefined && !CREDENTIAL_SOURCES.has(source)) {
        const similar = mostSimilar(source, [...CREDENTIAL_SOURCES]);
        return {
          message: `there is no such credential_source: "${source}"${similar === undefined ? "" : `, did you mean "${similar}"?`}`,
          fix: `Write one of ${[...CREDENTIAL_SOURCES].join(", ")}: \`aws configure set credential_source ${similar ?? "Environment"}${option}\`.`,
        };
      }
      return seconds === undefined || /^\d+$/.test(seconds)
        ? undefined
        : {
            message: `its duration_seconds is no number: "${seconds}"`,
            fix: `aws configure set duration_seconds 3600${option}`,
          };
    }
    case "web-identity": {
      const { web_identity_token_file: file = "" } = section;
      try {
        fs.accessSync(file, fs.constants.R_OK);
        return undefined;
      } catch (error) {
        return { message: unreadableToken(file, systemCode(error) ?? ""), fix: TOKEN_FILE_FIX };
      }
    }
    case "sso": {
      const fix = `aws configure sso${option}`;
      const { sso_session: session } = section;
      const settings = session === undefined ? section : shared.ssoSessions.get(session);
      if (settings === undefined) return { message: `there is no [sso-session ${session}]`, fix };
      const needed: Section = {
        ...settings,
        sso_account_id: section.sso_account_id,
        sso_role_name: section.sso_role_name,
      };
      const missing = (["sso_start_url", "sso_region", "sso_account_id", "sso_role_name"] as const).filter(
        (key) => needed[key] === undefined,
      );
      return missing.length === 0 ? undefined : { message: `it lacks ${missing.join(", ")}`, fix };
    }
    default:
      return undefined;
  }
}

const CREDENTIAL_SOURCES: ReadonlySet<string> = new Set([
  "Environment",
  "Ec2InstanceMetadata",
  "EcsContainer",
]);

/** Of a profile of no kind: it lacks half of something, or all. */
function whatNobodyKnows(section: Section, option: string): Missing {
  const { aws_access_key_id: id, aws_secret_access_key: secret, role_arn: role } = section;
  if (role !== undefined) {
    return {
      message:
        "it names a role, and not whose credentials it is assumed with: source_profile, credential_source or web_identity_token_file",
      fix: `aws configure set source_profile default${option}`,
    };
  }
  if (id !== undefined || secret !== undefined) {
    return {
      message: `it lacks ${id === undefined ? "aws_access_key_id" : "aws_secret_access_key"}`,
      fix: `aws configure${option}`,
    };
  }
  const half = ["source_profile", "credential_source", "web_identity_token_file"].find(
    (key) => section[key] !== undefined,
  );
  return half === undefined
    ? { message: "it says nothing of how to come to credentials", fix: `aws configure${option}` }
    : { message: `it has ${half}, and no role_arn`, fix: `aws configure set role_arn ARN${option}` };
}

function sourceGone(name: string, shared: SharedFiles): Missing | undefined {
  const section = shared.profiles.get(name) ?? {};
  const { source_profile: source } = section;
  if (kindOf(section) !== "assume-role" || source === undefined || shared.profiles.has(source))
    return undefined;
  const similar = mostSimilar(source, [...shared.profiles.keys()]);
  return {
    message: `it takes its credentials from a profile that is not there: "${source}"${similar === undefined ? "" : `, did you mean "${similar}"?`}`,
    fix: `aws configure set source_profile ${similar ?? "default"}${profileOption(name)}`,
  };
}

/** Whether a profile has keys itself. Then those are taken where it is another's source, also when it names a role. */
export function hasOwnKeys(section: Section): boolean {
  return section.aws_access_key_id !== undefined && section.aws_secret_access_key !== undefined;
}

/** The profiles from this one to one that comes a second time, when credentials are looked for in a circle. */
export function sourceLoop(name: string, { profiles }: SharedFiles): readonly string[] | undefined {
  const seen = [name];
  for (;;) {
    const last = seen.at(-1) ?? name;
    const section = profiles.get(last) ?? {};
    const { source_profile: below } = section;
    const isSource = seen.length > 1;
    if (kindOf(section) !== "assume-role" || below === undefined) return undefined;
    // A role that names itself is assumed with the keys that stand beside it.
    if ((isSource || below === last) && hasOwnKeys(section)) return undefined;
    if (seen.includes(below)) return [...seen, below];
    seen.push(below);
  }
}

export const LOOP_FIX = "Let one of them have credentials of its own.";

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
