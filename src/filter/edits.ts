import { bimiFields } from "../core/bimi/header-fields.ts";
import type { BimiResult } from "../core/results.ts";
import type { MessageEdit } from "../milter/types.ts";
import type { RemovedField } from "../store/record.ts";
import { deletionsFor } from "./forged-fields.ts";
import type { Decision } from "./policy.ts";

/**
 * The edits of one verdict: first what must go, as an insertion at 0 would shift the numbers that Postfix counts by;
 * then our fields above the MTA's own Received field (RFC 8601 §4).
 */
export function verdictEdits(
  removed: readonly RemovedField[],
  value: string,
  decision?: Decision,
  bimi?: BimiResult,
): MessageEdit[] {
  // Each goes to the top, so the last of a group comes first.
  const indicator = bimi === undefined ? [] : bimiFields(bimi).reverse();
  return [
    ...deletionsFor(removed),
    ...indicator.map(({ name, value }) => inserted(name, value)),
    ...(decision?.fields ?? []).map(({ name, value }) => inserted(name, value)),
    inserted("Authentication-Results", value),
    ...(decision?.holdReason === undefined ? [] : [held(decision.holdReason)]),
  ];
}

function inserted(name: string, value: string): MessageEdit {
  return { kind: "insert-header", index: 0, name, value };
}

function held(reason: string): MessageEdit {
  return { kind: "quarantine", reason };
}
