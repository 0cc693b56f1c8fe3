import { expect, test } from "vitest";
import { lastTwoLabels } from "../../../test/source-facts.ts";
import type { Clock } from "../../core/clock.ts";
import { type MemoryZone, memoryResolver } from "../../core/dns/memory.ts";
import type { DnsResolver } from "../../core/dns/resolver.ts";
import { parseIp } from "../../core/ip.ts";
import type { SourceSum, SumQuery } from "../../store/reports/port.ts";
import { openSourceNamesInMemory } from "../../store/source-names.ts";
import { type NamingLimits, type NamingServices, nameSources, namingLimits } from "./name-sources.ts";

const day = 86_400_000;
const start = 20_000 * day;

/** A clock that is set by hand. */
class HandClock implements Clock {
  ms = start;
  now(): number {
    return this.ms;
  }
  monotonic(): number {
    return this.ms;
  }
}

const sums = { messages: 1, dkim: 0, spf: 0, passed: 0, quarantined: 0, rejected: 0, estimated: 0 };

interface World {
  readonly services: NamingServices;
  readonly clock: HandClock;
  readonly asked: SumQuery[];
}

function world(
  ips: readonly string[],
  zone: MemoryZone | DnsResolver,
  more: Partial<NamingServices> = {},
): World {
  const clock = new HandClock();
  const asked: SumQuery[] = [];
  const isResolver = "query" in zone && typeof zone.query === "function";
  return {
    clock,
    asked,
    services: {
      reports: {
        sources: async (query) => {
          asked.push(query);
          return ips.map((ip): SourceSum => {
            const address = parseIp(ip);
            return {
              ...sums,
              ...(address !== undefined && { ip: address }),
              domain: "univ.example",
              firstSeen: 0,
              lastSeen: 0,
            };
          });
        },
      },
      names: openSourceNamesInMemory(),
      dns: isResolver ? (zone as DnsResolver) : memoryResolver(zone as MemoryZone),
      clock,
      organizational: lastTwoLabels,
      geo: async () => ({ problems: [], find: () => ({}) }),
      blocklists: [],
      ...more,
    },
  };
}

const zone: MemoryZone = {
  "1.2.0.192.in-addr.arpa": [{ PTR: "MX.Univ.example" }],
  "mx.univ.example": [{ A: "192.0.2.1" }],
  "2.2.0.192.in-addr.arpa": [{ PTR: "google.com" }],
  "google.com": [{ A: "203.0.113.9" }],
  "4.2.0.192.in-addr.arpa": ["TIMEOUT"],
};
const ips = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "", "192.0.2.1"];

test("a round names what has been seen, once each, and keeps it", async () => {
  const { services, asked } = world(ips, zone);
  expect(await nameSources(services, namingLimits)).toEqual({
    asked: 4,
    unanswered: 1,
    left: 0,
    unusableLists: [],
    problems: [],
  });
  expect(asked).toEqual([{ sinceDay: 20_000 - namingLimits.days }]);
  const names = await services.names.get(ips);
  expect(names.get("192.0.2.1")).toMatchObject({
    result: "pass",
    name: "mx.univ.example",
    domain: "univ.example",
  });
  expect(names.get("192.0.2.2")).toMatchObject({ result: "fail", name: "google.com" });
  expect(names.get("192.0.2.2")).not.toHaveProperty("domain");
  expect(names.get("192.0.2.3")).toMatchObject({ result: "permerror" });
  expect(names.get("192.0.2.4")).toMatchObject({ result: "temperror" });
});

test("a failure is asked again after an hour, a name after two weeks", async () => {
  const { services, clock } = world(ips, zone);
  await nameSources(services, namingLimits);
  expect((await nameSources(services, namingLimits)).asked).toBe(0);
  clock.ms += 3_600_000;
  expect((await nameSources(services, namingLimits)).asked).toBe(1);
  clock.ms = start + 14 * day - 1;
  expect((await nameSources(services, namingLimits)).asked).toBe(1);
  clock.ms += 1;
  expect((await nameSources(services, namingLimits)).asked).toBe(3);
  expect((await nameSources(services, namingLimits, { again: true })).asked).toBe(4);
});

test("a name that can no longer be found out is replaced, one that nobody renews is forgotten", async () => {
  const { services, clock } = world(["192.0.2.1"], zone);
  await nameSources(services, namingLimits);
  clock.ms += 15 * day;
  await nameSources({ ...services, dns: memoryResolver({}) }, namingLimits);
  expect((await services.names.get(["192.0.2.1"])).get("192.0.2.1")).toMatchObject({ result: "permerror" });
  clock.ms += 400 * day;
  await nameSources({ ...services, reports: { sources: async () => [] } }, namingLimits);
  expect((await services.names.get(["192.0.2.1"])).size).toBe(0);
});

