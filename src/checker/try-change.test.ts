import { expect, test } from "vitest";
import { memoryResolver } from "../core/dns/memory.ts";
import type { DnsAnswer } from "../core/dns/resolver.ts";
import { addRecord, addTxt, removeRecord, removeTxt } from "./record-change.ts";
import { changedDns } from "./try-change.ts";

const dns = memoryResolver({
  "example.jp": [{ TXT: "old" }, { TXT: "other" }, { MX: [10, "mx.example.jp"] }],
  "alias.example.jp": [{ CNAME: "target.example.jp" }],
  "target.example.jp": [{ A: "192.0.2.1" }],
  "fails.example.jp": ["SERVFAIL"],
});

const changed = changedDns(dns, [
  removeTxt("example.jp", ["old"]),
  addTxt("example.jp", "new"),
  addTxt("example.jp", "other"),
  removeRecord("example.jp", "MX", "10 mx.example.jp."),
  addTxt("*._domainkey.example.jp", "v=DKIM1; p="),
  removeRecord("alias.example.jp", "CNAME", "target.example.jp."),
  addRecord("www.example.jp", "CNAME", "target.example.jp."),
  addTxt("a.below.example.jp", "x"),
  addTxt("fails.example.jp", "now"),
]);

function shown(answer: DnsAnswer<unknown>): unknown {
  if (answer.kind !== "answer") return answer.kind;
  return answer.records.map((data) =>
    typeof data === "object" && data !== null && "text" in data ? data.text : data,
  );
}

test.each([
  ["example.jp", "TXT", ["other", "new"]],
  ["EXAMPLE.jp", "TXT", ["other", "new"]],
  ["example.jp", "MX", "nodata"],
  ["s1._domainkey.example.jp", "TXT", ["v=DKIM1; p="]],
  ["s1._domainkey.example.jp", "MX", "nxdomain"],
  ["alias.example.jp", "CNAME", "nodata"],
  ["alias.example.jp", "A", "nodata"],
  ["www.example.jp", "CNAME", ["target.example.jp"]],
  ["below.example.jp", "TXT", "nodata"],
  ["gone.example.jp", "TXT", "nxdomain"],
  ["fails.example.jp", "TXT", ["now"]],
  ["fails.example.jp", "MX", "failure"],
] as const)("DNS as it would be: %s %s", async (name, type, expected) => {
  expect(shown(await changed.query(name, type))).toEqual(expected);
});

test("a name added as an alias leads to its target", async () => {
  const answer = await changed.query("www.example.jp", "A");
  expect(answer.kind === "answer" && answer.records).toHaveLength(1);
});

test("of thousands of records at a name each is looked at once, however often it is asked", async () => {
  const texts = Array.from({ length: 3000 }, (_, i) => `text ${i}`);
  const many = memoryResolver({ "example.jp": texts.map((TXT) => ({ TXT })) });
  const without = changedDns(
    many,
    texts.slice(1).map((text) => removeTxt("example.jp", [text])),
  );
  const [first, ...others] = await Promise.all(
    Array.from({ length: 50 }, () => without.query("example.jp", "TXT")),
  );
  expect(first === undefined ? undefined : shown(first)).toEqual(["text 0"]);
  for (const other of others) expect(other).toBe(first);
});
