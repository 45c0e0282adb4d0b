import { cycle } from "./checks/cycle.js";
import { duplicateName } from "./checks/duplicate-name.js";
import { checkUnused } from "./checks/unused-name.js";
import type { FileNames, Recorder } from "./infer.js";
import { type Problem, problem, type RelatedPlace, type Rule } from "./problems.js";
import type { TransformSymbol } from "./program.js";
import { type DeclaredName, type FileName, outlineOf } from "./scope.js";
import { sameSignature, signatureOf } from "./signature.js";
import { mostSimilar } from "./similar.js";
import { conditionalNodes } from "./single-nodes.js";
import type { Declaration, NodeStatement, SourceFile, Span, Statement } from "./syntax.js";
import { checkDeclaration, headerOf } from "./typecheck.js";
import { commonMembers, sameType, type Type, UNKNOWN } from "./types.js";

/** An answer together with everything that it rests on, so that it can be kept while that stays the same. */
interface Kept<T> {
  readonly value: T;
  /** The names asked for, and what they stood for. */
  readonly reads: ReadonlyMap<string, FileName | undefined>;
  /** The names that were used, rather than looked at. */
  readonly uses: ReadonlySet<string>;
  /** A "did you mean" rests on every name there is. */
  readonly readsAll: boolean;
}

interface CheckedDeclaration {
  readonly problems: readonly Problem[];
  readonly type: Type | undefined;
}

type Headers = ReadonlyMap<NodeStatement, readonly Type[]>;

/** The check of one file. */
export interface ModuleCheck {
  readonly path: string;
  readonly file: SourceFile;
  /** What every name of the file stands for. */
  fileName(name: string): FileName | undefined;
  /** Where a name is declared, in the order of the text; a family may have several places. */
  declarationsOf(name: string): readonly DeclaredName[];
  /** The names of the file that a statement declares, in the order of its text. */
  declarationsInside(statement: Statement): readonly DeclaredName[];
  /** The declaration with this statement. */
  declarationWith(statement: Statement): Declaration | undefined;
  /** Problems inside a declaration. */
  problemsOf(declaration: Declaration): readonly Problem[];
  /** Problems between declarations, by the statement that they are shown at. */
  readonly fileProblems: ReadonlyMap<Statement, readonly Problem[]>;
  /** The names of the file that a declaration uses. */
  usesOf(declaration: Declaration): ReadonlySet<string>;
  /** Checks a declaration once more and tells what each name in it stands for. */
  resolve(declaration: Declaration, recorder: Recorder): void;
}

/**
 * Checks a file. Cost with a `previous` check: a pass over the declared names and over what each declaration asked
 * for, and a check of those whose text, or whose answers, are no longer the same.
 */
export function checkModule(
  path: string,
  file: SourceFile,
  transforms: ReadonlyMap<string, TransformSymbol | undefined>,
  previous: ModuleCheck | undefined,
): ModuleCheck {
  const check = new Check(path, file, transforms, previous instanceof Check ? previous : undefined);
  check.run();
  return check;
}

class Check implements ModuleCheck {
  readonly fileProblems = new Map<Statement, Problem[]>();
  readonly #declared = new Map<string, readonly DeclaredName[]>();
  /** Names whose types are being found out at this moment. */
  readonly #sought = new Set<string>();
  readonly #similar = new Map<string, string | undefined>();
  #places: ReadonlyMap<Statement, Declaration> | undefined;
  readonly #names = new Map<string, FileName | undefined>();
  readonly #checks = new Map<Statement, Kept<CheckedDeclaration>>();
  readonly #headers = new Map<Statement, Kept<Headers>>();
  /** Names that rest on themselves: what they stand for is unknown. */
  readonly #cyclic = new Set<string>();
  #conditional: ReadonlySet<string> = new Set();
  /** Dropped when the check is done, or every version of a file would hold the one before it. */
  #previous: Check | undefined;
  #hasSameNames = false;
  #unsureWords: ReadonlySet<string> | undefined;

  constructor(
    readonly path: string,
    readonly file: SourceFile,
    readonly transforms: ReadonlyMap<string, TransformSymbol | undefined>,
    previous: Check | undefined,
  ) {
    this.#previous = previous;
  }

  run(): void {
    this.#declare();
    const previous = this.#previous;
    this.#hasSameNames = previous !== undefined && sameNames(previous.#declared, this.#declared);
    // In an order in which each name comes after those it rests on, so that no chain of them is too long.
    for (const name of this.#order()) this.fileName(name);
    for (const declaration of this.file.declarations) this.#checked(declaration.statement, declaration);
    this.#duplicates();
    this.#unused();
    this.#previous = undefined;
  }

  declarationsOf(name: string): readonly DeclaredName[] {
    return this.#declared.get(name) ?? [];
  }

  declarationsInside(statement: Statement): readonly DeclaredName[] {
    return outlineOf(statement).declares;
  }

  declarationWith(statement: Statement): Declaration | undefined {
    this.#places ??= new Map(
      this.file.declarations.map((declaration) => [declaration.statement, declaration]),
    );
    return this.#places.get(statement);
  }

