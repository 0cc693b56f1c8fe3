import { onTestFinished } from "vitest";
import type { RotateConfig } from "../src/config/rotate-config.ts";
import type { SignConfig } from "../src/config/sign-config.ts";
import type { Prover } from "../src/keys/prove.ts";
import type { Publisher, PublishOutcome, RecordChange } from "../src/keys/publish.ts";
import { Rotator } from "../src/keys/rotate.ts";
import { listKeys, rowsInUse } from "../src/keys/rotated-keys.ts";
import type { Observation, RotatedKey } from "../src/keys/rotation.ts";
import { ClockWatch } from "../src/keys/rotation-clock.ts";
import type { RotatorOptions } from "../src/keys/rotation-context.ts";
import type { KeyFiles } from "../src/keys/rotation-files.ts";
import type { RotationNote } from "../src/keys/rotation-journal.ts";
import { openStateInMemory } from "../src/store/sqlite-state.ts";
import type { StateStore } from "../src/store/state.ts";

/** The process is killed. */
export class Killed extends Error {}

/** What may go wrong at a place of the program. */
export type Mishap = "none" | "fails" | "killed-before" | "killed-after" | "answer-lost";

export interface WorldOptions {
  readonly method?: "manual" | "nsupdate";
  readonly domains?: readonly string[];
  readonly algorithms?: RotateConfig["algorithms"];
  readonly keys?: SignConfig["keys"];
  /** How long caches keep absence (ms). */
  readonly negativeMs?: number;
  readonly everyMs?: number;
  /** Asked whenever something may go wrong. */
  mishap?(place: string): Mishap;
  /** How long a secondary takes for a change (ms). */
  lag?(): number;
}

export const signDefaults: Omit<SignConfig, "keys" | "rotate"> = {
  canonicalization: { header: "relaxed", body: "relaxed" },
  timestamp: true,
  extraHeaders: [],
  oversignHeaders: [],
  nullSender: "sign",
  onFailure: "tempfail",
  onFragile: "sign",
};

export const second = 1000;
export const minute: number = 60 * second;
export const hour: number = 60 * minute;
export const day = 86_400_000;

/** A world whose state is closed when the test is over. */
export function worldOf(options: WorldOptions = {}): RotationWorld {
  const world = new RotationWorld(options);
  onTestFinished(() => world.state.close());
  return world;
}

interface ServedChange {
  readonly at: number;
  readonly text: string | undefined;
}

/**
 * A zone with a primary and a secondary that lags, caches that keep absence, and a program that may be killed at any
 * step, all with a clock of its own.
 */
export class RotationWorld {
  now: number = Date.UTC(2026, 10, 21);
  /** How far the wall clock is set wrong (ms): `now` goes on evenly whatever is set. */
  clockError = 0;
  /** How often all keys were read. */
  reads = 0;
  /** Where the zone of the keys begins. */
  zone = "example.jp";
  readonly notes: RotationNote[] = [];
  readonly state: StateStore = openStateInMemory();
  readonly sign: SignConfig & { readonly rotate: RotateConfig };
  readonly asked: RecordChange[] = [];
  readonly negativeMs: number;
  /** The primary does not change this name, and says so, or not. */
  refused: string | undefined;
  refuses: "told" | "untold" = "told";
  readonly #options: WorldOptions;
  readonly #files = new Map<string, string>();
  /** What each server has served, by name, oldest first. */
  readonly #primary = new Map<string, ServedChange[]>();
  readonly #secondary = new Map<string, ServedChange[]>();
  #secondaryReady = 0;
  #count = 0;
  #clock: ClockWatch;
  #rotator: Rotator;

  constructor(options: WorldOptions = {}) {
    this.#options = options;
    this.negativeMs = options.negativeMs ?? 600 * second;
    this.sign = {
      ...signDefaults,
      keys: options.keys ?? [],
      rotate: {
        everyMs: options.everyMs ?? 90 * day,
        jitterMs: 0,
        ...(options.keys === undefined && {
          domains: (options.domains ?? ["example.jp"]).map((domain) => ({
            domain,
            includeSubdomains: false,
            identity: "none",
          })),
        }),
        ...(options.algorithms !== undefined && { algorithms: options.algorithms }),
        retireAfterMs: 7 * day,
        removeAfterMs: 30 * day,
        deleteFiles: true,
        checkEveryMs: 60 * second,
        warnAfterMs: day,
        publish: { method: "manual" },
      },
    };
    this.#clock = this.#watch();
    this.#rotator = this.#start();
  }

