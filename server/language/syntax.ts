/**
 * The syntax tree. Every part has a `kind` and a `span`; spans are relative to the start of the top-level
 * declaration that holds them, so that an edit above moves a declaration by changing one number
 * (`Declaration.offset`) and its tree, symbols and problems are reused as they are.
 *
 * A half-typed file gives a tree too: what could not be parsed is a `broken` expression or an `unparsed`
 * declaration, names may be empty strings (then a problem has been reported), and nothing is ever undefined
 * that the types say is there.
 */

/** Half-open range of UTF-16 offsets, relative to the declaration's `offset`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Name {
  readonly kind: "name";
  readonly span: Span;
  /** Empty when the name is not there yet. */
  readonly text: string;
}

// ---------------------------------------------------------------- expressions

export type Expression =
  | NullLiteral
  | BooleanLiteral
  | NumberLiteral
  | StringTemplate
  | ListLiteral
  | Comprehension
  | NameReference
  | Member
  | Index
  | Call
  | Unary
  | Binary
  | Conditional
  | BrokenExpression;

export interface NullLiteral {
  readonly kind: "null";
  readonly span: Span;
}
export interface BooleanLiteral {
  readonly kind: "boolean";
  readonly span: Span;
  readonly value: boolean;
}

export type Unit =
  | "B"
  | "kB"
  | "MB"
  | "GB"
  | "TB"
  | "KiB"
  | "MiB"
  | "GiB"
  | "TiB"
  | "ms"
  | "s"
  | "min"
  | "h"
  | "d";

/** `30`, `0.05`, `1e-3`, `12 GiB`, `90 min`. `text` is the digits as written. */
export interface NumberLiteral {
  readonly kind: "number";
  readonly span: Span;
  readonly text: string;
  readonly unit: Unit | undefined;
}
/** A string; `parts` alternates freely between literal text (escapes resolved) and interpolated expressions. */
export interface StringTemplate {
  readonly kind: "string";
  readonly span: Span;
  readonly parts: readonly StringPart[];
}
export type StringPart =
  | { readonly kind: "text"; readonly span: Span; readonly value: string }
  | { readonly kind: "interpolation"; readonly span: Span; readonly expression: Expression };
export interface ListLiteral {
  readonly kind: "list";
  readonly span: Span;
  readonly items: readonly Expression[];
}
/** `[element for x in xs if c for (a, b) in ys]` */
export interface Comprehension {
  readonly kind: "comprehension";
  readonly span: Span;
  readonly element: Expression;
  readonly clauses: readonly ComprehensionClause[];
}
export interface ComprehensionClause {
  readonly kind: "clause";
  readonly span: Span;
  readonly names: readonly Name[];
  readonly source: Expression;
  readonly conditions: readonly Expression[];
}
export interface NameReference {
  readonly kind: "reference";
  readonly span: Span;
  readonly name: string;
}
/** `a.b`, `a?.b` */
export interface Member {
  readonly kind: "member";
  readonly span: Span;
  readonly object: Expression;
  readonly optional: boolean;
  readonly member: Name;
}
/** `aligned[name, *]`, `list[0]` */
export interface Index {
  readonly kind: "index";
  readonly span: Span;
  readonly object: Expression;
  readonly keys: readonly (Expression | Wildcard)[];
}
export interface Wildcard {
  readonly kind: "wildcard";
  readonly span: Span;
}
export interface Call {
  readonly kind: "call";
  readonly span: Span;
  readonly callee: Name;
  readonly arguments: readonly CallArgument[];
}
/** `file("x", md5: "…")` has one positional and one named argument. */
export interface CallArgument {
  readonly kind: "argument";
  readonly span: Span;
  readonly name: Name | undefined;
  readonly value: Expression;
}
export interface Unary {
  readonly kind: "unary";
  readonly span: Span;
  readonly operator: "-" | "not";
  readonly operand: Expression;
}
export type BinaryOperator =
  | "or"
  | "and"
  | "=="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "??"
  | "+"
  | "-"
  | "*"
  | "/";
export interface Binary {
  readonly kind: "binary";
  readonly span: Span;
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}
/** `condition ? then : otherwise` */
export interface Conditional {
  readonly kind: "conditional";
  readonly span: Span;
  readonly condition: Expression;
  readonly then: Expression;
  readonly otherwise: Expression;
}
export interface BrokenExpression {
  readonly kind: "broken";
  readonly span: Span;
}

// ---------------------------------------------------------------- types as written

export type TypeSyntax =
  | NamedTypeSyntax
  | ListTypeSyntax
  | OptionalTypeSyntax
  | ChoiceTypeSyntax
  | BrokenTypeSyntax;
