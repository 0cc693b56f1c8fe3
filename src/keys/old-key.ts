import { reasonOf } from "./fault-reason.ts";
import { changeOf } from "./record-change.ts";
import { readKey } from "./rotated-keys.ts";
import { isNowhere, type KeyEvent, type Observation, type RotatedKey } from "./rotation.ts";
import type { RotationContext } from "./rotation-context.ts";
import { changeIn } from "./rotation-plan.ts";
import { isTimeToRepeat, sendChange } from "./send-change.ts";

/** Its record is to be changed, and its zone free for that: the one in which the record stands by now. */
export async function beginChange(
  context: RotationContext,
  key: RotatedKey,
  change: "revoke" | "remove",
): Promise<void> {
  const found = await context.prover.zoneOf(key.domain);
  const zone = "zone" in found ? found.zone : key.zone;
  await context.journal.change(async (changing) => {
    const current = await readKey(changing.tx, key);
    if (current === undefined || changeIn(zone, await context.journal.ours(changing.tx)) !== undefined)
      return;
    await context.journal.advanceIn(changing, { ...current, zone }, { kind: "begin", change });
  });
}

/** Looks first: it may have been done, by the operator or before we were killed. */
export async function takeBackRecord(
  context: RotationContext,
  key: RotatedKey,
  step: "revoke" | "remove",
): Promise<void> {
  const { publicKey } = key;
  if (publicKey === undefined) return;
  const observation = await context.prover.observe({ ...key, publicKey });
  const wasSent = key.change?.sentAt !== undefined;
  const change = changeOf(key, step, observation);
  const isByHand = context.publisher.method === "manual";
  const isDone = isTakenBack(observation, step);
  if (isByHand && !isDone) await context.journal.tellByHand(key, change);
  // Also records that are not as we left them are not ours to change.
  if (isByHand || isDone || observation.says === "unknown" || observation.says === "other") {
    await context.journal.advance(key, { kind: "observed", observation });
    return;
  }
  if (wasSent) {
    const waiting = await context.journal.advance(key, { kind: "observed", observation });
    if (waiting === undefined || !isTimeToRepeat(waiting)) return;
  }
  await sendChange(context, key, change);
}

export async function deleteKeyFile(context: RotationContext, key: RotatedKey): Promise<void> {
  const event = await context.files.remove(key).then(
    (): KeyEvent => ({ kind: "file-deleted" }),
    (error: unknown): KeyEvent => ({ kind: "failed", step: "delete", reason: reasonOf(error) }),
  );
  await context.journal.advance(key, event);
}

function isTakenBack(seen: Observation, step: "revoke" | "remove"): boolean {
  return isNowhere(seen) || (step === "revoke" && seen.says === "revoked");
}
