import type { KeyType } from "../core/dkim/key-material.ts";

/** The life of a key. "planned" is the intention alone: its file may not be there yet. */
export const keyStates = [
  "planned",
  /** The private key is in its file, nothing is published. */
  "generated",
  /** On its way to every server of the zone. */
  "published",
  /** Every server of the zone serves it, and no cache can hold that it does not. */
  "proved",
  /** It signs. */
  "active",
  /** It signs no more; what it signed may still be on its way. */
  "retiring",
  /** Every server serves `p=`, or nothing. */
  "revoked",
  /** The record is removed. */
  "gone",
] as const;
export type KeyState = (typeof keyStates)[number];

/** Why a key came into its state. Stable. */
export type KeyReason =
  | "first"
  | "scheduled"
  | "asked"
  | "compromised"
  | "adopted"
  | "written"
  | "sent"
  | "seen"
  | "proved"
  | "proof-lost"
  | "switched"
  | "superseded"
  | "abandoned"
  | "revoked"
  | "removed"
  | "not-published";

/** A change of the zone. From its beginning until every server shows it no other one begins in the same zone. */
export interface KeyChange {
  readonly kind: "publish" | "revoke" | "remove";
  readonly begunAt: number;
  /** Somebody was asked for it, with whatever outcome: it may have been made. */
  readonly triedAt?: number;
  /** It was taken. */
  readonly sentAt?: number;
}

/** A step that could not be done or proved. */
export interface KeyTrouble {
  readonly step: "write" | "publish" | "prove" | "load" | "check" | "revoke" | "remove" | "delete";
  /** For the operator: facts, not a sentence. */
  readonly reason: string;
  readonly since: number;
  readonly times: number;
}

/** A key and how far it has come. Times in ms since 1970. */
export interface RotatedKey {
  /** `d=` and `s=`: A-labels, lower case. */
  readonly domain: string;
  readonly selector: string;
  readonly type: KeyType;
  /** Of RSA. */
  readonly bits?: number;
  readonly file: string;
  /** "configuration": from `sign.keys`; its file is never touched. */
  readonly origin: "rotation" | "configuration";
  readonly state: KeyState;
  readonly since: number;
  readonly why: KeyReason;
  /** States before this one, oldest first. */
  readonly history: readonly { readonly state: KeyState; readonly at: number; readonly why: KeyReason }[];
  /** The zone of the record; A-labels. */
  readonly zone: string;
  readonly change?: KeyChange;
  /** What `p=` says; absent while planned. */
  readonly publicKey?: string;
  /** The text to publish. */
  readonly record?: string;
  /** The strings of the one record that all servers gave last. */
  readonly served?: readonly string[];
  /** Since when every server has been seen with it, without a break. */
  readonly servedSince?: number;
  /** When every server was last seen with it. */
  readonly provedAt?: number;
  /** How long a cache may hold what was there before, at most (ms). */
  readonly staleMs: number;
  readonly activeAt?: number;
  /** Since when nothing signs with it. */
  readonly releasedAt?: number;
  /** It never signed: nobody waits for its record. */
  readonly neverSigned?: true;
  /** Others may have it: out of use and revoked as soon as can be. */
  readonly compromised?: true;
  /** Not taken back before the operator says so: other hosts may sign with it. */
  readonly held?: true;
  /** The operator wants the record removed without further waiting. */
  readonly hurried?: true;
  /** 0 to 1: the part of the jitter by which its successor comes later. */
  readonly jitter: number;
  /** Not looked at before. */
  readonly nextAt: number;
  readonly trouble?: KeyTrouble;
  /** When the operator was told last that this state waits for something. */
  readonly toldAt?: number;
  readonly fileDeletedAt?: number;
}

/** What decides about time. All in ms. */
export interface RotationTimes {
  /** Undefined: no key is too old. */
  readonly everyMs?: number;
  readonly jitterMs: number;
  readonly retireAfterMs: number;
  readonly removeAfterMs: number;
  readonly checkEveryMs: number;
}

/** What all authoritative servers say of a record. */
export interface Observation {
  /**
   * What they agree in: exactly this key, `p=`, no record, records without this key, others. "differs": they do not agree. "unknown": one
   * or all cannot be asked.
   */
  readonly says: "ours" | "revoked" | "absent" | "foreign" | "other" | "differs" | "unknown";
  /** At least one serves this key. */
  readonly someOurs: boolean;
  /** How long caches may hold an answer that was given before the present one (ms). */
  readonly staleMs: number;
  /** The strings of the record when there is one, and the same at all. */
  readonly served?: readonly string[];
  /** What stands against it, for the operator. */
  readonly detail: string;
}

