import { AggregatorRegistry, type Registry } from "prom-client";

/** What `Registry.getMetricsAsJSON` gives, as it also looks after a way between processes. */
export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly values: readonly MetricValue[];
}

export interface MetricValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number | undefined>>;
  /** Of a histogram: with `_bucket`, `_sum` or `_count`. */
  readonly metricName?: string;
}

/** Figures of several processes as those of one program. What a process has counted stays when it is gone. */
export class MetricTotal {
  #gone: readonly MetricFamily[] = [];

  /** @param last What the process said when it was last asked. */
  processGone(last: readonly MetricFamily[]): Promise<void> {
    const counted = last.filter(({ type }) => type === "counter" || type === "histogram");
    return this.#add(counted);
  }

  /** One registry over the processes that live and those that lived. */
  sum(living: readonly (readonly MetricFamily[])[]): Registry {
    return aggregate([...living, this.#gone]);
  }

  async #add(counted: readonly MetricFamily[]): Promise<void> {
    // In one step, so that two that die at once are both kept.
    const both = aggregate([this.#gone, counted]);
    this.#gone = both.getMetricsAsArray().map((metric) => valuesOf(metric as unknown as AggregatedMetric));
  }
}

interface AggregatedMetric {
  get(): MetricFamily;
}

/** What `aggregate` registers answers `get` at once. */
function valuesOf(metric: AggregatedMetric): MetricFamily {
  return metric.get();
}

function aggregate(families: readonly (readonly MetricFamily[])[]): Registry {
  return AggregatorRegistry.aggregate(families.map((one) => [...one])) as Registry;
}

/** Families of a registry, fit to be sent to another process. */
export async function familiesOf(registry: Registry): Promise<readonly MetricFamily[]> {
  return (await registry.getMetricsAsJSON()) as unknown as MetricFamily[];
}

/** The sum over all values of a family that have these labels; 0 when there is none. */
export function total(
  families: readonly MetricFamily[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const family = families.find((one) => one.name === name);
  return (family?.values ?? [])
    .filter(({ labels: own }) => Object.entries(labels).every(([key, value]) => own[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

/** Sums by one label, the largest first. */
export function totalsBy(
  families: readonly MetricFamily[],
  name: string,
  label: string,
): Readonly<Record<string, number>> {
  const sums = new Map<string, number>();
  for (const { value, labels } of families.find((one) => one.name === name)?.values ?? []) {
    const key = String(labels[label] ?? "");
    sums.set(key, (sums.get(key) ?? 0) + value);
  }
  return Object.fromEntries([...sums].toSorted(([, a], [, b]) => b - a));
}
