import { isDeepStrictEqual } from "node:util";
import { defaultLimits, type ExtractLimits } from "../../../src/collect/extract/limits.ts";
import { keepFailures } from "../../../src/collect/failure/keep-failures.ts";
import { openRedaction } from "../../../src/collect/failure/redaction.ts";
import { readArrival } from "../../../src/collect/read-arrival.ts";
import type { ReadDocument } from "../../../src/store/reports/port.ts";
import { aggregateXml, mailOf } from "../../../test/report-files.ts";
import type { FuzzTarget } from "../target.ts";
import { target as failureReport } from "./failure-report.ts";

const limits: ExtractLimits = {
  ...defaultLimits,
  maxOctets: 4 * 1024 * 1024,
  maxEntries: 100,
  maxRecords: 1_000,
};
const redact = openRedaction(Buffer.from("key"));
const [arf = Buffer.alloc(0)] = failureReport.seeds;
const inner = { type: "message/rfc822", encoding: "8bit", octets: arf.toString("latin1") };
const seeds: readonly Buffer[] = [
  ...failureReport.seeds,
  mailOf([inner], "", "outer"),
  mailOf([inner, { type: "text/xml", fileName: "a!b!1!2.xml", octets: aggregateXml() }], "", "outer"),
];

function failures(documents: readonly ReadDocument[]): readonly unknown[] {
  return documents.filter(({ kind }) => kind === "failure");
}

/** What is kept of failure reports reads as what is stored of them; without redaction that is what was read of the whole. */
export const target: FuzzTarget = {
  name: "kept-failure",
  seeds,
  async run(input) {
    const before = await readArrival(input, { limits });
    for (const options of [{ limits }, { limits, redact }]) {
      const kept = await keepFailures(input, before, options);
      if (kept === undefined) continue;
      if (!("redact" in options) && !isDeepStrictEqual(kept.documents, before))
        throw new Error("another report is stored");
      if (kept.octets === undefined) continue;
      const after = await readArrival(kept.octets, { limits });
      if (!isDeepStrictEqual(failures(after), failures(kept.documents)))
        throw new Error("what is kept reads otherwise");
    }
  },
};
