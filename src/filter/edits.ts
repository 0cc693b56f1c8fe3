import { bimiFields } from "../core/bimi/header-fields.ts";
import type { BimiResult } from "../core/results.ts";
import type { MessageEdit } from "../milter/types.ts";
import type { RemovedField } from "../store/record.ts";
import type { NewField } from "./edited-head.ts";
import { deletionsFor } from "./forged-fields.ts";
import type { Decision } from "./policy/decision.ts";

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
  return [
    ...deletionsFor(removed),
    ...ownFields(value, decision, bimi).map(
      ({ name, value }): MessageEdit => ({ kind: "insert-header", index: 0, name, value }),
    ),
  ];
}

/** The fields of ours, each of which goes to the top: the last one stands above the others. */
export function ownFields(
  authenticationResults: string,
  decision?: Decision,
  bimi?: BimiResult,
): readonly NewField[] {
  return [
    ...(bimi === undefined ? [] : bimiFields(bimi).reverse()),
    ...(decision?.fields ?? []),
    { name: "Authentication-Results", value: authenticationResults },
  ];
}
