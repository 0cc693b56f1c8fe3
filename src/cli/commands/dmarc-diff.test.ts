import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCli } from "../../../test/run-cli.ts";
import { sampleRecord } from "../../../test/sample-record.ts";
import type { DmarcResult } from "../../core/results.ts";
import { Keeper } from "../../store/keeper.ts";
import type { MessageRecord } from "../../store/record.ts";
import { formatLine } from "../../store/record-line.ts";
import { segmentName, spoolFolder } from "../../store/spool-files.ts";
import { displayWidth } from "../layout.ts";

let dataDir: string;
let config: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "sekisho-diff-"));
  config = join(dataDir, "sekisho.yaml");
  writeFileSync(config, `hostname: mx.example.jp\ndata_dir: ${dataDir}\n`);
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const base = { method: "dmarc", domain: "b.example.co.jp", alignedDkim: [], alignedSpf: false } as const;
const walked: DmarcResult = {
  ...base,
  discovery: "treewalk",
  result: "fail",
  policyDomain: "co.jp",
  appliedPolicy: "none",
};
const bySuffix: DmarcResult = {
  ...base,
  discovery: "psl",
  result: "fail",
  policyDomain: "example.co.jp",
  policy: "reject",
  appliedPolicy: "quarantine",
  sampledOut: true,
};

/** `ageMs` before now. */
function ingest(records: readonly { ageMs: number; dmarc: DmarcResult; dmarcOther?: DmarcResult }[]): void {
  mkdirSync(spoolFolder(dataDir), { recursive: true });
  const lines = records.map(({ ageMs, ...dmarcs }, index): Buffer => {
    const at = new Date(Date.now() - ageMs).toISOString();
    const record: MessageRecord = sampleRecord(index, { at, results: { dkim: [], dns: [], ...dmarcs } });
    return formatLine(record);
  });
  writeFileSync(join(spoolFolder(dataDir), segmentName("mx1", "00", 1)), Buffer.concat(lines));
  const keeper = new Keeper({ dataDir, keepMs: 365 * 86_400_000, maxOctets: 1e9 }, () => {});
  keeper.round(Date.now());
  keeper.close();
}

const day = 86_400_000;
const diff = (...args: string[]) => runCli(["dmarc-diff", "--config", config, ...args]);

test("a database that cannot be looked at is an error, and not one without records", async () => {
  const loop = join(dataDir, "loop");
  symlinkSync(loop, loop);
  writeFileSync(config, `hostname: mx.example.jp\ndata_dir: ${loop}\n`);
  const { code, out, err } = await diff("--lang", "en");
  expect({ code, out }).toEqual({ code: 3, out: "" });
  expect(err).toContain(`${join(loop, "records.sqlite")} cannot be used: `);
});

test.each(["en", "ja"])("what differs is listed within 80 columns (%s)", async (lang) => {
  ingest([
    { ageMs: 1000, dmarc: walked, dmarcOther: bySuffix },
    { ageMs: 2000, dmarc: walked, dmarcOther: bySuffix },
    { ageMs: 3000, dmarc: walked, dmarcOther: { ...walked, discovery: "psl" } },
  ]);
  const { code, out, err } = await diff("--lang", lang);
  expect({ code, err }).toEqual({ code: 1, err: "" });
  for (const line of out.split("\n")) expect(displayWidth(line), line).toBeLessThanOrEqual(80);
  for (const part of [
    "b.example.co.jp",
    "co.jp",
    "quarantine",
    "pct=",
    "public suffix list",
    "Q0  Q1",
    " 3",
    " 2",
  ])
    expect(out).toContain(part);
  expect(out).not.toContain("undefined");
});

test("as one JSON document", async () => {
  ingest([{ ageMs: 1000, dmarc: walked, dmarcOther: bySuffix }]);
  const { code, out } = await diff("--json");
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    since: expect.stringMatching(/Z$/),
    compared: 1,
    different: 1,
    groupCount: 1,
    groups: [
      {
        domain: "b.example.co.jp",
        messages: 1,
        differs: ["policy", "policyDomain"],
        applied: { discovery: "treewalk", result: "fail", appliedPolicy: "none", policyDomain: "co.jp" },
        other: { discovery: "psl", appliedPolicy: "quarantine", sampledOut: true },
        queueIds: ["Q0"],
      },
    ],
  });
});

test.each([
  { args: [], compared: 2 },
  { args: ["--since", "7d"], compared: 2 },
  { args: ["--since", "12h"], compared: 1 },
  { args: ["--since", "100d"], compared: 3 },
  { args: ["--since", new Date(Date.now() - 3 * day).toISOString()], compared: 2 },
])("$args looks at $compared messages, and no difference ends with 0", async ({ args, compared }) => {
  const same = { dmarc: walked, dmarcOther: { ...walked, discovery: "psl" } } as const;
  ingest([
    { ageMs: 1000, ...same },
    { ageMs: 2 * day, ...same },
    { ageMs: 50 * day, ...same },
    { ageMs: 1000, dmarc: walked },
  ]);
  const { code, out } = await diff("--json", ...args);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ compared, different: 0, groups: [] });
});

test.each(["en", "ja"])("nothing compared is no all-clear (%s)", async (lang) => {
  ingest([{ ageMs: 1000, dmarc: walked }]);
  const { code, out } = await diff("--lang", lang);
  expect(code).toBe(1);
  expect(out).toContain("verify.dmarc.discovery: both");
  expect((await diff("--json")).code).toBe(1);
});

test.each([
  { args: ["--since", "soon"], says: '"soon" is neither a time span' },
  { args: ["--since", "999999999w"], says: "is neither a time span" },
  { args: ["x"], says: '"x" is one argument too many' },
  { args: ["--sinc", "1d"], says: "did you mean --since?" },
])("bad input: $args", async ({ args, says }) => {
  const { code, out, err } = await diff(...args);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(says);
});

test("a database that cannot be read ends with 3", async () => {
  writeFileSync(join(dataDir, "records.sqlite"), "this is no database ".repeat(500));
  expect((await diff()).code).toBe(3);
});