export type KeyEvent =
  | { readonly kind: "written"; readonly publicKey: string; readonly record: string }
  /** Somebody is about to be asked for the change. */
  | { readonly kind: "try" }
  | { readonly kind: "sent" }
  | { readonly kind: "observed"; readonly observation: Observation }
  | { readonly kind: "activate" }
  | { readonly kind: "supersede" }
  /** No process signs with it any more. */
  | { readonly kind: "release" }
  | { readonly kind: "begin"; readonly change: "revoke" | "remove" }
  /** The change has not been made, and another one is more urgent. @param seen Of one that has been tried. */
  | { readonly kind: "withdraw"; readonly seen?: Observation }
  | { readonly kind: "abandon" }
  | { readonly kind: "compromise" }
  /** The operator lets a key that was held go, or wants a revoked record removed now. */
  | { readonly kind: "let-go" }
  | { readonly kind: "failed"; readonly step: KeyTrouble["step"]; readonly reason: string }
  /** The operator has heard of what it waits for. */
  | { readonly kind: "told" }
  | { readonly kind: "file-deleted" };

export type Advance =
  | { readonly kind: "moved" | "kept"; readonly key: RotatedKey }
  /** It cannot be in this state, or not yet. */
  | { readonly kind: "refused" };

/** Between a proof and the use of the key nothing may have changed unseen for longer than this. */
const proofFreshMs = 60_000;
/** How often the records of keys in use are looked at, in looks at waiting ones. */
const healthLooks = 12;
const maxRetryMs = 3_600_000;
/** A change that was begun so long ago, was taken and is seen nowhere is not on its way. */
const unmadeAfterMs = 86_400_000;
const maxHistory = 30;

/** Whether it is time to look at a key. */
export function isDue({ nextAt }: RotatedKey, now: number, { checkEveryMs }: RotationTimes): boolean {
  // Nothing waits for longer: the clock was ahead, or looks were to be rarer.
  return nextAt <= now || nextAt > now + Math.max(checkEveryMs * healthLooks, maxRetryMs);
}

/** Whether nothing can have changed unseen since every server was seen to serve it. */
export function isFresh({ provedAt }: RotatedKey, now: number): boolean {
  return provedAt !== undefined && provedAt <= now && now - provedAt <= proofFreshMs;
}

/** The states of a key on its way into use. */
export function isIncoming({ state }: Pick<RotatedKey, "state">): boolean {
  return state === "planned" || state === "generated" || state === "published" || state === "proved";
}

/** These steps wait for others; what fails in the rest does so by itself. */
function waitsForOthers(step: KeyTrouble["step"]): boolean {
  return step === "prove" || step === "check";
}

/** Whether a step is held up for longer than waiting for others explains. */
export function isHeldUp(
  { trouble }: Pick<RotatedKey, "trouble">,
  warnAfterMs: number,
  now: number,
): boolean {
  return trouble !== undefined && (!waitsForOthers(trouble.step) || now - trouble.since >= warnAfterMs);
}

/** When the record of a key out of use may be revoked; undefined: not foreseen. */
export function revokeDueAt(key: RotatedKey, { retireAfterMs }: RotationTimes): number | undefined {
  if (key.state !== "retiring" || key.releasedAt === undefined) return undefined;
  if (key.neverSigned || key.compromised) return key.releasedAt;
  return key.held ? undefined : key.releasedAt + retireAfterMs;
}

/** When a revoked record may be removed. */
export function removeDueAt(key: RotatedKey, { removeAfterMs }: RotationTimes): number | undefined {
  if (key.state !== "revoked") return undefined;
  return key.neverSigned || key.hurried ? key.since : key.since + removeAfterMs;
}

/** When a key in use gets its successor; undefined: only when somebody asks. */
export function rotateDueAt(key: RotatedKey, { everyMs, jitterMs }: RotationTimes): number | undefined {
  if (key.state !== "active") return undefined;
  if (key.compromised) return key.since;
  return everyMs === undefined
    ? undefined
    : (key.activeAt ?? key.since) + everyMs + Math.round(key.jitter * jitterMs);
}

/** When a published key can be in use at the earliest: as long as a cache may hold that it is not there it is not. */
export function usableAt({ servedSince, staleMs }: RotatedKey): number | undefined {
  // RFC 2308 §5: so long may "no such name" be kept.
  return servedSince === undefined ? undefined : servedSince + staleMs;
}

/**
 * The state machine: what an event makes of a key. It knows no store, no network and no clock.
 * @param now Wall-clock time in ms.
 */
