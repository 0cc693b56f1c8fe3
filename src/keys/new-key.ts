import { join } from "node:path";
import { keyRecordName } from "../core/dkim/key-query.ts";
import { reasonOf } from "./fault-reason.ts";
import { datedSelector } from "./generate-key.ts";
import type { PlanFault } from "./plan-fault.ts";
import { changeOf } from "./record-change.ts";
import { bitsOf, keyId, listKeys, readKey, removeRequest, saveKey } from "./rotated-keys.ts";
import { isIncoming, type KeyEvent, type KeyReason, type RotatedKey } from "./rotation.ts";
import type { RotationContext } from "./rotation-context.ts";
import type { Changing } from "./rotation-journal.ts";
import { changeIn, typeOf, type WantedKey } from "./rotation-plan.ts";
import { isTimeToRepeat, sendChange } from "./send-change.ts";

/** "busy": another change of the zone goes first. */
export type Planned =
  | { readonly kind: "done" | "busy" }
  | { readonly kind: "problem"; readonly problem: PlanFault };

/** Begins a new key, where that is possible now: its selector, its place in the zone's order of changes. */
export async function planKey(context: RotationContext, wanted: WantedKey, why: KeyReason): Promise<Planned> {
  const found = await context.prover.zoneOf(wanted.domain);
  if ("fault" in found) return { kind: "problem", problem: { name: wanted.domain, fault: found.fault } };
  if (!(await isZoneFree(context, found.zone))) return { kind: "busy" };
  const free = await freeSelector(context, wanted);
  if ("problem" in free) return { kind: "problem", problem: free.problem };
  return context.journal.change(async (changing): Promise<Planned> => {
    const { tx, notes } = changing;
    if ((await freeZone(context, changing, found.zone)) !== undefined) return { kind: "busy" };
    const key = newKey(context, wanted, free, found.zone, why);
    const same = (await listKeys(tx)).some(
      (one) =>
        (one.domain === key.domain && one.type === key.type && isIncoming(one)) || keyId(one) === keyId(key),
    );
    if (same) return { kind: "done" };
    await saveKey(tx, key);
    await removeRequest(tx, { domain: key.domain, type: key.type });
    notes.push({ kind: "moved", key, from: "planned" });
    return { kind: "done" };
  });
}

/** A change that was tried and is seen to have come to nothing gives way, too. */
async function isZoneFree(context: RotationContext, zone: string): Promise<boolean> {
  const { journal, prover } = context;
  const busy = await journal.change((changing) => freeZone(context, changing, zone));
  const change = busy?.change;
  if (busy?.publicKey === undefined || change === undefined || change.kind === "publish")
    return busy === undefined;
  const seen = await prover.observe({ ...busy, publicKey: busy.publicKey });
  return (await journal.advance(busy, { kind: "withdraw", seen })) !== undefined;
}

/** @returns The key whose change is under way; one that nobody has begun to make gives way. */
async function freeZone(
  context: RotationContext,
  changing: Changing,
  zone: string,
): Promise<RotatedKey | undefined> {
  const keys = await context.journal.ours(changing.tx);
  const busy = changeIn(zone, keys) ?? keys.find((key) => key.zone === zone && isLeaving(key));
  if (busy?.change === undefined || busy.change.kind === "publish") return busy;
  const withdrawn = await context.journal.advanceIn(changing, busy, { kind: "withdraw" });
  return withdrawn === undefined ? busy : freeZone(context, changing, zone);
}

/** The key is to be revoked as soon as the last process has let go of it, which is soon. */
function isLeaving({ compromised, state, releasedAt }: RotatedKey): boolean {
  return compromised === true && state === "retiring" && releasedAt === undefined;
}

function newKey(
  context: RotationContext,
  { domain, algorithm }: WantedKey,
  { selector, staleMs }: FreeSelector,
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
    staleMs,
    jitter: context.random(),
    nextAt: now,
  };
}

