import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";

const KIND = "ssh-ed25519";
const MAGIC = Buffer.from("openssh-key-v1\0", "latin1");
const BEGIN = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END = "-----END OPENSSH PRIVATE KEY-----";

/** The half of a key pair that may be known. */
export interface PublicKey {
  /** `ssh-ed25519` and 32 bytes, each with its length, as OpenSSH writes them. */
  readonly blob: Buffer;
  readonly comment: string;
}

export interface NewKey extends PublicKey {
  /** A private key file of OpenSSH, without a passphrase. */
  readonly privateText: string;
}

/** A new Ed25519 key pair in OpenSSH's own format (PROTOCOL.key of its sources). */
export function newKey(comment: string): NewKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { d, x } = privateKey.export({ format: "jwk" });
  const seed = Buffer.from(d ?? "", "base64url");
  const point = Buffer.from(x ?? "", "base64url");
  if (seed.length !== 32 || point.length !== 32) throw new Error("an Ed25519 key has two halves of 32 bytes");
  const blob = Buffer.concat([field(KIND), field(point)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([check, check, blob, field(Buffer.concat([seed, point])), field(comment)]);
  // Padded to blocks of 8 bytes, as if it were encrypted: 1, 2, 3, …
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (secret.length % 8)) % 8));
  const whole = Buffer.concat([
    MAGIC,
    field("none"),
    field("none"),
    field(""),
    uint32(1),
    field(blob),
    field(Buffer.concat([secret, padding])),
  ]);
  const lines = whole.toString("base64").match(/.{1,70}/g) ?? [];
  return { blob, comment, privateText: `${[BEGIN, ...lines, END].join("\n")}\n` };
}

/** The public half of a private key file; undefined when it is no Ed25519 key of OpenSSH, or has a passphrase. */
export function readPublicKey(privateText: string): PublicKey | undefined {
  const text = privateText.trim();
  if (!text.startsWith(BEGIN) || !text.endsWith(END)) return undefined;
  const bytes = Buffer.from(text.slice(BEGIN.length, -END.length), "base64");
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const [cipher, , , rest] = fields(bytes.subarray(MAGIC.length), 3);
  if (cipher?.toString() !== "none" || rest === undefined || rest.length < 4) return undefined;
  const [blob, secret] = fields(rest.subarray(4), 2);
  if (blob === undefined || secret === undefined) return undefined;
  const [kind, point] = fields(blob, 2);
  const [, , , comment] = fields(secret.subarray(8), 4);
  if (kind?.toString() !== KIND || point?.length !== 32 || comment === undefined) return undefined;
  return { blob, comment: comment.toString() };
}

/** A line of `authorized_keys`. */
export function publicLine({ blob, comment }: PublicKey): string {
  return `${KIND} ${blob.toString("base64")} ${comment}`;
}

/** `SHA256:…` without the colon's left side, as AWS and `ssh-keygen -l` say it. */
export function fingerprint(blob: Buffer): string {
  return createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
}

/** Of a file name: no slash is in it. */
export function shortFingerprint(blob: Buffer): string {
  return createHash("sha256").update(blob).digest("hex").slice(0, 8);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function field(value: string | Buffer): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : value;
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** So many fields, and what is left after them; undefined in place of what is cut off. */
function fields(bytes: Buffer, count: number): readonly (Buffer | undefined)[] {
  const found: (Buffer | undefined)[] = [];
  let at = 0;
  for (let number = 0; number < count; number++) {
    if (at + 4 > bytes.length) return found;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return found;
    found.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return [...found, bytes.subarray(at)];
}
