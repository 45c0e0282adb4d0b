/**
 * The text of a supervisor: a small bash in a session of its own that starts scripts one after another, outlives its
 * runner, and is the only witness of how a script ended (engine-rules.md C4).
 *
 * One supervisor serves many attempts, because starting a process from Node costs more than the scripts that it is
 * for. It reads one line an attempt from its stdin, `<limit> <id>`, and answers with one line, `<code> <id>`. What
 * happens is also written to the file `state` of the attempt's folder, in short lines; a line without its newline is
 * torn and counts as absent. Writing in place is enough: a rename would be a process (`mv`) for each attempt, and
 * the newline says the same thing. The lines of `state`, in their order:
 *
 *     started <pid> <start time> <supervisor's pid> <its start time> <boot id> <seconds since 1970>
 *     unstarted                    the interpreter could not be started
 *     timed-out                    the limit was reached; TERM follows, and KILL after the grace
 *     cpu <user seconds> <system seconds>
 *     [1]+  Exit 143 …             bash's own words, asked for when the code is above 128: an exit, or a signal
 *     exited <code> <seconds since 1970>
 *
 * `started` is written by the script's own process before it becomes the script, so no script ever runs unrecorded;
 * after that it looks for the file `cancel`, and whoever cancels writes that file before reading `state`: one of the
 * two always sees the other. `exited` is written when no process of the group is left.
 *
 * When the runner dies, stdin ends: the supervisor finishes the script that runs, records it, and ends. bash 3.2 (of
 * macOS) understands all of it; only builtins are used on the way of a script that behaves.
 *
 * Arguments: folder that holds the attempt folders, boot id, seconds between TERM and KILL, suffix of the log files,
 * name of the container or nothing, and the words of the interpreter's command. All other state is the environment,
 * which is the script's own.
 */
export const SUPERVISOR_SCRIPT = `
# Each background job is a process group of its own; works without a terminal.
set -m
set -f
umask 022
# Answering a runner that has died must not end the supervisor. A handler, not "ignore": ignoring is inherited.
trap : PIPE
exec 4>/dev/null
cd -- "$1" || exit
boot=$2
grace=$3
logs=$4
container=$5
shift 5
engine=$1
# The shell made or changed these; no script shall see them.
unset PWD OLDPWD SHLVL
TIMEFORMAT='cpu %U %S'
if [ -r /proc/self/stat ]; then proc=1; else proc=; fi

# Sets pid and started to what identifies this very process, in the words of base/process.ts.
identify() {
  local words
  if [ -n "$proc" ]; then
    IFS= read -r words </proc/self/stat
    pid=\${words%% *}
    words=(\${words##*) })
    started=\${words[19]}
  else
    pid=$(exec /bin/sh -c 'echo $PPID')
    words=($(PATH=/bin:/usr/bin LC_ALL=C exec ps -o lstart= -p "$pid"))
    started="\${words[*]}"
  fi
  started=\${started// /_}
}
identify
supervisor="$pid $started"

begin() {
  identify
  printf 'started %s %s %s %s %s\\n' "$pid" "$started" "$supervisor" "$boot" "\${EPOCHREALTIME-}" >&3 || exit 125
  if [ -e "$id/cancel" ]; then exit 125; fi
  exec </dev/null >>"$id/stdout$logs" 2>>"$id/stderr$logs" || exit 125
  cd -- "$id/work" || exit 125
  unset PWD OLDPWD
  # A failed exec ends a subshell at once, whatever \`execfail\` says; its descriptors are closed by then.
  trap 'printf "unstarted\\n" >>../state' EXIT
  exec "$@" 3>&- 4>&-
}

# Sets code. With job control \`wait\` also returns when a script is stopped, which it may be for as long as somebody
# likes. (\`wait -f\` is for that, but loops for ever in bash 5.2 when the process has ended before it is called.)
await_script() {
  wait "$pid"
  code=$?
  while [ "$code" -gt 128 ] && kill -0 "$pid" 2>&4; do
    PATH=/usr/bin:/bin:$PATH sleep 1
    wait "$pid"
    code=$?
  done
}

# TERM, then KILL. A container is ended by its name: ending the client would leave it running.
end_all() {
  PATH=/usr/bin:/bin:$PATH
  sleep "$limit"
  printf 'timed-out\\n' >&3
  if [ -n "$container" ]; then "$engine" kill --signal TERM "$container"; else
    kill -TERM -- "-$pid"
    # One that is stopped gets to hear of it.
    kill -CONT -- "-$pid"
  fi
  sleep "$grace"
  if [ -n "$container" ]; then "$engine" kill "$container"; else kill -KILL -- "-$pid"; fi
}

# Whether a process of the group still runs; one that is dead but not yet waited for does not.
group_runs() {
  local file line
  if [ -z "$proc" ]; then
    PATH=/bin:/usr/bin ps -A -o pgid= -o stat= | while read -r file line; do
      if [ "$file" = "$pid" ] && [ "\${line#Z}" = "$line" ]; then echo yes; fi
    done | { read -r line; }
    return
  fi
  set +f
  for file in /proc/[0-9]*/stat; do
    IFS= read -r line 2>&4 <"$file" || continue
    set -f
    set -- \${line##*) }
    set +f
    if [ "$3" = "$pid" ] && [ "$1" != Z ] && [ "$1" != X ]; then
      set -f
      return 0
    fi
  done
  set -f
  return 1
}

while read -r limit id; do
  {
    ( begin "$@" ) &
    pid=$!
    timer=
    if [ "$limit" != 0 ]; then
      ( end_all ) </dev/null >&4 2>&4 &
      timer=$!
    fi
    { time await_script; } 2>&3
    if [ -n "$timer" ]; then
      kill -KILL -- "-$timer"
      wait "$timer"
    fi 2>&4
    if [ "$code" -gt 128 ]; then jobs >&3 2>&3; fi
    if [ -n "$container" ] && [ "$code" -ne 0 ]; then "$engine" rm --force "$container" >&4 2>&4; fi
    # What the script left behind is ended before anybody looks at its outs. Processes that cannot be ended (in a
    # system call that never returns) are waited for 10 s.
    if kill -KILL -- "-$pid" 2>&4; then
      tries=0
      while [ "$tries" -lt 1000 ] && group_runs; do
        tries=$((tries + 1))
        PATH=/usr/bin:/bin:$PATH sleep 0.01
        kill -KILL -- "-$pid" 2>&4
      done
    fi
    printf 'exited %s %s\\n' "$code" "\${EPOCHREALTIME-}" >&3
    printf '%s %s\\n' "$code" "$id"
  } 3>>"$id/state" || printf '125 %s\\n' "$id"
done
`;
