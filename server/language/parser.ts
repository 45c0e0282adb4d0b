import { syntax } from "./checks/syntax.js";
import { unclosedScript } from "./checks/unclosed-script.js";
import { NESTING_LIMIT } from "./cursor.js";
import { ExpressionParser } from "./expressions.js";
import type { Problem } from "./problems.js";
import { mostSimilar } from "./similar.js";
import type {
  BlockStatement,
  CheckStatement,
  ColumnSyntax,
  Declaration,
  Entry,
  EnvClause,
  Expression,
  FactorSyntax,
  ForStatement,
  IfStatement,
  ImageClause,
  ImportItem,
  ImportStatement,
  InClause,
  InputStatement,
  LetStatement,
  Name,
  NetworkClause,
  NodeArgument,
  NodeStatement,
  OutClause,
  ParamStatement,
  PipelineStatement,
  PublishStatement,
  ResourcesClause,
  RetryClause,
  RetryEntry,
  RunClause,
  SourceFile,
  Statement,
  StringTemplate,
  TableStatement,
  TargetStatement,
  ToolSyntax,
  ToolsClause,
  TransformItem,
  TransformStatement,
  UnparsedStatement,
  UserClause,
} from "./syntax.js";

/** Reads a file. Never throws; cost grows with the length of the text. */
export function parse(text: string): SourceFile {
  const parser = new Parser(text, 0);
  const declarations: Declaration[] = [];
  for (
    let declaration = parser.declaration();
    declaration !== undefined;
    declaration = parser.declaration()
  ) {
    declarations.push(declaration);
  }
  return { text, declarations };
}

const DECLARATION_WORDS = [
  "pipeline",
  "import",
  "param",
  "input",
  "table",
  "let",
  "check",
  "transform",
  "node",
  "for",
  "if",
  "target",
  "publish",
];
const ITEM_WORDS = [
  "image",
  "tools",
  "in",
  "param",
  "out",
  "resources",
  "retry",
  "env",
  "network",
  "user",
  "run",
];

/** Declarations without problems share one list. */
const NO_PROBLEMS: readonly Problem[] = [];

/** Declarations and the clauses inside them. */
export class Parser extends ExpressionParser {
  private inTransform = false;

  constructor(text: string, position: number) {
    super(text);
    this.scanner.jump(position);
    this.next();
  }

  /** Where the next declaration begins, with its doc comment; undefined at the end. */
  declarationStart(): number | undefined {
    const { scanner } = this;
    if (scanner.kind === "end") return undefined;
    return scanner.docStart >= 0 ? scanner.docStart : scanner.start;
  }

  /**
   * Reads one declaration. What it becomes depends on the text from its start to its `reach` alone, never on what
   * was read before: that is what lets `reparse` keep declarations.
   */
  declaration(): Declaration | undefined {
    const offset = this.declarationStart();
    if (offset === undefined) return undefined;
    this.beginDeclaration(offset);
    this.scanner.reach = this.scanner.end + 3;
    const statement = this.topLevelStatement();
    this.skipLeftover();
    const { scanner } = this;
    return {
      offset,
      length: scanner.previousEnd - offset,
      reach: scanner.reach - offset,
      statement,
      problems: this.problems.length === 0 ? NO_PROBLEMS : this.problems,
    };
  }

  /** Reports what follows a statement on its line. A declaration there is still read as one. */
  private skipLeftover(): void {
    if (this.at("end") || this.scanner.newlineBefore) return;
    this.reportExpected("a new line");
    while (!this.at("end") && !this.scanner.newlineBefore && !this.startsDeclaration()) this.next();
  }

  private topLevelStatement(): Statement {
    if (!this.startsDeclaration() && !this.beginsWithKeyword()) return this.unparsed();
    switch (this.kind) {
      case "let":
      case "node":
      case "for":
      case "if":
        return this.blockStatement();
      default:
    }
    switch (this.scanner.word()) {
      case "pipeline":
        return this.pipeline();
      case "import":
        return this.import();
      case "param":
        return this.param();
      case "input":
        return this.input();
      case "table":
        return this.table();
      case "transform":
        return this.transform();
      case "target":
        return this.target();
      case "publish":
        return this.publish();
      default:
        return this.check();
    }
  }

