import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { KeyPairInfo } from "@aws-sdk/client-ec2";
import { Failure, systemCode } from "../../base/failure.js";
import { isAbsent, readIfThere, replaceFile, systemReason } from "../../data/files.js";
import type { Difference, Group, Ref, Resource } from "../reconcile/resource.js";
import { resource } from "../reconcile/resource.js";
import type { Scope } from "../reconcile/scope.js";
import { consolePage } from "./support/console.js";
import {
  commonDifferences,
  createdOrFound,
  type Ec2Kind,
  filter,
  type Looked,
  lookUp,
  tagsOnCreate,
} from "./support/ec2.js";
import { unlessGone } from "./support/gone.js";
import {
  fingerprint,
  newKey,
  type PublicKey,
  publicLine,
  readPublicKey,
  shortFingerprint,
} from "./support/openssh.js";

const GROUP = "key-pair";
const PART = "key-pair";

/** The private key, beside the settings file. */
const KEY_FILE = "key-pair.pem";

const LACKING = `its private key is not on this machine (${KEY_FILE})`;

/** What git must never take: the key, those put aside, and one that is being written. */
const IGNORED = [KEY_FILE, "key-pair-*.pem"] as const;

export const keyPair: Group = {
  name: GROUP,
  title: "Key Pair",
  purpose: "A key for machines that allow SSH.",
  needs: [],
  settingsFile: "key-pair-settings.json",
  resources: (scope) => [keyPairOf(scope)],
  settings: (of) => {
    const { id, attributes } = of(PART);
    return { key_name: attributes?.name ?? "", key_pair_id: id, key_file: KEY_FILE };
  },
};

/**
 * The key is made on this machine, written, and only then is its public half given to AWS: nobody else ever has the
 * private half, and whenever this is cut off, the next time goes on with the file that is there. It is known as ours by
 * the comment in it, which is the name of the key pair.
 */
function keyPairOf(scope: Scope): Resource {
  const name = scope.name(PART);
  const file = path.join(scope.folder, KEY_FILE);
  const kind: Ec2Kind<KeyPairInfo> = {
    idFilter: "key-pair-id",
    id: ({ KeyPairId = "" }) => KeyPairId,
    tags: ({ Tags }) => Tags,
    ref: ({ KeyName, KeyFingerprint }) => ({
      attributes: { name: KeyName ?? "", fingerprint: KeyFingerprint ?? "" },
    }),
    list: async (Filters) => {
      const ec2 = await scope.account.aws.ec2();
      // There are no pages of these.
      return (await ec2.describeKeyPairs({ Filters, IncludePublicKey: true })).KeyPairs ?? [];
    },
  };
  const look = lookUp(scope, GROUP, PART, kind, { named: () => [filter("key-name", name)] });
  // By its name, which no other key pair of the account and region has.
  const remove = async (): Promise<void> => {
    await unlessGone((await scope.account.aws.ec2()).deleteKeyPair({ KeyName: name }));
  };
  const local = readLocal(file);
  let about = `private key in ${KEY_FILE}${local === undefined ? ", which will be written" : ""}`;
  return resource<Looked<KeyPairInfo>>({
    part: PART,
    kind: "key pair",
    name,
    // Whether it is there, and the file here belongs to it, is known once it was compared.
    get detail() {
      return `Ed25519, ${about}`;
    },
    remark: ({ live: { item } }) => {
      const now = readLocal(file);
      return now === undefined ? LACKING : otherKey(now, item);
    },
    ...(local !== undefined && {
      afterwards: `${KEY_FILE} stays on this machine as ${asideName(local)}: machines that know the key still let it in`,
    }),
    find: look.find,
    create: async (at) => {
      const ec2 = await scope.account.aws.ec2();
      keepOutOfGit(scope.folder);
      const key = await keyToImport(scope.folder, file, name);
      return createdOrFound(
        async () => {
          const { KeyPairId, KeyName, KeyFingerprint, Tags } = await ec2.importKeyPair({
            KeyName: name,
            PublicKeyMaterial: Buffer.from(publicLine(key)),
            TagSpecifications: tagsOnCreate("key-pair", scope, GROUP, PART),
          });
          const made = { KeyPairId, KeyName, KeyFingerprint };
          return look.found(
            { ...made, Tags: Tags ?? tagsOnCreate("key-pair", scope, GROUP, PART)[0]?.Tags },
            at,
          );
        },
        (error) => error.name === "InvalidKeyPair.Duplicate",
        () => look.find(at),
      );
    },
    compare: (found) => {
      const { item } = found.live;
      const common = commonDifferences(scope, GROUP, PART, found, item.Tags, remove);
      const now = readLocal(file);
      // A teammate's checkout has no private key, and never will: AWS has none to give. Nothing is wrong there, and to
      // make another one would lock out who has the first. So its absence is told by `detail` and is no difference.
      if (now === undefined) {
        about = LACKING;
        return common;
      }
      // No difference either: it would have two people with a key each delete the other's by turns.
      const other = otherKey(now, item);
      about = `private key in ${KEY_FILE}${other === undefined ? "" : `; ${other}`}`;
      return [...common, ...fileDifferences(scope.folder, file)];
    },
    remove: async () => {
      // First, so that a key that is made next finds its place free; and there is no moment at which it is lost.
      putAside(scope.folder, file);
      await remove();
    },
    console: ({ attributes }: Ref) =>
      consolePage(scope.account, `ec2/home#KeyPairs:search=${attributes?.name ?? name}`),
  });
}

/** A key file as it is here: what is no key of ours too, since it must not be overwritten either. */
interface LocalKey {
  readonly bytes: Buffer;
  readonly key: PublicKey | undefined;
}

