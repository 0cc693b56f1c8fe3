import type { MessageEdit } from "../milter/types.ts";
import type { RemovedField } from "../store/record.ts";
import { deletionsFor } from "./forged-fields.ts";

/**
 * The edits of one verdict: first what must go, as an insertion at 0 would shift the numbers that Postfix counts by;
 * then our field above the MTA's own Received field (RFC 8601 §4).
 */
export function verdictEdits(removed: readonly RemovedField[], value: string): MessageEdit[] {
  return [
    ...deletionsFor(removed),
    { kind: "insert-header", index: 0, name: "Authentication-Results", value },
  ];
}