  /** A half-typed declaration (`input` alone, `table =`): nothing else could stand at the top level. */
  private beginsWithKeyword(): boolean {
    return this.at("name") && DECLARATION_WORDS.includes(this.scanner.word());
  }

  private unparsed(): UnparsedStatement {
    const start = this.here();
    const doc = this.leadingDoc();
    const first = this.kind;
    if (first === "}") {
      this.report(syntax, this.tokenSpan(), 'nothing is open that this could close: "}"');
    } else {
      const word = this.scanner.word();
      const suggestion = first === "name" ? mostSimilar(word, DECLARATION_WORDS) : undefined;
      this.reportUnexpected("a declaration", suggestion);
    }
    do this.next();
    while (
      !this.at("end") &&
      !(this.scanner.newlineBefore && (this.startsDeclaration() || this.beginsWithKeyword()))
    );
    return { kind: "unparsed", span: this.spanFrom(start), doc };
  }

  // -------------------------------------------------------------- top level

  private pipeline(): PipelineStatement {
    const doc = this.leadingDoc();
    const start = this.here();
    this.next();
    const name = this.name("the name of the pipeline");
    return { kind: "pipeline", span: this.spanFrom(start), doc: this.withTrailingDoc(doc), name };
  }

  private import(): ImportStatement {
    const leading = this.leadingDoc();
    const start = this.here();
    this.next();
    let items: ImportItem[] = [];
    if (this.opens()) items = this.block(() => this.importItem()).items;
    else this.reportExpected('"{"');
    let path: StringTemplate;
    if (this.atWord("from") && !this.scanner.newlineBefore) {
      this.next();
      path = this.stringOrMissing("the path of a file");
    } else {
      this.reportExpected('"from"');
      path = this.at("string") && !this.scanner.newlineBefore ? this.string() : this.missingString();
    }
    return { kind: "import", span: this.spanFrom(start), doc: this.withTrailingDoc(leading), items, path };
  }

  private importItem(): ImportItem {
    const start = this.here();
    const name = this.nameAnywhere("the name of a transform");
    let alias: Name | undefined;
    if (this.atWord("as") && !this.scanner.newlineBefore) {
      this.next();
      alias = this.name("a name");
    }
    return { kind: "import-item", span: this.spanFrom(start), name, alias };
  }

  private param(): ParamStatement {
    const leading = this.leadingDoc();
    const start = this.here();
    this.next();
    const name = this.name("the name of a param");
    const type = this.typeAfterColon();
    const value = this.optionalValue();
    const span = this.spanFrom(start);
    return { kind: "param", span, doc: this.withTrailingDoc(leading), name, type, value };
  }

  private input(): InputStatement {
    const leading = this.leadingDoc();
    const start = this.here();
    this.next();
    const name = this.name("the name of an input");
    const value = this.valueAfterEquals();
    return { kind: "input", span: this.spanFrom(start), doc: this.withTrailingDoc(leading), name, value };
  }

  private table(): TableStatement {
    const leading = this.leadingDoc();
    const start = this.here();
    this.next();
    const name = this.name("the name of a table");
    const source = this.valueAfterEquals();
    let doc = leading;
    let columns: readonly ColumnSyntax[] | undefined;
    if (this.opens()) {
      const block = this.block(() => this.column());
      columns = block.items;
      doc = joinDocs(doc, block.doc);
    }
    return {
      kind: "table",
      span: this.spanFrom(start),
      doc: this.withTrailingDoc(doc),
      name,
      source,
      columns,
    };
  }

