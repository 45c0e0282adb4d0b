import { knownContainer } from "../data/container.js";
import { DiskFacts } from "../data/facts.js";
import { lockPath, readLock } from "../data/lock.js";
import { openProject } from "../data/project.js";
import { DiskText } from "../data/text.js";
import { checkFacts } from "../features/checks/index.js";
import { evaluate } from "../graph/evaluate.js";
import type { PlacedProblem, Severity } from "../language/problems.js";
import { loadProgram } from "../language/program.js";
import { IMAGE_PLATFORM } from "../run/pipeline.js";
import type { CommandContext, JsonOption } from "./context.js";
import { exitCodes } from "./exit.js";
import { ofEach, pipelineFiles } from "./files.js";
import { isError, problemsJson, reportProblems } from "./open.js";
import { failureJson, renderFailure } from "./report.js";
import { count, writeJson } from "./text.js";

/** `reprod check PATH…`. Hashes nothing and runs nothing: files of any size are checked at once. */
export async function run(
  { terminal }: CommandContext,
  paths: readonly string[],
  options: JsonOption,
): Promise<number> {
  const files = pipelineFiles(paths);
  const { results, unreadable } = ofEach(files, checkFile);
  const [only] = unreadable;
  if (only !== undefined && results.length === 0 && unreadable.length === 1) throw only;
  const problems = eachOnce(results.flat());
  if (options.json) {
    const failures = unreadable.map((failure) => failureJson(failure).error);
    writeJson(terminal.out, { files: files.length, problems: problemsJson(problems), unreadable: failures });
  } else {
    reportProblems(terminal, problems);
    for (const failure of unreadable) terminal.notes.write(`${renderFailure(failure, terminal.notes)}\n`);
    terminal.notes.write(`${summary(problems)} in ${count(files.length, "file")}\n`);
  }
  if (unreadable.length > 0) return exitCodes.usage;
  return problems.some(isError) ? exitCodes.problems : exitCodes.done;
}

/** Every problem of one file and of what it imports: of the text, of its evaluation, and of the world around it. */
export function checkFile(file: string): readonly PlacedProblem[] {
  const project = openProject(file);
  const program = loadProgram(file, new DiskText());
  const facts = new DiskFacts({ project, lock: readLock(lockPath(file)) });
  // A param without default is set by a run; it is no mistake of the file.
  const evaluation = evaluate(program, { values: new Map(), missingParams: "pending" }, facts);
  const { graph } = evaluation;
  // As long as nobody has decided between image and host, an image is taken at its word.
  const useImages = knownContainer(project)?.where !== "host";
  const world = checkFacts({
    program,
    graph,
    facts,
    root: project.root,
    useImages,
    platform: IMAGE_PLATFORM,
  });
  return [...program.problems, ...evaluation.problems, ...world];
}

/** Files that import one another have their problems in common. */
function eachOnce(problems: readonly PlacedProblem[]): readonly PlacedProblem[] {
  const seen = new Set<string>();
  const kept = problems.filter((problem) => {
    const key = JSON.stringify([problem.path, problem.span.start, problem.rule.code, problem.message]);
    return !seen.has(key) && seen.add(key);
  });
  return kept.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) || a.span.start - b.span.start);
}

function summary(problems: readonly PlacedProblem[]): string {
  const severities: readonly Severity[] = ["error", "warning", "hint"];
  const counts = severities
    .map((severity) => ({
      severity,
      found: problems.filter(({ rule }) => rule.severity === severity).length,
    }))
    .filter(({ found }) => found > 0)
    .map(({ severity, found }) => count(found, severity));
  return counts.length === 0 ? "no problems" : counts.join(", ");
}
