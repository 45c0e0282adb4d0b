import assert from "node:assert/strict";
import { test } from "node:test";
import { shellVariables } from "../../server/language/shell-variables.js";

for (const [script, uses, defined] of [
  ['echo $a "${b}" ${#c} ${d[@]} "${e%.x}"', "a b c d e", ""],
  ["echo '$a' \\$b $'$c' \"\\$d\" $1 $@ $? $# ${10}", "", ""],
  ['echo "$(echo "$a" `echo $b`)" <(cat $c)', "a b c", ""],
  ['a=1 b+=2 c[0]=3; d="$e"', "e", "a b c d"],
  ["for x in $y; do echo $x; done", "y x", "x"],
  ["while IFS= read -r l m; do :; done", "", "IFS l m"],
  ["local a b=1; declare -A c; export D=1; mapfile -t lines", "", "a b c D lines"],
  ["echo $((a + b++)); ((c = 1)); for ((i = 0; i < 3; i++)); do :; done", "", "b c i"],
  ["cat <<EOF\n$a\nEOF\necho $b", "a b", ""],
  ["cat <<'EOF'\n$a\nEOF\necho $b", "b", ""],
  ["cat <<-EOF\n\t$a\n\tEOF\necho $b", "a b", ""],
  ["cat <<<$a", "a", ""],
  ["# $a\necho a#b $c # $d", "c", ""],
  ["awk '{ print $x }' $y", "y", ""],
  ["${a:-$b} ${c:=1} ${d+x}", "a b c d", "c"],
  ["printf -v out '%s' $a", "a", "out"],
  ["exec {fd}>$log; case $x in a) echo $y;; esac", "log x y", "fd"],
  ['f() { echo "$a"; }; if read x; then :; fi', "a", "x"],
  ['echo "${a:-"$b"}" "${c//"$d"/}"', "a b c d", ""],
  ['echo "unclosed $a', "a", ""],
  ["echo ${unclosed", "unclosed", ""],
  ["$(((((((", "", ""],
] as const)
  test(JSON.stringify(script), () => {
    const found = shellVariables(script);
    assert.equal(found.uses.map(({ name }) => name).join(" "), uses);
    assert.equal([...found.defined].join(" "), defined);
    for (const { name, start, end } of found.uses) assert.equal(script.slice(start, end), name);
    assert.equal(found.isDynamic, false);
  });

test("eval, source and a dot may define anything", () => {
  for (const script of ["eval x=1", "source a.sh", ". ./a.sh", "true; . a.sh"])
    assert.equal(shellVariables(script).isDynamic, true, script);
});

test("deep nesting and long scripts end in time", () => {
  assert.equal(shellVariables("$(".repeat(100_000)).isDynamic, true);
  assert.equal(shellVariables('echo "$a"\n'.repeat(100_000)).uses.length, 100_000);
});
