/** What the process ends with; `docs/cli.md` has the same table. */
export const exitCodes = {
  done: 0,
  /** Nodes failed, problems were found, or the machine, the store or AWS stood in the way. */
  problems: 1,
  /** Wrong use, or a file that is not valid; nothing was done. */
  usage: 2,
  /** A defect of ours: EX_SOFTWARE of sysexits. */
  defect: 70,
  /** The terminal was closed (SIGHUP). */
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The exit code of the signal that interrupted a command, which its handler gave as the reason. */
export function interruptCode({ reason }: AbortSignal): number {
  return typeof reason === "number" ? reason : exitCodes.interrupted;
}
