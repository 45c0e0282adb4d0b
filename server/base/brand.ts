/** A string that only its own constructor may make, so that a path is never taken for a digest. */
export type Brand<Name extends string> = string & { readonly __brand: Name };

/** SHA-256 as 64 lower-case hex characters. */
export type Sha256 = Brand<"Sha256">;
/** Identity of a node: SHA-256 of its canonical recipe (language.md rule 24). */
export type RecipeId = Brand<"RecipeId">;
/** Identity by content: SHA-256 of the recipe with upstream nodes replaced by what they really made (rule 25). */
export type ContentId = Brand<"ContentId">;
/** SHA-256 of a node's own parts, blind to what upstream nodes are made of (engine-rules.md B2). */
export type OwnId = Brand<"OwnId">;
/** ULID of a run: sorts by the time the run began. */
export type RunId = Brand<"RunId">;
/** Absolute path on this machine, normalised. */
export type AbsolutePath = Brand<"AbsolutePath">;

const HEX64 = /^[0-9a-f]{64}$/;
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

export function isSha256(text: string): text is Sha256 {
  return HEX64.test(text);
}

export function isRunId(text: string): text is RunId {
  return ULID.test(text);
}
