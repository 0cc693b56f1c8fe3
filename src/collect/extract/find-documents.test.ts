import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { describeShared, sharedPath } from "../../../test/shared.ts";
import { openAggregateReader } from "../../core/reports/aggregate-reader.ts";
import { type FoundDocument, findDocuments } from "./find-documents.ts";
import { Allowance, defaultLimits } from "./limits.ts";

interface Outline {
  readonly kind: FoundDocument["kind"] | "read" | "unread" | "skipped";
  readonly rows?: number;
  readonly messages?: number;
  readonly reason?: string;
  readonly id?: string;
}

async function outline(octets: Buffer, name?: string, allowance = new Allowance()): Promise<Outline[]> {
  const found: Outline[] = [];
  for await (const document of findDocuments(octets, allowance, name)) found.push(await outlineOf(document));
  return found;
}

async function outlineOf(document: FoundDocument): Promise<Outline> {
  if (document.kind === "refused") return { kind: "refused", reason: document.reason };
  if (document.kind !== "xml") return { kind: document.kind };
  let rows = 0;
  let messages = 0;
  const reader = openAggregateReader({
    hints: document.hints,
    onRecord: ({ count }) => {
      rows += 1;
      messages += count;
    },
  });
  for await (const chunk of document.chunks) reader.write(chunk);
  const outcome = reader.finish(document.end.outcome !== "whole");
  if (outcome.kind === "read") return { kind: "read", rows, messages, id: outcome.head.reportId };
  return { kind: outcome.kind, reason: outcome.reason };
}

describeShared("odd containers", () => {
  const folder = sharedPath("conformance", "reports", "malformed");
  const expected = JSON.parse(readFileSync(`${folder}/EXPECTED.json`, "utf8")) as Record<
    string,
    { readonly documents: number; readonly rows: number | null; readonly messages: number | null }
  >;
  test.each(readdirSync(`${folder}/containers`))("%s", async (file) => {
    const wanted = expected[`containers/${file}`];
    const found = await outline(readFileSync(`${folder}/containers/${file}`), file);
    expect(found).toHaveLength(wanted?.documents ?? -1);
    if (wanted?.rows == null) return;
    expect(found).toMatchObject([{ kind: "read", rows: wanted.rows, messages: wanted.messages }]);
  });
});

describeShared("reports of real reporters", () => {
  const facts = JSON.parse(readFileSync(sharedPath("conformance", "reports", "FACTS.json"), "utf8")) as {
    readonly samples: Record<
      string,
      { readonly report_id?: string; readonly records?: number; readonly messages?: number }
    >;
  };
  const aggregate = Object.entries(facts.samples).filter(([, { report_id: id }]) => id !== undefined);
  test.each(aggregate)("%s", async (file, { report_id: id, records, messages }) => {
    const found = await outline(readFileSync(sharedPath("conformance", "reports", file)), file);
    expect(found).toEqual([{ kind: "read", rows: records, messages, id }]);
  });
});

test.each([
  ["zeros", gzipSync(Buffer.alloc(64 * 1024 * 1024))],
  ["a report that never ends", gzipSync(Buffer.from(`<feedback>${"<record>".repeat(8_000_000)}`))],
])("a bomb is refused by name: %s", async (_name, octets) => {
  const found = await outline(
    octets,
    "bomb.gz",
    new Allowance({ ...defaultLimits, maxOctets: 32 * 1024 * 1024 }),
  );
  expect(found).toHaveLength(1);
  expect(found[0]?.kind === "refused" ? found[0].reason : found[0]?.kind).toMatch(/bomb|unread/);
});