/** Undefined when there is none, or one that only somebody else on this machine may read. */
function readLocal(file: string): LocalKey | undefined {
  try {
    const bytes = readIfThere(file);
    return bytes && { bytes, key: readPublicKey(bytes.toString("utf8")) };
  } catch (error) {
    if (systemCode(error) === "EACCES" || systemCode(error) === "EISDIR") return undefined;
    throw error;
  }
}

/** What the file holds, in words, when that is not the key of the pair. */
function otherKey({ key }: LocalKey, { PublicKey, KeyFingerprint }: KeyPairInfo): string | undefined {
  const is = key === undefined ? undefined : fingerprint(key.blob);
  const material = PublicKey?.trim().split(/\s+/)[1];
  const shouldBe =
    material === undefined
      ? (KeyFingerprint ?? "").replace(/=+$/, "")
      : fingerprint(Buffer.from(material, "base64"));
  if (is === shouldBe) return undefined;
  return is === undefined
    ? "the one on this machine is no Ed25519 key without a passphrase"
    : `the one on this machine is another key (SHA256:${is}, not SHA256:${shouldBe})`;
}

function fileDifferences(folder: string, file: string): readonly Difference[] {
  const differences: Difference[] = [];
  const mode = fs.statSync(file).mode & 0o777;
  // Windows has no such modes; what the folder allows counts there.
  if (mode !== 0o400 && process.platform !== "win32") {
    differences.push({
      what: `mode of ${KEY_FILE}`,
      is: mode.toString(8).padStart(4, "0"),
      shouldBe: "0400",
      mend: async () => fs.chmodSync(file, 0o400),
    });
  }
  const missing = missingIgnores(folder);
  if (missing.length > 0) {
    differences.push({
      what: ".gitignore",
      is: `without ${missing.join(", ")}`,
      shouldBe: `with ${missing.join(", ")}`,
      mend: async () => keepOutOfGit(folder),
    });
  }
  return differences;
}

function missingIgnores(folder: string): readonly string[] {
  const lines = (readIfThere(path.join(folder, ".gitignore"))?.toString("utf8") ?? "").split(/\r?\n/);
  return IGNORED.filter((line) => !lines.includes(line) && !lines.includes(`/${line}`));
}

function keepOutOfGit(folder: string): void {
  const missing = missingIgnores(folder);
  if (missing.length === 0) return;
  const file = path.join(folder, ".gitignore");
  writing(file, () => {
    const text = readIfThere(file)?.toString("utf8") ?? "";
    const end = text === "" || text.endsWith("\n") ? "" : "\n";
    replaceFile(file, `${text}${end}${missing.join("\n")}\n`);
  });
}

/** The key in the file, when it is one that was begun here or whose key pair is gone in AWS; else a new one, written. */
async function keyToImport(folder: string, file: string, name: string): Promise<PublicKey> {
  const there = fs.existsSync(file) ? readLocal(file)?.key : "none";
  if (there !== "none") {
    if (there?.comment === name) return there;
    throw keyFileExists(file);
  }
  const key = newKey(name);
  writing(file, () => {
    removeUnfinished(folder);
    // The name is taken last and only when it is free, so a file of this name is whole, and none is overwritten.
    const begun = path.join(folder, `key-pair-${randomBytes(6).toString("hex")}.unfinished.pem`);
    try {
      writeSafely(begun, key.privateText);
      try {
        fs.linkSync(begun, file);
      } catch (error) {
        if (systemCode(error) === "EEXIST") throw keyFileExists(file);
        // File systems without hard links (exFAT, some shares).
        if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(systemCode(error) ?? "")) throw error;
        writeSafely(file, key.privateText);
      }
    } finally {
      fs.rmSync(begun, { force: true });
    }
  });
  return key;
}

/** Left by a process that was killed while it wrote one: no AWS has heard of these. */
function removeUnfinished(folder: string): void {
  for (const name of fs.readdirSync(folder)) {
    if (/^key-pair-[0-9a-f]{12}\.unfinished\.pem$/.test(name))
      fs.rmSync(path.join(folder, name), { force: true });
  }
}

function writeSafely(file: string, text: string): void {
  const opened = fs.openSync(file, "wx", 0o400);
  try {
    fs.writeFileSync(opened, text);
    fs.fsyncSync(opened);
  } finally {
    fs.closeSync(opened);
  }
}

function keyFileExists(file: string): Failure {
  return new Failure(
    "key-file-exists",
    `there is a private key already, and it is not of this key pair: "${file}"`,
    {
      why: "A private key is never overwritten, and AWS has no key pair that this one belongs to.",
      fix: "Move the file away, then say the same again.",
      place: file,
    },
  );
}

function asideName({ bytes, key }: LocalKey): string {
  return `key-pair-${shortFingerprint(key?.blob ?? bytes)}.pem`;
}

/** Renames the key file; never over another file, and nothing is deleted but a second name of the same key. */
function putAside(folder: string, file: string): void {
  const local = readLocal(file);
  if (local === undefined) return;
  writing(file, () => {
    const wanted = asideName(local);
    for (let number = 1; ; number++) {
      const aside = path.join(folder, number === 1 ? wanted : wanted.replace(/\.pem$/, `-${number}.pem`));
      const other = readIfThere(aside);
      if (other === undefined) {
        fs.renameSync(file, aside);
        return;
      }
      if (other.equals(local.bytes)) {
        fs.rmSync(file, { force: true });
        return;
      }
    }
  });
}

function writing(file: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure || (systemCode(error) === undefined && !isAbsent(error))) throw error;
    throw new Failure("key-file-unwritable", `the private key cannot be kept safely: "${file}"`, {
      why: `The system says: ${systemReason(error)}. Without its place on this machine no key pair is made.`,
      fix: "Make the folder writable and say the same again.",
      place: file,
      cause: error,
    });
  }
}
