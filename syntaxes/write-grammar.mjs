// Writes reprod.tmLanguage.json, the grammar that editors colour pipeline files with: node syntaxes/write-grammar.mjs
// With --check it only says whether the file is as it would be written.
//
// The words of the language come from the language itself, so none can be forgotten. A TextMate grammar sees one line
// at a time and no further, so it knows less than the parser. What it cannot know it decides as the parser does in
// nearly every real file, and no guess reaches further than the next declaration.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const file = path.join(root, "syntaxes/reprod.tmLanguage.json");

const { outputFiles } = await build({
  stdin: {
    contents: `
      export { failureKinds } from "./failure-kinds.js";
      export { functions } from "./functions.js";
      export { NAMED_TYPES } from "./types.js";
      export { unitFactors } from "./units.js";`,
    resolveDir: path.join(root, "server/language"),
    loader: "ts",
  },
  bundle: true,
  write: false,
  platform: "node",
  format: "cjs",
  logLevel: "warning",
});
const module = { exports: {} };
new Function("module", "exports", outputFiles[0].text)(module, module.exports);
const language = module.exports;

// ---------------------------------------------------------------- pieces of expressions

const raw = String.raw;
/** The longest first: `min` must not be read as `m`. */
const anyOf = (words) => [...words].sort((a, b) => b.length - a.length || (a < b ? -1 : 1)).join("|");

/** A name. `\w` would take the letters of every alphabet here. */
const NAME = "[A-Za-z_][0-9A-Za-z_]*";
/** Where a declaration or a part of a transform may begin; elsewhere its keyword is an ordinary name. */
const START = raw`(?:^|(?<=[{},]))[ \t]*`;
/** Two names in a row stand in declarations only, but for a word that joins expressions. */
const JOINING = raw`(?:and|or|not|for|in|if|else)\b`;
const OPERAND = raw`(?!${JOINING})[A-Za-z_]`;
const LINE_END = raw`[ \t]*(?://.*)?$`;

/** The lines at which the lexer ends a script that was never closed. */
const DECLARATION = raw`(?:(?:pipeline|target|publish|check)[ \t]+\w|(?:param|input|table|let)[ \t]+\w+[ \t]*[:=]|transform[ \t]+\w+[ \t]*\{|node[ \t]+\w+[ \t]*[=\[]|import[ \t]*\{|(?:for|if)[ \t].*\{)`;
/** Of these, the ones that are no line of a script either: JavaScript has `let x = 1` and `for (…) {` too. */
const SURE_DECLARATION = raw`(?:transform[ \t]+\w+[ \t]*\{|node[ \t]+\w+[ \t]*(?:\[.*\])?[ \t]*=[ \t]*\w+[ \t]*\{|(?:param|input|table)[ \t]+\w+[ \t]*[:=]|pipeline[ \t]+\w+[ \t]*$|target[ \t]+\w+[ \t]*(?:[,.\[]|$)|publish[ \t]+\w.*[ \t]to[ \t]+")`;
/** A line that shows that a bracket or brace above was forgotten. */
const NEXT_ITEM = raw`[ \t]*(?:${DECLARATION}|(?:in|out|param)[ \t]+\w+[ \t]*:|(?:resources|retry|env)[ \t]*\{|(?:image|run)[ \t]+"|(?:tools|run)[ \t]+\w|network[ \t]+(?:yes|no)\b|user[ \t]+image\b)`;

const captures = (...names) =>
  Object.fromEntries(names.flatMap((name, at) => (name === undefined ? [] : [[at + 1, { name }]])));
const include = (...names) => names.map((name) => ({ include: `#${name}` }));

// ---------------------------------------------------------------- comments

const comments = {
  patterns: [
    {
      // Exactly three slashes: a line of many is a rule that somebody drew.
      name: "comment.line.documentation.reprod",
      match: raw`(///)(?!/).*$`,
      captures: captures("punctuation.definition.comment.reprod"),
    },
    {
      name: "comment.line.double-slash.reprod",
      match: raw`(//).*$`,
      captures: captures("punctuation.definition.comment.reprod"),
    },
    // Comments of other languages: the lexer skips them to the end of the line as well, with an error.
    { name: "invalid.illegal.comment.reprod", match: raw`(?:#|/\*).*$` },
  ],
};

