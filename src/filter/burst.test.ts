import { describe, expect, test } from "vitest";
import { BurstCounter, type CountMessage, countOnLoan } from "./burst.ts";
import type { AskShared } from "./shared-state.ts";

function counter(limit?: number): {
  at: (ms: number, sender?: string, messages?: number) => string;
  senders: () => number;
} {
  let now = 0;
  const bursts = new BurstCounter(() => now, limit);
  return {
    at(ms, sender = "a", messages = 3) {
      now = ms;
      const { count, first } = bursts.count({ sender, came: 1, lent: 0, messages, perMs: 1000 });
      return `${count}${first ? "!" : ""}`;
    },
    senders: () => bursts.senders,
  };
}

test("each message counts, and the one that begins a burst is told once", () => {
  const { at } = counter();
  expect([0, 1, 2, 3, 4, 5].map((ms) => at(ms))).toEqual(["1", "2", "3", "4!", "5", "6"]);
});

test("the time slides: of the window before as much counts as still lies within it", () => {
  const { at } = counter();
  for (let i = 0; i < 10; i++) at(i, "a", 100);
  expect(at(1000, "a", 100)).toBe("11");
  expect(at(1500, "a", 100)).toBe("7");
  expect(at(1999, "a", 100)).toBe("3");
});

test("a burst that is over may be told again", () => {
  const { at } = counter();
  for (let i = 0; i < 4; i++) at(i);
  expect(at(2500)).toBe("1");
  expect([2501, 2502, 2503].map((ms) => at(ms))).toEqual(["2", "3", "4!"]);
});

test("senders do not count for each other", () => {
  const { at } = counter();
  for (let i = 0; i < 5; i++) at(i, "a");
  expect(at(6, "b")).toBe("1");
});

test("the one silent for longest is forgotten first: memory is bounded", () => {
  const { at, senders } = counter(100);
  at(0, "old");
  at(0, "busy");
  for (let i = 0; i < 1000; i++) {
    at(1, `other ${i}`);
    if (i % 50 === 0) at(1, "busy", 1000);
  }
  expect(senders()).toBe(100);
  expect(at(2, "old")).toBe("1");
  expect(at(2, "busy", 1000)).toBe("22");
});

describe("workers that count on loan", () => {
  interface Workers {
    readonly counts: readonly CountMessage[];
    /** Questions so far. */
    asked(): number;
    pass(ms: number): void;
  }

  function workers(count: number): Workers {
    let now = 0;
    let asked = 0;
    const bursts = new BurstCounter(() => now);
    const ask = (async (_name: string, question: Parameters<BurstCounter["count"]>[0]) => {
      asked += 1;
      await Promise.resolve();
      return bursts.count(question);
    }) as unknown as AskShared;
    return {
      counts: Array.from({ length: count }, () => countOnLoan(ask, () => now)),
      asked: () => asked,
      pass: (ms) => {
        now += ms;
      },
    };
  }
  const burst = { messages: 100, perMs: 60_000, action: "warn" } as const;

  test("the limit is found, however many workers there are", async () => {
    for (const many of [1, 2, 7]) {
      const { counts, asked } = workers(many);
      const over: number[] = [];
      for (let i = 1; i <= 150; i++) {
        const answer = await counts[i % many]?.("a", burst);
        if ((answer?.count ?? 0) > 100) over.push(i);
      }
      // What others have counted by themselves a worker does not see: a sixteenth of the limit at most.
      expect(over[0]).toBeGreaterThanOrEqual(101);
      expect(over[0]).toBeLessThanOrEqual(many === 1 ? 101 : 107);
      expect(over.at(-1)).toBe(150);
      expect(asked()).toBeLessThan(140);
    }
  });

  test("far from the limit the supervisor is rarely asked", async () => {
    const { counts, asked } = workers(1);
    for (let i = 0; i < 200; i++) await counts[0]?.("a", { ...burst, messages: 1000 });
    expect(asked()).toBeLessThan(10);
  });

  test("messages at the same time, with and without a loan, all count", async () => {
    const { counts } = workers(1);
    const count = counts[0] as CountMessage;
    await Promise.all(Array.from({ length: 60 }, () => count("a", burst)));
    await Promise.all(Array.from({ length: 39 }, () => count("a", burst)));
    expect((await count("a", burst))?.count).toBeLessThanOrEqual(100);
    let first = 0;
    for (let i = 0; i < 30; i++) if ((await count("a", burst))?.first === true) first += 1;
    expect(first).toBe(1);
  });

  test("what a worker counted long ago is not counted now", async () => {
    const { counts, pass } = workers(1);
    for (let i = 0; i < 20; i++) await counts[0]?.("a", burst);
    pass(200_000);
    expect(await counts[0]?.("a", burst)).toMatchObject({ count: 1 });
  });

  test("without an answer nothing is known, and nothing is lost", async () => {
    let silent = true;
    const bursts = new BurstCounter(() => 0);
    const ask = (async (_name: string, question: Parameters<BurstCounter["count"]>[0]) =>
      silent ? undefined : bursts.count(question)) as unknown as AskShared;
    const count = countOnLoan(ask, () => 0);
    expect(await count("a", burst)).toBeUndefined();
    silent = false;
    expect(await count("a", burst)).toMatchObject({ count: 1 });
  });
});
