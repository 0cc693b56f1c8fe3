#!/bin/sh
# start-signing.sh NAME CORPUS STATE [RESOLVER [unix|tcp]]: as start-milter.sh, but the program signs every message: with the key
# that the harness gives to OpenDKIM (`opendkim-s`), for any From, as that one does. KEYS=both adds an Ed25519 signature. Burst
# counting, the check of our own output and the record are on, as by default.
set -e
[ $# -ge 3 ] || { sed -n 2,4p "$0"; exit 2; }
root=$(cd "$(dirname "$0")/.." && pwd)
dist=${DIST:-$root/dist}
[ -f "$dist/cli/main.js" ] || { echo "run npm run build first" >&2; exit 1; }
mkdir -p "$3/$1" && state=$(cd "$3/$1" && pwd) && resolver=${4:-127.0.1.53}
if [ "${5:-unix}" = tcp ]; then listen=inet:127.0.0.1:8897 addr=127.0.0.1:8897; else listen=unix:$state/sock addr=$state/sock; fi
umask 077
cp "$2/keys/rsa0.pem" "$state/rsa.pem"
second=
if [ "${KEYS:-rsa}" = both ]; then
  openssl genpkey -algorithm ed25519 -out "$state/ed.pem"
  second="    - { domain: a00.example, selector: e1, file: $state/ed.pem, from: [], any_domain: true }"
fi
cat > "$state/sekisho.yaml" <<YAML
hostname: mx.rcpt.example
data_dir: $state/data
dns: { nameservers: ["$resolver"] }
milter: { workers: ${WORKERS:-auto}, sockets: [ { listen: "$listen", role: sign } ] }
sign:
  keys:
    - { domain: a00.example, selector: s1, file: $state/rsa.pem, from: [], any_domain: true }
$second
${SIGN:-}
web: { listen: off }
log: { level: error }
YAML
"$root/node_modules/.bin/node" "$dist/cli/main.js" serve --config "$state/sekisho.yaml" > "$state/out" 2>&1 &
pid=$!
if [ "${5:-unix}" = tcp ]; then target=8897; else target=$state/sock; fi
# The socket is bound before the workers listen on it.
i=0; until "$root/node_modules/.bin/node" -e "require('net').connect('$target').on('connect',()=>process.exit(0)).on('error',()=>process.exit(1))" || [ $i -gt 100 ]; do i=$((i+1)); sleep .1; done
echo "$pid $addr"