// ---------------------------------------------------------------- scripts

/**
 * The rules of a script in one language. They are nested, since each level knows something else:
 *
 * - the outermost knows how many back-ticks opened the script. It goes on while a line is not the closing fence: a
 *   `while` is asked at the start of each line before any rule inside, so that no quote, here-document or bracket that
 *   the script leaves open can swallow the fence. The lexer takes an opening fence with as many back-ticks as a sign
 *   that this script was never closed, and so does this;
 * - the next knows whether the script is indented, from its first line with text. If so, nothing of it stands at the
 *   first column, and a line there that looks like a declaration ends a script that was never closed. If not, only a
 *   line does which no script would have;
 * - the innermost is the script, in its own language. What follows when it ended too soon is read as a pipeline
 *   again, up to what would have been its closing fence.
 */
function script(interpreter, scopes, embedded, content) {
  const body = (goesOn) => [
    {
      begin: raw`^(?!${goesOn})`,
      while: raw`^(?!${goesOn})`,
      contentName: `meta.embedded.block.${embedded}.reprod`,
      patterns: content,
    },
    { begin: "^", end: "(?!)", patterns: [{ include: "$self" }] },
  ];
  // The capture of the opening fence; a template cannot hold a backslash before its own brace.
  const fence = `\\${scopes.length + 2}`;
  return {
    begin: raw`${START}(run)[ \t]+(?:${interpreter})[ \t]*(\x60{3,})[ \t]*(\S.*)?$`,
    beginCaptures: captures(
      "keyword.other.run.reprod",
      ...scopes,
      "punctuation.definition.script.begin.reprod",
      // "a script begins on the line below its fence"
      "invalid.illegal.after-fence.reprod",
    ),
    while: raw`^(?![ \t]*(?:run[ \t]+(?:\w+|"[^"]*")[ \t]*)?${fence}\x60*[ \t]*$)`,
    patterns: [
      {
        begin: raw`^(?=[ \t]+\S)`,
        end: "(?!)",
        patterns: body(raw`${DECLARATION}|\}[ \t]*$|///(?!/)`),
      },
      { begin: raw`^(?=\S)`, end: "(?!)", patterns: body(SURE_DECLARATION) },
    ],
  };
}

/** An interpreter by its own word, or quoted: `"/usr/bin/bash -x"` is bash. */
const either = (word, programs) => raw`(${word})\b|("(?:[^"]*[/ ])?(?:${programs})(?:[ ][^"]*)?")`;
const INTERPRETER = ["support.type.interpreter.reprod", "string.quoted.double.reprod"];

const scripts = {
  patterns: [
    script(either("bash|sh", "bash|sh|dash|ksh|zsh"), INTERPRETER, "shell", [{ include: "source.shell" }]),
    script(either("python", raw`python[0-9.]*`), INTERPRETER, "python", [{ include: "source.python" }]),
    script(either("r", "Rscript|R"), INTERPRETER, "r", [{ include: "source.r" }]),
    script(either("node", "node|nodejs"), INTERPRETER, "javascript", [{ include: "source.js" }]),
    script(raw`(${NAME})|("[^"]*")`, INTERPRETER, "plaintext", []),
    {
      // Not followed by a fence yet: while it is typed.
      match: raw`${START}(run)(?=[ \t]+(?:[A-Za-z_"]|\x60))(?:[ \t]+(${NAME}))?`,
      captures: captures("keyword.other.run.reprod", "support.type.interpreter.reprod"),
    },
    { match: raw`^[ \t]*(\x60{3,})[ \t]*$`, captures: captures("punctuation.definition.script.end.reprod") },
  ],
};

// ---------------------------------------------------------------- declarations

