#!/bin/bash
# run-milter.sh HARNESS CORPUS STATE OUT.jsonl [PEERS [CONNS [ROUNDS [PASSES [WARM]]]]]: this program and its peers as milters, in
# turn, with real DNS (unbound in front of knot), in a network namespace of their own. WARM passes are not counted. Needs root,
# cc, and the peers' packages. TRANSPORT=tcp for TCP on loopback.
set -eu
[ $# -ge 4 ] || { sed -n 2,4p "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd) harness=$(cd "$1" && pwd) corpus=$(cd "$2" && pwd) out=$(realpath "$4")
mkdir -p "$3" && state=$(cd "$3" && pwd)
peers=${5:-"opendkim-v sekisho=$here/start-milter.sh"} conns=${6:-"1 8 64"} rounds=${7:-3} passes=${8:-10} warm=${9:-10}
cc -O2 -o "$state/milter-load" "$harness/milter-load.c"
echo "nameserver 127.0.1.53" > "$state/resolv.conf"
unshare -m -n bash -euc '
  ip link set lo up
  mount --bind "$1/resolv.conf" "$(realpath /etc/resolv.conf)"
  rm -f "$1/knot.pid" "$1/unbound.pid"
  "$2/dns.sh" "$3" "$1" || true
  trap "kill \$(cat $1/knot.pid) \$(cat $1/unbound.pid)" EXIT
  # unbound goes to the background before it listens, and at times fails to when the machine is busy.
  for try in 1 2 3 4 5; do
    for wait in 1 2 3 4 5 6 7 8 9 10; do
      ! (exec 3<> /dev/tcp/127.0.1.53/53) 2> /dev/null || break 2
      sleep .3
    done
    unbound -c "$1/unbound.conf" || true
  done
  "$2/milter-suite.sh" "$1/milter-load" "$3" "$1" "$4" "$5" "$6" "$7" "$8" -w "$9" || true
' run "$state" "$harness" "$corpus" "$out" "$peers" "$conns" "$rounds" "$passes" "$warm"
python3 "$harness/summarise.py" "$out" --by name,conns --fields per_s,p50_ms,p99_ms,cpu_ms,peak_mb