  private column(): ColumnSyntax {
    const leading = this.leadingDoc();
    const start = this.here();
    const name = this.nameAnywhere("the name of a column");
    const type = this.typeAfterColon();
    let header: StringTemplate | undefined;
    if (this.at("=")) {
      this.next();
      header = this.stringOrMissing("the column's header in the file, a string");
    }
    return {
      kind: "column",
      span: this.spanFrom(start),
      doc: this.withTrailingDoc(leading),
      name,
      type,
      header,
    };
  }

  private target(): TargetStatement {
    const leading = this.leadingDoc();
    const start = this.here();
    this.next();
    const targets: Expression[] = [this.expression()];
    while (this.at(",") && !this.scanner.newlineBefore) {
      this.next();
      if (this.scanner.newlineBefore && (!this.at("name") || this.startsDeclaration())) break;
      if (this.at("end")) break;
      targets.push(this.expression());
    }
    return { kind: "target", span: this.spanFrom(start), doc: this.withTrailingDoc(leading), targets };
  }

  private publish(): PublishStatement {
    const leading = this.leadingDoc();
    const start = this.here();
    this.next();
    const value = this.expression();
    let folder: Expression;
    if (this.atWord("to") && !this.scanner.newlineBefore) {
      this.next();
      folder = this.expression();
    } else {
      this.reportExpected('"to"');
      folder = { kind: "broken", span: this.gap() };
    }
    return { kind: "publish", span: this.spanFrom(start), doc: this.withTrailingDoc(leading), value, folder };
  }

  // -------------------------------------------------------------- statements of blocks

  /** `let`, `check`, `node`, `for` or `if`, which the caller has seen. */
  private blockStatement(): BlockStatement {
    switch (this.kind) {
      case "let":
        return this.let();
      case "node":
        return this.node();
      case "for":
        return this.for();
      case "if":
        return this.if(this.leadingDoc());
      default:
        return this.check();
    }
  }

  private let(): LetStatement {
    const leading = this.leadingDoc();
    const start = this.here();
    this.next();
    const name = this.name("the name of a value");
    const value = this.valueAfterEquals();
    return { kind: "let", span: this.spanFrom(start), doc: this.withTrailingDoc(leading), name, value };
  }

  private check(): CheckStatement {
    const leading = this.leadingDoc();
    const start = this.here();
    this.next();
    const condition = this.expression();
    let message: Expression | undefined;
    if (this.at(",") && !this.scanner.newlineBefore) {
      this.next();
      message = this.expression();
    }
    const span = this.spanFrom(start);
    return { kind: "check", span, doc: this.withTrailingDoc(leading), condition, message };
  }

  private node(): NodeStatement {
    let doc = this.leadingDoc();
    const start = this.here();
    this.next();
    const name = this.name("the name of a node");
    const keys: Expression[] = [];
    if (this.at("[") && !this.scanner.newlineBefore) {
      for (const key of this.bracketed("]", () => this.expression())) keys.push(key);
    }
    let transform: Name;
    if (this.expect("=")) transform = this.name("the name of a transform");
    else if (this.at("name") && !this.scanner.newlineBefore) transform = this.name("the name of a transform");
    else transform = this.missingName();
    let arguments_: readonly NodeArgument[] = [];
    if (this.opens()) {
      const block = this.block(() => this.nodeArgument());
      arguments_ = block.items;
      doc = joinDocs(doc, block.doc);
    } else {
      this.reportExpected('"{"');
      if (this.continuesIndented(() => this.at("name") && this.nextOnLine() === ":")) {
        arguments_ = this.items(() => this.nodeArgument());
      }
    }
    let resources: ResourcesClause | undefined;
    let retry: RetryClause | undefined;
    for (;;) {
      if (this.atWord("resources") && this.nextOnLine() === "{") {
        if (resources !== undefined) this.report(syntax, this.tokenSpan(), 'given twice: "resources"');
        resources = this.resources();
      } else if (this.atWord("retry") && this.nextOnLine() === "{") {
        if (retry !== undefined) this.report(syntax, this.tokenSpan(), 'given twice: "retry"');
        retry = this.retry();
      } else {
        break;
      }
    }
    return {
      kind: "node",
      span: this.spanFrom(start),
      doc: this.withTrailingDoc(doc),
      name,
      keys,
      transform,
      arguments: arguments_,
      resources,
      retry,
    };
  }

