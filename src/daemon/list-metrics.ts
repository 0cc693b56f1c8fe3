import type { UnnumberedRecord } from "../filter/compose-record.ts";
import type { MakeCounter } from "./tally.ts";

/** Counts what was done for mail to and from lists of ours, and what was sealed. */
export function listCounters(counter: MakeCounter): (record: UnnumberedRecord) => void {
  const remembered = counter("list_arrivals_total", "Messages that went in to lists of ours", ["remembered"]);
  const passages = counter("list_messages_total", "Messages that came back from lists, by token", [
    "host",
    "token",
  ]);
  const from = counter("list_from_total", "Messages from lists by what became of From", [
    "outcome",
    "reason",
  ]);
  const broken = counter("list_broken_signatures_total", "DKIM signatures that lists have broken", [
    "action",
  ]);
  const seals = counter("seals_total", "Messages by what became of sealing them (ARC)", [
    "outcome",
    "reason",
    "cv",
  ]);
  return ({ remembered: kept, list, seal }) => {
    if (kept !== undefined) remembered.inc({ remembered: String(kept) });
    if (list !== undefined) {
      passages.inc({ host: list.host, token: list.token });
      from.inc({ outcome: list.from.outcome, reason: list.from.reason });
      if (list.broken.count > 0) broken.inc({ action: list.broken.action }, list.broken.count);
    }
    if (seal !== undefined)
      seals.inc({ outcome: seal.outcome, reason: seal.reason ?? "", cv: seal.chainValidation ?? "" });
  };
}