function fileOf(context: RotationContext, domain: string, selector: string): string {
  const { sign, dataDir } = context;
  return join(sign.rotate.keyDir ?? join(dataDir, "keys"), domain, `${selector}.pem`);
}

interface FreeSelector {
  readonly selector: string;
  /** How long caches may hold what is there now: that nothing is, or what a wildcard says. */
  readonly staleMs: number;
}

/** `s20261121a`, or with the next letter: no key, file or record of that name may have been there. */
async function freeSelector(
  context: RotationContext,
  { domain, algorithm }: WantedKey,
): Promise<FreeSelector | { readonly problem: PlanFault }> {
  const { state, sign, prover } = context;
  const taken = new Set([...(await state.tx(listKeys)), ...sign.keys].map(keyId));
  const dated = datedSelector(typeOf(algorithm), context.now());
  let asked = 0;
  for (const letters of selectorLetters) {
    const selector = dated + letters;
    if (taken.has(keyId({ domain, selector })) || context.files.exists(fileOf(context, domain, selector)))
      continue;
    const name = await prover.look(domain, selector);
    if (name.kind === "unknown")
      return { problem: { name: keyRecordName({ selector, domain }), fault: "unanswered-servers" } };
    if (name.kind === "free") return { selector, staleMs: name.staleMs };
    asked += 1;
    if (asked >= maxAsked) break;
  }
  return { problem: { name: domain, fault: "no-selector" } };
}

/** The private key, into its file. */
export async function writeKey(context: RotationContext, key: RotatedKey): Promise<void> {
  const event = await context.files.write(key).then(
    ({ publicKey, record }): KeyEvent => ({ kind: "written", publicKey, record }),
    (error: unknown): KeyEvent => ({ kind: "failed", step: "write", reason: reasonOf(error) }),
  );
  await context.journal.advance(key, event);
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
  // In use it is in memory: without a look its file would be missed at the next start only.
  if (key.state === "active" && key.origin === "rotation" && !(await canBeLoaded(context, key))) return;
  const observation = await context.prover.observe({ ...key, publicKey });
  const seen = await context.journal.advance(key, { kind: "observed", observation });
  // The server has taken it and does not have it: its zone may have been written over.
  if (seen?.state === "published" && observation.says === "absent" && isTimeToRepeat(seen))
    await sendChange(context, seen, changeOf(seen, "publish"));
}

/** Whether a key can sign; what stands against it is written down. */
async function canBeLoaded(context: RotationContext, key: RotatedKey): Promise<boolean> {
  const fault = await context.files.check(key).then(
    () => undefined,
    (error: unknown): KeyEvent => ({ kind: "failed", step: "load", reason: reasonOf(error) }),
  );
  if (fault !== undefined) await context.journal.advance(key, fault);
  return fault === undefined;
}

/** From here on mail is signed with it: what it needs for that is tried out first. */
export async function activateKey(context: RotationContext, key: RotatedKey): Promise<void> {
  if (!(await canBeLoaded(context, key))) return;
  await context.journal.change(async (changing) => {
    const current = await readKey(changing.tx, key);
    if (current === undefined) return;
    if ((await context.journal.advanceIn(changing, current, { kind: "activate" })) === undefined) return;
    for (const old of await listKeys(changing.tx))
      if (old.state === "active" && isPredecessor(old, key))
        await context.journal.advanceIn(changing, old, { kind: "supersede" });
  });
}

/** Names that are all taken in DNS: something answers for any of them. */
const maxAsked = 26;

const alphabet = [..."abcdefghijklmnopqrstuvwxyz"];
const selectorLetters = [
  ...alphabet,
  ...alphabet.flatMap((first) => alphabet.map((second) => first + second)),
];

function isPredecessor(old: RotatedKey, { domain, selector, type }: RotatedKey): boolean {
  return old.domain === domain && old.type === type && old.selector !== selector;
}