  private nodeArgument(): NodeArgument {
    const start = this.here();
    const name = this.nameAnywhere("the name of an argument");
    if (this.at(":")) {
      this.next();
      const value = this.expression();
      return { kind: "node-argument", span: this.spanFrom(start), name, value, shorthand: false };
    }
    const value: Expression =
      name.text === ""
        ? { kind: "broken", span: name.span }
        : { kind: "reference", span: name.span, name: name.text };
    return { kind: "node-argument", span: this.spanFrom(start), name, value, shorthand: true };
  }

  private for(): ForStatement {
    const leading = this.leadingDoc();
    const start = this.here();
    this.next();
    const names = this.loopNames();
    let source: Expression;
    if (this.at("in") && !this.scanner.newlineBefore) {
      this.next();
      source = this.expression();
    } else {
      this.reportExpected('"in"');
      source = { kind: "broken", span: this.gap() };
    }
    const { items: body, doc } = this.statements();
    const span = this.spanFrom(start);
    return { kind: "for", span, doc: this.withTrailingDoc(joinDocs(leading, doc)), names, source, body };
  }

  private if(leading: string | undefined): IfStatement {
    const start = this.here();
    this.next();
    const condition = this.expression();
    const { items: then, doc } = this.statements();
    let otherwise: readonly BlockStatement[] | undefined;
    if (this.at("else")) {
      this.next();
      if (this.at("if") && !this.scanner.newlineBefore) otherwise = this.elseIf();
      else otherwise = this.statements().items;
    }
    const span = this.spanFrom(start);
    const whole = this.withTrailingDoc(joinDocs(leading, doc));
    return { kind: "if", span, doc: whole, condition, then, otherwise };
  }

  private elseIf(): BlockStatement[] {
    if (this.depth >= NESTING_LIMIT) {
      this.reportNesting(this.here());
      while (this.at("if") || this.at("else")) {
        while (!this.at("{") && !this.at("end") && !this.startsDeclarationOnNewLine()) this.next();
        this.skipBlock();
        if (!this.skip("else")) break;
      }
      return [];
    }
    this.depth++;
    const statement = this.if(undefined);
    this.depth--;
    return [statement];
  }

  /** The block of a `for` or `if`. */
  private statements(): { items: BlockStatement[]; doc: string | undefined } {
    const items: BlockStatement[] = [];
    if (this.depth >= NESTING_LIMIT) {
      this.reportNesting(this.here());
      this.skipBlock();
      return { items, doc: undefined };
    }
    this.depth++;
    const doc = this.statementsInto(items);
    this.depth--;
    return { items, doc };
  }

  private statementsInto(items: BlockStatement[]): string | undefined {
    let doc: string | undefined;
    if (this.opens()) {
      this.next();
      doc = this.withTrailingDoc(undefined);
    } else {
      this.reportExpected('"{"');
      if (!this.continuesIndented(() => this.startsBlockStatement())) return undefined;
    }
    /** Once the block is known to close, statements at the first column are simply not indented. */
    let closes = false;
    while (!this.at("}") && !this.at("end")) {
      const { scanner } = this;
      if (scanner.newlineBefore && !closes && scanner.isAtFirstColumn() && this.startsDeclaration()) {
        closes = this.startsBlockStatement() && this.blockClosesBelow();
        if (!closes) break;
      }
      if (this.startsBlockStatement()) {
        items.push(this.blockStatement());
        this.endItem();
      } else if (this.startsDeclaration()) {
        const word = scanner.word();
        this.report(syntax, this.tokenSpan(), `stands only at the top level of a file: "${word}"`);
        this.topLevelStatement();
        this.endItem();
      } else {
        this.reportUnexpected('"let", "check", "node", "for" or "if"');
        this.skipItem();
        this.skip(",");
      }
    }
    this.expect("}");
    return doc;
  }