const declarations = {
  patterns: [
    ...include("import", "table", "node", "publish", "typed"),
    {
      match: raw`${START}(pipeline)[ \t]+(?!${JOINING})(${NAME})`,
      captures: captures("storage.type.pipeline.reprod", "entity.name.namespace.pipeline.reprod"),
    },
    {
      match: raw`${START}(transform)[ \t]+(?!${JOINING})(${NAME})`,
      captures: captures("storage.type.transform.reprod", "entity.name.type.transform.reprod"),
    },
    {
      match: raw`${START}(input|let)[ \t]+(?!${JOINING})(${NAME})`,
      captures: captures("storage.type.value.reprod", "entity.name.variable.reprod"),
    },
    {
      match: raw`${START}(check)[ \t]+(?=["(0-9]|not\b|${OPERAND})`,
      captures: captures("keyword.control.check.reprod"),
    },
    { match: raw`${START}(target)[ \t]+(?=${OPERAND})`, captures: captures("keyword.other.target.reprod") },
    {
      // The keyword alone, while the rest is still to be typed. At the first column, where nothing else stands.
      match: raw`^(pipeline|import|param|input|table|check|transform|target|publish)(?=${LINE_END})`,
      captures: captures("storage.type.reprod"),
    },
  ],
};

/** `import { A, B as C } from "./x.reprod"` */
const imports = {
  begin: raw`${START}(import)[ \t]*(\{)`,
  beginCaptures: captures("keyword.control.import.reprod", "punctuation.section.block.begin.reprod"),
  end: raw`(\})(?:[ \t]*(from)\b)?|^(?=${NEXT_ITEM})`,
  endCaptures: captures("punctuation.section.block.end.reprod", "keyword.control.from.reprod"),
  patterns: [
    ...include("comments"),
    {
      match: raw`(${NAME})(?:[ \t]+(as)\b(?:[ \t]+(${NAME}))?)?`,
      captures: captures(
        "entity.name.type.transform.reprod",
        "keyword.control.as.reprod",
        "entity.name.type.transform.reprod",
      ),
    },
    ...include("punctuation"),
  ],
};

/** `table NAME = csv("…") { COLUMN: TYPE = "header", … }`: the only block whose items have types. */
const table = {
  begin: raw`${START}(table)[ \t]+(?!${JOINING})(${NAME})`,
  beginCaptures: captures("storage.type.table.reprod", "entity.name.variable.table.reprod"),
  end: raw`(?<=\})|$|^(?=${NEXT_ITEM})`,
  patterns: [
    {
      begin: raw`\{`,
      beginCaptures: { 0: { name: "punctuation.section.block.begin.reprod" } },
      end: raw`\}|^(?=${NEXT_ITEM})`,
      endCaptures: { 0: { name: "punctuation.section.block.end.reprod" } },
      patterns: [
        {
          begin: raw`${START}(${NAME})[ \t]*(:)`,
          beginCaptures: captures("entity.name.variable.column.reprod", "punctuation.separator.colon.reprod"),
          end: raw`(?=[ \t]*(?:[=,}]|//|$))`,
          patterns: include("types"),
        },
        ...include("expression"),
      ],
    },
    ...include("brackets", "expression"),
  ],
};

/** `node NAME[KEY, …] = TRANSFORM`, up to the brace: behind it stand arguments. */
const node = {
  begin: raw`${START}(node)\b(?:[ \t]+(${NAME}))?`,
  beginCaptures: captures("storage.type.node.reprod", "entity.name.function.node.reprod"),
  end: raw`(?=[{}]|//)|$|^(?=${NEXT_ITEM})`,
  patterns: [
    {
      match: raw`(?<![=!<>])(=)(?!=)(?:[ \t]*(${NAME}))?`,
      captures: captures("keyword.operator.assignment.reprod", "entity.name.type.transform.reprod"),
    },
    ...include("brackets", "expression"),
  ],
};

/** `publish NODE.out to "folder/"` */
const publish = {
  begin: raw`${START}(publish)[ \t]+(?=${OPERAND})`,
  beginCaptures: captures("keyword.other.publish.reprod"),
  end: raw`$|^(?=${NEXT_ITEM})`,
  patterns: [
    {
      match: raw`(?<![.\w])(to)(?=[ \t]+["A-Za-z_(]|[ \t]*$)`,
      captures: captures("keyword.other.to.reprod"),
    },
    ...include("brackets", "expression"),
  ],
};

