import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { expect, test } from "vitest";
import { familiesOf, MetricTotal, total, totalsBy } from "./metric-total.ts";

/** What a process with these figures says of itself. */
async function processWith(
  accepted: number,
  rejected: number,
  connections: number,
  seconds: readonly number[],
) {
  const registry = new Registry();
  const registers = [registry];
  const messages = new Counter({ name: "messages_total", help: "h", labelNames: ["reply"], registers });
  messages.inc({ reply: "accept" }, accepted);
  if (rejected > 0) messages.inc({ reply: "reject" }, rejected);
  new Gauge({ name: "connections", help: "h", registers }).set(connections);
  const histogram = new Histogram({ name: "seconds", help: "h", buckets: [0.1, 1], registers });
  for (const value of seconds) histogram.observe(value);
  return familiesOf(registry);
}

test("figures of living processes are added up", async () => {
  const sum = new MetricTotal().sum([
    await processWith(3, 1, 5, [0.05]),
    await processWith(4, 0, 2, [0.5, 2]),
  ]);
  const families = await familiesOf(sum);
  expect(total(families, "messages_total")).toBe(8);
  expect(totalsBy(families, "messages_total", "reply")).toEqual({ accept: 7, reject: 1 });
  expect(total(families, "messages_total", { reply: "reject" })).toBe(1);
  expect(total(families, "connections")).toBe(7);
  const text = await sum.metrics();
  expect(text).toContain('messages_total{reply="accept"} 7');
  expect(text).toContain('seconds_bucket{le="0.1"} 1');
  expect(text).toContain('seconds_bucket{le="1"} 2');
  expect(text).toContain("seconds_count 3");
});

test("what a process has counted stays when it is gone, what it measured does not", async () => {
  const sum = new MetricTotal();
  await sum.processGone(await processWith(3, 1, 5, [0.05]));
  await sum.processGone(await processWith(10, 0, 5, [0.05]));
  const families = await familiesOf(sum.sum([await processWith(1, 0, 2, [])]));
  expect(totalsBy(families, "messages_total", "reply")).toEqual({ accept: 14, reject: 1 });
  expect(total(families, "connections")).toBe(2);
  expect(await sum.sum([]).metrics()).toContain("seconds_count 2");
});

test("figures survive the way between processes", async () => {
  const families = structuredClone(await processWith(3, 1, 5, [0.05]));
  expect(total(await familiesOf(new MetricTotal().sum([families])), "messages_total")).toBe(4);
});

test("what is not there counts nothing", () => {
  expect(total([], "x")).toBe(0);
  expect(totalsBy([], "x", "y")).toEqual({});
});