  /** A process that was killed comes back, with nothing in its memory. */
  restart(): void {
    this.#clock = this.#watch();
    this.#rotator = this.#start();
  }

  /** The configuration is read anew, by the same process. */
  reload(): void {
    this.#rotator = this.#start();
  }

  /** One round, and then what a daemon does: its workers take the keys in use. */
  async round(eager?: ReadonlySet<string>): Promise<void> {
    try {
      await this.#rotator.round(eager);
      const keys = await this.keys();
      await this.#rotator.release(rowsInUse(this.sign, keys));
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      await this.state.tx((tx) => tx.remove("lease", "dkim-rotation"));
      this.restart();
    }
  }

  /** Rounds in steps of so long. */
  async pass(ms: number, stepMs: number = 60 * second): Promise<void> {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += stepMs;
      await this.round();
    }
  }

  async keys(): Promise<readonly RotatedKey[]> {
    return this.state.tx(listKeys);
  }

  async key(selector: string): Promise<RotatedKey | undefined> {
    return (await this.keys()).find((one) => one.selector === selector);
  }

  hasFile(file: string): boolean {
    return this.#files.has(file);
  }

  deleteFile(file: string): void {
    this.#files.delete(file);
  }

  putFile(file: string, key: string): void {
    this.#files.set(file, key);
  }

  /** As an operator does it by hand; undefined removes. */
  putRecord(name: string, text: string | undefined): void {
    const put = (server: Map<string, ServedChange[]>, at: number): void => {
      server.set(name, [...(server.get(name) ?? []), { at, text }]);
    };
    put(this.#primary, this.now);
    this.#secondaryReady = Math.max(this.#secondaryReady, this.now + (this.#options.lag?.() ?? 0));
    put(this.#secondary, this.#secondaryReady);
  }

  served(server: "primary" | "secondary", name: string, at: number = this.now): string | undefined {
    const changes = (server === "primary" ? this.#primary : this.#secondary).get(name) ?? [];
    return changes.findLast((change) => change.at <= at)?.text;
  }

  /** Whether a verifier gets the key at a time, whichever server it or a cache before it has asked. */
  verifies(key: RotatedKey, at: number = this.now): boolean {
    const name = nameOf(key);
    for (const server of ["primary", "secondary"] as const) {
      const changes = (server === "primary" ? this.#primary : this.#secondary).get(name) ?? [];
      if (this.served(server, name, at) !== key.record) return false;
      // A cache may hold what was true at any moment of so long ago.
      const within = changes.filter((change) => change.at <= at && change.at > at - this.negativeMs);
      if (
        this.served(server, name, at - this.negativeMs) !== key.record ||
        within.some(({ text }) => text !== key.record)
      )
        return false;
    }
    return true;
  }

  #watch(): ClockWatch {
    return new ClockWatch(
      () => this.now + this.clockError,
      () => this.now,
    );
  }

  #start(): Rotator {
    const options: RotatorOptions = {
      state: this.#crashingState(),
      sign: this.sign,
      dataDir: "/data",
      files: this.#keyFiles(),
      prover: this.#prover(),
      publisher: this.#publisher(),
      tell: (note) => this.notes.push(note),
      now: () => this.now + this.clockError,
      monotonic: () => this.now,
      random: () => 0.5,
    };
    return new Rotator(options, this.#clock);
  }

  #mishap(place: string): Mishap {
    return this.#options.mishap?.(place) ?? "none";
  }

  #crashingState(): StateStore {
    const { state } = this;
    return {
      ...state,
      revision: () => state.revision(),
      keepCopy: () => state.keepCopy(),
      close: () => state.close(),
      tx: async (work) => {
        const mishap = this.#mishap("store");
        if (mishap === "killed-before") throw new Killed();
        const result = await state.tx((tx) =>
          work({
            get: (kind, id) => tx.get(kind, id),
            list: (kind) => {
              if (kind === "dkim-key") this.reads += 1;
              return tx.list(kind);
            },
            put: (kind, id, value) => tx.put(kind, id, value),
            remove: (kind, id) => tx.remove(kind, id),
          }),
        );
        if (mishap === "killed-after") throw new Killed();
        return result;
      },
    };
  }

  async #act<T>(place: string, act: () => T): Promise<T> {
    const mishap = this.#mishap(place);
    if (mishap === "killed-before") throw new Killed();
    if (mishap === "fails") throw new Error(`${place} failed`);
    const result = act();
    if (mishap === "killed-after") throw new Killed();
    if (mishap === "answer-lost") throw new Error(`${place}: answer lost`);
    return result;
  }

  #keyFiles(): KeyFiles {
    const read = (file: string, type: RotatedKey["type"]): Awaited<ReturnType<KeyFiles["write"]>> => {
      const publicKey = this.#files.get(file);
      if (publicKey === undefined) throw new Error(`${file}: ENOENT`);
      return { type, publicKey, record: `v=DKIM1; k=${type}; p=${publicKey}` };
    };
    return {
      exists: (file) => this.#files.has(file),
      read: (key) => this.#act("read", () => read(key.file, "rsa")),
      write: (key) =>
        this.#act("write", () => {
          this.#count += 1;
          if (!this.#files.has(key.file)) this.#files.set(key.file, `key${this.#count}`);
          return read(key.file, key.type);
        }),
      check: (key) => this.#act("load", () => void read(key.file, key.type)),
      remove: (key) => this.#act("delete", () => void this.#files.delete(key.file)),
    };
  }

  #prover(): Prover {
    return {
      zoneOf: async () => {
        const mishap = this.#mishap("zone");
        return mishap === "fails" ? { fault: "servfail" } : { zone: this.zone };
      },
      look: async (domain, selector) => {
        const name = nameOf({ domain, selector });
        const isTaken = (["primary", "secondary"] as const).some(
          (server) => this.served(server, name) !== undefined,
        );
        return isTaken ? { kind: "taken" } : { kind: "free", staleMs: this.negativeMs };
      },
      observe: async (key) => {
        const mishap = this.#mishap("observe");
        if (mishap === "killed-before" || mishap === "killed-after") throw new Killed();
        if (mishap === "fails") return { says: "unknown", someOurs: false, staleMs: 0, detail: "timeout" };
        return this.#observe(key);
      },
    };
  }

  #observe(key: Parameters<Prover["observe"]>[0]): Observation {
    const name = nameOf(key);
    const texts = (["primary", "secondary"] as const).map((server) => this.served(server, name));
    const sayings = texts.map((text) => {
      if (text === undefined) return "absent" as const;
      if (text.endsWith("p=")) return "revoked" as const;
      if (!text.endsWith(`p=${key.publicKey}`)) return "foreign" as const;
      return text.includes("t=y") ? ("other" as const) : ("ours" as const);
    });
    const [first = "unknown", other] = sayings;
    return {
      says: first === other ? first : "differs",
      someOurs: sayings.includes("ours"),
      staleMs: this.negativeMs,
      ...(texts[0] !== undefined && texts[0] === texts[1] && { served: [texts[0]] }),
      detail: sayings.join(", "),
    };
  }

  #publisher(): Publisher {
    if (this.#options.method === "manual")
      return { method: "manual", change: async () => ({ kind: "manual" }) };
    return {
      method: "nsupdate",
      change: async (change): Promise<PublishOutcome> => {
        this.asked.push(change);
        try {
          return await this.#act("publish", () => this.#update(change));
        } catch (error) {
          if (error instanceof Killed) throw error;
          return { kind: "failed", reason: String(error) };
        }
      },
    };
  }

  /** As a primary does it, with the prerequisites that keep it off others' records. */
  #update({ action, name, text, before }: RecordChange): PublishOutcome {
    const there = this.served("primary", name);
    const wanted = action === "remove" ? undefined : text;
    if (name === this.refused)
      return this.refuses === "told" ? { kind: "failed", reason: "REFUSED" } : { kind: "sent" };
    if (there === wanted) return { kind: "sent" };
    const expected = action === "publish" ? undefined : before?.join("");
    if (there !== expected) return { kind: "failed", reason: "prerequisite" };
    this.putRecord(name, wanted);
    return { kind: "sent" };
  }
}

export function nameOf({ domain, selector }: Pick<RotatedKey, "domain" | "selector">): string {
  return `${selector}._domainkey.${domain}`;
}