/** What has a type: params of a pipeline, and the ins, params and outs of a transform. */
const typed = {
  patterns: [
    {
      begin: raw`${START}(param|in|out)[ \t]+(${NAME})[ \t]*(:)`,
      beginCaptures: captures(
        "storage.type.value.reprod",
        "entity.name.variable.reprod",
        "punctuation.separator.colon.reprod",
      ),
      end: raw`(?=[ \t]*(?:[=,}]|//|\bas\b|$))`,
      patterns: include("types"),
    },
    {
      match: raw`${START}(param|out)[ \t]+(?!${JOINING})(${NAME})|${START}(in)[ \t]+(?!${JOINING})(${NAME})(?=${LINE_END})`,
      captures: captures(
        "storage.type.value.reprod",
        "entity.name.variable.reprod",
        "storage.type.value.reprod",
        "entity.name.variable.reprod",
      ),
    },
    { match: raw`\b(as)(?=[ \t]*")`, captures: captures("keyword.other.as.reprod") },
  ],
};

const types = {
  patterns: [
    {
      match: raw`\b(?:${anyOf(language.NAMED_TYPES.keys())})\b`,
      name: "support.type.primitive.reprod",
    },
    { match: NAME, name: "entity.name.type.reprod" },
    { match: raw`\?`, name: "keyword.operator.optional.reprod" },
    { match: raw`\|`, name: "keyword.operator.type.reprod" },
    ...include("strings", "punctuation"),
  ],
};

// ---------------------------------------------------------------- parts of a transform

const parts = {
  patterns: [
    ...include("tools", "retry"),
    { match: raw`${START}(image)[ \t]+(?=")`, captures: captures("keyword.other.image.reprod") },
    {
      match: raw`${START}(resources|env)[ \t]*(?=\{)`,
      captures: captures("keyword.other.clause.reprod"),
    },
    {
      match: raw`${START}(network)[ \t]+(yes|no)\b`,
      captures: captures("keyword.other.network.reprod", "constant.language.reprod"),
    },
    {
      match: raw`${START}(user)[ \t]+(image)\b`,
      captures: captures("keyword.other.user.reprod", "constant.language.reprod"),
    },
  ],
};

/** `tools bwa, bowtie2-build, python3 { also: [file("requirements.lock")] }`: names that are names nowhere else. */
const tools = {
  begin: raw`${START}(tools)(?=[ \t]+[0-9A-Za-z_])`,
  beginCaptures: captures("keyword.other.tools.reprod"),
  // A comma at the end of a line goes on with the next, unless that is something else.
  end: raw`(?<![,\s])(?=[ \t]*(?:\}|//|$))|^(?=[ \t]*\}|${NEXT_ITEM})`,
  patterns: [
    {
      begin: raw`\{`,
      beginCaptures: { 0: { name: "punctuation.section.block.begin.reprod" } },
      end: raw`\}|^(?=${NEXT_ITEM})`,
      endCaptures: { 0: { name: "punctuation.section.block.end.reprod" } },
      patterns: include("expression"),
    },
    // A part on the same line, behind a comma: no tool has a name and a blank behind it.
    { match: raw`[0-9A-Za-z_][0-9A-Za-z_.+-]*`, name: "string.unquoted.tool.reprod" },
    ...include("comments", "punctuation"),
  ],
};

/** `retry { attempts: 3, on: [OutOfMemory], memory: x2 }`: the only place of factors and kinds of failure. */
const retry = {
  begin: raw`${START}(retry)[ \t]*(\{)`,
  beginCaptures: captures("keyword.other.clause.reprod", "punctuation.section.block.begin.reprod"),
  end: raw`(\})|^(?=${NEXT_ITEM})`,
  endCaptures: captures("punctuation.section.block.end.reprod"),
  patterns: [
    {
      match: raw`(?<=:)[ \t]*(x[0-9]+(?:\.[0-9]+)?)(?!\w)`,
      captures: captures("constant.numeric.factor.reprod"),
    },
    { match: raw`\b(?:${anyOf(language.failureKinds)})\b`, name: "support.constant.failure.reprod" },
    ...include("expression"),
  ],
};

// ---------------------------------------------------------------- expressions

