#!/usr/bin/python3
"""Evaluates SPF cases with pyspf over zones given with them: NDJSON in, NDJSON out. Exit 3: pyspf is missing."""
import ipaddress
import json
import sys
import warnings

warnings.simplefilter("ignore")
try:
    import spf
except ImportError:
    sys.exit(3)

zone = {}


def entries_of(name):
    return zone.get(name.lower().rstrip("."))


def lookup(name, qtype, strict=True, timeout=20):
    """Stands in for spf.DNSLookup: a list of ((name, type), value), CNAMEs before what they lead to."""
    answers = []
    name = name.lower().rstrip(".")
    for _ in range(9):
        entries = entries_of(name)
        if entries is None:
            return answers
        found = []
        cname = None
        for entry in entries:
            if isinstance(entry, str):
                continue
            value = entry.get(qtype)
            if value in ("TIMEOUT", "SERVFAIL"):
                raise spf.TempError("DNS " + value)
            if value is not None:
                found.append(((name, qtype), convert(qtype, value)))
            elif "CNAME" in entry:
                cname = entry["CNAME"].lower().rstrip(".")
        if found:
            return answers + found
        if cname is None:
            if any(isinstance(entry, str) for entry in entries):
                raise spf.TempError("DNS failure")
            return answers
        answers.append(((name, "CNAME"), cname))
        name = cname
    raise spf.TempError("DNS CNAME loop")


def convert(qtype, value):
    if qtype == "TXT":
        strings = [value] if isinstance(value, str) else value
        return tuple(string.encode("latin-1", "replace") for string in strings)
    if qtype == "MX":
        return (value[0], value[1])
    if qtype == "AAAA":
        return ipaddress.ip_address(value).compressed
    return value


spf.DNSLookup = lookup
no_explanation = set(spf.EXPLANATIONS.values())

for line in sys.stdin:
    case = json.loads(line)
    zone = {name.lower().rstrip("."): entries for name, entries in case["zone"].items()}
    try:
        query = spf.query(
            i=case["ip"], s=case["mailFrom"], h=case["helo"], receiver="mx.receiver.example", timeout=20
        )
        result, _, text = query.check()
        answer = {"id": case["id"], "result": result}
        if result == "fail" and text not in no_explanation:
            answer["explanation"] = text
        elif result in ("permerror", "temperror"):
            answer["why"] = text
    except Exception as error:  # a peer's crash is a finding, not the end of the batch
        answer = {"id": case["id"], "result": "crash", "why": type(error).__name__ + ": " + str(error)}
    print(json.dumps(answer))
