import { Counter, Gauge, type Registry } from "prom-client";
import type { RotatedKey } from "../keys/rotation.ts";

export interface KeyFigures {
  keys(): readonly RotatedKey[];
  failures(): ReadonlyMap<string, number>;
}

/** Metrics of keys that rotate. */
export function addKeyMetrics(registry: Registry, figures: KeyFigures): void {
  const registers = [registry];
  new Gauge({
    name: "sekisho_key_state",
    help: "1 for the state that a key of the rotation is in",
    labelNames: ["domain", "selector", "type", "state"],
    registers,
    collect() {
      this.reset();
      for (const { domain, selector, type, state } of figures.keys())
        this.set({ domain, selector, type, state }, 1);
    },
  });
  new Gauge({
    name: "sekisho_key_state_seconds",
    help: "How long a key of the rotation has been in its state",
    labelNames: ["domain", "selector", "state"],
    registers,
    collect() {
      this.reset();
      for (const { domain, selector, state, since } of figures.keys())
        if (state !== "gone") this.set({ domain, selector, state }, (Date.now() - since) / 1000);
    },
  });
  new Gauge({
    name: "sekisho_key_trouble_seconds",
    help: "How long a step of a key could not be done or proved",
    labelNames: ["domain", "selector", "step"],
    registers,
    collect() {
      this.reset();
      for (const { domain, selector, trouble } of figures.keys())
        if (trouble !== undefined)
          this.set({ domain, selector, step: trouble.step }, (Date.now() - trouble.since) / 1000);
    },
  });
  new Counter({
    name: "sekisho_key_failures_total",
    help: "Steps of keys that could not be done, as often as the operator was told",
    labelNames: ["step"],
    registers,
    collect() {
      this.reset();
      for (const [step, count] of figures.failures()) this.inc({ step }, count);
    },
  });
}
