import { readFileSync, statSync } from "node:fs";
import type { CollectStatus } from "../collect/collector.ts";
import type { ConfigProblem } from "../config/problem.ts";
import type { StoreStats } from "../store/port.ts";
import type { StoreTrouble } from "../store/store-error.ts";
import { type MetricFamily, total, totalsBy } from "./metric-total.ts";
import type { SpoolQueue } from "./records.ts";
import type { WorkerStatus } from "./worker-pool.ts";

/** Something that is not as it should be. Stable ids. */
export type StatusProblem =
  | "no-worker"
  | "worker-down"
  | "socket-missing"
  | "dns"
  | "store"
  | "spool"
  | "records-dropped"
  | "reload-failed"
  | "key-rotation"
  | "collect";

/** What `sekisho status --json` and `/status` print. Fields may be added. */
export interface Status {
  readonly version: string;
  readonly node: string;
  readonly pid: number;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly upSeconds: number;
  readonly problems: readonly StatusProblem[];
  readonly config: ConfigStatus;
  readonly workers: readonly WorkerStatus[];
  readonly sockets: readonly SocketStatus[];
  readonly messages: MessageCounts;
  readonly spool: SpoolQueue & { readonly dropped: number } & Trouble;
  readonly store: StoreStats & Trouble;
  readonly dns: DnsStatus;
  /** A step of a key that rotates cannot be done. */
  readonly keysHeldUp?: boolean;
  /** The reports that come in; absent when none are collected. */
  readonly collect?: CollectStatus;
  /** The process that collects them has ended and has not come up again. */
  readonly collectorDown?: true;
  readonly web?: string;
}

interface Trouble {
  /** In English. */
  readonly error?: string;
  readonly trouble?: StoreTrouble;
}

export interface ConfigStatus {
  /** Absent when the built-in defaults are in force. */
  readonly file?: string;
  /** When the configuration in force was read. */
  readonly loadedAt: string;
  readonly reloads: number;
  readonly failedReloads: number;
  /** The last reload, when there was one. */
  readonly last?: {
    readonly at: string;
    readonly ok: boolean;
    /** As they were logged. */
    readonly errors: readonly string[];
    /** The same, where they are all about the configuration. */
    readonly problems?: readonly ConfigProblem[];
    readonly needsRestart: readonly string[];
  };
}

export interface SocketStatus {
  readonly listen: string;
  readonly role: string;
  readonly ok: boolean;
}

/** Since the start of the program, over all workers. */
export interface MessageCounts {
  readonly total: number;
  readonly reply: Readonly<Record<string, number>>;
  readonly action: Readonly<Record<string, number>>;
  readonly origin: Readonly<Record<string, number>>;
  /** Method to result to messages (for DKIM: signatures). */
  readonly results: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly removedFields: number;
  readonly faults: number;
  readonly connections: number;
  /** Mean time from MAIL to the verdict. */
  readonly meanMs: number;
}

export interface DnsStatus {
  readonly questions: number;
  readonly queries: number;
  readonly timeouts: number;
  readonly cacheHits: number;
  /** Cache hits by questions, 0 to 1. */
  readonly hitRate: number;
  readonly cacheEntries: number;
  /** Different questions in a row, up to now, that no server has answered: of the worker that counts most. */
  readonly unanswered: number;
  /** From the first of them to the last. */
  readonly unansweredSeconds: number;
}

/** More than one message with many signatures of dead domains may bring. */
const manyUnanswered = 20;
const longUnansweredSeconds = 30;

/** Of the package. */
export function programVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { readonly version: unknown }).version);
}

