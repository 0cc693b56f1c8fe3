import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { describeShared, sharedPath } from "../../../test/shared.ts";
import { formatIp } from "../ip.ts";
import type { AggregateOutcome, AggregateRecord } from "./aggregate.ts";
import { openAggregateReader } from "./aggregate-reader.ts";

interface Read {
  readonly outcome: AggregateOutcome;
  readonly records: readonly AggregateRecord[];
}

function read(octets: Buffer, pieceLength = octets.length || 1): Read {
  const records: AggregateRecord[] = [];
  const reader = openAggregateReader({ onRecord: (record) => records.push(record) });
  for (let at = 0; at < octets.length; at += pieceLength) reader.write(octets.subarray(at, at + pieceLength));
  return { outcome: reader.finish(), records };
}

interface Expected {
  readonly outcome: string;
  readonly rows: number;
  readonly messages: number;
  readonly warning?: boolean | "allowed";
}

describeShared("damaged reports", () => {
  const folder = sharedPath("conformance", "reports", "malformed");
  const expected = JSON.parse(readFileSync(`${folder}/EXPECTED.json`, "utf8")) as Record<string, Expected>;
  const files = readdirSync(`${folder}/xml`);
  test.each(files)("%s", (file) => {
    const wanted = expected[`xml/${file}`];
    const octets = readFileSync(`${folder}/xml/${file}`);
    for (const pieceLength of [octets.length, 1, 7]) {
      const { outcome, records } = read(octets, pieceLength);
      expect(outcome.kind === "read" ? "saved" : outcome.kind).toBe(wanted?.outcome);
      expect(records).toHaveLength(wanted?.rows ?? -1);
      expect(records.reduce((sum, { count }) => sum + count, 0)).toBe(wanted?.messages);
      const warned = outcome.kind === "read" && outcome.warnings.length > 0;
      if (wanted?.warning === true) expect(warned).toBe(true);
      if (wanted?.warning === undefined && outcome.kind === "read") expect(outcome.warnings).toEqual([]);
    }
  });
});
void formatIp;
