import { expect, test } from "vitest";
import { type MemoryZone, memoryResolver } from "../dns/memory.ts";
import { type IpAddress, parseIp } from "../ip.ts";
import type { IprevResult } from "../results.ts";
import { checkIprev } from "./check.ts";

const v4 = "25.2.0.192.in-addr.arpa";
const v6 = `5.2.0.0.${"0.".repeat(20)}8.b.d.0.1.0.0.2.ip6.arpa`;
const many = Array.from({ length: 12 }, (_, i) => `h${i}.example.jp`);

const cases: readonly {
  readonly name: string;
  readonly ip: string;
  readonly zone: MemoryZone;
  readonly is: Partial<IprevResult>;
}[] = [
  {
    name: "pass",
    ip: "192.0.2.25",
    zone: { [v4]: [{ PTR: "mail.example.jp" }], "mail.example.jp": [{ A: "192.0.2.25" }] },
    is: { result: "pass", name: "mail.example.jp" },
  },
  {
    name: "IPv6",
    ip: "2001:db8::25",
    zone: {
      [v6]: [{ PTR: "mail.example.jp" }],
      "mail.example.jp": [{ A: "192.0.2.25" }, { AAAA: "2001:db8::25" }],
    },
    is: { result: "pass", name: "mail.example.jp", ip: "2001:db8::25" },
  },
  {
    name: "IPv4-mapped",
    ip: "::ffff:192.0.2.25",
    zone: { [v4]: [{ PTR: "mail.example.jp" }], "mail.example.jp": [{ A: "192.0.2.25" }] },
    is: { result: "pass", ip: "192.0.2.25" },
  },
  {
    name: "second of two",
    ip: "192.0.2.25",
    zone: {
      [v4]: [{ PTR: "a.example.jp" }, { PTR: "b.example.jp" }],
      "a.example.jp": ["TIMEOUT"],
      "b.example.jp": [{ A: "192.0.2.9" }, { A: "192.0.2.25" }],
    },
    is: { result: "pass", name: "b.example.jp" },
  },
  { name: "no PTR", ip: "192.0.2.25", zone: {}, is: { result: "permerror", problem: "no-ptr" } },
  {
    name: "empty PTR answer",
    ip: "192.0.2.25",
    zone: { [v4]: [{ TXT: "x" }] },
    is: { result: "permerror", problem: "no-ptr" },
  },
  {
    name: "no agreement",
    ip: "192.0.2.25",
    zone: { [v4]: [{ PTR: "mail.example.jp" }], "mail.example.jp": [{ A: "192.0.2.26" }] },
    is: { result: "fail", problem: "no-match", name: "mail.example.jp" },
  },
  {
    name: "forward NXDOMAIN",
    ip: "192.0.2.25",
    zone: { [v4]: [{ PTR: "mail.example.jp" }] },
    is: { result: "fail", problem: "no-match", name: "mail.example.jp" },
  },
  {
    name: "reverse failure",
    ip: "192.0.2.25",
    zone: { [v4]: ["SERVFAIL"] },
    is: { result: "temperror", problem: "dns-failure" },
  },
  {
    name: "forward failure",
    ip: "192.0.2.25",
    zone: { [v4]: [{ PTR: "a.example.jp" }, { PTR: "b.example.jp" }], "b.example.jp": ["TIMEOUT"] },
    is: { result: "temperror", problem: "dns-failure", name: "a.example.jp" },
  },
  {
    name: "tenth name",
    ip: "192.0.2.25",
    zone: { [v4]: many.map((PTR) => ({ PTR })), "h9.example.jp": [{ A: "192.0.2.25" }] },
    is: { result: "pass", name: "h9.example.jp" },
  },
  {
    name: "eleventh name ignored",
    ip: "192.0.2.25",
    zone: { [v4]: many.map((PTR) => ({ PTR })), "h10.example.jp": [{ A: "192.0.2.25" }] },
    is: { result: "fail", name: "h0.example.jp" },
  },
];
test.each(cases)("RFC 8601 §2.7.3 iprev: $name", async ({ ip, zone, is }) => {
  const dns = memoryResolver(zone);
  expect(await checkIprev(parseIp(ip) as IpAddress, { dns })).toMatchObject({ method: "iprev", ...is });
  expect(dns.asked.length).toBeLessThanOrEqual(11);
});

test("RFC 7601 §3: a pass has no problem, and without PTR records there is no name", async () => {
  const client = parseIp("192.0.2.25") as IpAddress;
  expect(await checkIprev(client, { dns: memoryResolver({}) })).not.toHaveProperty("name");
  const dns = memoryResolver({ [v4]: [{ PTR: "m.example" }], "m.example": [{ A: "192.0.2.25" }] });
  expect(await checkIprev(client, { dns, deadline: 1e9 })).not.toHaveProperty("problem");
});
