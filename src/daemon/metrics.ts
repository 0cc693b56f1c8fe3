import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { UnnumberedRecord } from "../filter/compose-record.ts";
import { listCounters } from "./list-metrics.ts";
import { signingCounters } from "./signing-metrics.ts";
import { type MakeCounter, Tally } from "./tally.ts";

/** Live figures that are read when somebody asks. */
export interface LiveFigures {
  /** Name, help, and where to read it. Names get the prefix `sekisho_`. */
  readonly [name: string]: { readonly help: string; read(): number };
}

export interface Metrics {
  readonly registry: Registry;
  /** Counts one message by what its record says. */
  message(record: UnnumberedRecord): void;
  /** Counts a record that could not be made or kept. */
  recordLost(): void;
  /** A promise was rejected and nobody looked. */
  unhandledRejection(): void;
  /** A question to the supervisor got no answer in time. @param name Of the kind of question. */
  unanswered(name: string): void;
  addGauges(figures: LiveFigures): void;
  /** Figures that only grow while the process lives. */
  addCounters(figures: LiveFigures): void;
}

const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30];

/** The program's counters. A label never holds what a stranger chose: words of RFCs and our own ids only. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counter: MakeCounter = (name, help, labelNames) =>
    new Tally(registry, `sekisho_${name}`, help, labelNames);
  const counts = [messageCounters(counter), signingCounters(counter), listCounters(counter)];
  const lost = counter("records_lost_total", "Messages whose record could not be made or kept", []);
  const unanswered = counter("unanswered_questions_total", "Questions to the supervisor without an answer", [
    "question",
  ]);
  const rejections = counter("unhandled_rejections_total", "Faults of ours that ended nothing", []);
  const seconds = new Histogram({
    name: "sekisho_message_seconds",
    help: "Time from MAIL to the verdict",
    buckets: secondsBuckets,
    registers: [registry],
  });
  return {
    registry,
    message(record) {
      seconds.observe(record.elapsedMs / 1000);
      for (const count of counts) count(record);
    },
    recordLost: () => lost.inc({}),
    unhandledRejection: () => rejections.inc({}),
    unanswered: (question) => unanswered.inc({ question }),
    addGauges: (figures) => addGauges(registry, figures),
    addCounters: (figures) => addCounters(registry, figures),
  };
}

function messageCounters(counter: MakeCounter): (record: UnnumberedRecord) => void {
  const messages = counter("messages_total", "Messages by origin of the client and answer", [
    "origin",
    "reply",
  ]);
  const verdicts = counter("results_total", "Authentication results by method", ["method", "result"]);
  const problems = counter("problems_total", "What kept a method from passing", ["method", "problem"]);
  const dispositions = counter("dispositions_total", "Messages by what was done with them", ["action"]);
  const shadows = counter(
    "shadow_dispositions_total",
    "Messages that the shadow would have treated otherwise, by what it would have done",
    ["action"],
  );
  const rules = counter("broken_rules_total", "Messages by message rule that they broke", ["rule"]);
  const removed = counter("removed_fields_total", "Forged or unusable header fields removed", ["reason"]);
  const faults = counter("faults_total", "Messages handled by on_failure after an inner fault", [
    "stage",
    "answered",
  ]);
  return (record) => {
    messages.inc({ origin: record.client.origin, reply: record.reply });
    for (const { method, result, problem } of resultsOf(record)) {
      verdicts.inc({ method, result });
      if (problem !== undefined) problems.inc({ method, problem });
    }
    dispositions.inc({ action: record.disposition.action });
    if (record.shadow !== undefined) shadows.inc({ action: record.shadow.action });
    for (const rule of record.rules ?? []) rules.inc({ rule });
    for (const { reason } of record.removed) removed.inc({ reason });
    if (record.fault !== undefined)
      faults.inc({ stage: record.fault.stage, answered: record.fault.answered });
  };
}

/** Adds figures to a registry that are read when it is. */
export function addGauges(registry: Registry, figures: LiveFigures): void {
  for (const [name, { help, read }] of Object.entries(figures))
    new Gauge({
      name: `sekisho_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
}

/** The same for figures that only grow. */
export function addCounters(registry: Registry, figures: LiveFigures): void {
  for (const [name, { help, read }] of Object.entries(figures))
    new Counter({
      name: `sekisho_${name}`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
}

interface CountedResult {
  readonly method: string;
  readonly result: string;
  readonly problem?: string;
}

function resultsOf(record: UnnumberedRecord): CountedResult[] {
  const results = record.results;
  if (results === undefined) return [];
  const { iprev, spf, spfHelo, dkim, arc, dmarc, bimi } = results;
  const counted: CountedResult[] = [...dkim, dmarc];
  if (arc !== undefined) counted.push(arc);
  if (bimi !== undefined) counted.push(bimi);
  if (iprev !== undefined) counted.push(iprev);
  if (spf !== undefined) counted.push(spf);
  if (spfHelo !== undefined) counted.push({ ...spfHelo, method: "spf-helo" });
  return counted;
}