export interface NamedTypeSyntax {
  readonly kind: "named-type";
  readonly span: Span;
  readonly name: string;
}
export interface ListTypeSyntax {
  readonly kind: "list-type";
  readonly span: Span;
  readonly element: TypeSyntax;
}
export interface OptionalTypeSyntax {
  readonly kind: "optional-type";
  readonly span: Span;
  readonly inner: TypeSyntax;
}
/** `"strict" | "loose"` */
export interface ChoiceTypeSyntax {
  readonly kind: "choice-type";
  readonly span: Span;
  readonly choices: readonly StringTemplate[];
}
export interface BrokenTypeSyntax {
  readonly kind: "broken-type";
  readonly span: Span;
}

// ---------------------------------------------------------------- statements

/** What may stand inside `for` and `if`. */
export type BlockStatement = LetStatement | CheckStatement | NodeStatement | ForStatement | IfStatement;

export type Statement =
  | BlockStatement
  | PipelineStatement
  | ImportStatement
  | ParamStatement
  | InputStatement
  | TableStatement
  | TransformStatement
  | TargetStatement
  | PublishStatement
  | UnparsedStatement;

interface Documented {
  /** Text of the `///` lines before or behind the declaration, without the slashes; undefined without any. */
  readonly doc: string | undefined;
}

export interface PipelineStatement extends Documented {
  readonly kind: "pipeline";
  readonly span: Span;
  readonly name: Name;
}
export interface ImportStatement extends Documented {
  readonly kind: "import";
  readonly span: Span;
  readonly items: readonly ImportItem[];
  readonly path: StringTemplate;
}
/** `Align` or `Align as BwaAlign` */
export interface ImportItem {
  readonly kind: "import-item";
  readonly span: Span;
  readonly name: Name;
  readonly alias: Name | undefined;
}
/** `param NAME: T = EXPR`, of a pipeline or of a transform. */
export interface ParamStatement extends Documented {
  readonly kind: "param";
  readonly span: Span;
  readonly name: Name;
  readonly type: TypeSyntax;
  readonly value: Expression | undefined;
}
export interface InputStatement extends Documented {
  readonly kind: "input";
  readonly span: Span;
  readonly name: Name;
  readonly value: Expression;
}
/** `table NAME = csv("…") { COLUMN: T = "header", … }`; `columns` undefined without a column block. */
export interface TableStatement extends Documented {
  readonly kind: "table";
  readonly span: Span;
  readonly name: Name;
  readonly source: Expression;
  readonly columns: readonly ColumnSyntax[] | undefined;
}
export interface ColumnSyntax extends Documented {
  readonly kind: "column";
  readonly span: Span;
  readonly name: Name;
  readonly type: TypeSyntax;
  /** The header in the file when it is not the column's name. */
  readonly header: StringTemplate | undefined;
}
export interface LetStatement extends Documented {
  readonly kind: "let";
  readonly span: Span;
  readonly name: Name;
  readonly value: Expression;
}
export interface CheckStatement extends Documented {
  readonly kind: "check";
  readonly span: Span;
  readonly condition: Expression;
  readonly message: Expression | undefined;
}
export interface NodeStatement extends Documented {
  readonly kind: "node";
  readonly span: Span;
  readonly name: Name;
  readonly keys: readonly Expression[];
  readonly transform: Name;
  readonly arguments: readonly NodeArgument[];
  readonly resources: ResourcesClause | undefined;
  readonly retry: RetryClause | undefined;
}
/** `ARG: EXPR`, or `ARG` alone, which stands for `ARG: ARG` (`value` is then a reference with the name's span). */
export interface NodeArgument {
  readonly kind: "node-argument";
  readonly span: Span;
  readonly name: Name;
  readonly value: Expression;
  readonly shorthand: boolean;
}
export interface ForStatement extends Documented {
  readonly kind: "for";
  readonly span: Span;
  readonly names: readonly Name[];
  readonly source: Expression;
  readonly body: readonly BlockStatement[];
}
/** `otherwise` holds one `if` for `else if`. */
export interface IfStatement extends Documented {
  readonly kind: "if";
  readonly span: Span;
  readonly condition: Expression;
  readonly then: readonly BlockStatement[];
  readonly otherwise: readonly BlockStatement[] | undefined;
}
export interface TargetStatement extends Documented {
  readonly kind: "target";
  readonly span: Span;
  /** References to nodes, families, or members of families (`merged["a"]`). */
  readonly targets: readonly Expression[];
}
/** `publish NODE.out to "results/"` */
export interface PublishStatement extends Documented {
  readonly kind: "publish";
  readonly span: Span;
  readonly value: Expression;
  readonly folder: Expression;
}
/** Text that is no declaration; a problem has been reported inside it. */
export interface UnparsedStatement extends Documented {
  readonly kind: "unparsed";
  readonly span: Span;
}

// ---------------------------------------------------------------- transforms

export interface TransformStatement extends Documented {
  readonly kind: "transform";
  readonly span: Span;
  readonly name: Name;
  readonly items: readonly TransformItem[];
}

