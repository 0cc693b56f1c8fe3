import { isWeaker } from "../../checker/policy-strength.ts";
import { textOf } from "../../checker/spf/record-text.ts";
import { parseDmarcRecord } from "../../core/dmarc/parse-record.ts";
import type { DmarcPolicy } from "../../core/results.ts";
import type { RecordChange } from "../../findings/finding.ts";

/** The DMARC policy that begins to count with a change, since receivers could not read it before, or not there. */
export function newPolicy(change: readonly RecordChange[]): DmarcPolicy | undefined {
  for (const added of change) {
    if (added.action !== "add" || added.type !== "TXT" || !added.name.startsWith("_dmarc.")) continue;
    const now = policyOf(added);
    const removed = change.filter(({ action, name }) => action === "remove" && name === added.name);
    const before = removed.flatMap((record) => policyOf(record) ?? []);
    // RFC 9989 §4.10: of several records none counts.
    const [was = "none"] = before.length === 1 ? before : [];
    if (now !== undefined && isWeaker(was, now)) return now;
  }
  return undefined;
}

/** undefined where receivers see no DMARC record. */
function policyOf(record: RecordChange): DmarcPolicy | undefined {
  const text = record.type === "TXT" ? textOf(record) : undefined;
  const read = text === undefined ? undefined : parseDmarcRecord(text);
  return read === undefined ? undefined : (read.p ?? "none");
}
