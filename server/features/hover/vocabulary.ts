import type { Unit } from "../../language/syntax.js";

/** One short sentence for each word of the language: hovers and completions show it. */
type Vocabulary = ReadonlyMap<string, string>;

/** Words that begin a declaration or a statement. */
export const declarations: Vocabulary = new Map([
  ["pipeline", "Names the pipeline; a file without it is a library of transforms."],
  ["import", "Uses transforms of another file."],
  ["param", "A value that a run can set; without a default a run must set it."],
  ["input", "Data that is there before the run."],
  ["table", "The rows of a table, with typed columns."],
  ["let", "A name for a value."],
  ["check", "An error, before anything runs, when the condition is false."],
  ["transform", "A recipe: what goes in, what comes out, and the script that does it."],
  ["node", "One data object: one use of a transform. With keys it is a member of a family."],
  ["for", "Repeats what is declared inside for each element of a list."],
  ["if", "Declares what is inside only when the condition is true."],
  ["else", "Declares what is inside when the condition is false."],
  ["target", "What a run makes when nothing else is asked for."],
  ["publish", "Copies an out into a folder of the project after a run, under its own name."],
]);

/** Words that begin a part of a transform. */
export const transformParts: Vocabulary = new Map([
  ["image", "The container image that the script runs in; give it a version or a digest."],
  [
    "tools",
    "Programs that the script calls on this machine: one that is missing is an error before the run.",
  ],
  ["in", "Data that the script reads: a File, a Dir, a list or an option of them."],
  ["param", "A value that the script gets as a variable."],
  ["out", "What the script leaves behind, with its path in the working folder."],
  ["resources", "What a node needs to run; it never changes a result."],
  ["retry", "Whether and how a node is tried again when it fails; it never changes a result."],
  ["env", "Variables of the script's environment, which is otherwise cleared."],
  ["network", "Whether a container may use the network; without it, no."],
  ["user", "Runs the container as the image's own user."],
  ["run", "The script, with the language that it is written in."],
]);

/** Words within declarations and expressions. */
export const operators: Vocabulary = new Map([
  ["and", "True when both sides are."],
  ["or", "True when one side is."],
  ["not", "True when what follows is false."],
  ["in", "Behind it stands the list that is gone over."],
  ["from", "Behind it stands the path of the file, relative to this one."],
  ["as", "Behind it stands the name to use instead."],
  ["to", "Behind it stands the folder, relative to this file."],
  ["also", "Files that tell which packages a tool has: they count for the result."],
  ["yes", "The container gets the network."],
  ["no", "The container gets no network."],
  ["true", "The truth value."],
  ["false", "The truth value."],
  ["null", "No value: what a `T?` may be."],
]);

export const types: Vocabulary = new Map([
  ["String", "Text in double quotes."],
  ["Int", "A whole number, up to 2^53 − 1 either way."],
  ["Float", "A number; an Int may stand where a Float is asked for."],
  ["Bool", "`true` or `false`."],
  ["Bytes", "A size: `500 MB`, `12 GiB`."],
  ["Duration", "A time span: `90 min`, `4 h`."],
  ["File", "A file that exists or that a node makes."],
  ["Dir", "A folder that exists or that a node makes."],
  ["Json", "Anything that JSON can say; it is judged when its file is read."],
]);

export const units: ReadonlyMap<Unit, string> = new Map<Unit, string>([
  ["B", "Bytes."],
  ["kB", "1,000 bytes."],
  ["MB", "1,000,000 bytes."],
  ["GB", "10^9 bytes."],
  ["TB", "10^12 bytes."],
  ["KiB", "1,024 bytes."],
  ["MiB", "1,048,576 bytes."],
  ["GiB", "2^30 bytes."],
  ["TiB", "2^40 bytes."],
  ["ms", "Milliseconds."],
  ["s", "Seconds."],
  ["min", "Minutes."],
  ["h", "Hours."],
  ["d", "Days of 24 hours."],
]);

export const resources: Vocabulary = new Map([
  ["cpus", "Processors; a fraction such as 0.5 is fine. The script has it as a variable."],
  ["memory", "Memory; it may follow the size of what the node reads, by `size(…)`."],
  ["disk", "Free disk for the working folder."],
  ["timeout", "How long the script may take."],
]);

export const retry: Vocabulary = new Map([
  ["attempts", "How often the script is run at most; the first time counts."],
  ["on", "The kinds of failure that are tried again; without it, all."],
  ["memory", "How much more memory each further attempt gets: `x2` doubles it."],
]);

/** The kinds of failure that `retry { on: […] }` can name. */
export const failures: Vocabulary = new Map([
  ["ScriptFailed", "The script ended with an exit code other than 0."],
  ["OutOfMemory", "The script needed more memory than it had."],
  ["Timeout", "The script took longer than its timeout."],
  ["OutMissing", "The script ended well and left an out missing."],
  ["OutInvalid", "An out is not what it is declared to be."],
  ["InputChanged", "An input is not what it was when the run was planned."],
  ["InputModified", "The script wrote to one of its ins."],
  ["DiskFull", "The disk was full."],
  ["StartFailed", "The script could not be started."],
  ["SpotInterruption", "The machine was taken away for somebody who pays more."],
  ["NoCapacity", "There was no machine of the size that is asked for."],
  ["ImageNotFound", "The image is not there, or may not be pulled."],
  ["PermissionDenied", "Something may not be read or written."],
  ["StageFailed", "The ins could not be brought to the script."],
  ["Lost", "Nobody knows what became of the attempt."],
  ["Cancelled", "Somebody cancelled it."],
]);

export const interpreters: Vocabulary = new Map([
  ["bash", "Variables and arrays; `set -euo pipefail`."],
  ["sh", "Variables; no lists."],
  ["python", "Native values; paths are strings, null is `None`."],
  ["r", "Native values; paths are strings, null is `NULL`."],
  ["node", "Native values; paths are strings."],
]);

/** Variables that every script has besides its own. */
export const variables: Vocabulary = new Map([
  ["cpus", "The number of processors that the node may use."],
  ["memory_mb", "The memory of the attempt, in MiB."],
]);
