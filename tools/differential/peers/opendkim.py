#!/usr/bin/python3
"""Verifies one DKIM signature a message with opendkim's test mode: NDJSON in, NDJSON out. Exit 3: opendkim is missing.

In:  {"id", "message" (base64, CRLF line ends), "keys" {name: text}}
Out: {"id", "results": [{"result": "pass" | "no-pass", "why"}]}, one for the topmost signature.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

program = shutil.which("opendkim", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
if program is None:
    sys.exit(3)

cases = [json.loads(line) for line in sys.stdin]
folder = tempfile.mkdtemp(prefix="sekisho-opendkim-")
said = {}
try:
    keys = {}
    for case in cases:
        keys.update(case["keys"])
    with open(os.path.join(folder, "keys"), "w", encoding="latin-1") as file:
        file.writelines("%s %s\n" % pair for pair in keys.items())
    with open(os.path.join(folder, "conf"), "w", encoding="ascii") as file:
        file.write("Mode v\nTestPublicKeys %s/keys\nMaximumHeaders 0\n" % folder)
    names = []
    for number, case in enumerate(cases):
        name = "m%d" % number
        names.append(name)
        with open(os.path.join(folder, name), "wb") as file:
            file.write(base64.b64decode(case["message"]))
    for start in range(0, len(names), 50):
        done = subprocess.run(
            [program, "-x", "conf", "-t", ",".join(names[start : start + 50])],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        for line in done.stdout.decode("latin-1").split("\n"):
            found = re.match(r"opendkim: (m\d+): (.*)", line)
            if found is not None:
                said.setdefault(found.group(1), []).append(found.group(2))
finally:
    shutil.rmtree(folder, ignore_errors=True)

for number, case in enumerate(cases):
    why = "; ".join(said.get("m%d" % number, ["said nothing"]))
    passed = re.search(r"verification \(.*\) succeeded", why) is not None
    print(json.dumps({"id": case["id"], "results": [{"result": "pass" if passed else "no-pass", "why": why}]}))
