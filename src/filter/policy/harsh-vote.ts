import type { DmarcResult } from "../../core/results.ts";
import type { DispositionReason } from "../../store/record.ts";
import { basisRule } from "./basis.ts";
import { dmarcRefusal } from "./smtp-texts.ts";
import type { Vote } from "./vote.ts";

export type Harsher = "quarantine" | "reject";

/** A vote of DMARC for quarantine or, with its answer, for refusing. The last entry of `why` goes into the answer. */
export function harshVote(
  dmarc: DmarcResult,
  action: Harsher,
  why: readonly string[],
  reasons: readonly DispositionReason[],
): Vote {
  const note = [`domain=${dmarc.domain ?? ""}`, `policy=${dmarc.policy ?? "none"}`];
  const vote = { method: "dmarc", action, why, reasons, note } as const;
  if (action === "quarantine") return vote;
  const word = basisRule(why.at(-1) ?? "").replace(/^second\./, "");
  const whose = dmarc.policy === "reject" ? "DMARC" : "local";
  return { ...vote, answer: dmarcRefusal(dmarc, word), failed: `${whose} policy for ${dmarc.domain ?? ""}` };
}
