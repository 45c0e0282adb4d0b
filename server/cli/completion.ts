import type { CommandContext } from "./context.js";
import { exitCodes } from "./exit.js";

/**
 * Each asks `reprod __complete` for candidates, a line each, and completes files where there are none. They use what
 * the shells themselves have: no bash-completion package, and bash from 3.2 on.
 */
const scripts = {
  bash: `_reprod() {
  local candidate
  COMPREPLY=()
  while IFS= read -r candidate; do
    COMPREPLY+=("$candidate")
  done < <(reprod __complete bash -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _reprod reprod
`,
  zsh: `#compdef reprod
_reprod() {
  local -a candidates
  candidates=("\${(@f)$(reprod __complete zsh -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$candidates" ]]; then
    _describe reprod candidates
  else
    _files
  fi
}
compdef _reprod reprod
`,
  fish: `function __reprod_complete
  set -l words (commandline -opc)
  set -l candidates (reprod __complete fish -- $words[2..] (commandline -ct) 2>/dev/null)
  if set -q candidates[1]
    printf '%s\\n' $candidates
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c reprod -f -a '(__reprod_complete)'
`,
};

export type Shell = keyof typeof scripts;

/** `reprod completion SHELL`: a script to be sourced by the shell. */
export async function run({ terminal }: CommandContext, shell: Shell): Promise<number> {
  terminal.out.write(scripts[shell]);
  return exitCodes.done;
}
