import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { CollectStatus } from "../collect/collector.ts";

/** Figures of the reports that come in. Labels hold our own words and names from the configuration. */
export function createCollectMetrics(status: () => CollectStatus): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name: `sekisho_collect_${name}`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  counter("arrivals_total", "Mails and files with reports that are committed", () => status().arrivals);
  counter("lost_total", "Mails and files that could not even be read", () => status().lost);
  new Counter({
    name: "sekisho_collect_documents_total",
    help: "Documents in mails and files by what they are and what became of them",
    labelNames: ["kind", "outcome"],
    registers,
    collect() {
      this.reset();
      for (const { kind, outcome, count } of status().documents) this.inc({ kind, outcome }, count);
    },
  });
  const gauge = (name: string, help: string, read: (status: CollectStatus) => readonly Reading[]): void => {
    new Gauge({
      name: `sekisho_collect_${name}`,
      help,
      labelNames: ["kind", "name"],
      registers,
      collect() {
        this.reset();
        for (const { labels, value } of read(status())) this.set(labels, value);
      },
    });
  };
  gauge("up", "1 when reports can come in this way", ({ ways }) =>
    ways.map(({ kind, name, state }) => ({ labels: { kind, name }, value: state === "up" ? 1 : 0 })),
  );
  gauge(
    "last_success_timestamp_seconds",
    "When everything that had come this way was taken in, since 1970",
    ({ ways }) =>
      ways.flatMap(({ kind, name, lastSuccess }) =>
        lastSuccess === undefined ? [] : [{ labels: { kind, name }, value: lastSuccess / 1000 }],
      ),
  );
  return registry;
}

interface Reading {
  readonly labels: { readonly kind: string; readonly name: string };
  readonly value: number;
}