  problemsOf(declaration: Declaration): readonly Problem[] {
    return this.#checks.get(declaration.statement)?.value.problems ?? [];
  }

  usesOf(declaration: Declaration): ReadonlySet<string> {
    return this.#checks.get(declaration.statement)?.uses ?? new Set();
  }

  resolve(declaration: Declaration, recorder: Recorder): void {
    checkDeclaration(declaration, this.#textOf(declaration), new Questions(this), recorder);
  }

  // -------------------------------------------------------------- names

  #declare(): void {
    for (const { statement } of this.file.declarations)
      for (const [name, places] of outlineOf(statement).byName) {
        const earlier = this.#declared.get(name);
        this.#declared.set(name, earlier === undefined ? places : [...earlier, ...places]);
      }
    this.#conditional = conditionalNodes(this.file.declarations, this.#declared);
  }

  fileName(name: string): FileName | undefined {
    const known = this.#names.get(name);
    if (known !== undefined || this.#names.has(name)) return known;
    const found = this.#work(name);
    // The object of before, if it says the same: whoever rests on it then sees at once that it is the same.
    const old = this.#previous === undefined ? undefined : this.#previous.#names.get(name);
    const kept = sameFileName(old, found) ? old : found;
    this.#names.set(name, kept);
    return kept;
  }

  /** Found once for each name that nothing declares, however often it stands in the file. */
  similar(name: string, among: "all" | "transforms"): string | undefined {
    const question = `${among} ${name}`;
    if (!this.#similar.has(question)) {
      const names =
        among === "all"
          ? this.#declared.keys()
          : [...this.#declared].flatMap(([known, [first]]) =>
              first?.kind === "transform" || first?.kind === "import" ? [known] : [],
            );
      this.#similar.set(question, mostSimilar(name, names));
    }
    return this.#similar.get(question);
  }

  #work(name: string): FileName | undefined {
    const places = this.#declared.get(name);
    const first = places?.[0];
    if (places === undefined || first === undefined)
      return this.#isUnsure(name)
        ? { kind: "unsure", type: UNKNOWN, signature: undefined, conditional: false }
        : undefined;
    const { kind } = first;
    if (kind === "transform" || kind === "import") {
      const symbol = this.transforms.get(name);
      return {
        kind,
        type: UNKNOWN,
        signature: symbol === undefined ? undefined : signatureOf(symbol.statement),
        conditional: false,
      };
    }
    if (kind === "node")
      return {
        kind,
        type: this.#family(name, places),
        signature: undefined,
        conditional: this.#conditional.has(name),
      };
    // A local name may be that of the declaration it stands in: whether it is taken is asked while its type is sought.
    if (this.#cyclic.has(name) || this.#sought.has(name))
      return { kind, type: UNKNOWN, signature: undefined, conditional: false };
    this.#sought.add(name);
    const { type } = this.#checked(first.statement);
    this.#sought.delete(name);
    return { kind, type: type ?? UNKNOWN, signature: undefined, conditional: false };
  }

  /** The type of a node or family from all the places that declare it (rule 9). */
  #family(name: string, places: readonly DeclaredName[]): Type {
    let members: ReadonlyMap<string, Type> | undefined;
    for (const { node } of places) {
      if (node === undefined || node.transform.text === "") continue;
      const signature = this.fileName(node.transform.text)?.signature;
      // Its members cannot be known, so none may be called wrong.
      if (signature === undefined) return UNKNOWN;
      members = members === undefined ? signature.members : commonMembers(members, signature.members);
    }
    if (members === undefined) return UNKNOWN;
    const first = places.find(({ node }) => node !== undefined);
    if (first?.node === undefined) return UNKNOWN;
    if (first.node.keys.length === 0) return { kind: "node", members };
    // A key of a node beside it that has no name yet may ask for the family itself, and no circle of names tells.
    if (this.#cyclic.has(name) || this.#sought.has(name))
      return { kind: "family", keys: first.node.keys.map(() => UNKNOWN), members };
    this.#sought.add(name);
    const keys = this.#header(first.statement).get(first.node) ?? [];
    this.#sought.delete(name);
    return { kind: "family", keys, members };
  }

  /** A declaration that could not be parsed may declare any of the words in it: none of them is called unknown. */
  #isUnsure(name: string): boolean {
    if (this.#unsureWords === undefined) {
      const words = new Set<string>();
      for (const declaration of this.file.declarations)
        if (declaration.statement.kind === "unparsed")
          for (const [word] of this.#textOf(declaration).matchAll(/[\p{L}_][\p{L}\p{N}_]*/gu))
            words.add(word);
      this.#unsureWords = words;
    }
    return this.#unsureWords.has(name);
  }

  #textOf(declaration: Declaration): string {
    return this.file.text.slice(declaration.offset, declaration.offset + declaration.length);
  }

