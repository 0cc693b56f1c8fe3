import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { SigningKeyConfig } from "../config/sign-config.ts";
import { SekishoError } from "../errors.ts";
import type { Lang } from "../findings/lang.ts";
import { type OpenRotator, openRotator } from "../keys/open-rotator.ts";
import type { Rotator } from "../keys/rotate.ts";
import { listKeys, rotatesIn, rowsInUse, sameRows } from "../keys/rotated-keys.ts";
import { isHeldUp, isIncoming, type RotatedKey } from "../keys/rotation.ts";
import { ClockWatch } from "../keys/rotation-clock.ts";
import type { RotationNote } from "../keys/rotation-journal.ts";
import { nameOfKind } from "../keys/rotation-plan.ts";
import type { Log } from "../log.ts";
import { openState } from "../store/sqlite-state.ts";
import type { StateStore } from "../store/state.ts";
import { describeError } from "./engine.ts";
import { createKeyMailer } from "./key-mail.ts";

/** The supervisor's side of keys that rotate: it does what is due, and says which keys sign. */
export interface KeyRotation {
  /**
   * The configuration as workers get it: `sign.keys` are the keys in use, whoever made them.
   * @throws SekishoError STORE_UNAVAILABLE when the states of the keys cannot be read.
   */
  withKeysInUse(config: Config): Promise<Config>;
  /** Does what is due by the configuration of the file, from the end of what is on its way. */
  use(config: Config): void;
  /** Every worker signs with these keys, and with no others. */
  confirm(keys: readonly SigningKeyConfig[]): void;
  /** Of the keys whose domains rotate, as of the last look. */
  keys(): readonly RotatedKey[];
  /** Steps that could not be done, by step, since the start. */
  failures(): ReadonlyMap<string, number>;
  /** Whether a step has been held up for longer than is usual. */
  isHeldUp(): boolean;
  /** Waits a while for the step on its way; one that is cut off is done again at the next start. */
  close(): Promise<void>;
}

export interface KeyRotationOptions {
  readonly log: Log;
  readonly lang: Lang;
  /** The keys in use have changed: workers are to be told, and `confirm` called then. */
  onChange(): void;
}

const maxTickMs = 5_000;
const closeWithinMs = 3_000;
const minTickMs = 250;

export function createKeyRotation(options: KeyRotationOptions): KeyRotation {
  return new RotationJob(options);
}

class RotationJob implements KeyRotation {
  readonly #options: KeyRotationOptions;
  readonly #failures = new Map<string, number>();
  /** Goes on over each reading of the configuration: what it has seen is true of the next one, too. */
  readonly #clock = new ClockWatch(Date.now, () => performance.now());
  #state: StateStore | undefined;
  #open: OpenRotator | undefined;
  #config: Config | undefined;
  /** What every worker signs with. */
  #confirmed: readonly SigningKeyConfig[] = [];
  #keys: readonly RotatedKey[] = [];
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #closing = false;
  /** The revision that the copy has. */
  #copied: number | undefined;
  #lastError: string | undefined;
  /** Kinds of keys of which a new one cannot be begun, since when by a clock that only goes on. */
  readonly #unbegun = new Map<string, number>();

  constructor(options: KeyRotationOptions) {
    this.#options = options;
  }