export type TransformItem =
  | ImageClause
  | ToolsClause
  | InClause
  | ParamStatement
  | OutClause
  | ResourcesClause
  | RetryClause
  | EnvClause
  | NetworkClause
  | UserClause
  | RunClause;

/** `image "quay.io/…:1.0"` */
export interface ImageClause {
  readonly kind: "image";
  readonly span: Span;
  readonly reference: StringTemplate;
}
/** `tools bwa, python3 { also: [file("requirements.lock")] }` (engine-rules.md A8) */
export interface ToolsClause {
  readonly kind: "tools";
  readonly span: Span;
  readonly tools: readonly ToolSyntax[];
}
export interface ToolSyntax {
  readonly kind: "tool";
  readonly span: Span;
  readonly name: Name;
  readonly also: Expression | undefined;
}
/** `in reads: File as "reads.fq.gz" = file("…")` */
export interface InClause extends Documented {
  readonly kind: "in";
  readonly span: Span;
  readonly name: Name;
  readonly type: TypeSyntax;
  readonly stagedAs: StringTemplate | undefined;
  readonly value: Expression | undefined;
}
/** `out bam: File = "${sample}.bam"`, `out parts: [File] = glob("parts/*.csv")` (a call of `glob`). */
export interface OutClause extends Documented {
  readonly kind: "out";
  readonly span: Span;
  readonly name: Name;
  readonly type: TypeSyntax;
  readonly value: Expression;
}
/** `resources { cpus: 4, memory: 12 GiB, disk: 100 GiB, timeout: 4 h }` */
export interface ResourcesClause {
  readonly kind: "resources";
  readonly span: Span;
  readonly entries: readonly Entry[];
}
/** `retry { attempts: 3, on: [OutOfMemory], memory: x2 }`; the words of `on` are references. */
export interface RetryClause {
  readonly kind: "retry";
  readonly span: Span;
  readonly entries: readonly RetryEntry[];
}
export interface Entry {
  readonly kind: "entry";
  readonly span: Span;
  readonly name: Name;
  readonly value: Expression;
}
export interface RetryEntry {
  readonly kind: "retry-entry";
  readonly span: Span;
  readonly name: Name;
  /** A factor `x2`, `x1.5`, or an expression. */
  readonly value: Expression | FactorSyntax;
}
export interface FactorSyntax {
  readonly kind: "factor";
  readonly span: Span;
  readonly text: string;
}
export interface EnvClause {
  readonly kind: "env";
  readonly span: Span;
  readonly entries: readonly Entry[];
}
/** `network yes` (engine-rules.md A13) */
export interface NetworkClause {
  readonly kind: "network";
  readonly span: Span;
  readonly allowed: boolean;
}
/** `user image` (engine-rules.md C8) */
export interface UserClause {
  readonly kind: "user";
  readonly span: Span;
}
/** `run bash ```…``` ` or `run "interpreter" ```…``` ` */
export interface RunClause {
  readonly kind: "run";
  readonly span: Span;
  /** `bash`, `sh`, `python`, `r`, `node`, or the quoted interpreter. */
  readonly interpreter: string;
  readonly interpreterSpan: Span;
  readonly quoted: boolean;
  /** The text between the fences with its common indentation removed; ends in a newline unless empty. */
  readonly script: string;
  /** The text between the fences as it stands in the file. */
  readonly scriptSpan: Span;
  /** How many characters of indentation each line of the script lost. */
  readonly indentation: number;
}

// ---------------------------------------------------------------- files

/** Comments are in no tree, since moving them all at each key stroke would cost; `commentsOf(text)` finds them. */
export interface Comment {
  /** Absolute offsets in the file. */
  readonly span: Span;
  /** With its slashes. */
  readonly text: string;
  readonly isDoc: boolean;
}

/** A top-level statement with its place. */
export interface Declaration {
  /** Absolute offset of the declaration's first token or doc comment; all spans inside count from here. */
  readonly offset: number;
  readonly length: number;
  /**
   * How far from `offset` the parser looked to read it as it did: an edit behind that leaves it as it is. Mostly
   * a little beyond the next token; the rest of the file where a script or block is not closed.
   */
  readonly reach: number;
  readonly statement: Statement;
  /** Syntax problems inside, with spans relative to `offset`. */
  readonly problems: readonly import("./problems.js").Problem[];
}

export interface SourceFile {
  readonly text: string;
  readonly declarations: readonly Declaration[];
}

export type SyntaxNode =
  | Name
  | Expression
  | StringPart
  | ComprehensionClause
  | Wildcard
  | CallArgument
  | TypeSyntax
  | Statement
  | ImportItem
  | ColumnSyntax
  | NodeArgument
  | TransformItem
  | ToolSyntax
  | Entry
  | RetryEntry
  | FactorSyntax;
