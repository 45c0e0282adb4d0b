/** Values that were seen while credentials were taken: whatever their form, they never leave. */
const seen = new Set<string>();

/** More than a session's worth of refreshed tokens; the oldest are long expired. */
const MOST_SEEN = 256;

/** From now on `withoutSecrets` knows this value. Short ones are left out: they would eat words of messages. */
export function keepSecret(value: string | undefined): void {
  if (value === undefined || value.length < 8) return;
  seen.add(value);
  const [oldest] = seen;
  if (seen.size > MOST_SEEN && oldest !== undefined) seen.delete(oldest);
}

const HIDDEN = "[hidden]";

const forms: readonly (readonly [pattern: RegExp, by: string])[] = [
  // Private keys in PEM, cut ones too.
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN],
  // EC2's encoded authorization failure: no secret, but long, and readable only with rights that few have.
  [/\s*Encoded authorization failure message:\s*\S+/gi, ""],
  // What a name says is one: `aws_secret_access_key = …`, `"SessionToken":"…"`, `<SecretAccessKey>…<`, `X-Amz-Signature=…`.
  [
    /((?:aws_?)?(?:secret_?access_?key|session_?token|security_?token)|x-amz-(?:security-token|signature|credential)|signature|password|client_?secret|(?:access|refresh|id|bearer)_?token)(["']?\s*[:=>]\s*["']?)(?!\[hidden\])[^\s"'&,;<)\]}]+/gi,
    `$1$2${HIDDEN}`,
  ],
  [/(Credential=)[^\s,/]+/g, `$1${HIDDEN}`],
  [/(authorization:\s*(?:basic|bearer)\s+)\S+/gi, `$1${HIDDEN}`],
  // JSON web tokens: of web identities and SSO.
  [/\beyJ[\w-]{8,}(?:\.[\w-]*){1,4}/g, HIDDEN],
  // Ids of access keys, permanent and temporary.
  [/\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}\b/g, HIDDEN],
  // Session tokens: base64 longer than any path of ours.
  [/[A-Za-z0-9/+_-]{160,}={0,2}/g, HIDDEN],
  // Secret access keys: 40 characters of base64. A SHA-1 in hex has 40 too, and is none.
  [/(?<![A-Za-z0-9/+])(?![0-9a-f]{40}(?![A-Za-z0-9/+]))[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/g, HIDDEN],
];

/** The text with keys, tokens and signatures hidden, for everything that is shown, logged or written to a journal. */
export function withoutSecrets(text: string): string {
  let clean = text;
  for (const secret of seen) if (clean.includes(secret)) clean = clean.replaceAll(secret, HIDDEN);
  for (const [pattern, by] of forms) clean = clean.replace(pattern, by);
  return clean;
}
