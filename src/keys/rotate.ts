import type { SigningKeyConfig } from "../config/sign-config.ts";
import { adoptKeys, dropUnwanted, rowsToAdopt, unwantedKeys } from "./adopt-keys.ts";
import { activateKey, observeKey, planKey, publishKey, writeKey } from "./new-key.ts";
import { beginChange, deleteKeyFile, takeBackRecord } from "./old-key.ts";
import { keyId, listKeys, listRequests, saveKey, wantedKeys } from "./rotated-keys.ts";
import type { RotatedKey } from "./rotation.ts";
import { ClockWatch, isAhead, withTimes } from "./rotation-clock.ts";
import type { RotationContext, RotatorOptions } from "./rotation-context.ts";
import { RotationJournal } from "./rotation-journal.ts";
import { type Lease, takeLease } from "./rotation-lease.ts";
import { nameOfWanted, type Task, tasksAt, typeOf } from "./rotation-plan.ts";

export interface RoundResult {
  /** Somebody else is at it: nothing was done. */
  readonly busy: boolean;
}

/** Enough for every key of many domains; a fault of ours shall not turn for ever. */
const maxTasks = 10_000;
/** After so many something more urgent may have come. */
const looksAtOnce = 100;
const leaseName = "dkim-rotation";

/** Does what is due, step by step; each is written down before and after, so that it may be killed at any time. */
export class Rotator {
  readonly #context: RotationContext;
  readonly #clock: ClockWatch;
  /** What could not be begun: when it may be tried again, and when the operator was told. By a clock that only goes on. */
  readonly #begun = new Map<string, { readonly notBefore: number; readonly toldAt?: number }>();
  #stopped = false;

  /** @param clock Where the process has had a rotator before: its watch over the same clock. */
  constructor(options: RotatorOptions, clock?: ClockWatch) {
    const { now = Date.now, random = Math.random, monotonic = () => performance.now() } = options;
    this.#context = { ...options, now, random, monotonic, journal: new RotationJournal(options, now) };
    this.#clock = clock ?? new ClockWatch(now, monotonic);
  }

