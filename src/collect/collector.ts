import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { FolderConfig, MailboxConfig } from "../config/collect-config.ts";
import type { Config } from "../config/config.ts";
import { readSecret } from "../config/secret.ts";
import type { Clock } from "../core/clock.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import type { Log } from "../log.ts";
import { openReportStore } from "../store/reports/open.ts";
import type { DocumentOutcome, ReadDocument, ReportStore } from "../store/reports/port.ts";
import { SettledTime } from "../store/settled-time.ts";
import { openSharedState } from "../store/shared.ts";
import { openState } from "../store/sqlite-state.ts";
import type { StateStore } from "../store/state.ts";
import { StoreError, type StoreTrouble, troubleOf } from "../store/store-error.ts";
import { createDestinationCheck, type DestinationOf } from "./check-destination.ts";
import { type Naming, startNaming } from "./classify/naming.ts";
import { fileLimits } from "./extract/limits.ts";
import { createFailureKeeper, type FailureKeeper } from "./failure/failure-keeper.ts";
import { holdLease } from "./hold-lease.ts";
import { ingestAll, isOdd, type KeptDocument } from "./ingest.ts";
import type { Arrival, Incoming, LostArrival } from "./input/arrival.ts";
import { watchMailFolder } from "./input/imap.ts";
import { listenForReports, type ReportReceiver } from "./input/lmtp.ts";
import { watchFolder } from "./input/watch-folder.ts";
import type { WayIn, WayInServices, WayInStatus } from "./input/way-in.ts";
import { type JudgeContext, judgeMail } from "./judge-mail.ts";
import { reasonOf } from "./reason-of.ts";

/** Everything that brings reports by itself, and what becomes too old. */
export interface Collector {
  /**
   * Takes a configuration into use; ways in that have not changed go on.
   * @param handles Bound sockets by `listen` of the configuration.
   */
  use(config: Config, handles: ReadonlyMap<string, object>): Promise<void>;
  status(): CollectStatus;
  /** Finishes what is being taken in, for at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

export interface CollectStatus {
  readonly ways: readonly WayInStatus[];
  /** Why the store cannot be used; absent when it can. */
  readonly storeError?: string;
  /** The same, to be said in any language, where it is known what it is. */
  readonly storeTrouble?: StoreTrouble;
  /** Mails and files that are committed, since the start. */
  readonly arrivals: number;
  /** What could not even be read, such as a file without permission. */
  readonly lost: number;
  readonly documents: readonly DocumentCount[];
}

export interface DocumentCount {
  readonly kind: ReadDocument["kind"];
  readonly outcome: DocumentOutcome;
  readonly count: number;
}

export interface CollectorOptions {
  readonly dns: DnsResolver;
  readonly clock: Clock;
  readonly log: Log;
}

const firstExpiryMs = 60_000;
const expireEveryMs = 3_600_000;
/** Between batches, so that mail goes on. */
const restMs = 50;
const closeWayMs = 10_000;
/** Documents of one mail or file: a stranger may have put thousands into it. */
const maxLogged = 50;

export function createCollector(options: CollectorOptions): Collector {
  return new RunningCollector(options);
}

/** What a way in is made from; another shape is another way in. Into another store everything is taken in again. */
interface WantedWay {
  readonly shape: string;
  open(): Promise<WayIn> | WayIn;
}

