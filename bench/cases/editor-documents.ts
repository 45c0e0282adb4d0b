/**
 * The same steps of an analysis as a pipeline, as YAML and as JSON: seventeen lines a step in each, and as many bytes
 * (the description of a step is filled up). The schema of the latter two says what our types say of the first, so
 * that all three servers have names, types and required parts to check.
 */
export interface BenchDocument {
  readonly text: string;
  /** UTF-16 offsets where a word typed makes another type or argument of one that was right. */
  readonly places: readonly number[];
}

type Language = "reprod" | "yaml" | "json";

const linesOfStep = 17;

export function documentOf(language: Language, lines: number): BenchDocument {
  const count = Math.round(lines / linesOfStep);
  const parts = [head[language]];
  for (let i = 0; i < count; i++) {
    const longest = Math.max(...(["reprod", "yaml", "json"] as const).map((one) => step(one, i, "").length));
    const filler = "so that a step takes as many bytes as in the others".repeat(10);
    const missing = longest - step(language, i, "").length;
    parts.push(step(language, i, missing === 0 ? "" : ` ${filler}`.slice(0, missing)));
  }
  const text = parts.join("") + (language === "json" ? "    null\n  ]\n}\n" : "");
  const places = [...text.matchAll(/\bInt\b|\bquality(?="?: (?:30|quality))/g)].map((match) => match.index);
  return { text, places };
}

const head: { readonly [language in Language]: string } = {
  reprod: "pipeline editing\nparam quality: Int = 30\n\n",
  yaml: "# yaml-language-server: $schema=./schema.json\nquality: 30\nsteps:\n",
  json: '{ "$schema": "./schema.json",\n  "quality": 30,\n  "steps": [\n',
};

function step(language: Language, i: number, filler: string): string {
  const repeat = (i % 7) + 2;
  const doc = `Step ${i} of the analysis.${filler}`;
  switch (language) {
    case "reprod":
      return [
        `/// ${doc}`,
        `transform Step${i} {`,
        "  in before: File?",
        "  param quality: Int",
        '  param label: String = "plain"',
        `  out table: File = "\${label}.${i}.csv"`,
        "  resources { cpus: 2, memory: 4 GiB }",
        "  run bash ```",
        '    sort -k1,1 ${before:-/dev/null} > "$table"',
        '    echo "$quality $label" >> "$table"',
        "  ```",
        "}",
        "",
        `for n in range(${repeat}) {`,
        i === 0
          ? `  node made${i}[n] = Step${i} { quality: quality + n, label: "run \${n}" }`
          : `  node made${i}[n] = Step${i} { quality: quality + n, label: "run \${n}", before: made${i - 1}[0].table }`,
        "}",
        "",
        "",
      ].join("\n");
    case "yaml":
      return [
        `  - name: Step${i}`,
        `    doc: ${doc}`,
        "    inputs:",
        '      before: { type: "File?" }',
        "    params:",
        "      quality: { type: Int }",
        "      label: { type: String, default: plain }",
        "    outputs:",
        `      table: { type: File, path: "\${label}.${i}.csv" }`,
        "    resources: { cpus: 2, memory: 4 GiB }",
        "    run: bash",
        "    script: |",
        '      sort -k1,1 ${before:-/dev/null} > "$table"',
        '      echo "$quality $label" >> "$table"',
        `    repeat: ${repeat}`,
        "    nodes:",
        `      made${i}: { quality: 30, label: run, before: made${Math.max(0, i - 1)} }`,
        "",
      ].join("\n");
    case "json":
      return [
        `    { "name": "Step${i}",`,
        `      "doc": "${doc}",`,
        '      "inputs": {',
        '        "before": { "type": "File?" } },',
        '      "params": {',
        '        "quality": { "type": "Int" },',
        '        "label": { "type": "String", "default": "plain" } },',
        '      "outputs": {',
        `        "table": { "type": "File", "path": "\${label}.${i}.csv" } },`,
        '      "resources": { "cpus": 2, "memory": "4 GiB" },',
        '      "run": "bash",',
        '      "script": [',
        '        "sort -k1,1 ${before:-/dev/null} > \\"$table\\"",',
        '        "echo \\"$quality $label\\" >> \\"$table\\"" ],',
        `      "repeat": ${repeat},`,
        '      "nodes": {',
        `        "made${i}": { "quality": 30, "label": "run", "before": "made${Math.max(0, i - 1)}" } } },`,
        "",
      ].join("\n");
  }
}

const named = (value: object): object => ({
  type: "object",
  propertyNames: { pattern: "^[a-z][A-Za-z0-9_]*$" },
  additionalProperties: value,
});
const object = (required: readonly string[], properties: object): object => ({
  type: "object",
  required,
  properties,
  additionalProperties: false,
});
const type = {
  enum: ["File", "File?", "Dir", "Dir?", "String", "Int", "Float", "Bool", "Bytes", "Duration", "Json"],
};

export const schema = {
  $schema: "http://json-schema.org/draft-07/schema#",
  ...object(["quality", "steps"], {
    $schema: { type: "string" },
    quality: { type: "integer" },
    steps: {
      type: "array",
      items: {
        anyOf: [
          { type: "null" },
          object(["name", "outputs", "run", "script"], {
            name: { type: "string", pattern: "^[A-Z][A-Za-z0-9_]*$", description: "Name of the transform." },
            doc: { type: "string", description: "Shown on hover." },
            inputs: named(object(["type"], { type: { ...type, description: "Data to read." } })),
            params: named(object(["type"], { type, default: { type: ["string", "number", "boolean"] } })),
            outputs: named(object(["type", "path"], { type, path: { type: "string", minLength: 1 } })),
            resources: object([], {
              cpus: { type: "integer", minimum: 1 },
              memory: { type: "string", pattern: "^[0-9]+ (MB|GB|MiB|GiB)$" },
            }),
            run: { enum: ["bash", "sh", "python", "r", "node"] },
            script: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] },
            repeat: { type: "integer", minimum: 1 },
            nodes: named(
              object(["quality"], {
                quality: { type: "integer" },
                label: { type: "string" },
                before: { type: "string", pattern: "^made[0-9]+$" },
              }),
            ),
          }),
        ],
      },
    },
  }),
};
