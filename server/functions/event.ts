import { Failure } from "../base/failure.js";

export type Fields = { readonly [name: string]: unknown };

/** What somebody sent, as fields; none for anything that has no fields. */
export function asFields(value: unknown): Fields {
  // An object has the fields that it has: each is looked at before it is used.
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** Throws `event-malformed`. */
export function fieldsOf(event: unknown): Fields {
  if (typeof event !== "object" || event === null || Array.isArray(event))
    throw malformed("it has to be an object");
  return asFields(event);
}

export function requiredText(event: Fields, name: string, pattern: RegExp): string {
  const value = optionalText(event, name, pattern);
  if (value === undefined) throw malformed(`it lacks \`${name}\``);
  return value;
}

export function optionalText(event: Fields, name: string, pattern: RegExp): string | undefined {
  const value = event[name];
  if (value === undefined || value === null) return undefined;
  // The value is not told: it may be an address with a password.
  if (typeof value !== "string" || !pattern.test(value))
    throw malformed(`\`${name}\` is not what it has to be`);
  return value;
}

export function malformed(why: string): Failure {
  return new Failure("event-malformed", `this function was sent something that it does not know: ${why}`, {
    why: "A Reprod of another version may have sent it.",
    fix: "Set the functions up again with this version: `reprod setup functions`.",
  });
}
