import { expect, test } from "vitest";
import type { TxtRecord } from "../../core/dns/resolver.ts";
import { parseNetwork } from "../../core/ip.ts";
import { ipFirst, loneInclude, mergeRecords } from "./merge-records.ts";
import { countOf, formatNetwork, specialKind } from "./networks.ts";
import { changeRecord, cutStrings } from "./record-text.ts";
import { suggestTerm } from "./suggest-term.ts";
import { gluedPlaces, mendText, textFaults } from "./text-faults.ts";
import { versionFaults } from "./version-faults.ts";
import { changeTerms } from "./what-if.ts";

const octets = (text: string): string => Buffer.from(text).toString("latin1");
const txt = (...strings: string[]): TxtRecord => ({ strings, text: strings.join("") });

test.each([
  // RFC 7208 §3.3
  ["a term cut anywhere", ["v=spf1 ip4:192.0.2.1", "0/24 -all"], 0],
  ["a name cut before a mechanism's name", ["v=spf1 a:host.b", "a -all"], 0],
  ["a name cut within", ["v=spf1 include:_spf.exam", "mx.example.jp -all"], 0],
  ["a blank in the second string", ["v=spf1 ip4:192.0.2.1", " ip4:192.0.2.2 -all"], 0],
  ["two a", ["v=spf1 a:a.example.jp", "a:b.example.jp -all"], 1],
  ["two ip4", ["v=spf1 ip4:192.0.2.1", "ip4:192.0.2.2 -all"], 1],
  ["all", ["v=spf1 ip4:192.0.2.1", "-all"], 1],
  ["a bare name", ["v=spf1 ip4:192.0.2.1", "mx -all"], 1],
  ["the version", ["v=spf1", "mx -all"], 1],
  ["two places", ["v=spf1 mx", "a:b.example.jp", "~all"], 2],
] as const)("§3.3 strings: %s", (_, strings, count) => {
  expect(gluedPlaces(txt(...strings))).toHaveLength(count);
});

test.each([
  ["v=spf1 mx -all"],
  ["V=SPF1 mx -all"],
  ["v=spf1"],
  ["v=spf10 mx"],
  ["v=DMARC1; p=none"],
  ["v=STSv1; id=1"],
  ["spf2.0/pra mx -all"],
  ["google-site-verification=spf"],
  ["a mail server"],
  [""],
])("§4.5: %s is no misspelled record", (text) => {
  expect(versionFaults([txt(text)])).toEqual([]);
});

test.each([
  ["ip4:192.0.2.0/024", "ip4:192.0.2.0/24"],
  ["-al", "-all"],
  ["inclde:x.example.jp", "include:x.example.jp"],
  ["ipv6:2001:db8::/32", "ip6:2001:db8::/32"],
  ["+ip4:192.0.2.0/255.255.255.240", "+ip4:192.0.2.0/28"],
  ["ip4:192.0.2.0/255.0.255.0", undefined],
  ["ip4:mail.example.jp", "a:mail.example.jp"],
  ["exp:why.example.jp", "exp=why.example.jp"],
  ['"mx"', "mx"],
  [octets("mx:日本語.example/24"), "mx:xn--wgv71a119e.example/24"],
  [octets("include:。"), undefined],
  ["ip4:192.0.2.1.5", undefined],
  ["hello", undefined],
  ["x".repeat(600), undefined],
])("did you mean: %s", (term, suggestion) => {
  expect(suggestTerm(term)).toBe(suggestion);
});

