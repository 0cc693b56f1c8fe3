import { expect, test } from "vitest";
import { type IpAddress, parseIp } from "../ip.ts";
import { askBlocklist, isBlocklistUsable } from "./blocklist.ts";
import { type MemoryZone, memoryResolver } from "./memory.ts";

const list = "bl.example";
const test2 = { "2.0.0.127.bl.example": [{ A: "127.0.0.2" }] } as const;

const usable: readonly { readonly name: string; readonly zone: MemoryZone; readonly is: boolean }[] = [
  { name: "as RFC 5782 §5 asks", zone: test2, is: true },
  { name: "dead: nothing is listed", zone: {}, is: false },
  {
    name: "everything is listed",
    zone: { ...test2, "1.0.0.127.bl.example": [{ A: "127.0.0.2" }] },
    is: false,
  },
  { name: "hijacked: a web server", zone: { "2.0.0.127.bl.example": [{ A: "203.0.113.1" }] }, is: false },
  { name: "you may not ask", zone: { "2.0.0.127.bl.example": [{ A: "127.255.255.254" }] }, is: false },
  { name: "no answer", zone: { "2.0.0.127.bl.example": ["TIMEOUT"] }, is: false },
];
test.each(usable)("a list is usable: $name", async ({ zone, is }) => {
  expect(await isBlocklistUsable(list, memoryResolver(zone))).toBe(is);
});

const v4 = "1.2.0.192.bl.example";
const v6 = `${"1.".padEnd(48, "0.")}8.b.d.0.1.0.0.2.bl.example`;
const asked: readonly {
  readonly name: string;
  readonly ip: string;
  readonly zone: MemoryZone;
  readonly is: object | undefined;
}[] = [
  {
    name: "RFC 5782 §2.1: listed, with a reason",
    ip: "192.0.2.1",
    zone: { [v4]: [{ A: "127.0.0.2" }, { A: "127.0.0.4" }, { TXT: "spam" }] },
    is: { codes: ["127.0.0.2", "127.0.0.4"], reason: "spam" },
  },
  {
    name: "listed, without a reason",
    ip: "192.0.2.1",
    zone: { [v4]: [{ A: "127.0.0.2" }] },
    is: { codes: ["127.0.0.2"], reason: "" },
  },
  {
    name: "an IPv4 address in IPv6",
    ip: "::ffff:192.0.2.1",
    zone: { [v4]: [{ A: "127.0.0.2" }] },
    is: { codes: ["127.0.0.2"], reason: "" },
  },
  {
    name: "RFC 5782 §2.4: IPv6",
    ip: "2001:db8::1",
    zone: { [v6]: [{ A: "127.0.0.3" }] },
    is: { codes: ["127.0.0.3"], reason: "" },
  },
  { name: "not listed", ip: "192.0.2.1", zone: {}, is: undefined },
  {
    name: "an answer outside 127.0.0.0/8",
    ip: "192.0.2.1",
    zone: { [v4]: [{ A: "203.0.113.1" }] },
    is: undefined,
  },
  { name: "no answer", ip: "192.0.2.1", zone: { [v4]: ["SERVFAIL"] }, is: undefined },
];
test.each(asked)("an address: $name", async ({ ip, zone, is }) => {
  expect(await askBlocklist(list, parseIp(ip) as IpAddress, memoryResolver(zone))).toEqual(is);
});

test("a long reason is cut", async () => {
  const zone: MemoryZone = { [v4]: [{ A: "127.0.0.2" }, { TXT: "x".repeat(255) }] };
  const entry = await askBlocklist(list, parseIp("192.0.2.1") as IpAddress, memoryResolver(zone));
  expect(entry?.reason).toHaveLength(200);
});