  private startsBlockStatement(): boolean {
    const { kind } = this;
    if (kind === "let" || kind === "node" || kind === "for" || kind === "if") return true;
    return this.atWord("check") && (this.startsDeclaration() || this.nextOnLine() === "end");
  }

  // -------------------------------------------------------------- blocks

  /** An opening brace, on this line or alone on the next. */
  private opens(): boolean {
    return this.at("{");
  }

  /** Behind a forgotten brace: an indented line that could be the first of the block. */
  private continuesIndented(fits: () => boolean): boolean {
    return this.scanner.newlineBefore && !this.scanner.isAtFirstColumn() && fits();
  }

  /** Items between braces; the opening one is the current token. */
  protected block<Item>(item: () => Item): { items: Item[]; doc: string | undefined } {
    this.next();
    const doc = this.withTrailingDoc(undefined);
    return { items: this.items(item), doc };
  }

  /** Items up to the closing brace, separated by newlines or commas (rule 2). */
  private items<Item>(item: () => Item): Item[] {
    const items: Item[] = [];
    while (!this.at("}") && !this.at("end") && !this.startsDeclarationOnNewLine()) {
      if (this.startsClauseOnNewLine()) break;
      if (this.scanner.isWord()) {
        items.push(item());
        this.endItem();
      } else {
        this.reportExpected('an item or "}"');
        this.skipItem();
        this.skip(",");
      }
    }
    this.expect("}");
    return items;
  }

  /** A line that belongs to what is around a block of items: the block's brace was forgotten. */
  private startsClauseOnNewLine(): boolean {
    if (!this.scanner.newlineBefore) return false;
    const isClause = this.atWord("resources") || this.atWord("retry") || this.atWord("env");
    if (isClause && this.nextOnLine() === "{") return true;
    if (!this.inTransform || !this.startsTransformItem()) return false;
    const next = this.nextOnLine();
    return next === "name" || next === "string";
  }

  /** A comma, a newline or the closing brace behind an item. */
  private endItem(): void {
    if (this.skip(",")) return;
    if (this.at("}") || this.at("end") || this.scanner.newlineBefore) return;
    this.reportExpected("a comma or a new line");
    this.skipItem();
    this.skip(",");
  }

  /** Skips a block that is nested too deeply, up to its closing brace or the next declaration outside. */
  private skipBlock(): void {
    let open = 0;
    for (; !this.at("end"); this.next()) {
      if (this.at("{")) open++;
      else if (this.at("}")) {
        if (open === 0) return;
        if (--open === 0) {
          this.next();
          return;
        }
      } else if (this.scanner.isAtFirstColumn() && this.startsDeclaration()) {
        return;
      }
    }
  }

  // -------------------------------------------------------------- small parts

  private typeAfterColon() {
    if (this.expect(":")) return this.type();
    return { kind: "broken-type", span: this.gap() } as const;
  }

  private optionalValue(): Expression | undefined {
    if (!this.at("=")) return undefined;
    this.next();
    return this.expression();
  }

  private valueAfterEquals(): Expression {
    if (this.at("=")) {
      this.next();
      return this.expression();
    }
    this.reportExpected('"="');
    // `let x 5`: only the sign is missing.
    if (this.scanner.newlineBefore || this.at("{") || this.at("}") || this.at(",")) {
      return { kind: "broken", span: this.gap() };
    }
    if (this.at(":") || this.at("end")) return { kind: "broken", span: this.gap() };
    return this.expression();
  }

  private missingString(): StringTemplate {
    return { kind: "string", span: this.gap(), parts: [] };
  }

  private stringOrMissing(what: string): StringTemplate {
    if (this.at("string") && !this.scanner.newlineBefore) return this.string();
    this.reportExpected(what);
    return this.missingString();
  }