const expression = {
  patterns: include(
    "comments",
    "strings",
    "numbers",
    "members",
    "keys",
    "words",
    "functions",
    "operators",
    "punctuation",
    "names",
  ),
};

/** Brackets that keep a rule which ends with its line alive: newlines don't count in them. */
const brackets = {
  patterns: [
    [raw`\(`, raw`\)`, "parens"],
    [raw`\[`, raw`\]`, "brackets"],
  ].map(([open, close, kind]) => ({
    begin: open,
    beginCaptures: { 0: { name: `punctuation.section.${kind}.begin.reprod` } },
    end: raw`(${close})|(?=[{}])|^(?=${NEXT_ITEM})`,
    endCaptures: captures(`punctuation.section.${kind}.end.reprod`),
    patterns: include("brackets", "expression"),
  })),
};

/**
 * The text of a string up to its closing quote, with strings inside its interpolations: only if all of them close on
 * this line are the inner quotes inner ones. Otherwise the first quote is taken for the end, as the lexer does.
 */
const CLOSED = raw`(?<text>(?>[^"\\$]|\\.|\$(?!\{)|\$\{\g<inside>\})*)"`;
const INSIDE = raw`(?<inside>(?>[^"{}]|"\g<text>"|\{\g<inside>\})*){0}`;

const strings = {
  patterns: [
    {
      name: "string.quoted.double.reprod",
      begin: raw`${INSIDE}"(?=${CLOSED})`,
      beginCaptures: { 0: { name: "punctuation.definition.string.begin.reprod" } },
      end: raw`"|(?=$)`,
      endCaptures: { 0: { name: "punctuation.definition.string.end.reprod" } },
      patterns: [
        ...include("escapes"),
        {
          name: "meta.template.expression.reprod",
          // What is embedded counts as code, not as text: brackets pair and completions come.
          contentName: "meta.embedded.line.reprod",
          begin: raw`\$\{`,
          beginCaptures: { 0: { name: "punctuation.definition.template-expression.begin.reprod" } },
          end: raw`\}|(?=$)`,
          endCaptures: { 0: { name: "punctuation.definition.template-expression.end.reprod" } },
          patterns: include("braces", "expression"),
        },
      ],
    },
    {
      // Not closed: nothing is coloured inside, and nothing beyond the first quote or the end of the line.
      name: "string.quoted.double.reprod",
      begin: raw`"`,
      beginCaptures: { 0: { name: "punctuation.definition.string.begin.reprod" } },
      end: raw`"|(?=$)`,
      endCaptures: { 0: { name: "punctuation.definition.string.end.reprod" } },
      patterns: include("escapes"),
    },
    { name: "invalid.illegal.single-quoted.reprod", match: raw`'(?:[^']*')?` },
  ],
};

/** A brace inside `${…}` must not end it. */
const braces = {
  begin: raw`\{`,
  beginCaptures: { 0: { name: "punctuation.section.block.begin.reprod" } },
  end: raw`\}|(?=$)`,
  endCaptures: { 0: { name: "punctuation.section.block.end.reprod" } },
  patterns: include("braces", "expression"),
};

const escapes = {
  patterns: [
    {
      // Up to 10FFFF, without the halves of surrogate pairs.
      match: raw`\\(?:[nt"\\$]|u\{(?!0*[dD][89a-fA-F]\h\h\})(?:0?\h{1,5}|10\h{4})\})`,
      name: "constant.character.escape.reprod",
    },
    { match: raw`\\(?:u\{\h*\}|.|$)`, name: "invalid.illegal.escape.reprod" },
  ],
};

const numbers = {
  match: raw`(?<!\w)([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?:[ \t]*(${anyOf(Object.keys(language.unitFactors))})\b)?`,
  captures: captures("constant.numeric.reprod", "keyword.other.unit.reprod"),
};

/** Behind a dot any word is a member. */
const members = {
  match: raw`(\?\.|\.)[ \t]*(${NAME})?`,
  captures: captures("punctuation.accessor.reprod", "variable.other.property.reprod"),
};

/** `NAME:` at the start of an item: an argument or an entry. Elsewhere it is the middle of `c ? a : b`. */
const keys = {
  match: raw`(?:^|(?<=[{,(]))[ \t]*(${NAME})[ \t]*(:)`,
  captures: captures("variable.parameter.argument.reprod", "punctuation.separator.colon.reprod"),
};

