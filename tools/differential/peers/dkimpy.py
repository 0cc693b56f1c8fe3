#!/usr/bin/python3
"""Verifies DKIM signatures and ARC chains with dkimpy over keys given with each case: NDJSON in, NDJSON out. Exit 3: dkimpy is missing.

In:  {"id", "message" (base64), "now" (seconds), "keys" {name: text, one octet a character}, "signatures" (how many)}
Out: {"id", "results": [{"result": "pass" | "no-pass", "why"}]}, signatures from the top.
With "arc": true in a case the chain is validated instead:
Out: {"id", "result": "pass" | "fail" | "none", "oldestPass" (with pass), "why"}
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
        self.all = []

    def error(self, text, *rest):
        self.last = str(text)
        self.all.append(self.last)

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


def validate(case, message):
    keys = {name.lower(): text.encode("latin-1") for name, text in case["keys"].items()}
    notes = Notes()

    def lookup(name, timeout=5):
        text = name.decode("latin-1") if isinstance(name, bytes) else name
        return keys.get(text.rstrip(".").lower())

    try:
        state, sets, why = dkim.ARC(message, logger=notes).verify(dnsfunc=lookup)
    except Exception as error:
        return {"result": "fail", "why": "%s: %s" % (type(error).__name__, error)}
    # None: a seal says cv=fail.
    answer = {"result": "fail" if state is None else state.decode("ascii"), "why": "; ".join([why] + notes.all)}
    if answer["result"] == "pass":
        broken = [one["instance"] for one in sets if not one["ams-valid"]]
        answer["oldestPass"] = max(broken) + 1 if broken else 0
    return answer


for line in sys.stdin:
    case = json.loads(line)
    clock.now = case["now"]
    message = base64.b64decode(case["message"])
    if case.get("arc"):
        print(json.dumps({"id": case["id"], **validate(case, message)}), flush=False)
        continue
    results = [verify(case, message, index) for index in range(case["signatures"])]
    print(json.dumps({"id": case["id"], "results": results}), flush=False)
