import { expect, onTestFinished, test } from "vitest";
import { startDnsServer } from "../../test/dns-server.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { createDnsClient } from "../core/dns/client.ts";
import { type MemoryZone, memoryResolver } from "../core/dns/memory.ts";
import { isParkedDomain } from "./parked-domain.ts";

const rows: readonly { readonly it: string; readonly records: MemoryZone[string]; readonly is: boolean }[] = [
  { it: "RFC 7505 §3: null MX", records: [{ MX: [0, ""] }], is: true },
  {
    it: "RFC 7505 §3: a null MX beside another is none",
    records: [{ MX: [0, ""] }, { MX: [10, "mx.a.example"] }],
    is: false,
  },
  { it: "an ordinary MX", records: [{ MX: [10, "mx.a.example"] }], is: false },
  { it: "RFC 7208 §10.1.2: v=spf1 -all", records: [{ TXT: "v=spf1 -all" }], is: true },
  { it: "in other letters, with blanks", records: [{ TXT: "V=SPF1  -ALL " }], is: true },
  { it: "in two strings", records: [{ TXT: ["v=spf1 ", "-all"] }], is: true },
  { it: "among other texts", records: [{ TXT: "site=1" }, { TXT: "v=spf1 -all" }], is: true },
  {
    it: "RFC 7208 §4.5: two records",
    records: [{ TXT: "v=spf1 -all" }, { TXT: "v=spf1 mx -all" }],
    is: false,
  },
  { it: "somebody may send", records: [{ TXT: "v=spf1 ip4:192.0.2.1 -all" }], is: false },
  { it: "nobody probably sends", records: [{ TXT: "v=spf1 ~all" }], is: false },
  { it: "another version", records: [{ TXT: "v=spf10 -all" }], is: false },
  { it: "neither", records: [{ A: "192.0.2.1" }], is: false },
  { it: "no answer at all", records: ["TIMEOUT"], is: false },
  {
    it: "no answer for one, the other says so",
    records: [{ MX: "TIMEOUT" }, { TXT: "v=spf1 -all" }],
    is: true,
  },
  {
    it: "no answer for one, the other does not say so",
    records: [{ TXT: "SERVFAIL" }, { MX: [10, "mx.a.example"] }],
    is: false,
  },
];

test.each(rows)("$it", async ({ records, is }) => {
  const dns = memoryResolver({ "a.example": records });
  expect(await isParkedDomain("a.example", dns)).toBe(is);
  expect([...dns.asked].sort()).toEqual(["a.example MX", "a.example TXT"]);
});

test("an answer holds for its TTL: asked once in it, and once more after it", async () => {
  const nullMx = (name: string) => ({ name, type: "MX", ttl: 60, data: Buffer.from([0, 0, 0]) }) as const;
  const server = await startDnsServer({
    answer: ({ name, type }) => (type === 15 ? { answers: [nullMx(name)] } : { rcode: 2 }),
  });
  let ahead = 0;
  const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + ahead };
  const dns = createDnsClient({ servers: [server], timeoutMs: 2000, clock });
  onTestFinished(async () => {
    await dns.close();
    await server.stop();
  });
  const askedForMx = (): number => server.asked.filter(({ type }) => type === 15).length;
  expect([await isParkedDomain("a.example", dns), await isParkedDomain("a.example", dns)]).toEqual([
    true,
    true,
  ]);
  expect(askedForMx()).toBe(1);
  ahead = 61_000;
  expect(await isParkedDomain("a.example", dns)).toBe(true);
  expect(askedForMx()).toBe(2);
});
