#!/bin/sh
# start-milter.sh NAME CORPUS STATE [RESOLVER [unix|tcp]]: starts this program, as built by `npm run build`, as a milter for the
# neutral harness and prints "PID ADDR". Recording is on and there is a worker a core, as by default. Stop it by its id.
# DIST names another build; WORKERS another number of workers, NAME-N as well.
set -e
[ $# -ge 3 ] || { sed -n 2,3p "$0"; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
dist=${DIST:-$root/dist}
case $1 in *-[0-9]) WORKERS=${1##*-} ;; esac
[ -f "$dist/cli/main.js" ] || { echo "run npm run build first" >&2; exit 1; }
mkdir -p "$3/$1" && state=$(cd "$3/$1" && pwd) && resolver=${4:-127.0.1.53}
if [ "${5:-unix}" = tcp ]; then listen=inet:127.0.0.1:8896 addr=127.0.0.1:8896; else listen=unix:$state/sock addr=$state/sock; fi
cat > "$state/sekisho.yaml" <<YAML
hostname: mx.rcpt.example
data_dir: $state/data
dns: { nameservers: ["$resolver"] }
milter: { workers: ${WORKERS:-auto}, sockets: [ { listen: "$listen", role: verify } ] }
web: { listen: off }
log: { level: warn }
YAML
"$root/node_modules/.bin/node" "$dist/cli/main.js" serve --config "$state/sekisho.yaml" > "$state/out" 2>&1 &
pid=$!
if [ "${5:-unix}" = tcp ]; then target=8896; else target=$state/sock; fi
# The socket is bound before the workers listen on it.
i=0; until "$root/node_modules/.bin/node" -e "require('net').connect('$target').on('connect',()=>process.exit(0)).on('error',()=>process.exit(1))" || [ $i -gt 100 ]; do i=$((i+1)); sleep .1; done
echo "$pid $addr"
