import { join } from "node:path";
import type { RotateConfig } from "../config/rotate-config.ts";
import type { SignConfig, SigningKeyConfig } from "../config/sign-config.ts";
import type { StateStore, StateTransaction } from "../store/state.ts";
import { datedSelector, selectorDate } from "./generate-key.ts";
import type { Prover } from "./prove.ts";
import { splitText } from "./public-record.ts";
import type { Publisher, RecordChange } from "./publish.ts";
import {
  bitsOf,
  keyId,
  listKeys,
  listRequests,
  readKey,
  removeRequest,
  rotatedDomains,
  saveKey,
  wantedKeys,
} from "./rotated-keys.ts";
import {
  advance,
  isIncoming,
  type KeyEvent,
  type KeyReason,
  type KeyState,
  type Observation,
  type RotatedKey,
} from "./rotation.ts";
import type { KeyFiles } from "./rotation-files.ts";
import { type Lease, takeLease } from "./rotation-lease.ts";
import { changeIn, type Task, tasksAt, typeOf, type WantedKey } from "./rotation-plan.ts";

/** Something that the operator should hear of. */
export type RotationNote =
  | { readonly kind: "moved"; readonly key: RotatedKey; readonly from: KeyState }
  /** A step waits for the operator: the record is to be published, changed or removed by hand. */
  | { readonly kind: "by-hand"; readonly key: RotatedKey; readonly change: RecordChange }
  /** A step could not be done or proved. @param lasts It has been so for `warn_after`, or is no matter of waiting. */
  | { readonly kind: "trouble"; readonly key: RotatedKey; readonly lasts: boolean }
  /** A new key is due and cannot be begun. */
  | { readonly kind: "no-plan"; readonly domain: string; readonly reason: string };

export interface RotatorOptions {
  readonly state: StateStore;
  readonly sign: SignConfig & { readonly rotate: RotateConfig };
  readonly dataDir: string;
  readonly prover: Prover;
  readonly publisher: Publisher;
  tell(note: RotationNote): void;
  readonly files: KeyFiles;
  /** Wall-clock time in ms. */
  readonly now?: () => number;
  /** 0 to 1. */
  readonly random?: () => number;
}

/** A transaction, and what is to be told after it. */
interface Changing {
  readonly tx: StateTransaction;
  readonly notes: RotationNote[];
}

export interface RoundResult {
  /** Somebody else is at it: nothing was done. */
  readonly busy: boolean;
}

/** Enough for every key of many domains; a fault of ours shall not turn for ever. */
const maxTasks = 10_000;
const leaseName = "dkim-rotation";
/** A change that was taken and is not there after so many looks is asked for again. */
const looksPerTry = 6;

/** Does what is due, step by step; each is written down before and after, so that it may be killed at any time. */
export class Rotator {
  readonly #options: RotatorOptions;
  readonly #files: KeyFiles;
  readonly #now: () => number;
  readonly #random: () => number;
  /** Failed beginnings: domain and type to when it may be tried again. */
  readonly #notBefore = new Map<string, number>();
  #stopped = false;

  constructor(options: RotatorOptions) {
    this.#options = options;
    this.#files = options.files;
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
  }

  /** Everything that is due now. @param eager Domains whose waiting steps are tried now. */
  async round(eager: ReadonlySet<string> = new Set()): Promise<RoundResult> {
    if (await this.#isIdle(eager)) return { busy: false };
    return this.#alone(async (lease) => {
      for (const domain of eager)
        for (const name of this.#notBefore.keys())
          if (name.startsWith(`${domain} `)) this.#notBefore.delete(name);
      await this.#adopt();
      await this.#dropUnwanted();
      await this.#doTasks(eager, () => lease.renew());
    });
  }

  /** Takes in the keys of `sign.keys` whose domains rotate, and does nothing else. */
  adopt(): Promise<RoundResult> {
    return this.#alone(() => this.#adopt());
  }

  async #alone(work: (lease: Lease) => Promise<void>): Promise<RoundResult> {
    const lease = await takeLease(this.#options.state, leaseName, this.#now);
    if (lease === undefined) return { busy: true };
    try {
      await work(lease);
      return { busy: false };
    } finally {
      await lease.release();
    }
  }

  /** Ends what is on its way before its next step, and writes down nothing more of what was asked. */
  stop(): void {
    this.#stopped = true;
  }

