import { join } from "node:path";
import { keyRecordName } from "../core/dkim/key-query.ts";
import { datedSelector } from "./generate-key.ts";
import { changeOf } from "./record-change.ts";
import { bitsOf, keyId, listKeys, readKey, removeRequest, saveKey } from "./rotated-keys.ts";
import { isIncoming, type KeyReason, type RotatedKey } from "./rotation.ts";
import { type RotationContext, reasonOf } from "./rotation-context.ts";
import type { Changing } from "./rotation-journal.ts";
import { changeIn, typeOf, type WantedKey } from "./rotation-plan.ts";
import { isTimeToRepeat, sendChange } from "./send-change.ts";

/**
 * Begins a new key: its selector, its place in the zone's order of changes.
 * @returns Why it cannot be begun now, undefined where it is or where there is nothing to begin.
 */
export async function planKey(
  context: RotationContext,
  wanted: WantedKey,
  why: KeyReason,
): Promise<string | undefined> {
  const found = await context.prover.zoneOf(wanted.domain);
  if ("problem" in found) return found.problem;
  const busy = await context.journal.change((changing) => freeZone(context, changing, found.zone));
  if (busy !== undefined) return undefined;
  const selector = await freeSelector(context, wanted);
  if (typeof selector !== "string") return selector.problem;
  await context.journal.change(async (changing) => {
    const { tx, notes } = changing;
    if ((await freeZone(context, changing, found.zone)) !== undefined) return;
    const key = newKey(context, wanted, selector, found.zone, why);
    const same = (await listKeys(tx)).some(
      (one) =>
        (one.domain === key.domain && one.type === key.type && isIncoming(one)) || keyId(one) === keyId(key),
    );
    if (same) return;
    await saveKey(tx, key);
    await removeRequest(tx, { domain: key.domain, type: key.type });
    notes.push({ kind: "moved", key, from: "planned" });
  });
  return undefined;
}

/** @returns The key whose change is under way; one that nobody has begun to make gives way. */
async function freeZone(
  context: RotationContext,
  changing: Changing,
  zone: string,
): Promise<RotatedKey | undefined> {
  const busy = changeIn(zone, await context.journal.ours(changing.tx));
  if (busy === undefined || busy.change?.kind === "publish") return busy;
  return (await context.journal.advanceIn(changing, busy, { kind: "withdraw" })) === undefined
    ? busy
    : undefined;
}

function newKey(
  context: RotationContext,
  { domain, algorithm }: WantedKey,
  selector: string,
  zone: string,
  why: KeyReason,
): RotatedKey {
  const now = context.now();
  const bits = bitsOf(algorithm);
  return {
    domain,
    selector,
    type: typeOf(algorithm),
    ...(bits !== undefined && { bits }),
    file: fileOf(context, domain, selector),
    origin: "rotation",
    state: "planned",
    since: now,
    why,
    history: [],
    zone,
    change: { kind: "publish", begunAt: now },
    staleMs: 0,
    jitter: context.random(),
    nextAt: now,
  };
}

function fileOf(context: RotationContext, domain: string, selector: string): string {
  const { sign, dataDir } = context;
  return join(sign.rotate.keyDir ?? join(dataDir, "keys"), domain, `${selector}.pem`);
}

/** `s20261121a`, or with the next letter: no key, file or record of that name may have been there. */
async function freeSelector(
  context: RotationContext,
  { domain, algorithm }: WantedKey,
): Promise<string | { readonly problem: string }> {
  const { state, sign, prover } = context;
  const taken = new Set([...(await state.tx(listKeys)), ...sign.keys].map(keyId));
  const dated = datedSelector(typeOf(algorithm), context.now());
  for (const letters of selectorLetters) {
    const selector = dated + letters;
    if (taken.has(keyId({ domain, selector })) || context.files.exists(fileOf(context, domain, selector)))
      continue;
    const free = await prover.isFree(domain, selector);
    if (free === undefined)
      return { problem: `${keyRecordName({ selector, domain })}: servers cannot be asked` };
    if (free) return selector;
  }
  return { problem: `no selector is free for ${dated}` };
}

/** The private key, into its file. */
export async function writeKey(context: RotationContext, key: RotatedKey): Promise<void> {
  try {
    const { publicKey, record } = await context.files.write(key);
    await context.journal.advance(key, { kind: "written", publicKey, record });
  } catch (error) {
    await context.journal.advance(key, { kind: "failed", step: "write", reason: reasonOf(error) });
  }
}

/** Its record, into DNS: by the publisher or by the operator. */
export async function publishKey(context: RotationContext, key: RotatedKey): Promise<void> {
  const change = changeOf(key, "publish");
  if (context.publisher.method === "manual") {
    await context.journal.tellByHand(key, change);
    return observeKey(context, key);
  }
  return sendChange(context, key, change);
}

/** Whether every server of its zone serves it. */
export async function observeKey(context: RotationContext, key: RotatedKey): Promise<void> {
  const { publicKey } = key;
  if (publicKey === undefined) return;
  const observation = await context.prover.observe({ ...key, publicKey });
  const seen = await context.journal.advance(key, { kind: "observed", observation });
  // The server has taken it and does not have it: its zone may have been written over.
  if (seen?.state === "published" && observation.says === "absent" && isTimeToRepeat(seen))
    await sendChange(context, seen, changeOf(seen, "publish"));
}

/** From here on mail is signed with it: what it needs for that is tried out first. */
export async function activateKey(context: RotationContext, key: RotatedKey): Promise<void> {
  try {
    await context.files.check(key);
  } catch (error) {
    await context.journal.advance(key, { kind: "failed", step: "load", reason: reasonOf(error) });
    return;
  }
  await context.journal.change(async (changing) => {
    const current = await readKey(changing.tx, key);
    if (current === undefined) return;
    if ((await context.journal.advanceIn(changing, current, { kind: "activate" })) === undefined) return;
    for (const old of await listKeys(changing.tx))
      if (old.state === "active" && isPredecessor(old, key))
        await context.journal.advanceIn(changing, old, { kind: "supersede" });
  });
}

const alphabet = [..."abcdefghijklmnopqrstuvwxyz"];
const selectorLetters = [
  ...alphabet,
  ...alphabet.flatMap((first) => alphabet.map((second) => first + second)),
];

function isPredecessor(old: RotatedKey, { domain, selector, type }: RotatedKey): boolean {
  return old.domain === domain && old.type === type && old.selector !== selector;
}