  async withKeysInUse(config: Config): Promise<Config> {
    if (config.sign.rotate === undefined) {
      this.#keys = [];
      return config;
    }
    this.#state ??= this.#openState(config);
    this.#keys = ofDomains(config, await this.#state.tx(listKeys));
    return { ...config, sign: { ...config.sign, keys: rowsInUse(config.sign, this.#keys) } };
  }

  confirm(keys: readonly SigningKeyConfig[]): void {
    this.#confirmed = keys;
  }

  use(config: Config): void {
    this.#config = config;
    // What the last round is at may take minutes, and nobody shall wait for it.
    this.#round = this.#round.then(() => this.#tellUnused(config)).then(() => this.#reopen(config));
  }

  /** Whose domain is taken out of the rotation signs no more, which is easily overlooked. */
  async #tellUnused({ sign }: Config): Promise<void> {
    const rotates = rotatesIn(sign);
    try {
      const keys = (await this.#state?.tx(listKeys)) ?? [];
      for (const key of keys) {
        const { domain, selector, state, origin } = key;
        if (state === "active" && origin === "rotation" && !rotates(key))
          this.#options.log.warn("key: not in use, as its domain does not rotate any more", {
            domain,
            selector,
          });
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  #reopen(config: Config): void {
    this.#open?.close();
    this.#open = undefined;
    this.#unbegun.clear();
    if (this.#config?.sign.rotate === undefined) this.#keys = [];
    if (config.sign.rotate === undefined || this.#closing || config !== this.#config) return;
    try {
      this.#state ??= this.#openState(config);
      this.#open = openRotator(config, this.#state, { tell: this.#teller(config), clock: this.#clock });
      this.#schedule(0);
    } catch (error) {
      this.#failed(error);
    }
  }

  keys(): readonly RotatedKey[] {
    return this.#keys;
  }

  failures(): ReadonlyMap<string, number> {
    return this.#failures;
  }

  #openState({ dataDir }: Config): StateStore {
    return openState(dataDir, (aside) =>
      this.#options.log.error("the states of the keys were damaged; their last copy is in use", { aside }),
    );
  }

  isHeldUp(): boolean {
    const rotate = this.#config?.sign.rotate;
    if (rotate === undefined) return false;
    const { warnAfterMs } = rotate;
    return (
      this.#lastError !== undefined ||
      this.#keys.some((key) => isHeldUp(key, warnAfterMs, Date.now())) ||
      [...this.#unbegun.values()].some((since) => performance.now() - since >= warnAfterMs)
    );
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    // Questions on their way end at once.
    this.#open?.close();
    const isOver = await Promise.race([
      this.#round.then(() => true),
      sleep(closeWithinMs, false, { ref: false }),
    ]);
    if (isOver) await this.#state?.close();
  }

  #schedule(ms: number): void {
    if (this.#closing) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#round = this.#round.then(() => this.#tick());
      void this.#round.then(() => this.#schedule(this.#tickMs()));
    }, ms);
    this.#timer.unref();
  }

  #tickMs(): number {
    const checkEveryMs = this.#config?.sign.rotate?.checkEveryMs ?? maxTickMs;
    return Math.min(maxTickMs, Math.max(minTickMs, checkEveryMs / 4));
  }

  async #tick(): Promise<void> {
    const config = this.#config;
    if (this.#open === undefined || this.#state === undefined || config === undefined || this.#closing)
      return;
    const [{ rotator }, state] = [this.#open, this.#state];
    // Each for itself: what cannot be done, or copied, keeps no key from the workers.
    const outcomes = [
      await settled(rotator.round()),
      await settled(this.#takeKeys(config, rotator, state)),
      await settled(this.#copy(state)),
    ];
    const fault = outcomes.find(({ status }) => status === "rejected");
    if (fault?.status === "rejected") this.#failed(fault.reason);
    else this.#lastError = undefined;
  }

  async #takeKeys(config: Config, rotator: Rotator, state: StateStore): Promise<void> {
    await rotator.release(this.#confirmed);
    this.#keys = ofDomains(config, await state.tx(listKeys));
    // By this program or by a command.
    for (const key of this.#keys) if (isIncoming(key)) this.#unbegun.delete(nameOfKind(key));
    if (!sameRows(rowsInUse(config.sign, this.#keys), this.#confirmed)) this.#options.onChange();
  }

  async #copy(state: StateStore): Promise<void> {
    const revision = await state.revision();
    if (revision !== this.#copied) await state.keepCopy();
    this.#copied = revision;
  }

  #failed(error: unknown): void {
    this.#count("fault");
    const text = error instanceof SekishoError ? error.message : describeError(error);
    const name = error instanceof Error ? error.message : text;
    if (name !== this.#lastError) this.#options.log.error("key rotation: fault", { error: text });
    this.#lastError = name;
  }

  #count(step: string): void {
    this.#failures.set(step, (this.#failures.get(step) ?? 0) + 1);
  }

  #teller(config: Config): (note: RotationNote) => void {
    const { log, lang } = this.#options;
    const mailer = createKeyMailer(config, lang, log);
    return (note) => {
      if (note.kind === "trouble") this.#count(note.key.trouble?.step ?? "fault");
      if (note.kind === "no-plan") {
        this.#count("plan");
        const kind = nameOfKind(note);
        if (!this.#unbegun.has(kind)) this.#unbegun.set(kind, performance.now());
      }
      logNote(note, log);
      mailer(note);
    };
  }
}

async function settled(work: Promise<unknown>): Promise<PromiseSettledResult<unknown>> {
  const [outcome] = await Promise.allSettled([work]);
  return outcome;
}

function ofDomains({ sign }: Config, keys: readonly RotatedKey[]): readonly RotatedKey[] {
  return keys.filter(rotatesIn(sign));
}

function logNote(note: RotationNote, log: Log): void {
  switch (note.kind) {
    case "moved": {
      const { domain, selector, state, why, zone } = note.key;
      log.info(`key: ${state}`, { domain, selector, from: note.from, why, zone });
      break;
    }
    case "by-hand": {
      const { domain, selector, name, action, text } = { ...note.key, ...note.change };
      log.warn("key: the operator has to change DNS", { domain, selector, action, name, text });
      break;
    }
    case "trouble": {
      const { domain, selector, state, trouble } = note.key;
      const fields = {
        domain,
        selector,
        state,
        step: trouble?.step,
        reason: trouble?.reason,
        times: trouble?.times,
      };
      if (note.lasts) log.warn("key: a step cannot be done", fields);
      else log.info("key: a step waits", fields);
      break;
    }
    case "no-plan":
      log.warn("key: a new one cannot be begun", {
        domain: note.domain,
        reason: `${note.problem.name}: ${note.problem.fault}`,
      });
      break;
  }
}
