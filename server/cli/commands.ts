import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { readyPolicyNames } from "../cloud/policies/ready-names.js";
import { groupNames } from "../cloud/reconcile/resource.js";
import type { SetOption } from "../run/pipeline.js";
import type { CommandContext } from "./context.js";
import type { Terminal } from "./terminal.js";

interface CommandModule<Arguments extends unknown[]> {
  /** Resolves to the exit code. */
  run(context: CommandContext, ...args: Arguments): Promise<number>;
}

/**
 * Every command with its arguments and options: what `--help`, the completion scripts and `docs/cli.md` say. The
 * work of a command is in a file of its own, loaded when it is called, so that `reprod plan` never waits for what
 * only `reprod graph` needs. To add a command: its file, and its entry here.
 */
export function buildProgram(terminal: Terminal, version: string, ended: (code: number) => void): Command {
  const context: CommandContext = { terminal };
  /** The action of a command: loads its file and hands over what commander has parsed. */
  const load =
    <Arguments extends unknown[]>(module: () => Promise<CommandModule<Arguments>>) =>
    async (...args: [...Arguments, Command]): Promise<void> => {
      const { run } = await module();
      const [...own] = args;
      own.pop();
      ended(await run(context, ...(own as unknown as Arguments)));
    };

  const program = new Command("reprod")
    .description(
      "Reproducible data pipelines: checked as you type, never computed twice, provable to the last byte.",
    )
    .version(version, "-V, --version", "print the version")
    .option("-C, --directory <dir>", "work as if started in this folder", (folder) => {
      try {
        process.chdir(folder);
      } catch {
        throw new InvalidArgumentError("There is no such folder, or it may not be entered.");
      }
      return folder;
    })
    .helpOption("-h, --help", "print help for a command")
    .helpCommand("help [command]", "print help for a command")
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.notes.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, terminal.notes.colours.red("error: "))),
      getOutHasColors: () => terminal.out.colours.isColorSupported,
      getErrHasColors: () => terminal.notes.colours.isColorSupported,
    })
    .configureHelp({
      styleTitle: (title) => terminal.out.colours.bold(title),
      helpWidth: Math.min(100, terminal.out.columns),
    })
    .addHelpText(
      "after",
      "\nThe language: docs/language.md. All commands: docs/cli.md. Codes of errors: docs/errors.md.",
    );

  // -------------------------------------------------------------- the text

  program.commandsGroup("Pipeline files:");
  program
    .command("check")
    .description("report the problems of pipeline files")
    .argument("<path...>", "pipeline files, or folders to search for them")
    .addOption(json())
    .action(load(() => import("./check.js")));

  program
    .command("fmt")
    .description("format pipeline files in place")
    .argument("<path...>", "pipeline files, or folders to search for them")
    .option("--check", "change nothing; list the files that are not formatted, and fail if there are any")
    .addOption(json())
    .action(load(() => import("./fmt.js")));

  program
    .command("lsp")
    .description("be the language server of an editor (see docs/editors.md)")
    .option("--stdio", "speak over standard input and output, as most editors start it")
    .option("--node-ipc", "speak over Node's channel to the parent process")
    .option("--socket <port>", "speak over a socket of this machine that the editor listens at")
    .option("--client-process-id <pid>", "end when this process, the editor's, has gone")
    .action(load(() => import("./lsp.js")));

  // -------------------------------------------------------------- the graph

  program.commandsGroup("Plans:");
  program
    .command("graph")
    .description("draw the nodes of a pipeline")
    .argument("<file>", "pipeline file")
    .addOption(
      new Option("--format <format>", "how to draw")
        .choices(["dot", "mermaid", "svg", "json"])
        .default("mermaid"),
    )
    .option("--families", "one box a family (default: when there are many nodes)")
    .option("--no-families", "one box a node, however many there are")
    .option("--states", "with the state of each node")
    .addOption(set())
    .addOption(json("the same as --format json"))
    .action(load(() => import("./graph.js")));

  program
    .command("plan")
    .description("say what a run would do, and why")
    .argument("<file>", "pipeline file")
    .addOption(target())
    .addOption(set())
    .addOption(container())
    .addOption(json())
    .action(load(() => import("./plan.js")));

  program
    .command("explain")
    .description("say why a node is stale, waiting or missing, down to the first cause")
    .argument("<file>", "pipeline file")
    .argument("<node>", 'name of a node as written: aligned["ANN0830", 2]')
    .addOption(set())
    .addOption(container())
    .addOption(json())
    .action(load(() => import("./explain.js")));

  // -------------------------------------------------------------- runs

  program.commandsGroup("Runs:");
  program
    .command("run")
    .description("make what the targets need and the store has not")
    .argument("<file>", "pipeline file")
    .addOption(target())
    .addOption(set())
    .addOption(container())
    .addOption(
      new Option("--executor <name>", "where nodes run")
        .choices(["local"])
        .default(undefined, "what reprod.json says, else local"),
    )
    .option("-j, --jobs <number>", "nodes that run at once, at most", positiveInteger)
    .option("-k, --keep-going", "after a failure go on with what does not need the failed node")
    .addOption(
      new Option("--no-cache <node>", "make this node again although it is stored; may be repeated")
        .default([], "none")
        .argParser(collect),
    )
    .option(
      "--check",
      "make each node that is made twice, and compare: `not-deterministic` names what differs",
    )
    .option("-d, --detach", "start the run and return; `reprod status` and `reprod logs` show it")
    .addOption(json("print one event a line"))
    .action(load(() => import("./run.js")));

  program
    .command("runs")
    .description("list the runs of this project, newest first")
    .option("-n, --limit <number>", "how many at most", positiveInteger, 20)
    .addOption(json())
    .action(load(() => import("./runs.js")));

  program
    .command("status")
    .description("say what a run did and does")
    .argument("[run]", "id of a run, the start of one, or latest", "latest")
    .addOption(json())
    .action(load(() => import("./status.js")));

  program
    .command("logs")
    .description("print what the script of a node wrote, with times")
    .argument("<run>", "id of a run, the start of one, or latest")
    .argument("<node>", "name of a node as written")
    .option("--attempt <number>", "which attempt (default: the last)", positiveInteger)
    .option("-f, --follow", "go on until the attempt has ended")
    .addOption(json("print one JSON object a line"))
    .action(load(() => import("./logs.js")));

  program
    .command("cancel")
    .description("end a run; what it has finished is kept")
    .argument("<run>", "id of a run, the start of one, or latest")
    .addOption(json())
    .action(load(() => import("./cancel.js")));

  // -------------------------------------------------------------- results

  program.commandsGroup("Results:");
  program
    .command("show")
    .description("say how a result was made, down to its sources; any data file can be asked about")
    .argument("<what>", "a data file, a node as written, or a recipe id")
    .option("--record", "only this result, not what it was made from")
    .addOption(json("print the records"))
    .action(load(() => import("./show.js")));

  program
    .command("get")
    .description("copy the outs of nodes out of the store")
    .argument("<file>", "pipeline file")
    .argument(
      "<node>",
      'a node as written, a family, or members of it; or an out of them: merged["a"].bam, aligned["a", *].bam',
    )
    .requiredOption(
      "--to <dir>",
      "folder to copy into, made when it is missing; files keep the paths that the transform gives them",
    )
    .addOption(set())
    .addOption(container())
    .addOption(json())
    .action(load(() => import("./get.js")));

  program
    .command("pin")
    .description("write the digests of images and remote inputs into reprod.lock")
    .argument("<file>", "pipeline file")
    .option("--update", "look up again what is locked already")
    .addOption(set())
    .addOption(json())
    .action(load(() => import("./pin.js")));

  program
    .command("verify")
    .description("hash everything in the store again and compare")
    .addOption(json())
    .action(load(() => import("./verify.js")));

  program
    .command("gc")
    .description("delete results that nothing needs any more, and what old runs left behind")
    .addOption(
      new Option(
        "--keep <time>",
        "keep runs of this time, and what they made or named; the last day stays in any case: 30d, 2w, 0d",
      )
        .default(30 * 86_400_000, "30d")
        .argParser(timeSpan),
    )
    .option("-n, --dry-run", "only say what would be deleted")
    .option("-y, --yes", "do not ask")
    .addOption(json())
    .action(load(() => import("./gc.js")));

  // -------------------------------------------------------------- the account

  program.commandsGroup("AWS account (docs/cloud.md):");
  program
    .command("profiles")
    .description("list the AWS profiles of this machine, which one is used, and what is wrong with them")
    .option("--check", "ask AWS who the profile in use is")
    .addOption(profile())
    .addOption(region())
    .addOption(json())
    .action(load(() => import("./profiles.js")));

  program
    .command("doctor")
    .description("say whether the account is ready for runs: permissions, quotas, the way there, resources")
    .addOption(
      new Option(
        "--policy <which>",
        "look at nothing; print the IAM policy for who sets up a group or all, launches runs, or calls the endpoints",
      ).choices(readyPolicyNames),
    )
    .addOption(profile())
    .addOption(region())
    .addOption(json())
    .action(load(() => import("./doctor.js")));

  program
    .command("setup")
    .description("create, or bring back to what is declared, groups of resources in the account")
    .argument("<group...>", `${groupNames.join(", ")}, or all`)
    .option("--plan", "only say what would be done")
    .option("-y, --yes", "do not ask")
    .option(
      "--force",
      "also replace or remove what is in use or holds data; asks once more, unless --yes is said too",
    )
    .addOption(profile())
    .addOption(region())
    .addOption(json())
    .action(load(() => import("./setup.js")));

  program
    .command("teardown")
    .description("remove groups of resources; only what was made for this project")
    .argument("<group...>", `${groupNames.join(", ")}, or all`)
    .option("--plan", "only say what would be removed")
    .option("-y, --yes", "do not ask")
    .option("--force", "also what is in use or holds data; asks once more, unless --yes is said too")
    .addOption(profile())
    .addOption(region())
    .addOption(json())
    .action(load(() => import("./teardown.js")));

  program
    .command("resources")
    .description("say what is set up in the account, and whether it is as declared")
    .addOption(profile())
    .addOption(region())
    .addOption(json())
    .action(load(() => import("./resources.js")));

  program
    .command("env")
    .description("create, list and delete named environments of AWS Batch")
    .addArgument(new Argument("<action>", "what to do").choices(["create", "list", "delete"]))
    .argument("[name]", "name of the environment: lower case letters, digits and hyphens")
    .addOption(
      new Option("--type <type>", "what its machines are").choices([
        "spot",
        "on-demand",
        "fargate",
        "fargate-spot",
      ]),
    )
    .option("--max-vcpus <number>", "how many vCPUs at most, all machines together", positiveInteger)
    .option("--disk <gib>", "scratch disk of each machine in GiB", positiveInteger)
    .addOption(
      new Option("--instance-type <type>", "what may be chosen from; may be repeated")
        .default([], "what fits")
        .argParser(collect),
    )
    .option("--plan", "only say what would be done")
    .option("-y, --yes", "do not ask")
    .option("--force", "also what is in use; asks once more where data is lost, unless --yes is said too")
    .addOption(profile())
    .addOption(region())
    .addOption(json())
    .action(load(() => import("./env.js")));

  // -------------------------------------------------------------- the rest

  program.commandsGroup("Other:");
  program
    .command("__runner", { hidden: true })
    .argument("<folder>")
    .action(load(() => import("./runner.js")));

  program
    .command("completion")
    .description("print a completion script: source <(reprod completion bash)")
    .addArgument(new Argument("<shell>", "which shell").choices(["bash", "zsh", "fish"]))
    .action(load(() => import("./completion.js")));
  program
    .command("__complete", { hidden: true })
    .argument("<shell>")
    .argument("[words...]")
    .action(load(() => import("./complete.js")));

  return program;
}