export function messageCounts(metrics: readonly MetricFamily[]): MessageCounts {
  const results = metrics.find(({ name }) => name === "sekisho_results_total");
  const methods = new Set((results?.values ?? []).map(({ labels }) => String(labels["method"])));
  const seconds = metrics
    .filter(({ name }) => name === "sekisho_message_seconds")
    .flatMap(({ values }) => values);
  const part = (end: string): number =>
    seconds.filter(({ metricName }) => metricName?.endsWith(end)).reduce((sum, { value }) => sum + value, 0);
  const count = part("_count");
  return {
    total: total(metrics, "sekisho_messages_total"),
    reply: totalsBy(metrics, "sekisho_messages_total", "reply"),
    action: totalsBy(metrics, "sekisho_dispositions_total", "action"),
    origin: totalsBy(metrics, "sekisho_messages_total", "origin"),
    results: Object.fromEntries(
      [...methods].map((method) => [
        method,
        totalsBy(ofMethod(metrics, method), "sekisho_results_total", "result"),
      ]),
    ),
    removedFields: total(metrics, "sekisho_removed_fields_total"),
    faults: total(metrics, "sekisho_faults_total"),
    connections: total(metrics, "sekisho_milter_connections_total"),
    meanMs: count === 0 ? 0 : Math.round((1000 * part("_sum")) / count),
  };
}

function ofMethod(metrics: readonly MetricFamily[], method: string): readonly MetricFamily[] {
  return metrics
    .filter(({ name }) => name === "sekisho_results_total")
    .map((family) => ({
      ...family,
      values: family.values.filter(({ labels }) => labels["method"] === method),
    }));
}

export function dnsStatus(
  metrics: readonly MetricFamily[],
  silences: readonly Pick<DnsStatus, "unanswered" | "unansweredSeconds">[] = [],
): DnsStatus {
  const questions = total(metrics, "sekisho_dns_questions_total");
  const cacheHits = total(metrics, "sekisho_dns_cache_hits_total");
  return {
    questions,
    queries: total(metrics, "sekisho_dns_queries_total"),
    timeouts: total(metrics, "sekisho_dns_timeouts_total"),
    cacheHits,
    hitRate: questions === 0 ? 0 : Math.round((1000 * cacheHits) / questions) / 1000,
    cacheEntries: total(metrics, "sekisho_dns_cache_entries"),
    ...(silences.toSorted((a, b) => b.unanswered - a.unanswered)[0] ?? {
      unanswered: 0,
      unansweredSeconds: 0,
    }),
  };
}

/** Whether somebody could connect: the file of a unix socket may have been removed by hand. */
export function socketIsThere(
  address: { readonly kind: "tcp" } | { readonly kind: "unix"; readonly path: string },
): boolean {
  if (address.kind === "tcp") return true;
  try {
    return statSync(address.path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Opened as root, in a folder that we may not look into any more: that is no sign of anything.
    return true;
  }
}

/** What is wrong, worst first. */
export function problemsOf(
  status: Omit<Status, "problems">,
  droppedLately: boolean,
): readonly StatusProblem[] {
  const { workers, sockets, store, spool, config, dns } = status;
  const active = workers.filter(({ state }) => state !== "retiring");
  const up = active.filter(({ state }) => state === "up");
  const problems: StatusProblem[] = [];
  if (up.length === 0) problems.push("no-worker");
  else if (up.length < active.length) problems.push("worker-down");
  if (sockets.some(({ ok }) => !ok)) problems.push("socket-missing");
  if (dns.unanswered >= manyUnanswered && dns.unansweredSeconds >= longUnansweredSeconds)
    problems.push("dns");
  if (store.error !== undefined) problems.push("store");
  if (spool.error !== undefined) problems.push("spool");
  if (droppedLately) problems.push("records-dropped");
  if (config.last?.ok === false) problems.push("reload-failed");
  if (status.keysHeldUp === true) problems.push("key-rotation");
  if (status.collectorDown === true || isHeldUp(status.collect)) problems.push("collect");
  return problems;
}

/** A way in that is still connecting for the first time is no problem yet. */
function isHeldUp(collect: CollectStatus | undefined): boolean {
  if (collect === undefined) return false;
  return collect.storeError !== undefined || collect.ways.some(({ error }) => error !== undefined);
}