  private entry(): Entry {
    const start = this.here();
    const name = this.nameAnywhere("a name");
    const value = this.valueAfterColon();
    return { kind: "entry", span: this.spanFrom(start), name, value };
  }

  private valueAfterColon(): Expression {
    if (this.expect(":")) return this.expression();
    return { kind: "broken", span: this.gap() };
  }

  // -------------------------------------------------------------- transforms

  private transform(): TransformStatement {
    let doc = this.leadingDoc();
    const start = this.here();
    this.next();
    const name = this.name("the name of a transform");
    const items: TransformItem[] = [];
    if (this.opens()) {
      this.next();
      doc = joinDocs(doc, this.withTrailingDoc(undefined));
      this.transformItems(items);
    } else {
      this.reportExpected('"{"');
      if (this.continuesIndented(() => this.startsTransformItem())) this.transformItems(items);
    }
    return { kind: "transform", span: this.spanFrom(start), doc: this.withTrailingDoc(doc), name, items };
  }

  private transformItems(items: TransformItem[]): void {
    this.inTransform = true;
    this.transformItemsInto(items);
    this.inTransform = false;
  }

  private transformItemsInto(items: TransformItem[]): void {
    let closes = false;
    while (!this.at("}") && !this.at("end")) {
      const { scanner } = this;
      if (scanner.newlineBefore && !closes && scanner.isAtFirstColumn() && this.startsDeclaration()) {
        // `param` may belong to the transform or, when its brace was forgotten, to the file.
        closes = this.atWord("param") && this.blockClosesBelow();
        if (!closes) break;
      }
      if (this.startsTransformItem()) {
        items.push(this.transformItem());
        this.endItem();
      } else if (scanner.newlineBefore && this.startsDeclaration()) {
        closes ||= this.blockClosesBelow();
        if (!closes) break;
        const word = scanner.word();
        this.report(syntax, this.tokenSpan(), `cannot stand in a transform: "${word}"`);
        this.topLevelStatement();
        this.endItem();
      } else {
        const word = scanner.word();
        const suggestion = this.at("name") ? mostSimilar(word, ITEM_WORDS) : undefined;
        this.reportUnexpected("a part of a transform", suggestion);
        this.skipItem();
        this.skip(",");
      }
    }
    this.expect("}");
  }

  private startsTransformItem(): boolean {
    if (this.at("in")) return true;
    return this.at("name") && ITEM_WORDS.includes(this.scanner.word());
  }

  private transformItem(): TransformItem {
    if (this.at("in")) return this.in();
    switch (this.scanner.word()) {
      case "image":
        return this.image();
      case "tools":
        return this.tools();
      case "param":
        return this.param();
      case "out":
        return this.out();
      case "resources":
        return this.resources();
      case "retry":
        return this.retry();
      case "env":
        return this.env();
      case "network":
        return this.network();
      case "user":
        return this.user();
      default:
        return this.run();
    }
  }

  private image(): ImageClause {
    const start = this.here();
    this.next();
    const reference = this.stringOrMissing("the image, a string");
    return { kind: "image", span: this.spanFrom(start), reference };
  }

  private tools(): ToolsClause {
    const start = this.here();
    this.next();
    const tools: ToolSyntax[] = [];
    if (this.scanner.newlineBefore) {
      this.reportExpected("the name of a program");
      return { kind: "tools", span: this.spanFrom(start), tools };
    }
    tools.push(this.tool());
    while (this.at(",") && !this.scanner.newlineBefore) {
      this.next();
      if (this.at("}") || this.at("end")) break;
      if (this.scanner.newlineBefore && (this.startsTransformItem() || this.startsDeclaration())) break;
      tools.push(this.tool());
    }
    return { kind: "tools", span: this.spanFrom(start), tools };
  }