  /** Everything that is due now. @param eager Domains whose waiting steps are tried now. */
  async round(eager: ReadonlySet<string> = new Set()): Promise<RoundResult> {
    const keys = await this.#context.state.tx(listKeys);
    await this.#followClock(keys);
    for (const domain of eager)
      for (const name of this.#begun.keys()) if (name.startsWith(`${domain} `)) this.#begun.delete(name);
    if (await this.#isIdle(keys, eager)) return { busy: false };
    return this.#alone(async (lease) => {
      await this.#adopt();
      await dropUnwanted(this.#context);
      await this.#doTasks(eager, () => lease.renew());
    });
  }

  /** Takes in the keys of `sign.keys` whose domains rotate, and does nothing else. */
  adopt(): Promise<RoundResult> {
    return this.#alone(() => adoptKeys(this.#context, () => true));
  }

  /** Each row that cannot be taken in waits for a while. */
  async #adopt(): Promise<void> {
    const late = this.#context.monotonic() + this.#context.sign.rotate.checkEveryMs;
    await adoptKeys(this.#context, (row) => {
      const isTime = this.#isTime(nameOfRow(row));
      if (isTime) this.#begun.set(nameOfRow(row), { notBefore: late });
      return isTime;
    });
  }

  #isTime(name: string): boolean {
    return (this.#begun.get(name)?.notBefore ?? 0) <= this.#context.monotonic();
  }

  /** Times that were written down by a clock that has been set since. */
  async #followClock(keys: readonly RotatedKey[]): Promise<void> {
    const { journal, now } = this.#context;
    const set = this.#clock.look();
    const isWrong = (key: RotatedKey): boolean => this.#clock.isSettled() && isAhead(key, now());
    if (set === undefined && !keys.some(isWrong)) return;
    await journal.change(async ({ tx }) => {
      const move = set?.move ?? ((time) => Math.min(time, now()));
      for (const key of await listKeys(tx))
        if (set !== undefined || isWrong(key)) await saveKey(tx, withTimes(key, move));
    });
    set?.done();
  }

  async #alone(work: (lease: Lease) => Promise<void>): Promise<RoundResult> {
    const lease = await takeLease(this.#context.state, leaseName, this.#context.now);
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
    this.#context.journal.stop();
  }

  /** Keys that nothing signs with any more, as the caller knows: from now on their time counts. */
  async release(inUse: readonly SigningKeyConfig[]): Promise<void> {
    const used = new Set(inUse.map(keyId));
    const isFree = (key: RotatedKey): boolean =>
      key.state === "retiring" && key.releasedAt === undefined && !used.has(keyId(key));
    if (!(await this.#context.state.tx(listKeys)).some(isFree)) return;
    const { journal } = this.#context;
    await journal.change(async (changing) => {
      for (const key of (await listKeys(changing.tx)).filter(isFree))
        await journal.advanceIn(changing, key, { kind: "release" });
    });
  }

  /** Nothing is written on the disk for a look that finds nothing. */
  async #isIdle(keys: readonly RotatedKey[], eager: ReadonlySet<string>): Promise<boolean> {
    const { sign } = this.#context;
    if (
      rowsToAdopt(sign, keys).some((row) => this.#isTime(nameOfRow(row))) ||
      unwantedKeys(sign, keys).length > 0
    )
      return false;
    const tasks = await this.#tasks(eager);
    return !tasks.some((task) => this.#mayDo(task));
  }

  #tasks(eager: ReadonlySet<string>): Promise<readonly Task[]> {
    const { state, sign } = this.#context;
    return state.tx(async (tx) => {
      const keys = await listKeys(tx);
      const situation = { keys, wanted: wantedKeys(sign, keys), requests: await listRequests(tx) };
      return tasksAt(situation, this.#context.now(), sign.rotate, eager);
    });
  }

  /** A beginning that has failed waits, and files are deleted only if that is wanted. */
  #mayDo(task: Task): boolean {
    if (task.kind === "delete-file")
      return this.#context.sign.rotate.deleteFiles && task.key.publicKey !== undefined;
    return task.kind !== "plan" || this.#isTime(nameOfWanted(task.wanted));
  }

  async #doTasks(eager: ReadonlySet<string>, renew: () => Promise<boolean>): Promise<void> {
    const done = new Set<string>();
    while (done.size < maxTasks) {
      const due = (await this.#tasks(eager)).filter((task) => !done.has(nameOf(task)) && this.#mayDo(task));
      const [first] = due;
      if (first === undefined) return;
      // Looks at records in use change nothing for the rest; after everything else the order is made anew.
      const next = isLook(first) ? due.filter(isLook).slice(0, looksAtOnce) : [first];
      for (const task of next) {
        if (this.#stopped || !(await renew())) return;
        done.add(nameOf(task));
        await this.#do(task);
      }
    }
  }

  async #do(task: Task): Promise<void> {
    switch (task.kind) {
      case "plan":
        return this.#plan(task);
      case "write":
        return writeKey(this.#context, task.key);
      case "publish":
        return publishKey(this.#context, task.key);
      case "observe":
        return observeKey(this.#context, task.key);
      case "activate":
        return activateKey(this.#context, task.key);
      case "begin":
        return beginChange(this.#context, task.key, task.change);
      case "revoke":
      case "remove":
        return takeBackRecord(this.#context, task.key, task.kind);
      case "delete-file":
        return deleteKeyFile(this.#context, task.key);
    }
  }

  async #plan({ wanted, why }: Extract<Task, { readonly kind: "plan" }>): Promise<void> {
    const { monotonic, sign, tell } = this.#context;
    const name = nameOfWanted(wanted);
    const planned = await planKey(this.#context, wanted, why);
    // Who is leaving gets no answers any more.
    if (this.#stopped) return;
    if (planned.kind === "done") {
      this.#begun.delete(name);
      return;
    }
    const now = monotonic();
    const toldAt = this.#begun.get(name)?.toldAt;
    const isNews =
      planned.kind === "problem" && (toldAt === undefined || now - toldAt >= sign.rotate.warnAfterMs);
    this.#begun.set(name, {
      notBefore: now + sign.rotate.checkEveryMs,
      ...(isNews ? { toldAt: now } : toldAt !== undefined && { toldAt }),
    });
    if (isNews)
      tell({
        kind: "no-plan",
        domain: wanted.domain,
        type: typeOf(wanted.algorithm),
        problem: planned.problem,
      });
  }
}

/** At the record of a key in use, or out of use and not to be taken back yet. */
function isLook(task: Task): boolean {
  return task.kind === "observe" && task.key.change === undefined;
}

/** Not that of a kind of key: a selector may be called `rsa`. */
function nameOfRow(row: SigningKeyConfig): string {
  return `${keyId(row)} row`;
}

function nameOf(task: Task): string {
  if (task.kind === "plan") return `plan ${nameOfWanted(task.wanted)}`;
  const { state, change } = task.key;
  return `${task.kind} ${keyId(task.key)} ${state} ${change?.kind ?? ""}`;
}