export function advance(key: RotatedKey, event: KeyEvent, now: number, times: RotationTimes): Advance {
  switch (event.kind) {
    case "written":
      if (key.state !== "planned") return refused;
      return moved(key, "generated", "written", now, {
        publicKey: event.publicKey,
        record: event.record,
      });
    case "try":
      return key.change === undefined ? refused : kept({ ...key, change: { ...key.change, triedAt: now } });
    case "sent":
      return onSent(key, now);
    case "observed":
      return onObserved(key, event.observation, now, times);
    case "activate":
      return onActivate(key, now, times);
    case "supersede":
      return key.state === "active" ? moved(key, "retiring", "superseded", now, {}) : refused;
    case "release":
      if (key.state !== "retiring") return refused;
      return kept(key.releasedAt === undefined ? { ...key, releasedAt: now } : key);
    case "begin":
      return onBegin(key, event.change, now, times);
    case "withdraw":
      return onWithdraw(key, event.seen, now);
    case "abandon":
      return onAbandon(key, now);
    case "compromise":
      return key.state === "gone" || key.state === "revoked"
        ? refused
        : kept({ ...key, compromised: true, nextAt: now });
    case "let-go":
      return onLetGo(key, now);
    case "failed":
      return kept(troubled(key, event.step, event.reason, now, times));
    case "told":
      return kept({ ...key, toldAt: now });
    case "file-deleted":
      return key.state === "gone" ? kept({ ...withoutTrouble(key), fileDeletedAt: now }) : refused;
  }
}

const refused: Advance = { kind: "refused" };

function kept(key: RotatedKey): Advance {
  return { kind: "kept", key };
}

function moved(
  key: RotatedKey,
  state: KeyState,
  why: KeyReason,
  now: number,
  fields: Partial<RotatedKey>,
): Advance {
  const history = [...key.history, { state: key.state, at: key.since, why: key.why }].slice(-maxHistory);
  const { trouble: _, toldAt: __, ...rest } = key;
  return { kind: "moved", key: { ...rest, ...fields, state, since: now, why, history, nextAt: now } };
}

function withoutTrouble({ trouble: _, ...key }: RotatedKey): RotatedKey {
  return key;
}

function withoutChange({ change: _, ...key }: RotatedKey): RotatedKey {
  return key;
}

function troubled(
  key: RotatedKey,
  step: KeyTrouble["step"],
  reason: string,
  now: number,
  times: RotationTimes,
): RotatedKey {
  const before = key.trouble?.step === step ? key.trouble : undefined;
  const count = (before?.times ?? 0) + 1;
  // What waits for others is looked at evenly; what fails by itself less and less often.
  const factor = waitsForOthers(step) ? 1 : 2 ** Math.min(count - 1, 10);
  const base = step === "check" ? times.checkEveryMs * healthLooks : times.checkEveryMs;
  return {
    ...key,
    trouble: { step, reason, since: before?.since ?? now, times: count },
    nextAt: now + Math.max(base, Math.min(base * factor, maxRetryMs)),
  };
}

function onSent(key: RotatedKey, now: number): Advance {
  if (key.change === undefined || key.state === "planned") return refused;
  const change = { ...key.change, triedAt: key.change.triedAt ?? now, sentAt: now };
  return key.state === "generated"
    ? moved(key, "published", "sent", now, { change })
    : kept({ ...withoutTrouble(key), change, nextAt: now });
}

function onObserved(key: RotatedKey, seen: Observation, now: number, times: RotationTimes): Advance {
  const { served: _, ...rest } = key;
  const isOurs = seen.says === "ours" || seen.says === "revoked";
  const looked: RotatedKey = {
    ...rest,
    staleMs: Math.max(key.staleMs, seen.staleMs),
    // By these it is known again when it is replaced or removed: never those of somebody else.
    ...(isOurs && seen.served !== undefined && { served: seen.served }),
  };
  switch (key.state) {
    case "planned":
    case "gone":
      return refused;
    case "generated":
      if (seen.someOurs) return moved(looked, "published", "seen", now, {});
      if (seen.says !== "absent") return kept(troubled(looked, "prove", seen.detail, now, times));
      return kept({ ...withoutTrouble(looked), nextAt: now + times.checkEveryMs });
    case "published":
      return onWaitingSeen(looked, seen, now, times);
    case "proved":
      if (seen.says === "ours") return kept(withoutTrouble({ ...looked, provedAt: now, nextAt: now }));
      if (seen.says === "unknown") return kept(troubled(looked, "prove", seen.detail, now, times));
      return lost(moved(looked, "published", "proof-lost", now, {}), seen, now, times);
    case "active":
      return kept(healthy(looked, seen, now, times));
    case "retiring":
      if (key.change === undefined) return kept(healthy(looked, seen, now, times));
      if (seen.says === "revoked") return moved(withoutChange(looked), "revoked", "revoked", now, {});
      // Nobody can verify by it any more, which is what was wanted; the operator has left `p=` out.
      if (isNowhere(seen)) return moved(withoutChange(looked), "revoked", "not-published", now, {});
      return kept(troubled(looked, "prove", seen.detail, now, times));
    case "revoked":
      // Where nothing is to be removed no change is needed.
      if (isNowhere(seen) && (key.change !== undefined || key.why === "not-published"))
        return moved(withoutChange(looked), "gone", "removed", now, {});
      if (key.change === undefined) return kept({ ...looked, nextAt: now + times.checkEveryMs });
      return kept(troubled(looked, "prove", seen.detail, now, times));
  }
}

