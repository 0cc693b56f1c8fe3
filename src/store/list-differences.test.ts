import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sampleRecord } from "../../test/sample-record.ts";
import type { DmarcResult } from "../core/results.ts";
import { Keeper } from "./keeper.ts";
import { type Comparison, groupDifferences } from "./list-differences.ts";
import type { MessageRecord } from "./record.ts";
import { formatLine, parseLine } from "./record-line.ts";
import { openRecordStore, startRecordStore } from "./record-store.ts";
import { redact } from "./redact.ts";
import { segmentName, spoolFolder } from "./spool-files.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "sekisho-diff-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const base: DmarcResult = {
  method: "dmarc",
  result: "pass",
  domain: "example.jp",
  policyDomain: "example.jp",
  policy: "reject",
  appliedPolicy: "reject",
  discovery: "treewalk",
  alignedDkim: [],
  alignedSpf: true,
};

function bothResults(
  sequence: number,
  applied: Partial<DmarcResult> = {},
  other: Partial<DmarcResult> = {},
): MessageRecord {
  return sampleRecord(sequence, {
    results: {
      dkim: [],
      dmarc: { ...base, ...applied },
      dmarcOther: { ...base, discovery: "psl", ...other },
      dns: [],
    },
  });
}

function ingest(records: readonly MessageRecord[]): void {
  mkdirSync(spoolFolder(dataDir), { recursive: true });
  const path = join(spoolFolder(dataDir), segmentName("mx1", "00", 1));
  writeFileSync(path, Buffer.concat(records.map(formatLine)));
  const keeper = new Keeper({ dataDir, keepMs: 365 * 86_400_000, maxOctets: 1e9 }, () => {});
  keeper.round(Date.UTC(2026, 10, 2));
  keeper.close();
}

const failing = { result: "fail" } as const;

test("messages are grouped by author domain and outcome, the most frequent first", async () => {
  ingest([
    bothResults(1),
    bothResults(2, {}, failing),
    bothResults(3, { domain: "a.example" }, { ...failing, domain: "a.example" }),
    bothResults(4, {}, failing),
    bothResults(5, {}, failing),
    bothResults(6, {}, failing),
    bothResults(7, { result: "fail" }, { ...failing, appliedPolicy: "quarantine", sampledOut: true }),
    sampleRecord(8),
    sampleRecord(9, { results: undefined as never }),
  ]);
  const store = openRecordStore({ dataDir });
  const found = await store.listDifferences({ since: 0 });
  await store.close();
  expect(found).toMatchObject({ compared: 7, different: 6, groupCount: 3 });
  expect(found.groups[0]).toEqual({
    domain: "example.jp",
    messages: 4,
    differs: ["result"],
    applied: {
      discovery: "treewalk",
      result: "pass",
      appliedPolicy: "reject",
      policyDomain: "example.jp",
    },
    other: { discovery: "psl", result: "fail", appliedPolicy: "reject", policyDomain: "example.jp" },
    newest: sampleRecord(6).at,
    queueIds: ["Q6", "Q5", "Q4"],
  });
  expect(found.groups[1]).toMatchObject({
    messages: 1,
    differs: ["policy"],
    other: { appliedPolicy: "quarantine", sampledOut: true },
    queueIds: ["Q7"],
  });
  expect(found.groups[2]).toMatchObject({ domain: "a.example", queueIds: ["Q3"] });
});

test("since and limit", async () => {
  ingest([
    bothResults(1, {}, failing),
    bothResults(2, { domain: "b.example" }, failing),
    bothResults(3, { domain: "c.example" }, failing),
  ]);
  const store = openRecordStore({ dataDir });
  expect(await store.listDifferences({ since: Date.parse(sampleRecord(2).at) })).toMatchObject({
    compared: 2,
    groupCount: 2,
  });
  const limited = await store.listDifferences({ since: 0, limit: 1 });
  expect(limited).toMatchObject({
    compared: 3,
    different: 3,
    groupCount: 3,
    groups: [{ domain: "c.example" }],
  });
  expect((await store.listDifferences({ since: 0, limit: -5 })).groups).toHaveLength(1);
  await store.close();
});

test("without a database nothing was compared", async () => {
  const store = openRecordStore({ dataDir });
  const none = { compared: 0, different: 0, groupCount: 0, groups: [] };
  expect(await store.listDifferences({ since: 0 })).toEqual(none);
  await store.close();
});

test("the thread answers too", async () => {
  ingest([bothResults(1, {}, failing)]);
  const store = startRecordStore({ dataDir, keepMs: 50 * 365 * 86_400_000, maxOctets: 1e9 });
  await store.ingest();
  expect(await store.listDifferences({ since: 0 })).toMatchObject({ compared: 1, different: 1 });
  await store.close();
});

test.each<{ is: readonly string[]; applied?: Partial<DmarcResult>; other?: Partial<DmarcResult> }>([
  { is: [] },
  { is: [], other: { organizationalDomain: "b.example", policyTag: "sp", alignedDkim: ["x.example"] } },
  { is: ["result"], other: { result: "temperror" } },
  { is: ["policy"], other: { appliedPolicy: "none" } },
  { is: ["policyDomain"], other: { policyDomain: "jp" } },
  {
    is: ["result", "policy", "policyDomain"],
    other: { result: "fail", appliedPolicy: "none", policyDomain: "jp" },
  },
])("differs in $is", ({ is, applied, other }) => {
  const comparison: Comparison = { at: 0, dmarc: { ...base, ...applied }, other: { ...base, ...other } };
  const { groups } = groupDifferences([comparison], { since: 0 });
  expect(groups[0]?.differs ?? []).toEqual(is);
});

test("a message without author domain or queue id is listed without them", () => {
  const { domain: _, ...nobody } = base;
  const comparison = { at: 0, dmarc: { ...nobody, result: "permerror" }, other: nobody } as const;
  const [group] = groupDifferences([comparison], { since: 0 }).groups;
  expect(group).not.toHaveProperty("domain");
  expect(group?.queueIds).toEqual([]);
});

test("the record keeps the other result through redaction and its line", () => {
  const record = redact(bothResults(1, {}, failing), []);
  expect(parseLine(formatLine(record).toString())?.results?.dmarcOther).toMatchObject({
    result: "fail",
    discovery: "psl",
  });
});
