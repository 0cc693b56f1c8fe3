import type { AggregateOutcome, AggregateRecord } from "../../../src/core/reports/aggregate.ts";
import { openAggregateReader } from "../../../src/core/reports/aggregate-reader.ts";
import { aggregateXml } from "../../../test/report-files.ts";
import type { FuzzTarget } from "../target.ts";

const rfc9990 = `<d:feedback xmlns:d="urn:ietf:params:xml:ns:dmarc-2.0"><d:report_metadata><d:org_name>R</d:org_name><d:report_id>9</d:report_id>
<d:date_range><d:begin>1700000000</d:begin><d:end>1700086400</d:end></d:date_range></d:report_metadata><d:policy_published><d:domain>a.b</d:domain></d:policy_published>
<d:record><d:row><d:source_ip>2001:db8::1</d:source_ip><d:count>1</d:count></d:row><d:auth_results><d:spf><d:domain>a.b</d:domain><d:result>pass</d:result></d:spf></d:auth_results></d:record></d:feedback>`;

const seeds: readonly (string | Buffer)[] = [
  aggregateXml({ counts: [1, 20, 300] }),
  rfc9990,
  aggregateXml().replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
  Buffer.from(`\ufeff${aggregateXml()}`, "utf16le"),
  Buffer.from(
    aggregateXml({ declaration: '<?xml version="1.0" encoding="Shift_JIS"?>', org: "\x93\xfa\x96\x7b" }),
    "latin1",
  ),
  Buffer.from(aggregateXml({ org: "\x1b$BF|K\\\x1b(B" }), "latin1"),
  `<!DOCTYPE feedback><!-- x -->${aggregateXml({ org: "<![CDATA[a & b]]> <x@y>" })}`,
  aggregateXml().replaceAll(/<\/(?:row|identifiers|spf)>/g, ""),
  "unused",
];

interface Read {
  readonly outcome: AggregateOutcome;
  readonly records: readonly AggregateRecord[];
}

function read(input: Buffer, pieceLength: number): Read {
  const records: AggregateRecord[] = [];
  const reader = openAggregateReader({ onRecord: (record) => records.push(record) });
  for (let at = 0; at < input.length; at += pieceLength) reader.write(input.subarray(at, at + pieceLength));
  const outcome = reader.finish();
  if (outcome.kind !== "read") return { outcome, records };
  // Charsets are guessed before elements are read, the one or the other piece further ahead.
  const warnings = outcome.warnings.toSorted((a, b) => (`${a.id} ${a.at}` < `${b.id} ${b.at}` ? -1 : 1));
  return { outcome: { ...outcome, warnings }, records };
}

/** What goes on for longer than the decoder holds back is cut wherever it is. */
function hasLongValue(input: Buffer): boolean {
  for (let at = 0; at < input.length; ) {
    const next = input.indexOf("<", at + 1);
    const end = next < 0 ? input.length : next;
    if (end - at > 60_000) return true;
    at = end;
  }
  return false;
}

/** Reads any octets as a report. Cuts make no difference; counts and days are possible ones. */
export const target: FuzzTarget = {
  name: "aggregate-report",
  seeds: seeds.map((seed) => Buffer.from(seed as string)),
  run(input) {
    const whole = read(input, Math.max(input.length, 1));
    const cut = read(input, 1 + (input.length % 13));
    const same = JSON.stringify(whole) === JSON.stringify(cut);
    if (!same && !hasLongValue(input)) throw new Error("another report when it is cut");
    for (const { count } of whole.records)
      if (!Number.isSafeInteger(count) || count < 0) throw new Error(`count ${count}`);
    if (whole.outcome.kind !== "read") return;
    const { begin, end, policy } = whole.outcome.head;
    if (!(begin <= end) || policy.domain === "") throw new Error("no days or no domain, and read");
  },
};