/** Whether no server has the key or what came into its place. */
export function isNowhere({ says }: Observation): boolean {
  return says === "absent" || says === "foreign";
}

/** Published: seen at every server, and then as long as any cache may hold what was there before. */
function onWaitingSeen(key: RotatedKey, seen: Observation, now: number, times: RotationTimes): Advance {
  // Who does not answer has not said that it is not there; but nothing is proved either.
  if (seen.says === "unknown") return kept(troubled(key, "prove", seen.detail, now, times));
  if (seen.says !== "ours") return lost(kept(key), seen, now, times);
  const servedSince = key.servedSince ?? now;
  const calm = withoutTrouble({ ...key, servedSince });
  const usable = servedSince + key.staleMs;
  if (now >= usable) return moved(calm, "proved", "proved", now, { provedAt: now });
  return kept({ ...calm, nextAt: Math.min(now + times.checkEveryMs, usable) });
}

function lost(advance: Advance, seen: Observation, now: number, times: RotationTimes): Advance {
  if (advance.kind === "refused") return advance;
  const { servedSince: _, provedAt: __, ...key } = advance.key;
  return { kind: advance.kind, key: troubled(key, "prove", seen.detail, now, times) };
}

/** The record of a key that mail is verified by is to be there. */
function healthy(key: RotatedKey, seen: Observation, now: number, times: RotationTimes): RotatedKey {
  if (seen.says !== "ours") return troubled(key, "check", seen.detail, now, times);
  return { ...withoutTrouble(key), nextAt: now + times.checkEveryMs * healthLooks };
}

function onActivate(key: RotatedKey, now: number, times: RotationTimes): Advance {
  if (key.state !== "proved" || !isFresh(key, now)) return refused;
  const active = moved(withoutChange(key), "active", "switched", now, { activeAt: now });
  if (active.kind === "refused") return active;
  return {
    kind: "moved",
    key: { ...active.key, nextAt: now + times.checkEveryMs * healthLooks },
  };
}

function onBegin(key: RotatedKey, kind: "revoke" | "remove", now: number, times: RotationTimes): Advance {
  if (key.change !== undefined) return refused;
  const due = kind === "revoke" ? revokeDueAt(key, times) : removeDueAt(key, times);
  if (due === undefined || now < due) return refused;
  return kept({ ...withoutTrouble(key), change: { kind, begunAt: now }, nextAt: now });
}

function onWithdraw(key: RotatedKey, seen: Observation | undefined, now: number): Advance {
  const { change } = key;
  if (change === undefined || change.kind === "publish") return refused;
  if (change.triedAt !== undefined && !isInVain(change, seen, now)) return refused;
  return kept(withoutTrouble(withoutChange(key)));
}

/** Whether a change was tried and is not on its way: every server has what was there before. */
function isInVain({ kind, begunAt, sentAt }: KeyChange, seen: Observation | undefined, now: number): boolean {
  const isAsBefore =
    seen?.says === "ours" || seen?.says === "other" || (kind === "remove" && seen?.says === "revoked");
  return isAsBefore && (sentAt === undefined || now - begunAt >= unmadeAfterMs);
}

function onAbandon(key: RotatedKey, now: number): Advance {
  if (!isIncoming(key)) return refused;
  const { servedSince: _, provedAt: __, ...rest } = withoutChange(key);
  const out: RotatedKey = { ...rest, neverSigned: true };
  // What may stand in DNS has to be taken back first.
  const clean = key.state === "planned" || (key.state === "generated" && key.change?.triedAt === undefined);
  return clean
    ? moved(out, "gone", "abandoned", now, {})
    : moved(out, "retiring", "abandoned", now, { releasedAt: now });
}

function onLetGo(key: RotatedKey, now: number): Advance {
  if (key.state === "retiring" && key.held) {
    const { held: _, ...rest } = key;
    return kept({ ...rest, nextAt: now });
  }
  return key.state === "revoked" ? kept({ ...key, hurried: true, nextAt: now }) : refused;
}
