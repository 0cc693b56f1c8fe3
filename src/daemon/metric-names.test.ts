import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createEngine } from "./engine.ts";
import { createSupervisorMetrics } from "./supervisor-metrics.ts";
import { createSwitchableLog } from "./switchable-log.ts";

/** Every name that `/metrics` may show, as rules and dashboards write it. */
async function names(): Promise<ReadonlySet<string>> {
  const engine = createEngine(createSwitchableLog({ level: "error", format: "text" }));
  const store = { records: 0, octets: 0, ingested: 0, repeated: 0, damagedLines: 0, expired: 0 };
  const supervisor = createSupervisorMetrics({
    workers: () => [],
    wantedWorkers: () => 1,
    poolCounts: () => ({ restarts: 0, uncaught: 0, signalled: 0, hung: 0 }),
    config: () => ({ loadedAt: "2026-01-01T00:00:00Z", reloads: 0, failedReloads: 0 }),
    store: () => store,
    spool: () => ({ segments: 0, octets: 0, oldestSeconds: 0 }),
    rejections: () => 0,
    version: "1.2.3",
    startedMs: 0,
  });
  const families = [...(await engine.snapshot()).metrics, ...(await supervisor.getMetricsAsJSON())];
  return new Set(
    families.flatMap(({ name, type }) =>
      String(type) === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
}

test.each(["contrib/grafana/sekisho.json", "docs/operations.md", "docs/operations.ja.md"])(
  "%s names only metrics that there are",
  async (path) => {
    const known = await names();
    const text = readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
    const named = new Set(text.match(/\b(?:sekisho|process|nodejs)_[a-z0-9_]+/g));
    expect(named.size).toBeGreaterThan(5);
    expect([...named].filter((name) => !known.has(name))).toEqual([]);
  },
);

test("the dashboard shows every counter of messages", async () => {
  const text = readFileSync(new URL("../../contrib/grafana/sekisho.json", import.meta.url), "utf8");
  const ours = [...(await names())].filter((name) =>
    /^sekisho_(?:messages|results|dispositions|faults|signings|signatures|(?:fragile|burst)_messages|list_\w+|seals)_total$/.test(
      name,
    ),
  );
  expect(ours.length).toBeGreaterThan(12);
  expect(ours.filter((name) => !text.includes(name))).toEqual([]);
  expect(() => JSON.parse(text) as unknown).not.toThrow();
});