test.each([
  [["v=spf1 ip4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.1 ~all"], "v=spf1 ip4:192.0.2.1 ~all"],
  [["v=spf1 mx -all", "v=spf1 MX ip6:::1 ?all"], "v=spf1 ip6:::1 mx -all"],
  [["v=spf1 mx +all", "v=spf1 a"], "v=spf1 mx a ~all"],
  [
    ["v=spf1 mx redirect=a.example", "v=spf1 a redirect=b.example"],
    "v=spf1 mx a include:b.example redirect=a.example",
  ],
  [["v=spf1 -all a", "v=spf1 mx exp=x.example ra=y -all"], "v=spf1 mx -all exp=x.example ra=y"],
  [["v=spf1 oops -all", "v=spf1 mx -all"], undefined],
])("%j is one record", (texts, merged) => {
  expect(mergeRecords(texts)).toBe(merged);
});

test("only a single include is put before the other record's all", () => {
  expect(loneInclude(["v=spf1 mx -all", "v=spf1 include:x.example -all"])).toBe("include:x.example");
  expect(loneInclude(["v=spf1 mx -all", "v=spf1 include:x.example a -all"])).toBeUndefined();
  expect(loneInclude(["v=spf1 include:x.example -all"])).toBeUndefined();
});

test.each([
  ["a ip4:192.0.2.1 mx ip6:::1", "ip4:192.0.2.1 ip6:::1 a mx"],
  // Another qualifier would let in, or keep out, whom the record does not.
  ["-a ip4:192.0.2.1", "-a ip4:192.0.2.1"],
  ["a -mx -ip4:192.0.2.1 ip4:192.0.2.2", "a -ip4:192.0.2.1 -mx ip4:192.0.2.2"],
])("ip4 and ip6 first: %s", (before, after) => {
  expect(ipFirst(before.split(" ")).join(" ")).toBe(after);
});

test("strings end behind a blank, at 255 octets at most", () => {
  const text = `v=spf1 ${"ip4:192.0.2.1 ".repeat(40)}-all`;
  const strings = cutStrings(text);
  expect(strings.join("")).toBe(text);
  expect(strings.length).toBe(3);
  for (const string of strings) expect(string.length).toBeLessThanOrEqual(255);
  for (const string of strings.slice(0, -1)) expect(string.endsWith(" ")).toBe(true);
  expect(gluedPlaces(txt(...strings))).toEqual([]);
  expect(cutStrings("x".repeat(600)).map(({ length }) => length)).toEqual([255, 255, 90]);
  expect(changeRecord("add", "example.jp", 'v=spf1 a"b').data).toBe(String.raw`"v=spf1 a\"b"`);
});

test("edits are made from the end, and those that overlap once", () => {
  const text = "v=spf1 ip4: 192.0.2.1; mx; ~all;";
  const mended = mendText(text, textFaults("example.jp", txt(text)));
  expect(mended).toBe("v=spf1 ip4:192.0.2.1 mx ~all");
  expect(textFaults("example.jp", txt(mended))).toEqual([]);
});

test.each([
  ["192.0.2.77/24", "192.0.2.0/24", "256", "documentation"],
  ["10.0.0.1", "10.0.0.1", "1", "private"],
  ["8.8.8.8/6", "8.0.0.0/6", "2^26", undefined],
  ["::ffff:192.0.2.1", "::ffff:192.0.2.1", "1", "mapped"],
  ["2600::1/33", "2600::/33", "2^95", undefined],
  ["0.0.0.0/0", "0.0.0.0/0", "2^32", undefined],
])("the network of %s", (text, network, count, kind) => {
  const parsed = parseNetwork(text);
  if (parsed === undefined) throw new Error("not reached");
  expect([formatNetwork(parsed), countOf(parsed), specialKind(parsed)]).toEqual([network, count, kind]);
});

test.each([
  [["ip4:192.0.2.9"], [], "v=spf1 ip4:192.0.2.9 mx include:x.example -all"],
  [["include:y.example"], ["+MX"], "v=spf1 include:x.example include:y.example -all"],
  [["a mx:b.example"], ["-all"], "v=spf1 mx include:x.example a mx:b.example"],
])("--add %j --drop %j", (add, drop, record) => {
  expect(changeTerms("v=spf1 mx include:x.example -all", add, drop).record).toBe(record);
});