  // -------------------------------------------------------------- kept answers

  #checked(statement: Statement, place?: Declaration): CheckedDeclaration {
    const known = this.#checks.get(statement);
    if (known !== undefined) return known.value;
    const old = this.#previous === undefined ? undefined : this.#previous.#checks.get(statement);
    if (old !== undefined && this.#holds(old)) {
      this.#checks.set(statement, old);
      return old.value;
    }
    const declaration = place ?? this.declarationWith(statement);
    if (declaration === undefined) throw new Error("a statement that is checked stands in the file");
    const questions = new Questions(this);
    const value = checkDeclaration(declaration, this.#textOf(declaration), questions);
    this.#checks.set(statement, questions.keep(value));
    return value;
  }

  #header(statement: Statement): Headers {
    const known = this.#headers.get(statement);
    if (known !== undefined) return known.value;
    const old = this.#previous === undefined ? undefined : this.#previous.#headers.get(statement);
    if (old !== undefined && this.#holds(old)) {
      this.#headers.set(statement, old);
      return old.value;
    }
    const questions = new Questions(this);
    const value = headerOf(outlineOf(statement).declares, questions);
    this.#headers.set(statement, questions.keep(value));
    return value;
  }

  /** Whether everything that an answer rests on still is as it was. */
  #holds(kept: Kept<unknown>): boolean {
    if (kept.readsAll && !this.#hasSameNames) return false;
    for (const [name, before] of kept.reads) if (!sameFileName(before, this.fileName(name))) return false;
    return true;
  }

  // -------------------------------------------------------------- between declarations

  #report(at: Statement, rule: Rule, span: Span, message: string, related?: readonly RelatedPlace[]): void {
    const one = problem(rule, span, message);
    const all = this.fileProblems.get(at);
    const whole = related === undefined ? one : { ...one, related };
    if (all === undefined) this.fileProblems.set(at, [whole]);
    else all.push(whole);
  }

  #placeOf({ statement, name }: DeclaredName, message: string): RelatedPlace {
    const start = (this.declarationWith(statement)?.offset ?? 0) + name.span.start;
    return { path: this.path, span: { start, end: start + name.text.length }, message };
  }

  /**
   * All names, each after those it rests on (Tarjan's strongly connected components, without recursion). Names that
   * rest on themselves are reported once a circle, at the place that comes first.
   */
  #order(): readonly string[] {
    const order: string[] = [];
    const index = new Map<string, number>();
    const low = new Map<string, number>();
    const open = new Set<string>();
    const component: string[] = [];
    const circles: string[][] = [];
    for (const [root, places] of this.#declared) {
      if (index.has(root)) continue;
      // Most names rest on nothing: they need no walk.
      if (places.every(({ statement }) => outlineOf(statement).restsOn.get(root)?.length === 0)) {
        order.push(root);
        continue;
      }
      const path: { readonly name: string; readonly rests: Iterator<string> }[] = [];
      const enter = (name: string): void => {
        index.set(name, index.size);
        low.set(name, index.size - 1);
        open.add(name);
        component.push(name);
        path.push({ name, rests: this.#restsOn(name) });
      };
      enter(root);
      for (let top = path[path.length - 1]; top !== undefined; top = path[path.length - 1]) {
        const { name, rests } = top;
        const next = rests.next();
        const current = low.get(name) ?? 0;
        if (next.done !== true) {
          const other = next.value;
          if (!this.#declared.has(other)) continue;
          if (!index.has(other)) enter(other);
          else if (open.has(other)) low.set(name, Math.min(current, index.get(other) ?? current));
          continue;
        }
        path.pop();
        const above = path[path.length - 1];
        if (above !== undefined) low.set(above.name, Math.min(low.get(above.name) ?? 0, current));
        if (current !== index.get(name)) continue;
        const members = component.splice(component.lastIndexOf(name));
        for (const member of members) {
          open.delete(member);
          order.push(member);
        }
        if (members.length > 1 || [...this.#restsOnAll(name)].includes(name)) circles.push(members);
      }
    }
    for (const members of circles) this.#circle(members);
    return order;
  }

  *#restsOnAll(name: string): Generator<string> {
    for (const { statement } of this.declarationsOf(name)) {
      const names = outlineOf(statement).restsOn.get(name);
      if (names !== undefined) yield* names;
    }
  }

  #restsOn(name: string): Iterator<string> {
    return this.#restsOnAll(name);
  }

  #circle(members: readonly string[]): void {
    for (const member of members) this.#cyclic.add(member);
    const at = (place: DeclaredName): number =>
      (this.declarationWith(place.statement)?.offset ?? 0) + place.name.span.start;
    const places = members.flatMap((member) => this.declarationsOf(member)).sort((a, b) => at(a) - at(b));
    const [first, ...others] = places;
    if (first === undefined) return;
    const way = this.#wayAround(first.name.text, new Set(members));
    this.#report(
      first.statement,
      cycle,
      first.name.span,
      `this depends on itself: "${way.join(" → ")}"`,
      others.map((other) => this.#placeOf(other, "takes part")),
    );
  }

  /** A shortest way from a name back to itself: breadth first. */
  #wayAround(start: string, members: ReadonlySet<string>): readonly string[] {
    const cameFrom = new Map<string, string>();
    const waiting = [start];
    for (const name of waiting)
      for (const next of this.#restsOnAll(name)) {
        if (next === start) {
          const way = [start];
          for (let at: string | undefined = name; at !== undefined && at !== start; at = cameFrom.get(at))
            way.push(at);
          return [...way, start].reverse();
        }
        if (!members.has(next) || cameFrom.has(next)) continue;
        cameFrom.set(next, name);
        waiting.push(next);
      }
    return [start, start];
  }

  #duplicates(): void {
    for (const [name, places] of this.#declared) {
      if (places.length < 2) continue;
      const [first] = places;
      if (first === undefined) continue;
      for (const [at, place] of places.entries()) {
        const earlier = places.slice(0, at).find((other) => !canStandBeside(other, place));
        if (earlier !== undefined)
          this.#report(
            place.statement,
            duplicateName,
            place.name.span,
            `this name is declared already: "${name}"`,
            [this.#placeOf(earlier, "the first declaration")],
          );
      }
    }
    let pipeline: DeclaredName | undefined;
    for (const { statement } of this.file.declarations) {
      if (statement.kind !== "pipeline") continue;
      if (pipeline === undefined)
        pipeline = { statement, kind: "let", name: statement.name, node: undefined, blocks: [] };
      else
        this.#report(statement, duplicateName, statement.name.span, "a file has one pipeline at most", [
          this.#placeOf(pipeline, "the first pipeline"),
        ]);
    }
  }

  #unused(): void {
    const { declarations } = this.file;
    if (!declarations.some(({ statement }) => statement.kind === "pipeline")) return;
    // Text that could not be parsed may use anything.
    if (declarations.some(({ problems }) => problems.length > 0)) return;
    const used = new Set<string>();
    for (const declaration of declarations) for (const name of this.usesOf(declaration)) used.add(name);
    for (const [name, [first, second]] of this.#declared)
      if (first !== undefined && second === undefined && !used.has(name))
        checkUnused(first, (found) => this.#report(first.statement, found.rule, found.span, found.message));
  }
}