  private tool(): ToolSyntax {
    const start = this.here();
    const name = this.toolName();
    let also: Expression | undefined;
    if (this.opens() && !this.scanner.newlineBefore) {
      const { items } = this.block(() => this.entry());
      for (const entry of items) {
        if (entry.name.text === "also" && also === undefined) also = entry.value;
        else if (entry.name.text !== "") {
          this.report(syntax, entry.name.span, `a tool has only "also", once; found "${entry.name.text}"`);
        }
      }
    }
    return { kind: "tool", span: this.spanFrom(start), name, also };
  }

  /** Programs have names that no other name could be: `bowtie2-build`, `python3.11`, `g++`, `7z`. */
  private toolName(): Name {
    const { scanner, text } = this;
    const from = scanner.start;
    TOOL_NAME.lastIndex = from;
    const match = TOOL_NAME.exec(text);
    if (match === null || (scanner.kind !== "number" && !scanner.isWord())) {
      this.reportExpected("the name of a program");
      if (scanner.kind === "string" || scanner.kind === "unknown") this.next();
      return this.missingName();
    }
    scanner.jump(from + match[0].length);
    this.next();
    return { kind: "name", span: this.spanFrom(from - this.base), text: match[0] };
  }

  private in(): InClause {
    const leading = this.leadingDoc();
    const start = this.here();
    this.next();
    const name = this.name("the name of an in");
    const type = this.typeAfterColon();
    let stagedAs: StringTemplate | undefined;
    if (this.atWord("as") && !this.scanner.newlineBefore) {
      this.next();
      stagedAs = this.stringOrMissing("the staged name, a string");
    }
    const value = this.optionalValue();
    const span = this.spanFrom(start);
    return { kind: "in", span, doc: this.withTrailingDoc(leading), name, type, stagedAs, value };
  }

  private out(): OutClause {
    const leading = this.leadingDoc();
    const start = this.here();
    this.next();
    const name = this.name("the name of an out");
    const type = this.typeAfterColon();
    const value = this.valueAfterEquals();
    return { kind: "out", span: this.spanFrom(start), doc: this.withTrailingDoc(leading), name, type, value };
  }

  private resources(): ResourcesClause {
    const start = this.here();
    this.next();
    const entries = this.blockOrMissing(() => this.entry());
    return { kind: "resources", span: this.spanFrom(start), entries };
  }

  private retry(): RetryClause {
    const start = this.here();
    this.next();
    const entries = this.blockOrMissing(() => this.retryEntry());
    return { kind: "retry", span: this.spanFrom(start), entries };
  }

  private env(): EnvClause {
    const start = this.here();
    this.next();
    const entries = this.blockOrMissing(() => this.entry());
    return { kind: "env", span: this.spanFrom(start), entries };
  }

  private blockOrMissing<Item>(item: () => Item): Item[] {
    if (this.opens()) return this.block(item).items;
    this.reportExpected('"{"');
    return [];
  }

  private retryEntry(): RetryEntry {
    const start = this.here();
    const name = this.nameAnywhere("a name");
    if (!this.expect(":")) {
      return {
        kind: "retry-entry",
        span: this.spanFrom(start),
        name,
        value: { kind: "broken", span: this.gap() },
      };
    }
    const value = this.factor() ?? this.expression();
    return { kind: "retry-entry", span: this.spanFrom(start), name, value };
  }

  /** `x2`, `x1.5`: only here, since elsewhere it is a name. */
  private factor(): FactorSyntax | undefined {
    const { scanner } = this;
    FACTOR.lastIndex = scanner.start;
    const match = scanner.kind === "name" ? FACTOR.exec(this.text) : null;
    if (match === null) return undefined;
    const start = this.here();
    scanner.jump(scanner.start + match[0].length);
    this.next();
    return { kind: "factor", span: this.spanFrom(start), text: match[0] };
  }

