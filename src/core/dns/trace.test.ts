import { expect, test } from "vitest";
import { memoryResolver } from "./memory.ts";
import { traceResolver } from "./trace.ts";

test("each question is written down once, with its outcome", async () => {
  let time = 0;
  const clock = { now: () => 0, monotonic: () => (time += 2) };
  const dns = memoryResolver({ "a.jp": [{ A: "192.0.2.1" }, { TXT: "SERVFAIL" }] }, 60);
  const { resolver, entries } = traceResolver(dns, clock);
  expect(await resolver.query("A.jp.", "A")).toMatchObject({ kind: "answer" });
  await resolver.query("a.jp", "TXT");
  await resolver.query("a.jp", "MX");
  await resolver.query("b.jp", "A");
  expect(entries).toEqual([
    { name: "a.jp", type: "A", outcome: "answer", ttl: 60, authentic: false, ms: 2 },
    { name: "a.jp", type: "TXT", outcome: "servfail", ms: 2 },
    { name: "a.jp", type: "MX", outcome: "nodata", authentic: false, ms: 2 },
    { name: "b.jp", type: "A", outcome: "nxdomain", authentic: false, ms: 2 },
  ]);
});

test("deadlines are passed on, and at most 200 entries are kept", async () => {
  const seen: (number | undefined)[] = [];
  const clock = { now: () => 0, monotonic: () => 0 };
  const { resolver, entries } = traceResolver(
    {
      query: (_name, _type, options) => {
        seen.push(options?.deadline);
        return Promise.resolve({ kind: "nodata", authentic: false });
      },
    },
    clock,
  );
  for (let i = 0; i < 300; i++) await resolver.query(`n${i}.jp`, "A", { deadline: i });
  expect(entries).toHaveLength(200);
  expect(seen).toHaveLength(300);
  expect(seen[299]).toBe(299);
});