// ---------------------------------------------------------------- options that several commands have

function json(description = "print JSON"): Option {
  return new Option("--json", description);
}

function target(): Option {
  return new Option(
    "-t, --target <node>",
    "a node or a family instead of the file's targets; may be repeated",
  )
    .default([], "what the file says")
    .argParser(collect);
}

function set(): Option {
  return new Option("-s, --set <name=value>", "give a param of the pipeline a value; may be repeated")
    .default([], "none")
    .argParser((text: string, earlier: readonly SetOption[]) => {
      const equals = text.indexOf("=");
      if (equals <= 0) throw new InvalidArgumentError('It has the form NAME=VALUE, as in "depth=60".');
      return [...earlier, { name: text.slice(0, equals).trim(), text: text.slice(equals + 1) }];
    });
}

function profile(): Option {
  return new Option("--profile <name>", "AWS profile whose credentials are used").default(
    undefined,
    "AWS_PROFILE, else what the environment gives, else the profile named default",
  );
}

function region(): Option {
  return new Option("--region <name>", "AWS region, as eu-central-1").default(
    undefined,
    "what the environment or the profile says",
  );
}

function container(): Option {
  return new Option("--container <policy>", "whether images are used; overrides reprod.json").choices([
    "required",
    "never",
    "auto",
  ]);
}

function collect(text: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, text];
}

function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It has to be a whole number from 1 on.");
  return Number(text);
}

const TIME_UNITS = new Map([
  ["min", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
  ["w", 7 * 86_400_000],
]);

/** `30d`, `12h`, `90 min`, `2w` in milliseconds. */
function timeSpan(text: string): number {
  const [, amount = "", unit = ""] = /^(\d+)\s*([a-z]+)$/.exec(text.trim()) ?? [];
  const milliseconds = TIME_UNITS.get(unit);
  if (amount === "" || milliseconds === undefined) {
    throw new InvalidArgumentError("Write it as 30d, 12h, 90min or 2w.");
  }
  return Number(amount) * milliseconds;
}