const words = {
  patterns: [
    {
      match: raw`\b(for)\b(?:[ \t]+(${NAME})(?=[ \t]+in\b)|[ \t]*(\()([^()]*)(\))(?=[ \t]*in\b))?`,
      captures: {
        ...captures(
          "keyword.control.loop.reprod",
          "entity.name.variable.loop.reprod",
          "punctuation.section.parens.begin.reprod",
          undefined,
          "punctuation.section.parens.end.reprod",
        ),
        4: {
          patterns: [{ match: NAME, name: "entity.name.variable.loop.reprod" }, ...include("punctuation")],
        },
      },
    },
    { match: raw`\bin\b`, name: "keyword.control.loop.reprod" },
    { match: raw`\b(?:if|else)\b`, name: "keyword.control.conditional.reprod" },
    { match: raw`\b(?:and|or|not)\b`, name: "keyword.operator.logical.reprod" },
    { match: raw`\b(?:true|false|null)\b`, name: "constant.language.reprod" },
    { match: raw`\b(?:let|node)\b`, name: "storage.type.reprod" },
  ],
};

/** Only the functions that there are: a misspelt one stays plain. */
const functions = {
  match: raw`\b(?:${anyOf(language.functions.keys())})(?=[ \t]*\()`,
  name: "support.function.reprod",
};

const operators = {
  patterns: [
    {
      match: raw`(?<=[\[,])[ \t]*(\*)(?=[ \t]*[\],])`,
      captures: captures("constant.language.wildcard.reprod"),
    },
    // `&&`, `||`, `!`: words here.
    { match: raw`&&|\|\||!(?!=)`, name: "invalid.illegal.operator.reprod" },
    { match: raw`==|!=|<=|>=|<|>`, name: "keyword.operator.comparison.reprod" },
    { match: raw`\?\?`, name: "keyword.operator.null-coalescing.reprod" },
    { match: raw`[?:]`, name: "keyword.operator.ternary.reprod" },
    { match: "=", name: "keyword.operator.assignment.reprod" },
    { match: raw`[-+*/]`, name: "keyword.operator.arithmetic.reprod" },
  ],
};

const punctuation = {
  patterns: [
    { match: ",", name: "punctuation.separator.comma.reprod" },
    { match: raw`\{`, name: "punctuation.section.block.begin.reprod" },
    { match: raw`\}`, name: "punctuation.section.block.end.reprod" },
    { match: raw`\[`, name: "punctuation.section.brackets.begin.reprod" },
    { match: raw`\]`, name: "punctuation.section.brackets.end.reprod" },
    { match: raw`\(`, name: "punctuation.section.parens.begin.reprod" },
    { match: raw`\)`, name: "punctuation.section.parens.end.reprod" },
  ],
};

const names = { match: NAME, name: "variable.other.reprod" };

// ---------------------------------------------------------------- the file

const grammar = {
  information_for_contributors: [
    "Written by syntaxes/write-grammar.mjs, which says why each rule is as it is: change that, not this file.",
  ],
  name: "Reprod",
  scopeName: "source.reprod",
  fileTypes: ["reprod"],
  patterns: include("comments", "scripts", "declarations", "parts", "expression"),
  repository: {
    comments,
    scripts,
    declarations,
    import: imports,
    table,
    node,
    publish,
    typed,
    types,
    parts,
    tools,
    retry,
    expression,
    brackets,
    strings,
    braces,
    escapes,
    numbers,
    members,
    keys,
    words,
    functions,
    operators,
    punctuation,
    names,
  },
};

// Laid out as the project's JSON is.
const { stdout: text, status } = spawnSync("npx", ["biome", "format", `--stdin-file-path=${file}`], {
  cwd: root,
  input: JSON.stringify(grammar, undefined, 2),
  encoding: "utf8",
});
if (status !== 0) throw new Error("biome cannot lay out the grammar");

if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
  console.error("the grammar is not as its rules have it: run node syntaxes/write-grammar.mjs");
  process.exitCode = 1;
}
