#!/bin/bash
# run-milter.sh HARNESS CORPUS STATE OUT.jsonl [PEERS [CONNS [ROUNDS [PASSES]]]]: this program and its peers as milters, in turn,
# with real DNS (unbound in front of knot), in a network namespace of their own. Needs root, cc, and the peers' packages.
set -eu
[ $# -ge 4 ] || { sed -n 2,3p "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd) harness=$(cd "$1" && pwd) corpus=$(cd "$2" && pwd) out=$(realpath "$4")
mkdir -p "$3" && state=$(cd "$3" && pwd)
peers=${5:-"opendkim-v sekisho=$here/start-milter.sh"} conns=${6:-"1 8 64"} rounds=${7:-3} passes=${8:-3}
cc -O2 -o "$state/milter-load" "$harness/milter-load.c"
echo "nameserver 127.0.1.53" > "$state/resolv.conf"
unshare -m -n bash -euc '
  ip link set lo up
  mount --bind "$1/resolv.conf" "$(realpath /etc/resolv.conf)"
  "$2/dns.sh" "$3" "$1"
  trap "kill \$(cat $1/knot.pid) \$(cat $1/unbound.pid)" EXIT
  "$2/milter-suite.sh" "$1/milter-load" "$3" "$1" "$4" "$5" "$6" "$7" "$8"
' run "$state" "$harness" "$corpus" "$out" "$peers" "$conns" "$rounds" "$passes"
python3 "$harness/summarise.py" "$out" --by name,conns --fields per_s,p50_ms,p99_ms,cpu_ms,peak_mb
