import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sampleRecord } from "../../test/sample-record.ts";
import type { DkimResult } from "../core/results.ts";
import { Keeper } from "./keeper.ts";
import type { MessageRecord } from "./record.ts";
import { formatLine } from "./record-line.ts";
import { openRecordStore } from "./record-store.ts";
import { segmentName, spoolFolder } from "./spool-files.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "sekisho-selectors-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

function signed(sequence: number, selector: string, change: Partial<DkimResult> = {}): MessageRecord {
  const record = sampleRecord(sequence);
  const dkim: DkimResult = {
    method: "dkim",
    result: "pass",
    domain: "example.jp",
    selector,
    identity: "@example.jp",
    algorithm: "rsa-sha256",
    fieldIndex: 0,
    ...change,
  };
  return record.results === undefined ? record : { ...record, results: { ...record.results, dkim: [dkim] } };
}

const signedHere = (sequence: number, selector: string): MessageRecord =>
  sampleRecord(sequence, {
    signing: { outcome: "signed", signatures: [{ domain: "example.jp", selector, algorithm: "rsa-sha256" }] },
  });

const records = [
  signed(1, "good"),
  signed(2, "good"),
  signed(3, "forged", { result: "fail" }),
  signed(4, "other", { domain: "example.com" }),
  signedHere(5, "ours"),
  signed(-90_000, "old"),
];

function write(): void {
  mkdirSync(spoolFolder(dataDir), { recursive: true });
  writeFileSync(
    join(spoolFolder(dataDir), segmentName("mx1", "00", 1)),
    Buffer.concat(records.map(formatLine)),
  );
}

const query = { domain: "example.jp", since: Date.UTC(2026, 10, 1) };

test.each(["the spool", "the database"])("selectors that signed for a domain, from %s", async (where) => {
  write();
  if (where === "the database") {
    const keeper = new Keeper({ dataDir, keepMs: 1e12, maxOctets: 1e9 }, () => {});
    // A segment is left alone until its writer is done with it.
    for (const _ of [1, 2]) keeper.round(Date.UTC(2026, 10, 2));
    expect(keeper.listSelectors(query)).toEqual(["good", "ours"]);
    keeper.close();
  }
  const store = openRecordStore({ dataDir });
  expect(await store.listSelectors(query)).toEqual(["good", "ours"]);
  expect(await store.listSelectors({ ...query, domain: "example.com" })).toEqual(["other"]);
  await store.close();
});

test("without records there are none", async () => {
  const store = openRecordStore({ dataDir });
  expect(await store.listSelectors(query)).toEqual([]);
  await store.close();
});
