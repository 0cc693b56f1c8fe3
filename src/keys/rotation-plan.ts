import type { KeyAlgorithm } from "../config/rotate-config.ts";
import type { KeyType } from "../core/dkim/key-material.ts";
import {
  isDue,
  isFresh,
  isIncoming,
  type KeyReason,
  type RotatedKey,
  type RotationTimes,
  removeDueAt,
  revokeDueAt,
  rotateDueAt,
} from "./rotation.ts";

/** A kind of key that a domain is to have. */
export interface WantedKey {
  readonly domain: string;
  readonly algorithm: KeyAlgorithm;
}

/** Somebody has asked for new keys of a domain. */
export interface RotateRequest {
  readonly domain: string;
  readonly type: KeyType;
  readonly at: number;
}

/** Something to do next. */
export type Task =
  | { readonly kind: "plan"; readonly wanted: WantedKey; readonly why: KeyReason }
  | {
      readonly kind: "write" | "publish" | "observe" | "activate" | "revoke" | "remove" | "delete-file";
      readonly key: RotatedKey;
    }
  | { readonly kind: "begin"; readonly key: RotatedKey; readonly change: "revoke" | "remove" };

export function typeOf(algorithm: KeyAlgorithm): KeyType {
  return algorithm === "ed25519" ? "ed25519" : "rsa";
}

/** One name for each kind of key of a domain. */
export function nameOfKind({ domain, type }: Pick<RotatedKey, "domain" | "type">): string {
  return `${domain} ${type}`;
}

export function nameOfWanted({ domain, algorithm }: WantedKey): string {
  return nameOfKind({ domain, type: typeOf(algorithm) });
}

export interface Situation {
  readonly keys: readonly RotatedKey[];
  readonly wanted: readonly WantedKey[];
  readonly requests: readonly RotateRequest[];
}

/**
 * What is to be done now, the most urgent first: keys on their way into use, then records of compromised keys, then new
 * ones, then old records. Steps that wait for their time or for another change of the zone are left out.
 * @param eager Domains whose waiting steps are tried again now: somebody has asked.
 */
export function tasksAt(
  { keys, wanted, requests }: Situation,
  now: number,
  times: RotationTimes,
  eager: ReadonlySet<string> = new Set(),
): readonly Task[] {
  const domains = new Set(wanted.map(({ domain }) => domain));
  const ours = keys.filter(({ domain }) => domains.has(domain));
  const turns = turnsOf(ours);
  const isNext = (key: RotatedKey): boolean =>
    (isDue(key, now, times) || eager.has(key.domain)) &&
    (key.change === undefined || turns.get(key.zone) === key);
  const outgoing = ours.filter((key) => !isIncoming(key));
  const urgent = outgoing.filter(({ compromised }) => compromised);
  const patient = outgoing.filter(({ compromised }) => !compromised);
  const kinds = Map.groupBy(ours, nameOfKind);
  const begin = (key: RotatedKey): Task[] => (turns.has(key.zone) ? [] : beginTask(key, now, times));
  return [
    ...ours.filter((key) => isIncoming(key) && isNext(key)).flatMap((key) => incomingTask(key, now)),
    ...urgent.flatMap(begin),
    ...urgent.filter(isNext).flatMap(outgoingTask),
    ...wanted.flatMap((one) => planTask(one, kinds.get(nameOfWanted(one)) ?? [], requests, now, times)),
    ...patient.flatMap(begin),
    ...patient.filter(isNext).flatMap(outgoingTask),
  ];
}

/**
 * By zone the key whose change goes on. There is another one besides only where a domain has left the configuration in
 * the middle of a change and has come back.
 */
function turnsOf(keys: readonly RotatedKey[]): ReadonlyMap<string, RotatedKey> {
  const turns = new Map<string, RotatedKey>();
  for (const key of keys) {
    const other = turns.get(key.zone);
    if (key.change !== undefined && (other === undefined || (isIncoming(key) && !isIncoming(other))))
      turns.set(key.zone, key);
  }
  return turns;
}

function incomingTask(key: RotatedKey, now: number): Task[] {
  switch (key.state) {
    case "planned":
      return [{ kind: "write", key }];
    case "generated":
      return [{ kind: "publish", key }];
    case "proved":
      return [{ kind: isFresh(key, now) ? "activate" : "observe", key }];
    default:
      return [{ kind: "observe", key }];
  }
}

/** By turns: of the types of a domain one after the other, since the zone is free for one change only. */
function planTask(
  wanted: WantedKey,
  same: readonly RotatedKey[],
  requests: readonly RotateRequest[],
  now: number,
  times: RotationTimes,
): Task[] {
  const type = typeOf(wanted.algorithm);
  if (same.some(isIncoming)) return [];
  const why = planReason(wanted.domain, type, same, requests, now, times);
  return why === undefined ? [] : [{ kind: "plan", wanted, why }];
}

function planReason(
  domain: string,
  type: KeyType,
  same: readonly RotatedKey[],
  requests: readonly RotateRequest[],
  now: number,
  times: RotationTimes,
): KeyReason | undefined {
  const active = same.filter(({ state }) => state === "active");
  if (active.some(({ compromised }) => compromised)) return "compromised";
  if (requests.some((one) => one.domain === domain && one.type === type)) return "asked";
  if (active.length === 0) return "first";
  const isOld = active.every((key) => {
    const at = rotateDueAt(key, times);
    return at !== undefined && at <= now;
  });
  return isOld ? "scheduled" : undefined;
}

function beginTask(key: RotatedKey, now: number, times: RotationTimes): Task[] {
  const revokeAt = revokeDueAt(key, times);
  if (revokeAt !== undefined && revokeAt <= now) return [{ kind: "begin", key, change: "revoke" }];
  const removeAt = removeDueAt(key, times);
  return removeAt !== undefined && removeAt <= now ? [{ kind: "begin", key, change: "remove" }] : [];
}

function outgoingTask(key: RotatedKey): Task[] {
  switch (key.state) {
    case "gone":
      return key.fileDeletedAt === undefined && key.origin === "rotation"
        ? [{ kind: "delete-file", key }]
        : [];
    case "active":
      return [{ kind: "observe", key }];
    default:
      if (key.change === undefined) return isLookedAt(key) ? [{ kind: "observe", key }] : [];
      return key.change.kind === "publish" ? [] : [{ kind: key.change.kind, key }];
  }
}

/** Mail is verified by its record, or it may be gone without a change. */
function isLookedAt({ state, neverSigned, why }: RotatedKey): boolean {
  return state === "retiring" ? neverSigned !== true : why === "not-published";
}

/** The key whose change of that zone is under way. */
export function changeIn(zone: string, keys: readonly RotatedKey[]): RotatedKey | undefined {
  return keys.find((key) => key.change !== undefined && key.zone === zone);
}
