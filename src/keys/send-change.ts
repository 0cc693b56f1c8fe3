import type { RecordChange } from "./publish.ts";
import type { RotatedKey } from "./rotation.ts";
import type { RotationContext } from "./rotation-context.ts";

const looksPerTry = 6;

/** Has the record changed in DNS; that it was tried is written down before. */
export async function sendChange(
  context: RotationContext,
  key: RotatedKey,
  change: RecordChange,
): Promise<void> {
  const tried = await context.journal.advance(key, { kind: "try" });
  if (tried === undefined) return;
  const outcome = await context.publisher.change(change);
  if (outcome.kind === "sent") await context.journal.advance(key, { kind: "sent" });
  else if (outcome.kind === "failed")
    await context.journal.advance(key, { kind: "failed", step: change.action, reason: outcome.reason });
}

/** A change that was taken and is not there after so many looks is asked for again. */
export function isTimeToRepeat({ trouble }: RotatedKey): boolean {
  return trouble !== undefined && trouble.times % looksPerTry === 0;
}
