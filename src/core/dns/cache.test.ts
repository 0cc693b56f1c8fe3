import { expect, test } from "vitest";
import { DnsCache } from "./cache.ts";
import type { Reply } from "./reply.ts";

function clockAt(time: { ms: number }): { now(): number; monotonic(): number } {
  return { now: () => time.ms, monotonic: () => time.ms };
}

const txt = (text: string, ttl = 60): Reply => ({
  kind: "answer",
  records: [{ strings: [text], text }],
  ttl,
  authentic: false,
  aliases: 0,
});
const denied = (end: string, authentic: boolean): Reply => ({
  kind: "nxdomain",
  ttl: 60,
  authentic,
  end,
  aliases: 0,
});

test("the least recently used entry goes first", () => {
  const cache = new DnsCache(clockAt({ ms: 0 }), { maxEntries: 2 });
  cache.set("a.jp", "TXT", txt("a"));
  cache.set("b.jp", "TXT", txt("b"));
  cache.get("a.jp", "TXT");
  cache.set("c.jp", "TXT", txt("c"));
  expect(cache.get("b.jp", "TXT")).toBeUndefined();
  expect(cache.get("a.jp", "TXT")).toEqual(txt("a"));
  expect(cache.get("c.jp", "TXT")).toEqual(txt("c"));
  expect(cache.entries).toBe(2);
});

test("an entry that is asked for all the time stays while others come and go", () => {
  const cache = new DnsCache(clockAt({ ms: 0 }), { maxEntries: 10 });
  cache.set("hot.jp", "TXT", txt("hot"));
  for (let i = 0; i < 100; i++) {
    cache.set(`n${i}.jp`, "TXT", txt("x"));
    expect(cache.get("hot.jp", "TXT")).toEqual(txt("hot"));
  }
  expect(cache.entries).toBe(10);
});

test("types are kept apart", () => {
  const cache = new DnsCache(clockAt({ ms: 0 }));
  cache.set("a.jp", "TXT", txt("a"));
  expect(cache.get("a.jp", "A")).toBeUndefined();
});

test("octets are bounded, and counted down to nothing", () => {
  const time = { ms: 0 };
  const cache = new DnsCache(clockAt(time), { maxOctets: 100_000 });
  for (let i = 0; i < 1000; i++) {
    cache.set(`n${i}.jp`, "TXT", txt("x".repeat(1000)));
    expect(cache.octets).toBeLessThanOrEqual(100_000);
  }
  expect(cache.entries).toBeGreaterThan(10);
  cache.set("big.jp", "TXT", txt("x".repeat(100_000)));
  expect(cache.get("big.jp", "TXT")).toBeUndefined();
  time.ms = 60_000;
  for (let i = 0; i < 1000; i++) cache.get(`n${i}.jp`, "TXT");
  expect(cache.entries).toBe(0);
  expect(cache.octets).toBe(0);
});

test("setting again replaces, and counts once", () => {
  const cache = new DnsCache(clockAt({ ms: 0 }));
  cache.set("a.jp", "TXT", txt("a"));
  const { octets } = cache;
  cache.set("a.jp", "TXT", txt("b"));
  expect(cache.octets).toBe(octets);
  expect(cache.entries).toBe(1);
  expect(cache.get("a.jp", "TXT")).toEqual(txt("b"));
});

test("a TTL counts down and never reads 0", () => {
  const time = { ms: 1000 };
  const cache = new DnsCache(clockAt(time));
  cache.set("a.jp", "TXT", txt("a", 10));
  time.ms += 9999;
  expect(cache.get("a.jp", "TXT")).toMatchObject({ ttl: 1 });
  time.ms += 1;
  expect(cache.get("a.jp", "TXT")).toBeUndefined();
});

test("RFC 8020 §2: an authentic NXDOMAIN covers what is below, until it ends; escaped dots do not lead up", () => {
  const time = { ms: 0 };
  const cache = new DnsCache(clockAt(time));
  cache.set("gone.jp", "TXT", denied("gone.jp", true));
  cache.set("other.jp", "TXT", denied("other.jp", false));
  expect(cache.get("a.b.gone.jp", "A")).toMatchObject({ kind: "nxdomain", authentic: true });
  expect(cache.get("a\\.gone.jp", "A")).toBeUndefined();
  expect(cache.get("notgone.jp", "A")).toBeUndefined();
  expect(cache.get("a.other.jp", "A")).toBeUndefined();
  expect(cache.get("other.jp", "A")).toBeUndefined();
  cache.set("live.gone.jp", "TXT", txt("a"));
  expect(cache.get("live.gone.jp", "TXT")).toMatchObject({ kind: "answer" });
  time.ms = 60_000;
  expect(cache.get("a.b.gone.jp", "A")).toBeUndefined();
  expect(cache.get("a.b.gone.jp", "A")).toBeUndefined();
});
