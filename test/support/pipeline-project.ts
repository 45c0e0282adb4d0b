import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { TestContext } from "node:test";
import { isRunId } from "../../server/base/brand.js";
import type { JournalLine } from "../../server/run/events.js";
import { type RunHooks, type RunResult, runPipeline } from "../../server/run/execute.js";
import { type OpenedPipeline, openPipeline } from "../../server/run/pipeline.js";
import { type Plan, type PlanJson, type PlanOptions, planJson, planPipeline } from "../../server/run/plan.js";
import type { RunOptions } from "../../server/run/runs.js";

/** A project in a temporary folder, removed after the test, with one pipeline file. */
export class PipelineProject {
  readonly folder: string;
  readonly file: string;
  /** Lines of the journal of the latest run. */
  events: JournalLine[] = [];

  constructor(context: TestContext, text: string) {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "reprod-"));
    this.file = path.join(this.folder, "test.reprod");
    // A root of its own, whatever lies above the temporary folder.
    fs.mkdirSync(path.join(this.folder, ".reprod"));
    this.write("test.reprod", text);
    context.after(() => fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 }));
  }

  path(...parts: readonly string[]): string {
    return path.join(this.folder, ...parts);
  }

  write(name: string, text: string): void {
    fs.writeFileSync(this.path(name), text);
  }

  read(name: string): string {
    return fs.readFileSync(this.path(name), "utf8");
  }

  /** Changes the pipeline's text; what is replaced must be there. */
  edit(from: string, to: string): void {
    const text = this.read("test.reprod");
    assert.ok(text.includes(from), `the pipeline has no ${from}`);
    this.write("test.reprod", text.replaceAll(from, to));
  }

  async open(set: RunOptions["set"] = []): Promise<OpenedPipeline> {
    const opened = await openPipeline(this.file, { set, directory: this.folder });
    const errors = opened.problems.filter(({ rule }) => rule.severity === "error");
    assert.deepEqual(
      errors.map(({ message }) => message),
      [],
    );
    return opened;
  }

  async plan(options: PlanOptions & { readonly set?: RunOptions["set"] } = {}): Promise<Plan> {
    return planPipeline(await this.open(options.set), options);
  }

  /** The plan as the command line prints it, by node name. */
  async planned(
    options: PlanOptions & { readonly set?: RunOptions["set"] } = {},
  ): Promise<ReadonlyMap<string, PlanJson["nodes"][number]>> {
    const json = await planJson(await this.plan(options));
    return new Map(json.nodes.map((node) => [node.name, node]));
  }

  /** `name: state` of each node of the plan, in order; with `*` for those that a run would deal with. */
  async states(options: PlanOptions & { readonly set?: RunOptions["set"] } = {}): Promise<string[]> {
    const plan = await this.plan(options);
    return plan.nodes.map(({ node, state, runs }) => `${node.name}: ${state.state}${runs ? " *" : ""}`);
  }

  async run(options: Partial<RunOptions> = {}, hooks: RunHooks = {}): Promise<RunResult> {
    const opened = await this.open(options.set);
    this.events = [];
    return runPipeline(opened, this.options(options), {
      ...hooks,
      onEvent: (line) => {
        this.events.push(line);
        hooks.onEvent?.(line);
      },
    });
  }

  options(options: Partial<RunOptions> = {}): RunOptions {
    return {
      set: [],
      directory: this.folder,
      container: undefined,
      targets: [],
      noCache: [],
      keepGoing: false,
      jobs: undefined,
      executor: "local",
      ...options,
    };
  }

  /** Nodes whose script ran in the latest run, in order of starting. */
  started(): string[] {
    return this.events.flatMap((line) => (line.event === "attempt-started" ? [line.node] : []));
  }

  /** How each node of the latest run was done. */
  done(): { [node: string]: string } {
    return Object.fromEntries(
      this.events.flatMap((line) => (line.event === "node-done" ? [[line.node, line.from]] : [])),
    );
  }

  runs(): string[] {
    return fs.readdirSync(this.path(".reprod", "runs")).filter(isRunId).sort();
  }

  /** Deletes what the store has of a node: its record and, as `reprod gc` would, the content entry. */
  async forget(name: string): Promise<void> {
    const opened = await this.open();
    const node = opened.graph.byName.get(name);
    assert.ok(node, `no node ${name}`);
    const ids = opened.identifier.ids(node);
    assert.ok("recipe" in ids);
    const record = await opened.store.readRecord(ids.recipe);
    assert.ok(record, `no record of ${name}`);
    const store = this.path(".reprod", "store");
    fs.rmSync(path.join(store, "results", record.recipeId.slice(0, 2), `${record.recipeId}.json`));
    fs.rmSync(path.join(store, "content", record.contentId.slice(0, 2), record.contentId), { force: true });
  }
}