/** Whether two declarations of one name can both be: nodes with keys, or nodes in branches that exclude each other. */
function canStandBeside(a: DeclaredName, b: DeclaredName): boolean {
  if (a.node === undefined || b.node === undefined) return false;
  if (a.node.keys.length > 0 || b.node.keys.length > 0) return true;
  for (const [depth, block] of a.blocks.entries()) {
    const other = b.blocks[depth];
    if (other === undefined) return false;
    if (block.statement !== other.statement) return true;
    if (block.body !== other.body) return true;
  }
  return false;
}

/** Asks a check for names and remembers what it was told. */
class Questions implements FileNames {
  readonly #reads = new Map<string, FileName | undefined>();
  readonly #uses = new Set<string>();
  #readsAll = false;

  constructor(readonly check: Check) {}

  find(name: string, uses: boolean): FileName | undefined {
    if (uses) this.#uses.add(name);
    const found = this.check.fileName(name);
    this.#reads.set(name, found);
    return found;
  }

  similar(name: string, among: "all" | "transforms"): string | undefined {
    this.#readsAll = true;
    return this.check.similar(name, among);
  }

  keep<T>(value: T): Kept<T> {
    return { value, reads: this.#reads, uses: this.#uses, readsAll: this.#readsAll };
  }
}

function sameFileName(a: FileName | undefined, b: FileName | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  if (a.kind !== b.kind || a.conditional !== b.conditional || !sameType(a.type, b.type)) return false;
  if (a.signature === undefined || b.signature === undefined) return a.signature === b.signature;
  return sameSignature(a.signature, b.signature);
}

/** Whether the same names are declared, each as the same kind of thing. */
function sameNames(
  a: ReadonlyMap<string, readonly DeclaredName[]>,
  b: ReadonlyMap<string, readonly DeclaredName[]>,
): boolean {
  if (a.size !== b.size) return false;
  for (const [name, [first]] of a) if (b.get(name)?.[0]?.kind !== first?.kind) return false;
  return true;
}