  /** Keys that nothing signs with any more, as the caller knows: from now on their time counts. */
  async release(inUse: readonly SigningKeyConfig[]): Promise<void> {
    const used = new Set(inUse.map(keyId));
    const isFree = (key: RotatedKey): boolean =>
      key.state === "retiring" && key.releasedAt === undefined && !used.has(keyId(key));
    if (!(await this.#options.state.tx(listKeys)).some(isFree)) return;
    await this.#change(async (changing) => {
      for (const key of (await listKeys(changing.tx)).filter(isFree))
        await this.#advanceIn(changing, key, { kind: "release" });
    });
  }

  /** Nothing is written on the disk for a look that finds nothing. */
  async #isIdle(eager: ReadonlySet<string>): Promise<boolean> {
    const { state, sign } = this.#options;
    const domains = new Set(rotatedDomains(sign).map(({ domain }) => domain));
    const keys = await state.tx(listKeys);
    const known = new Set(keys.map(keyId));
    if (sign.keys.some((row) => domains.has(row.domain) && !known.has(keyId(row)))) return false;
    if (unwantedKeys(sign, keys).length > 0) return false;
    const tasks = await this.#tasks(eager);
    return !tasks.some((task) => this.#mayDo(task));
  }

  #tasks(eager: ReadonlySet<string>): Promise<readonly Task[]> {
    const { state, sign } = this.#options;
    return state.tx(async (tx) => {
      const keys = await listKeys(tx);
      const situation = { keys, wanted: wantedKeys(sign, keys), requests: await listRequests(tx) };
      return tasksAt(situation, this.#now(), sign.rotate, eager);
    });
  }

  /** A beginning that has failed waits, and files are deleted only if that is wanted. */
  #mayDo(task: Task): boolean {
    if (task.kind === "delete-file")
      return this.#options.sign.rotate.deleteFiles && task.key.publicKey !== undefined;
    return task.kind !== "plan" || (this.#notBefore.get(planName(task.wanted)) ?? 0) <= this.#now();
  }

  async #doTasks(eager: ReadonlySet<string>, renew: () => Promise<boolean>): Promise<void> {
    const done = new Set<string>();
    for (let count = 0; count < maxTasks; count++) {
      const tasks = await this.#tasks(eager);
      const task = tasks.find((one) => !done.has(nameOf(one)) && this.#mayDo(one));
      if (task === undefined || this.#stopped || !(await renew())) return;
      done.add(nameOf(task));
      await this.#do(task);
    }
  }

  async #do(task: Task): Promise<void> {
    switch (task.kind) {
      case "plan":
        return this.#plan(task.wanted, task.why);
      case "write":
        return this.#write(task.key);
      case "publish":
        return this.#publish(task.key);
      case "observe":
        return this.#observe(task.key);
      case "activate":
        return this.#activate(task.key);
      case "begin":
        return this.#begin(task.key, task.change);
      case "revoke":
      case "remove":
        return this.#takeBack(task.key, task.kind);
      case "delete-file":
        return this.#deleteFile(task.key);
    }
  }

  // -------------------------------------------------------------- keys of the configuration, and unwanted ones