class RunningCollector implements Collector {
  readonly #options: CollectorOptions;
  readonly #destination: DestinationOf;
  readonly #ways = new Map<string, WayIn>();
  readonly #atWork = new Set<Promise<void>>();
  #receiver: { readonly listen: string; readonly way: ReportReceiver } | undefined;
  readonly #documents = new Map<string, DocumentCount>();
  #config: Config | undefined;
  /** Of the store. */
  #place: string | undefined;
  #state: StateStore | undefined;
  #store: Promise<ReportStore> | undefined;
  #storeError: unknown;
  #arrivals = 0;
  #lost = 0;
  #failures: { readonly wanted: string; readonly keeper: FailureKeeper } | undefined;
  readonly #settled = new SettledTime();
  #timer: NodeJS.Timeout | undefined;
  #naming: Naming | undefined;
  #closing = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#destination = createDestinationCheck(options.dns, options.clock);
  }

  async use(config: Config, handles: ReadonlyMap<string, object>): Promise<void> {
    this.#config = config;
    this.#state ??= openState(config.dataDir);
    const place = await this.#placeOf(config);
    const otherStore = this.#place !== undefined && this.#place !== place;
    this.#place = place;
    const wanted = this.#wanted(config);
    const shapes = new Set(wanted.map(({ shape }) => shape));
    const leaving = [...this.#ways].filter(([shape]) => !shapes.has(shape));
    for (const [shape] of leaving) this.#ways.delete(shape);
    await Promise.all(leaving.map(([, way]) => way.close(closeWayMs)));
    // What is being taken in goes to the old one still.
    if (otherStore) void this.#closeStore();
    for (const { shape, open } of wanted) if (!this.#ways.has(shape)) this.#ways.set(shape, await open());
    await this.#useReceiver(config, handles);
    this.#timer ??= this.#expireIn(firstExpiryMs);
    this.#naming ??= startNaming({
      config: () => this.#config,
      reports: () => this.#openStore(),
      alone: (work) => this.#alone("naming", work),
      ...this.#options,
    });
  }

  /** What `store` leads to: it may name a file that says something else now. */
  async #placeOf({ store }: Config): Promise<string> {
    if (store === undefined) return "";
    return readSecret(store).catch(() => this.#place ?? store);
  }

  status(): CollectStatus {
    return {
      ways: this.#allWays().map((way) => way.status()),
      ...(this.#storeError !== undefined && { storeError: reasonOf(this.#storeError) }),
      ...(this.#storeError instanceof StoreError && { storeTrouble: troubleOf(this.#storeError) }),
      arrivals: this.#arrivals,
      lost: this.#lost,
      documents: [...this.#documents.values()],
    };
  }

  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    const late = sleep(graceMs, undefined, { ref: false });
    await Promise.all(this.#allWays().map((way) => way.close(graceMs)));
    await Promise.race([this.#naming?.close(), late]);
    // What is not committed by then comes again.
    await Promise.race([this.#closeStore(), late]);
    // Whoever is told to end by the system, too, is told twice.
    const state = this.#state;
    this.#state = undefined;
    await state?.close();
  }

  #allWays(): readonly WayIn[] {
    return [...this.#ways.values(), ...(this.#receiver === undefined ? [] : [this.#receiver.way])];
  }

  #wanted(config: Config): readonly WantedWay[] {
    const { mailboxes, folders } = config.collect;
    return [
      ...mailboxes.flatMap((mailbox) =>
        mailbox.folders.map((folder) => this.#mailWay(mailbox, folder, config)),
      ),
      ...folders.map((folder) => this.#folderWay(folder, config)),
    ];
  }

  #mailWay(mailbox: MailboxConfig, folder: string, config: Config): WantedWay {
    const own = judgingOf(config);
    const judging = { ...own, authservIds: mailbox.authservIds ?? own.authservIds };
    // Another folder beside it changes nothing for this one.
    const shape = JSON.stringify(["imap", { ...mailbox, folders: [] }, folder, judging, this.#place]);
    return { shape, open: () => watchMailFolder(mailbox, folder, this.#services(judging)) };
  }

  #folderWay(folder: FolderConfig, config: Config): WantedWay {
    const own = judgingOf(config);
    return {
      shape: JSON.stringify(["folder", folder, own, this.#place]),
      open: () => watchFolder(folder, this.#services(own)),
    };
  }

  async #useReceiver(config: Config, handles: ReadonlyMap<string, object>): Promise<void> {
    const { hostname, collect } = config;
    const { lmtp } = collect;
    const before = this.#receiver;
    if (before !== undefined && before.listen !== lmtp?.listen) {
      this.#receiver = undefined;
      await before.way.close(closeWayMs);
    }
    if (lmtp === undefined) return;
    const options = { ...this.#services(judgingOf(config)), hostname };
    if (this.#receiver !== undefined) this.#receiver.way.use(lmtp, options);
    else {
      const way = await listenForReports(lmtp, options, handles.get(lmtp.listen));
      this.#receiver = { listen: lmtp.listen, way };
    }
  }

  #services(site: Judging): WayInServices {
    const { dns, clock, log } = this.#options;
    const judging = { ...site, dns, clock };
    const judge = () => (mail: Parameters<typeof judgeMail>[0]) => judgeMail(mail, judging);
    return {
      take: (incoming) => this.#take(incoming, judge),
      state: this.#openState(),
      storeId: async () => (await this.#usableStore()).id(),
      alone: (name, work) => this.#alone(name, work),
      log,
    };
  }

  async #alone(name: string, work: () => Promise<void>): Promise<boolean> {
    const { leases } = await this.#usableStore();
    const isDone = await holdLease(leases, name, `${hostname()} ${this.#config?.dataDir}`, work);
    // It has answered: also where nothing comes in, what was wrong with it is over.
    this.#storeError = undefined;
    return isDone;
  }

  #openState(): StateStore {
    if (this.#state === undefined) throw new Error("no state");
    return this.#state;
  }

  #take(
    incoming: AsyncIterable<Incoming>,
    judge: NonNullable<Parameters<typeof ingestAll>[1]["judge"]>,
  ): Promise<void> {
    const work = this.#ingest(incoming, judge);
    const ended = work.catch(() => {});
    this.#atWork.add(ended);
    void ended.then(() => this.#atWork.delete(ended));
    return work;
  }

  async #ingest(
    incoming: AsyncIterable<Incoming>,
    judge: NonNullable<Parameters<typeof ingestAll>[1]["judge"]>,
  ): Promise<void> {
    try {
      await ingestAll(incoming, {
        store: await this.#usableStore(),
        judge,
        destination: this.#destination,
        keepFailures: (...all) => this.#keeperOfFailures()(...all),
        // Whoever may write into a folder of this machine is trusted with more; mail is not, whatever way it comes.
        limitsOfFiles: fileLimits,
        onArrival: (arrival, documents) => this.#note(arrival, documents),
        onLost: (lost) => this.#noteLost(lost),
        onFault: ({ via }, error) =>
          this.#options.log.error("collect: fault", { via, reason: reasonOf(error) }),
      });
      this.#storeError = undefined;
    } catch (error) {
      this.#storeError = error;
      throw error;
    }
  }

  /** Of the newest configuration. */
  #keeperOfFailures(): FailureKeeper {
    const config = this.#config;
    if (config === undefined) throw new Error("no configuration");
    const { content } = config.collect.failure;
    const wanted = `${content} ${this.#place}`;
    if (this.#failures?.wanted !== wanted)
      this.#failures = { wanted, keeper: createFailureKeeper(content, () => openSharedState(config)) };
    return this.#failures.keeper;
  }

  /** The one that is open, told of in the status when it is not. */
  async #usableStore(): Promise<ReportStore> {
    try {
      return await this.#openStore();
    } catch (error) {
      this.#storeError = error;
      throw error;
    }
  }

  #openStore(): Promise<ReportStore> {
    const config = this.#config;
    if (config === undefined) return Promise.reject(new Error("no configuration"));
    // One that could not be opened is tried again at the next arrival.
    this.#store ??= openReportStore(config).catch((error: unknown) => {
      this.#store = undefined;
      throw error;
    });
    return this.#store;
  }

  async #closeStore(): Promise<void> {
    const opening = this.#store;
    this.#store = undefined;
    const store = await opening?.catch(() => undefined);
    await Promise.all(this.#atWork);
    await store?.close().catch((error: unknown) => {
      this.#options.log.warn("collect: the store could not be closed", { reason: reasonOf(error) });
    });
  }

  #note({ via }: Arrival, documents: readonly KeptDocument[]): void {
    const { log } = this.#options;
    const levelOf = (document: KeptDocument): "warn" | "info" => (isOdd(document) ? "warn" : "info");
    this.#arrivals += 1;
    for (const document of documents) this.#count(document);
    for (const document of documents.slice(0, maxLogged)) {
      const { read, outcome, report } = document;
      const reason = "reason" in read ? read.reason : undefined;
      log[levelOf(document)]("collect: document", { outcome, kind: read.kind, report, reason, via });
    }
    const rest = documents.slice(maxLogged);
    const level = rest.some(isOdd) ? "warn" : "info";
    if (rest.length > 0) log[level]("collect: more documents", { count: rest.length, via });
  }

  #count({ read, outcome }: KeptDocument): void {
    const key = `${read.kind} ${outcome}`;
    const count = (this.#documents.get(key)?.count ?? 0) + 1;
    this.#documents.set(key, { kind: read.kind, outcome, count });
  }

  #noteLost({ via, reason }: LostArrival): void {
    this.#lost += 1;
    this.#options.log.error("collect: lost", { via, reason });
  }

  #expireIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => void this.#expire(), ms).unref();
  }

  async #expire(): Promise<void> {
    try {
      await this.#alone("expire", () => this.#deleteOld());
    } catch (error) {
      this.#options.log.warn("collect: what is too old could not be deleted", { reason: reasonOf(error) });
    }
    if (!this.#closing) this.#timer = this.#expireIn(expireEveryMs);
  }

  async #deleteOld(): Promise<void> {
    const config = this.#config;
    const store = await this.#usableStore();
    const isMore = async ({ collect }: Config): Promise<boolean> =>
      store.expire(collect.keep, this.#settled.at(Date.now()));
    while (config !== undefined && !this.#closing && (await isMore(config))) await sleep(restMs);
  }
}

/** Whose word on a report mail counts. */
type Judging = Required<Pick<JudgeContext, "authservIds" | "trustedSealers">>;

function judgingOf(config: Config): Judging {
  return { authservIds: siteIds(config), trustedSealers: config.verify.policy.trustedSealers };
}

/** Names under which this site's own mail servers write Authentication-Results. */
function siteIds({ authservId, hostname, networks }: Config): readonly string[] {
  const relays = networks.relays.flatMap(({ authservId: id }) => id ?? []);
  return [authservId ?? hostname, ...relays].map((id) => id.toLowerCase());
}