test("a domain narrows the round", async () => {
  const { services, asked } = world([], {});
  await nameSources(services, namingLimits, { domain: "univ.example" });
  expect(asked).toMatchObject([{ domain: "univ.example" }]);
});

const many = Array.from({ length: 40 }, (_, index) => `192.0.2.${index + 1}`);

test("a round takes so many addresses at most, the next goes on", async () => {
  const { services } = world(many, {});
  const limits: NamingLimits = { ...namingLimits, most: 30 };
  expect(await nameSources(services, limits)).toMatchObject({ asked: 30, left: 10 });
  expect((await services.names.get(many)).has("192.0.2.30")).toBe(true);
  expect((await services.names.get(many)).has("192.0.2.31")).toBe(false);
  expect(await nameSources(services, limits)).toMatchObject({ asked: 10, left: 0 });
});

/** Answers nothing, and takes its time by the clock, as long as it may. */
function slowResolver(
  clock: HandClock,
  seen: { most: number; deadlines: Set<number | undefined> },
): DnsResolver {
  let now = 0;
  return {
    async query(_, __, options) {
      now += 1;
      seen.most = Math.max(seen.most, now);
      seen.deadlines.add(options?.deadline);
      await Promise.resolve();
      now -= 1;
      clock.ms = Math.max(clock.ms, options?.deadline ?? 0);
      return { kind: "failure", reason: "timeout" };
    },
  };
}

test("every question has a deadline, only so many are open, and the round ends in time", async () => {
  const seen = { most: 0, deadlines: new Set<number | undefined>() };
  const { services, clock } = world(many, {});
  const dns = slowResolver(clock, seen);
  const limits: NamingLimits = { ...namingLimits, parallel: 4, addressMs: 1000, roundMs: 2500 };
  const round = await nameSources({ ...services, dns }, limits);
  expect(seen.most).toBe(4);
  expect(seen.deadlines).not.toContain(undefined);
  expect(round.asked).toBeGreaterThanOrEqual(4);
  expect(round.asked).toBeLessThan(40);
  expect(round.unanswered).toBe(round.asked);
  expect(round.left).toBe(40 - round.asked);
  expect(clock.ms).toBeLessThanOrEqual(start + 3500);
});

test("a round that is stopped begins nothing more, and keeps what it has", async () => {
  let answers = 0;
  const plain = memoryResolver({});
  const dns: DnsResolver = {
    query(...question) {
      answers += 1;
      return plain.query(...question);
    },
  };
  const { services } = world(many, dns, { isStopped: () => answers >= 5 });
  const round = await nameSources(services, { ...namingLimits, parallel: 1 });
  expect(round).toMatchObject({ asked: 5, left: 35 });
  expect((await services.names.get(many)).size).toBe(5);
});

test("blocklists are asked where they are fit to be asked, and again every day", async () => {
  const lists: MemoryZone = {
    ...zone,
    "2.0.0.127.good.example": [{ A: "127.0.0.2" }],
    "3.2.0.192.good.example": [{ A: "127.0.0.4" }],
    "3.2.0.192.dead.example": [{ A: "127.0.0.4" }],
  };
  const { services, clock } = world(["192.0.2.1", "192.0.2.3"], lists, {
    blocklists: ["good.example", "dead.example"],
  });
  expect((await nameSources(services, namingLimits)).unusableLists).toEqual(["dead.example"]);
  const names = await services.names.get(ips);
  expect(names.get("192.0.2.3")?.listed).toEqual(["good.example"]);
  expect(names.get("192.0.2.1")?.listed).toEqual([]);
  clock.ms += day;
  expect((await nameSources(services, namingLimits)).asked).toBe(2);
});

test("without blocklists none is asked", async () => {
  const dns = memoryResolver(zone);
  const { services } = world(["192.0.2.1"], dns);
  await nameSources(services, namingLimits);
  expect(dns.asked).toEqual(["1.2.0.192.in-addr.arpa PTR", "mx.univ.example A"]);
});

test("network and country come from the databases, whose problems are told; they are opened only when needed", async () => {
  let opened = 0;
  const { services } = world(["192.0.2.1"], zone, {
    geo: async () => {
      opened += 1;
      return {
        problems: [{ file: "x", reason: "ENOENT" }],
        find: (ip) => (ip === "192.0.2.1" ? { asn: 64_496, country: "JP" } : {}),
      };
    },
  });
  expect((await nameSources(services, namingLimits)).problems).toEqual([{ file: "x", reason: "ENOENT" }]);
  expect((await services.names.get(ips)).get("192.0.2.1")).toMatchObject({ asn: 64_496, country: "JP" });
  await nameSources(services, namingLimits);
  expect(opened).toBe(1);
});