  /** Keys of `sign.keys` whose domain rotates are the first ones in use. */
  async #adopt(): Promise<void> {
    const { sign, state } = this.#options;
    const domains = new Set(rotatedDomains(sign).map(({ domain }) => domain));
    const known = new Set((await state.tx(listKeys)).map(keyId));
    const rows = new Map(sign.keys.map((row) => [keyId(row), row]));
    for (const [id, row] of rows) if (domains.has(row.domain) && !known.has(id)) await this.#adoptRow(row);
  }

  async #adoptRow(row: SigningKeyConfig): Promise<void> {
    const { domain, selector, file } = row;
    const written = await this.#files.read(row).catch(() => undefined);
    const found = written && (await this.#options.prover.zoneOf(domain));
    // What is wrong with the file is told where it is loaded to sign.
    if (found === undefined || "problem" in found) return;
    const now = this.#now();
    const key: RotatedKey = {
      domain,
      selector,
      type: written?.type ?? "rsa",
      file,
      origin: "configuration",
      state: "active",
      since: now,
      why: "adopted",
      history: [],
      zone: found.zone,
      ...(written !== undefined && { publicKey: written.publicKey, record: written.record }),
      staleMs: 0,
      activeAt: selectorDate(selector) ?? now,
      // Other hosts may sign with a key that somebody has put there by hand.
      held: true,
      jitter: this.#random(),
      nextAt: now,
    };
    await this.#change(async ({ tx, notes }) => {
      if ((await readKey(tx, row)) !== undefined) return;
      await saveKey(tx, key);
      notes.push({ kind: "moved", key, from: "planned" });
    });
  }

  /** Keys of a kind that the domain is no longer to have. */
  async #dropUnwanted(): Promise<void> {
    const { sign } = this.#options;
    await this.#change(async (changing) => {
      for (const [key, event] of unwantedKeys(sign, await listKeys(changing.tx)))
        await this.#advanceIn(changing, key, event);
    });
  }

  // -------------------------------------------------------------- a new key

  async #plan(wanted: WantedKey, why: KeyReason): Promise<void> {
    const failed = (reason: string): void => {
      this.#notBefore.set(planName(wanted), this.#now() + this.#options.sign.rotate.checkEveryMs);
      this.#options.tell({ kind: "no-plan", domain: wanted.domain, reason });
    };
    const found = await this.#options.prover.zoneOf(wanted.domain);
    if ("problem" in found) return failed(found.problem);
    const busy = await this.#change((changing) => this.#freeZone(changing, found.zone));
    if (busy !== undefined) return undefined;
    const selector = await this.#freeSelector(wanted);
    if (typeof selector !== "string") return failed(selector.problem);
    await this.#change(async (changing) => {
      const { tx, notes } = changing;
      if ((await this.#freeZone(changing, found.zone)) !== undefined) return;
      const key = this.#newKey(wanted, selector, found.zone, why);
      const same = (await listKeys(tx)).some(
        (one) =>
          (one.domain === key.domain && one.type === key.type && isIncoming(one)) ||
          keyId(one) === keyId(key),
      );
      if (same) return;
      await saveKey(tx, key);
      await removeRequest(tx, { domain: key.domain, type: key.type });
      notes.push({ kind: "moved", key, from: "planned" });
    });
  }

  /** @returns The key whose change is under way; one that nobody has begun to make gives way. */
  async #freeZone(changing: Changing, zone: string): Promise<RotatedKey | undefined> {
    const busy = changeIn(zone, await this.#ours(changing.tx));
    if (busy === undefined || busy.change?.kind === "publish") return busy;
    return (await this.#advanceIn(changing, busy, { kind: "withdraw" })) === undefined ? busy : undefined;
  }

  #newKey({ domain, algorithm }: WantedKey, selector: string, zone: string, why: KeyReason): RotatedKey {
    const now = this.#now();
    const bits = bitsOf(algorithm);
    return {
      domain,
      selector,
      type: typeOf(algorithm),
      ...(bits !== undefined && { bits }),
      file: this.#fileOf(domain, selector),
      origin: "rotation",
      state: "planned",
      since: now,
      why,
      history: [],
      zone,
      change: { kind: "publish", begunAt: now },
      staleMs: 0,
      jitter: this.#random(),
      nextAt: now,
    };
  }

  #fileOf(domain: string, selector: string): string {
    const { sign, dataDir } = this.#options;
    return join(sign.rotate.keyDir ?? join(dataDir, "keys"), domain, `${selector}.pem`);
  }

  /** `s20261121a`, or with the next letter: no key, file or record of that name may have been there. */
  async #freeSelector({ domain, algorithm }: WantedKey): Promise<string | { readonly problem: string }> {
    const { state, sign, prover } = this.#options;
    const taken = new Set([...(await state.tx(listKeys)), ...sign.keys].map(keyId));
    const dated = datedSelector(typeOf(algorithm), this.#now());
    for (const letters of selectorLetters) {
      const selector = dated + letters;
      if (taken.has(keyId({ domain, selector })) || this.#files.exists(this.#fileOf(domain, selector)))
        continue;
      const free = await prover.isFree(domain, selector);
      if (free === undefined) return { problem: `${selector}._domainkey.${domain}: servers cannot be asked` };
      if (free) return selector;
    }
    return { problem: `no selector is free for ${dated}` };
  }

  async #write(key: RotatedKey): Promise<void> {
    try {
      const { publicKey, record } = await this.#files.write(key);
      await this.#advance(key, { kind: "written", publicKey, record });
    } catch (error) {
      await this.#advance(key, { kind: "failed", step: "write", reason: reasonOf(error) });
    }
  }

  async #publish(key: RotatedKey): Promise<void> {
    const change = changeOf(key, "publish");
    if (this.#options.publisher.method === "manual") {
      await this.#tellByHand(key, change);
      return this.#observe(key);
    }
    return this.#ask(key, change, "publish");
  }

  async #ask(key: RotatedKey, change: RecordChange, step: "publish" | "revoke" | "remove"): Promise<void> {
    const tried = await this.#advance(key, { kind: "try" });
    if (tried === undefined) return;
    const outcome = await this.#options.publisher.change(change);
    if (outcome.kind === "sent") await this.#advance(key, { kind: "sent" });
    else if (outcome.kind === "failed")
      await this.#advance(key, { kind: "failed", step, reason: outcome.reason });
  }

  async #observe(key: RotatedKey): Promise<void> {
    const { publicKey } = key;
    if (publicKey === undefined) return;
    const observation = await this.#options.prover.observe({ ...key, publicKey });
    const seen = await this.#advance(key, { kind: "observed", observation });
    // The server has taken it and does not have it: its zone may have been written over.
    if (seen?.state === "published" && observation.says === "absent" && isTimeToRepeat(seen))
      await this.#ask(seen, changeOf(seen, "publish"), "publish");
  }

  /** From here on mail is signed with it: what it needs for that is tried out first. */
  async #activate(key: RotatedKey): Promise<void> {
    try {
      await this.#files.check(key);
    } catch (error) {
      await this.#advance(key, { kind: "failed", step: "load", reason: reasonOf(error) });
      return;
    }
    await this.#change(async (changing) => {
      const current = await readKey(changing.tx, key);
      if (current === undefined) return;
      if ((await this.#advanceIn(changing, current, { kind: "activate" })) === undefined) return;
      for (const old of await listKeys(changing.tx))
        if (old.state === "active" && isPredecessor(old, key))
          await this.#advanceIn(changing, old, { kind: "supersede" });
    });
  }

  // -------------------------------------------------------------- an old key

  async #begin(key: RotatedKey, change: "revoke" | "remove"): Promise<void> {
    await this.#change(async (changing) => {
      const current = await readKey(changing.tx, key);
      if (current === undefined || changeIn(key.zone, await this.#ours(changing.tx)) !== undefined) return;
      await this.#advanceIn(changing, current, { kind: "begin", change });
    });
  }

  async #ours(tx: StateTransaction): Promise<readonly RotatedKey[]> {
    const domains = new Set(rotatedDomains(this.#options.sign).map(({ domain }) => domain));
    return (await listKeys(tx)).filter(({ domain }) => domains.has(domain));
  }

  /** Looks first: it may have been done, by the operator or before we were killed. */
  async #takeBack(key: RotatedKey, step: "revoke" | "remove"): Promise<void> {
    const { publicKey } = key;
    if (publicKey === undefined) return;
    const observation = await this.#options.prover.observe({ ...key, publicKey });
    const wasSent = key.change?.sentAt !== undefined;
    const change = changeOf(key, step, observation);
    if (isTakenBack(observation, step) || observation.says === "unknown") {
      await this.#advance(key, { kind: "observed", observation });
      return;
    }
    if (this.#options.publisher.method === "manual") {
      await this.#tellByHand(key, change);
      await this.#advance(key, { kind: "observed", observation });
      return;
    }
    if (wasSent) {
      const waiting = await this.#advance(key, { kind: "observed", observation });
      if (waiting === undefined || !isTimeToRepeat(waiting)) return;
    }
    await this.#ask(key, change, step);
  }

  async #deleteFile(key: RotatedKey): Promise<void> {
    try {
      await this.#files.remove(key);
      await this.#advance(key, { kind: "file-deleted" });
    } catch (error) {
      await this.#advance(key, { kind: "failed", step: "delete", reason: reasonOf(error) });
    }
  }

  // -------------------------------------------------------------- writing down and telling

  /** Reads the key anew: another process may have changed it. @returns It afterwards; undefined when refused. */
  #advance(key: RotatedKey, event: KeyEvent): Promise<RotatedKey | undefined> {
    // An answer that did not come since we are leaving proves nothing.
    if (this.#stopped && event.kind === "observed") return Promise.resolve(undefined);
    return this.#change(async (changing) => {
      const current = await readKey(changing.tx, key);
      return current === undefined ? undefined : this.#advanceIn(changing, current, event);
    });
  }

  async #advanceIn(
    { tx, notes }: Changing,
    key: RotatedKey,
    event: KeyEvent,
  ): Promise<RotatedKey | undefined> {
    const now = this.#now();
    const outcome = advance(key, event, now, this.#options.sign.rotate);
    if (outcome.kind === "refused") return undefined;
    const note: RotationNote | undefined =
      outcome.kind === "moved"
        ? { kind: "moved", key: outcome.key, from: key.state }
        : this.#troubleNote(key, outcome.key, now);
    await saveKey(tx, note?.kind === "trouble" ? { ...outcome.key, toldAt: now } : outcome.key);
    if (note !== undefined) notes.push(note);
    return outcome.key;
  }

  /** One transaction; what there is to tell is told once it holds. */
  async #change<T>(work: (changing: Changing) => Promise<T>): Promise<T> {
    let notes: RotationNote[] = [];
    const result = await this.#options.state.tx((tx) => {
      notes = [];
      return work({ tx, notes });
    });
    for (const note of notes) this.#options.tell(note);
    return result;
  }

  /** The first time, and again as long as it lasts. */
  #troubleNote(before: RotatedKey, { trouble, ...key }: RotatedKey, now: number): RotationNote | undefined {
    if (trouble === undefined || trouble === before.trouble) return undefined;
    // Waiting for the operator is told as such.
    if (this.#options.publisher.method === "manual" && key.change !== undefined && trouble.step === "prove")
      return undefined;
    const { warnAfterMs } = this.#options.sign.rotate;
    const waits = trouble.step === "prove" || trouble.step === "check";
    const lasts = !waits || now - trouble.since >= warnAfterMs;
    const isNews =
      before.trouble?.step !== trouble.step ||
      (before.trouble.reason !== trouble.reason && !lasts) ||
      now - (before.toldAt ?? trouble.since) >= warnAfterMs;
    return isNews ? { kind: "trouble", key: { ...key, trouble }, lasts } : undefined;
  }

  async #tellByHand(key: RotatedKey, change: RecordChange): Promise<void> {
    const { sign, tell } = this.#options;
    if (key.toldAt !== undefined && this.#now() - key.toldAt < sign.rotate.warnAfterMs) return;
    const told = await this.#advance(key, { kind: "told" });
    if (told !== undefined) tell({ kind: "by-hand", key: told, change });
  }
}

