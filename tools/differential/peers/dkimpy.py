#!/usr/bin/python3
"""Verifies DKIM signatures with dkimpy over keys given with each case: NDJSON in, NDJSON out. Exit 3: dkimpy is missing.

In:  {"id", "message" (base64), "now" (seconds), "keys" {name: text, one octet a character}, "signatures" (how many)}
Out: {"id", "results": [{"result": "pass" | "no-pass", "why"}]}, signatures from the top.
"""

import base64
import json
import sys

try:
    import dkim
except ImportError:
    sys.exit(3)


class Clock:
    """Stands in for the module `time` inside dkimpy."""

    now = 0

    def time(self):
        return self.now


class Notes:
    """Keeps what dkimpy logs: the reason why a signature does not pass."""

    def __init__(self):
        self.last = ""

    def error(self, text, *rest):
        self.last = str(text)

    def debug(self, *rest):
        pass

    info = warning = debug

    def isEnabledFor(self, level):
        return False


clock = Clock()
dkim.time = clock


def verify(case, message, index):
    keys = {name.lower(): text.encode("latin-1") for name, text in case["keys"].items()}
    notes = Notes()

    def lookup(name, timeout=5):
        text = name.decode("latin-1") if isinstance(name, bytes) else name
        return keys.get(text.rstrip(".").lower())

    try:
        passed = dkim.DKIM(message, logger=notes).verify(idx=index, dnsfunc=lookup)
    except Exception as error:
        return {"result": "no-pass", "why": "%s: %s" % (type(error).__name__, error)}
    return {"result": "pass" if passed else "no-pass", "why": notes.last}


for line in sys.stdin:
    case = json.loads(line)
    clock.now = case["now"]
    message = base64.b64decode(case["message"])
    results = [verify(case, message, index) for index in range(case["signatures"])]
    print(json.dumps({"id": case["id"], "results": results}), flush=False)
