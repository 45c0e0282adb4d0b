import { type Diagnostic, DiagnosticSeverity, DiagnosticTag } from "vscode-languageserver-types";
import type { Lines } from "../features/lines.js";
import type { PlacedProblem, Severity } from "../language/problems.js";

const severities: { readonly [severity in Severity]: DiagnosticSeverity } = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  hint: DiagnosticSeverity.Hint,
};

/** Problems that say that a text could go: editors show it faded. */
const unnecessary: ReadonlySet<string> = new Set(["reprod/unused-name"]);

/** A problem as editors show it; `linesOf` and `uriOf` are of the files that it speaks of. */
export function diagnosticOf(
  { path, span, rule, message, related }: PlacedProblem,
  linesOf: (path: string) => Lines,
  uriOf: (path: string) => string,
): Diagnostic {
  return {
    range: linesOf(path).range(span),
    severity: severities[rule.severity],
    code: rule.code,
    source: "reprod",
    message,
    ...(unnecessary.has(rule.code) && { tags: [DiagnosticTag.Unnecessary] }),
    ...(related.length > 0 && {
      relatedInformation: related.map((place) => ({
        location: { uri: uriOf(place.path), range: linesOf(place.path).range(place.span) },
        message: place.message,
      })),
    }),
  };
}

/** Several pipelines may find the same in a file that they all import. */
export function withoutTwins(problems: readonly PlacedProblem[]): readonly PlacedProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ path, span, rule, message }) => {
    const key = `${span.start} ${span.end} ${rule.code} ${message} ${path}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
