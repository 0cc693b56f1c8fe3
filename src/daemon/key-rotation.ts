import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { RotateConfig } from "../config/rotate-config.ts";
import type { SigningKeyConfig } from "../config/sign-config.ts";
import type { Lang } from "../findings/lang.ts";
import { type OpenRotator, openRotator } from "../keys/open-rotator.ts";
import { listKeys, rotatedDomains, rowsInUse, sameRows } from "../keys/rotated-keys.ts";
import type { RotatedKey } from "../keys/rotation.ts";
import type { RotationNote } from "../keys/rotation-journal.ts";
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
    const domains = new Set(rotatedDomains(sign).map(({ domain }) => domain));
    try {
      const keys = (await this.#state?.tx(listKeys)) ?? [];
      for (const { domain, selector, state, origin } of keys)
        if (state === "active" && origin === "rotation" && !domains.has(domain))
          this.#options.log.warn("key: not in use, as its domain does not rotate any more", {
            domain,
            selector,
          });
    } catch (error) {
      this.#failed(error);
    }
  }

  #reopen(config: Config): void {
    this.#open?.close();
    this.#open = undefined;
    if (config.sign.rotate === undefined || this.#closing || config !== this.#config) return;
    try {
      this.#state ??= this.#openState(config);
      this.#open = openRotator(config, this.#state, { tell: this.#teller(config) });
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
    return rotate !== undefined && this.#keys.some((key) => isHeldUp(key, rotate, Date.now()));
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    // Questions on their way end at once.
    this.#open?.close();
    const isOver = await Promise.race([this.#round.then(() => true), sleep(closeWithinMs, false)]);
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
    try {
      await this.#open.rotator.round();
      await this.#open.rotator.release(this.#confirmed);
      const revision = await this.#state.revision();
      if (revision !== this.#copied) await this.#state.keepCopy();
      this.#copied = revision;
      this.#keys = ofDomains(config, await this.#state.tx(listKeys));
      if (!sameRows(rowsInUse(config.sign, this.#keys), this.#confirmed)) this.#options.onChange();
      this.#lastError = undefined;
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#count("fault");
    const text = describeError(error);
    if (text !== this.#lastError) this.#options.log.error("key rotation: fault", { error: text });
    this.#lastError = text;
  }

  #count(step: string): void {
    this.#failures.set(step, (this.#failures.get(step) ?? 0) + 1);
  }

  #teller(config: Config): (note: RotationNote) => void {
    const { log, lang } = this.#options;
    const mailer = createKeyMailer(config, lang, log);
    return (note) => {
      if (note.kind === "trouble") this.#count(note.key.trouble?.step ?? "fault");
      if (note.kind === "no-plan") this.#count("plan");
      logNote(note, log);
      mailer(note);
    };
  }
}

/** Longer than waiting for others explains. */
function isHeldUp({ trouble }: RotatedKey, { warnAfterMs }: RotateConfig, nowMs: number): boolean {
  if (trouble === undefined) return false;
  const waits = trouble.step === "prove" || trouble.step === "check";
  return !waits || nowMs - trouble.since >= warnAfterMs;
}

function ofDomains({ sign }: Config, keys: readonly RotatedKey[]): readonly RotatedKey[] {
  const domains = new Set(rotatedDomains(sign).map(({ domain }) => domain));
  return keys.filter(({ domain }) => domains.has(domain));
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
      log.warn("key: a new one cannot be begun", { domain: note.domain, reason: note.reason });
      break;
  }
}
