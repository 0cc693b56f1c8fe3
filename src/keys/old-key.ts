import { changeOf } from "./record-change.ts";
import { readKey } from "./rotated-keys.ts";
import type { Observation, RotatedKey } from "./rotation.ts";
import { type RotationContext, reasonOf } from "./rotation-context.ts";
import { changeIn } from "./rotation-plan.ts";
import { isTimeToRepeat, sendChange } from "./send-change.ts";

/** Its record is to be changed, and its zone free for that. */
export async function beginChange(
  context: RotationContext,
  key: RotatedKey,
  change: "revoke" | "remove",
): Promise<void> {
  await context.journal.change(async (changing) => {
    const current = await readKey(changing.tx, key);
    if (current === undefined || changeIn(key.zone, await context.journal.ours(changing.tx)) !== undefined)
      return;
    await context.journal.advanceIn(changing, current, { kind: "begin", change });
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
  if (isTakenBack(observation, step) || observation.says === "unknown") {
    await context.journal.advance(key, { kind: "observed", observation });
    return;
  }
  if (context.publisher.method === "manual") {
    await context.journal.tellByHand(key, change);
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
  try {
    await context.files.remove(key);
    await context.journal.advance(key, { kind: "file-deleted" });
  } catch (error) {
    await context.journal.advance(key, { kind: "failed", step: "delete", reason: reasonOf(error) });
  }
}

function isTakenBack({ says }: Observation, step: "revoke" | "remove"): boolean {
  return says === "absent" || (step === "revoke" && says === "revoked");
}
