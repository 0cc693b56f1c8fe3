#!/bin/bash
# measure.sh HARNESS CORPUS MAILAUTH OUT [PARTS]: what docs/performance.md states against its targets, in one go, about 50 minutes on
# an idle machine: builds the program, runs library, milter (unix sockets warm and young, then TCP) and soak, and prints the tables
# with their ratios. PARTS: some of "library milter young tcp soak". MAILAUTH is the folder of that package; HARNESS and CORPUS are
# as in run-milter.sh, which says what it needs. ROUNDS (3) and MINUTES (10, of the soak) from the environment. OUT gets every run.
set -eu
[ $# -ge 4 ] || { sed -n 2,5p "$0"; exit 2; }
export LIMIT=600
here=$(cd "$(dirname "$0")" && pwd) harness=$(cd "$1" && pwd) corpus=$(cd "$2" && pwd) mailauth=$(cd "$3" && pwd)
mkdir -p "$4" && out=$(cd "$4" && pwd) parts=" ${5:-library milter young tcp soak} " rounds=${ROUNDS:-3}
export PATH="$here/../node_modules/.bin:$PATH"
cd "$here/.."
npm run --silent build
rm -f "$out"/*.jsonl
{ date; nproc; uptime; node --version; } > "$out/conditions.txt"
state=$(mktemp -d) && trap 'rm -rf "$state"' EXIT

if [[ $parts = *" library "* ]]; then
  for mode in dkim full spf; do
    printf '%s sekisho\tnode bench/library.ts %s/manifest.json --harness %s --mode %s --secs 3\n' $mode "$corpus" "$harness" $mode
    printf '%s mailauth\tnode %s/adapters/mailauth.mjs %s/manifest.json --lib %s --mode %s --secs 3\n' $mode "$harness" "$corpus" "$mailauth" $mode
  done > "$state/list"
  "$harness/rounds.sh" "$state/list" "$rounds" "$out/library.jsonl"
fi
sekisho="sekisho=$here/start-milter.sh" one="sekisho-1=$here/start-milter.sh"
# Warm: after 40,000 messages. Young: after 8,000, much of whose code V8 has not compiled for speed yet.
[[ $parts != *" milter "* ]] || bench/run-milter.sh "$harness" "$corpus" "$state/milter" "$out/milter.jsonl" "opendkim-v $sekisho $one" "8 64 1" "$rounds" 20 100
[[ $parts != *" young "* ]] || bench/run-milter.sh "$harness" "$corpus" "$state/young" "$out/young.jsonl" "opendkim-v $sekisho $one" "8 64 1" "$rounds" 10 20
# OpenDKIM answers 22 messages a second there: little of it, and its connections one by one are left out.
[[ $parts != *" tcp "* ]] || TRANSPORT=tcp bench/run-milter.sh "$harness" "$corpus" "$state/tcp" "$out/tcp.jsonl" "opendkim-v $sekisho" "8 64" 1 2 2
[[ $parts != *" soak "* ]] || node bench/soak.ts --minutes "${MINUTES:-10}" --rate 200 --main dist/cli/main.js --json "$out/soak.json" > "$out/soak.txt" || echo "soak: missed, see below"

uptime >> "$out/conditions.txt"
cat "$out/conditions.txt"
for part in library milter young tcp; do [ ! -f "$out/$part.jsonl" ] || node bench/table.ts "$out/$part.jsonl"; done
[ ! -f "$out/soak.txt" ] || grep -vE '^\{' "$out/soak.txt"
