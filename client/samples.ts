/** What `samples/index.json` of the extension says. */
export interface Sample {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** The file that is opened, as its `to`. */
  readonly open: string;
  /** Paths below the extension's folder, and below the new folder. */
  readonly files: readonly { readonly from: string; readonly to: string }[];
}

/** It is a file of ours, checked by a test; one that does not fit is a defect. */
export function parseSamples(text: string): readonly Sample[] {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== "object" || parsed === null || !("samples" in parsed)) {
    throw new Error("samples/index.json has no samples");
  }
  const { samples } = parsed;
  if (!Array.isArray(samples) || !samples.every(isSample)) {
    throw new Error("samples/index.json is not a list of samples");
  }
  return samples;
}

/** What is wrong with a name for a new folder below another one; undefined when it will do. */
export function folderNameProblem(name: string): "empty" | "outside" | undefined {
  const trimmed = name.trim();
  if (trimmed === "") return "empty";
  const parts = trimmed.split(/[/\\]/);
  return parts.some((part) => part === ".." || part === "" || part === ".") || /^[a-z]:/i.test(trimmed)
    ? "outside"
    : undefined;
}

function isSample(value: unknown): value is Sample {
  if (typeof value !== "object" || value === null) return false;
  const texts = ["id", "title", "description", "open"];
  if (!texts.every((key) => typeof Reflect.get(value, key) === "string")) return false;
  const files: unknown = Reflect.get(value, "files");
  return Array.isArray(files) && files.length > 0 && files.every(isFile);
}

function isFile(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    ["from", "to"].every((key) => {
      const path: unknown = Reflect.get(value, key);
      return typeof path === "string" && folderNameProblem(path) === undefined;
    })
  );
}
