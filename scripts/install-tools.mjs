// Makes sure that programs are there which examples and tests call, from Debian's packages where this user may
// install them; else it says in one line what to install.
//   node scripts/install-tools.mjs [PROGRAM…]        default: what examples/variants needs
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import path from "node:path";

/** Debian package of each program; a program that is not here has the name of its package. */
const packages = { wgsim: "samtools", awk: "mawk", script: "bsdutils", nvim: "neovim" };

const programs = process.argv.length > 2 ? process.argv.slice(2) : ["bwa", "samtools", "wgsim", "bcftools"];

const isThere = (program) =>
  (process.env.PATH ?? "").split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
const missing = () => programs.filter((program) => !isThere(program));

const works = (command, args) => spawnSync(command, args, { stdio: "ignore" }).status === 0;

/** Words before `apt-get`, or undefined when this user may not install anything. */
function privilege() {
  if (!isThere("apt-get")) return undefined;
  if (process.getuid?.() === 0) return [];
  return isThere("sudo") && works("sudo", ["-n", "true"]) ? ["sudo", "-n"] : undefined;
}

if (missing().length > 0) {
  const wanted = [...new Set(missing().map((program) => packages[program] ?? program))];
  const before = privilege();
  if (before !== undefined) {
    const apt = (...args) => {
      const [command, ...rest] = [
        ...before,
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        "apt-get",
        "-q",
        ...args,
      ];
      return works(command, rest);
    };
    // The lists of packages may be old or not there at all; fetching them takes longer than installing.
    const install = () => apt("install", "-y", "--no-install-recommends", ...wanted);
    if (!install() && apt("update")) install();
  }
  if (missing().length > 0) {
    console.error(
      `please install: ${missing().join(", ")} (Debian: sudo apt-get install ${wanted.join(" ")})`,
    );
    process.exit(1);
  }
}
