import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Status } from "../../src/daemon/status.ts";
import { openRecordStore } from "../../src/store/record-store.ts";
import { type DeliveredMessage, readDelivered } from "./delivered-message.ts";
import { expectRight } from "./expect-right.ts";
import { type Installation, install, programs } from "./installation.ts";
import { Load } from "./load.ts";
import { makeMessages, type TestMessage } from "./messages.ts";
import { describeWith, until } from "./process.ts";

const rounds = 10;
const perRound = 50;

describeWith(programs, "500 messages through Postfix: reloads, workers and the program killed", () => {
  /** The same as those of the other tests with Postfix and Sendmail; an odd step mixes their kinds. */
  const messages = makeMessages().map((_, index, all) => all[(index * 77) % all.length] as TestMessage);
  let house: Installation;
  let delivered: Map<string, DeliveredMessage[]>;
  let isOver = false;
  let killedWorkers = 0;
  let reloads = 0;
  let killedPrograms = 0;
  const queueIds: string[] = [];

  async function everySoOften(ms: number, action: () => void | Promise<void>): Promise<void> {
    while (!isOver) {
      await sleep(ms);
      if (!isOver) await action();
    }
  }

  async function killAWorker(): Promise<void> {
    if (!house.sekisho.allWorkersAreBack()) return;
    const workers = house.sekisho.workers();
    const pid = workers[killedWorkers % Math.max(1, workers.length)];
    if (pid === undefined) return;
    await house.sekisho.killWorker(pid);
    killedWorkers += 1;
  }

  function reload(): void {
    if (house.sekisho.workers().length === 0) return;
    house.sekisho.signal("SIGHUP");
    reloads += 1;
  }

  async function killTheProgram(): Promise<void> {
    await house.sekisho.end("SIGKILL");
    killedPrograms += 1;
    await house.sekisho.start();
  }

  /** In rounds with pauses, so that there is mail at work for long. */
  async function sendAll(): Promise<void> {
    for (let round = 0; round < rounds; round++) {
      const load = new Load(house.postfix.port, messages.slice(round * perRound, (round + 1) * perRound));
      const kill = round === 2 || round === 5 ? sleep(100).then(killTheProgram) : undefined;
      await Promise.all([load.run(8), kill]);
      queueIds.push(...load.accepted.map(({ queueId }) => queueId));
      await sleep(1500);
    }
    await until("all to be done to it", () => killedWorkers >= 5 && reloads >= 10, 150_000);
    isOver = true;
  }

  beforeAll(async () => {
    house = await install();
    await Promise.all([sendAll(), everySoOften(2000, killAWorker), everySoOften(1000, reload)]);
    await until("delivery", () => house.postfix.delivered().length >= messages.length, 60_000);
    await until("the queue to be empty", () => house.postfix.queued().length === 0);
    delivered = Map.groupBy(house.postfix.delivered().map(readDelivered), ({ token }) => token);
  }, 480_000);

  afterAll(() => house?.end(), 60_000);

  test("there was something to survive", () => {
    expect(new Set(messages).size).toBe(500);
    expect(messages).toHaveLength(rounds * perRound);
    expect(killedPrograms).toBe(2);
    expect(killedWorkers).toBeGreaterThanOrEqual(5);
    expect(reloads).toBeGreaterThanOrEqual(10);
  });

  test("every message is delivered once, with our field and nothing else changed", () => {
    expect(delivered.size).toBe(messages.length);
    for (const message of messages) {
      const copies = delivered.get(message.token) ?? [];
      expect(copies).toHaveLength(1);
      for (const copy of copies)
        expectRight(copy, message, [
          "return-path",
          "x-original-to",
          "delivered-to",
          "authentication-results",
        ]);
    }
  });

  test("the program has come through: all workers up, no reload failed, nobody hung", async () => {
    await until("all workers to be up", async () =>
      (await statusNow()).workers.every(({ state }) => state === "up"),
    );
    const status = await statusNow();
    expect(status.problems).toEqual([]);
    expect(status.config.failedReloads).toBe(0);
    expect(status.config.reloads).toBeGreaterThan(0);
    expect(status.messages.faults).toBe(0);
    expect(house.sekisho.output()).not.toMatch(/fault|no sign of life|could not/);
  });

  test("few records are lost, and none is there twice", async () => {
    const store = openRecordStore({ dataDir: house.sekisho.dataDir });
    try {
      const found = await Promise.all(queueIds.map((queueId) => store.find({ queueId })));
      expect(found.filter((records) => records.length > 1)).toEqual([]);
      const lost = found.filter((records) => records.length === 0).length;
      // Those of the last 100 ms before a kill, with room for a machine that is busy.
      expect(lost).toBeLessThan(messages.length / 4);
    } finally {
      await store.close();
    }
  });

  async function statusNow(): Promise<Status> {
    const { output } = await house.sekisho.run("status", "--json");
    return JSON.parse(output) as Status;
  }
});
