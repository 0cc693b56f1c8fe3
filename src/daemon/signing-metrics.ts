import type { UnnumberedRecord } from "../filter/compose-record.ts";
import type { MakeCounter } from "./tally.ts";

/** Counts what became of signing outgoing mail. */
export function signingCounters(counter: MakeCounter): (record: UnnumberedRecord) => void {
  const signings = counter("signings_total", "Outgoing messages by what became of signing them", [
    "outcome",
    "reason",
  ]);
  const signatures = counter("signatures_total", "DKIM signatures made", ["algorithm"]);
  const fragile = counter(
    "fragile_messages_total",
    "Outgoing messages whose signature would hardly survive, by why",
    ["problem"],
  );
  const bursts = counter("burst_messages_total", "Outgoing messages beyond sign.burst", ["held"]);
  return ({ signing }) => {
    if (signing === undefined) return;
    signings.inc({ outcome: signing.outcome, reason: signing.reason ?? "" });
    for (const { algorithm } of signing.signatures) signatures.inc({ algorithm });
    for (const problem of signing.fragile ?? []) fragile.inc({ problem });
    if (signing.burst !== undefined) bursts.inc({ held: String(signing.action === "hold") });
  };
}
