import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import type { MetricFamily } from "./metric-total.ts";
import {
  dnsStatus,
  messageCounts,
  problemsOf,
  type Status,
  type StatusProblem,
  socketIsThere,
} from "./status.ts";

const worker = { id: 1, state: "up", restarts: 0, connections: 0, messages: 0 } as const;
const well: Omit<Status, "problems"> = {
  version: "1.2.3",
  node: "v24",
  pid: 1,
  startedAt: "2026-01-01T00:00:00Z",
  upSeconds: 1,
  config: { loadedAt: "2026-01-01T00:00:00Z", reloads: 0, failedReloads: 0 },
  workers: [worker, { ...worker, id: 2 }],
  sockets: [{ listen: "inet:127.0.0.1:8891", role: "both", ok: true }],
  messages: messageCounts([]),
  spool: { segments: 0, octets: 0, oldestSeconds: 0, dropped: 0 },
  store: { records: 0, octets: 0, ingested: 0, repeated: 0, damagedLines: 0, expired: 0 },
  dns: dnsStatus([]),
};
const last = { at: "2026-01-01T00:00:00Z", errors: [], needsRestart: [] };

describe("what is wrong", () => {
  const cases: readonly {
    readonly name: string;
    readonly change: Partial<typeof well>;
    readonly dropped?: boolean;
    readonly is: readonly StatusProblem[];
  }[] = [
    { name: "nothing", change: {}, is: [] },
    {
      name: "a worker waits",
      change: { workers: [worker, { ...worker, state: "waiting" }] },
      is: ["worker-down"],
    },
    { name: "all wait", change: { workers: [{ ...worker, state: "waiting" }] }, is: ["no-worker"] },
    {
      name: "one that finishes is none",
      change: { workers: [worker, { ...worker, state: "retiring" }] },
      is: [],
    },
    {
      name: "a socket",
      change: { sockets: [{ listen: "unix:/x", role: "both", ok: false }] },
      is: ["socket-missing"],
    },
    {
      name: "a few questions without an answer",
      change: { dns: { ...well.dns, unanswered: 19, unansweredSeconds: 100 } },
      is: [],
    },
    {
      name: "many at once, as one message may bring them",
      change: { dns: { ...well.dns, unanswered: 100, unansweredSeconds: 29 } },
      is: [],
    },
    {
      name: "DNS that does not answer",
      change: { dns: { ...well.dns, unanswered: 20, unansweredSeconds: 30 } },
      is: ["dns"],
    },
    { name: "the process that collects does not come up", change: { collectorDown: true }, is: ["collect"] },
    { name: "the store", change: { store: { ...well.store, error: "full" } }, is: ["store"] },
    { name: "the spool", change: { spool: { ...well.spool, error: "full" } }, is: ["spool"] },
    { name: "records dropped long ago", change: { spool: { ...well.spool, dropped: 5 } }, is: [] },
    { name: "records dropped lately", change: {}, dropped: true, is: ["records-dropped"] },
    {
      name: "a bad reload",
      change: { config: { ...well.config, last: { ...last, ok: false } } },
      is: ["reload-failed"],
    },
    { name: "a good reload", change: { config: { ...well.config, last: { ...last, ok: true } } }, is: [] },
  ];
  test.each(cases)("$name", ({ change, dropped = false, is }) => {
    expect(problemsOf({ ...well, ...change }, dropped)).toEqual(is);
  });
});

test("counts come out of the metrics", () => {
  const counter = (
    name: string,
    ...values: readonly (readonly [number, Record<string, string>])[]
  ): MetricFamily => ({
    name: `sekisho_${name}`,
    type: "counter",
    values: values.map(([value, labels]) => ({ value, labels })),
  });
  const metrics: MetricFamily[] = [
    counter(
      "messages_total",
      [3, { origin: "stranger", reply: "accept" }],
      [1, { origin: "own", reply: "reject" }],
    ),
    counter(
      "results_total",
      [2, { method: "spf", result: "pass" }],
      [5, { method: "dkim", result: "pass" }],
      [1, { method: "dkim", result: "fail" }],
    ),
    counter("dispositions_total", [4, { action: "none" }]),
    counter("removed_fields_total", [2, { reason: "x" }], [1, { reason: "y" }]),
    counter("dns_questions_total", [200, {}]),
    counter("dns_cache_hits_total", [150, {}]),
    {
      name: "sekisho_message_seconds",
      type: "histogram",
      values: [
        { value: 2, labels: {}, metricName: "sekisho_message_seconds_sum" },
        { value: 4, labels: {}, metricName: "sekisho_message_seconds_count" },
      ],
    },
  ];
  expect(messageCounts(metrics)).toEqual({
    total: 4,
    reply: { accept: 3, reject: 1 },
    origin: { stranger: 3, own: 1 },
    action: { none: 4 },
    results: { spf: { pass: 2 }, dkim: { pass: 5, fail: 1 } },
    removedFields: 3,
    faults: 0,
    connections: 0,
    meanMs: 500,
  });
  expect(dnsStatus(metrics)).toMatchObject({ questions: 200, cacheHits: 150, hitRate: 0.75 });
});

test("a socket is missed when it is gone, and not when its folder may not be looked into", () => {
  const folder = join(temporaryFolder(), "inside");
  mkdirSync(folder);
  const path = join(folder, "a.sock");
  const isThere = (): boolean => socketIsThere({ kind: "unix", path });
  expect(isThere()).toBe(false);
  writeFileSync(path, "");
  expect(isThere()).toBe(true);
  rmSync(folder, { recursive: true });
  expect(isThere()).toBe(false);
  // ELOOP, as root, too; whoever has become another user may get EACCES, and clients still come through.
  symlinkSync(folder, folder);
  expect(isThere()).toBe(true);
});