const alphabet = [..."abcdefghijklmnopqrstuvwxyz"];
const selectorLetters = [
  ...alphabet,
  ...alphabet.flatMap((first) => alphabet.map((second) => first + second)),
];

function nameOf(task: Task): string {
  if (task.kind === "plan") return `plan ${planName(task.wanted)}`;
  const { state, change } = task.key;
  return `${task.kind} ${keyId(task.key)} ${state} ${change?.kind ?? ""}`;
}

function planName({ domain, algorithm }: WantedKey): string {
  return `${domain} ${typeOf(algorithm)}`;
}

function kindName({ domain, type }: Pick<RotatedKey, "domain" | "type">): string {
  return `${domain} ${type}`;
}

/** What is to happen to keys of a kind that their domain is no longer to have. */
function unwantedKeys(
  sign: SignConfig,
  keys: readonly RotatedKey[],
): readonly (readonly [RotatedKey, KeyEvent])[] {
  const wanted = new Set(wantedKeys(sign, keys).map(planName));
  const isWanted = (key: RotatedKey): boolean => wanted.has(kindName(key));
  return keys.flatMap((key): (readonly [RotatedKey, KeyEvent])[] => {
    if (isWanted(key)) return [];
    if (isIncoming(key)) return [[key, { kind: "abandon" }]];
    // Mail goes on being signed by another one.
    const another = keys.some((one) => one.domain === key.domain && one.state === "active" && isWanted(one));
    return key.state === "active" && key.origin === "rotation" && another
      ? [[key, { kind: "supersede" }]]
      : [];
  });
}

function isPredecessor(old: RotatedKey, { domain, selector, type }: RotatedKey): boolean {
  return old.domain === domain && old.type === type && old.selector !== selector;
}

function isTakenBack({ says }: Observation, step: "revoke" | "remove"): boolean {
  return says === "absent" || (step === "revoke" && says === "revoked");
}

function isTimeToRepeat({ trouble }: RotatedKey): boolean {
  return trouble !== undefined && trouble.times % looksPerTry === 0;
}

/** What is to be done in DNS for a step of a key. */
export function changeOf(
  key: RotatedKey,
  action: RecordChange["action"],
  observation?: Observation,
): RecordChange {
  const { domain, selector, zone, record = "", type } = key;
  // RFC 6376 §3.6.1: an empty p= means that the key has been revoked.
  const revoked = `v=DKIM1; k=${type}; p=`;
  const before = observation?.served ?? key.served ?? (record === "" ? undefined : splitText(record));
  return {
    action,
    domain,
    selector,
    zone,
    name: `${selector}._domainkey.${domain}`,
    text: action === "publish" ? record : revoked,
    ...(action !== "publish" && before !== undefined && { before }),
  };
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
