/**
 * Names of the profiles in lines of `~/.aws/config` (`[profile x]`, `[default]`) or `~/.aws/credentials` (`[x]`).
 * Only headers are looked at: the caller need not keep any other line.
 */
export function profileName(line: string, file: "config" | "credentials"): string | undefined {
  const header = /^\s*\[\s*([^\]]*?)\s*\]/.exec(line)?.[1];
  if (header === undefined || header === "") return undefined;
  if (file === "credentials") return unquoted(header);
  if (header === "default") return header;
  const profile = /^profile\s+(.+)$/.exec(header)?.[1];
  return profile === undefined ? undefined : unquoted(profile);
}

function unquoted(name: string): string {
  return /^"(.*)"$|^'(.*)'$/.exec(name)?.slice(1).find(Boolean) ?? name;
}
