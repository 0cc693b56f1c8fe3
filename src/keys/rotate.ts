import type { SigningKeyConfig } from "../config/sign-config.ts";
import { adoptKeys, dropUnwanted, unwantedKeys } from "./adopt-keys.ts";
import { activateKey, observeKey, planKey, publishKey, writeKey } from "./new-key.ts";
import { beginChange, deleteKeyFile, takeBackRecord } from "./old-key.ts";
import { keyId, listKeys, listRequests, rotatedDomains, wantedKeys } from "./rotated-keys.ts";
import type { RotatedKey } from "./rotation.ts";
import type { RotationContext, RotatorOptions } from "./rotation-context.ts";
import { RotationJournal } from "./rotation-journal.ts";
import { type Lease, takeLease } from "./rotation-lease.ts";
import { nameOfWanted, type Task, tasksAt } from "./rotation-plan.ts";

export interface RoundResult {
  /** Somebody else is at it: nothing was done. */
  readonly busy: boolean;
}

/** Enough for every key of many domains; a fault of ours shall not turn for ever. */
const maxTasks = 10_000;
const leaseName = "dkim-rotation";

/** Does what is due, step by step; each is written down before and after, so that it may be killed at any time. */
export class Rotator {
  readonly #context: RotationContext;
  /** Failed beginnings: domain and type to when it may be tried again. */
  readonly #notBefore = new Map<string, number>();
  #stopped = false;

  constructor(options: RotatorOptions) {
    const { now = Date.now, random = Math.random } = options;
    this.#context = { ...options, now, random, journal: new RotationJournal(options, now) };
  }

  /** Everything that is due now. @param eager Domains whose waiting steps are tried now. */
  async round(eager: ReadonlySet<string> = new Set()): Promise<RoundResult> {
    if (await this.#isIdle(eager)) return { busy: false };
    return this.#alone(async (lease) => {
      for (const domain of eager)
        for (const name of this.#notBefore.keys())
          if (name.startsWith(`${domain} `)) this.#notBefore.delete(name);
      await adoptKeys(this.#context);
      await dropUnwanted(this.#context);
      await this.#doTasks(eager, () => lease.renew());
    });
  }

  /** Takes in the keys of `sign.keys` whose domains rotate, and does nothing else. */
  adopt(): Promise<RoundResult> {
    return this.#alone(() => adoptKeys(this.#context));
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
  async #isIdle(eager: ReadonlySet<string>): Promise<boolean> {
    const { state, sign } = this.#context;
    const domains = new Set(rotatedDomains(sign).map(({ domain }) => domain));
    const keys = await state.tx(listKeys);
    const known = new Set(keys.map(keyId));
    if (sign.keys.some((row) => domains.has(row.domain) && !known.has(keyId(row)))) return false;
    if (unwantedKeys(sign, keys).length > 0) return false;
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
    return (
      task.kind !== "plan" || (this.#notBefore.get(nameOfWanted(task.wanted)) ?? 0) <= this.#context.now()
    );
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
    const { now, sign, tell } = this.#context;
    const reason = await planKey(this.#context, wanted, why);
    if (reason === undefined) return;
    this.#notBefore.set(nameOfWanted(wanted), now() + sign.rotate.checkEveryMs);
    tell({ kind: "no-plan", domain: wanted.domain, reason });
  }
}

function nameOf(task: Task): string {
  if (task.kind === "plan") return `plan ${nameOfWanted(task.wanted)}`;
  const { state, change } = task.key;
  return `${task.kind} ${keyId(task.key)} ${state} ${change?.kind ?? ""}`;
}