  private network(): NetworkClause {
    const start = this.here();
    this.next();
    const allowed = this.atWord("yes") && !this.scanner.newlineBefore;
    if (allowed || (this.atWord("no") && !this.scanner.newlineBefore)) this.next();
    else this.reportExpected('"yes" or "no"');
    return { kind: "network", span: this.spanFrom(start), allowed };
  }

  private user(): UserClause {
    const start = this.here();
    this.next();
    if (this.atWord("image") && !this.scanner.newlineBefore) this.next();
    else this.reportExpected('"image"');
    return { kind: "user", span: this.spanFrom(start) };
  }

  private run(): RunClause {
    const { scanner, base } = this;
    const start = this.here();
    this.next();
    let interpreter = "";
    let interpreterSpan = this.gap();
    let quoted = false;
    if (scanner.kind === "string" && !scanner.newlineBefore) {
      const written = this.string();
      quoted = true;
      interpreterSpan = written.span;
      for (const part of written.parts) {
        if (part.kind === "text") interpreter += part.value;
        else this.report(syntax, part.span, "an interpreter is a plain string, without interpolation");
      }
    } else if (this.atWord("node") && !scanner.newlineBefore) {
      // The only reserved word that is an interpreter too.
      interpreter = "node";
      interpreterSpan = this.tokenSpan();
      this.next();
    } else if (scanner.kind !== "fence") {
      const name = this.name('"bash", "sh", "python", "r", "node" or a quoted interpreter');
      interpreter = name.text;
      interpreterSpan = name.span;
    } else {
      this.reportExpected('"bash", "sh", "python", "r", "node" or a quoted interpreter');
    }
    const { fence } = scanner;
    if (scanner.kind !== "fence" || fence === undefined || scanner.newlineBefore) {
      this.reportExpected("a script between fences of three back-ticks");
      const scriptSpan = this.gap();
      const span = this.spanFrom(start);
      return {
        kind: "run",
        span,
        interpreter,
        interpreterSpan,
        quoted,
        script: "",
        scriptSpan,
        indentation: 0,
      };
    }
    const opener = { start: scanner.start - base, end: scanner.start - base + fence.ticks };
    if (!fence.closed) this.report(unclosedScript, opener, "a script has no closing fence");
    if (fence.trailingText) {
      this.report(
        syntax,
        { start: opener.end, end: fence.contentStart - 1 - base },
        "a script begins on the line below its fence",
      );
    }
    const { script, indentation } = dedent(this.text.slice(fence.contentStart, fence.contentEnd));
    const scriptSpan = { start: fence.contentStart - base, end: fence.contentEnd - base };
    this.next();
    const span = this.spanFrom(start);
    return { kind: "run", span, interpreter, interpreterSpan, quoted, script, scriptSpan, indentation };
  }
}

const TOOL_NAME = /[A-Za-z0-9_][A-Za-z0-9_.+-]*/y;
const FACTOR = /x\d+(?:\.\d+)?(?!\w)/y;

function joinDocs(first: string | undefined, second: string | undefined): string | undefined {
  if (first === undefined) return second;
  return second === undefined ? first : `${first}\n${second}`;
}

/**
 * Removes the indentation that all lines with text share (rule 3), and turns CRLF into LF (engine-rules A5).
 * Lines of blanks alone lose as much as they have of it.
 */
export function dedent(content: string): { script: string; indentation: number } {
  if (content === "") return { script: "", indentation: 0 };
  const lines = content.replace(/\r\n/g, "\n").split("\n");
  if (lines.at(-1)?.trim() === "") lines.pop();
  let common: string | undefined;
  for (const line of lines) {
    const indent = /^[ \t]*/.exec(line)?.[0] ?? "";
    if (indent.length === line.length) continue;
    common = common === undefined ? indent : sharedPrefix(common, indent);
    if (common === "") break;
  }
  const indentation = common?.length ?? 0;
  let script = "";
  for (const line of lines) script += `${line.slice(Math.min(indentation, line.length))}\n`;
  return { script, indentation };
}

function sharedPrefix(a: string, b: string): string {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return a.slice(0, at);
}
