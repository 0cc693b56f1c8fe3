import { MessageChannel } from "node:worker_threads";
import { expect, onTestFinished, test, vi } from "vitest";
import type { SharedHandlers } from "../filter/shared-state.ts";
import { createAsker } from "./ask-supervisor.ts";
import type { ListJournal } from "./list-journal.ts";
import { answerAll, askHere, createSharedHandlers, type NumberedQuestion } from "./shared-answers.ts";

const question = { sender: "a", came: 1, lent: 0, messages: 1, perMs: 60_000 };
const clock = { monotonic: () => 0 };
/** Not asked here. */
const noLists = { handlers: {} as ListJournal["handlers"] };

test("questions that arise together travel in one message, and each gets its own answer", async () => {
  const handlers = createSharedHandlers(clock, noLists);
  const messages: (readonly NumberedQuestion[])[] = [];
  const asker = createAsker((questions) => {
    messages.push(questions);
    void answerAll(handlers, questions).then((answers) => asker.take(answers.toReversed()));
  });
  const answers = await Promise.all([1, 2, 3].map(() => asker.ask("sign.burst", question)));
  expect(answers).toEqual([
    { count: 1, first: false, lend: 0 },
    { count: 2, first: true, lend: 0 },
    { count: 3, first: false, lend: 0 },
  ]);
  expect(messages.map(({ length }) => length)).toEqual([3]);
});

test("two workers are answered out of one state", async () => {
  const handlers = createSharedHandlers(clock, noLists);
  const [one, other] = [1, 2].map(() => {
    const asker = createAsker((questions) => void answerAll(handlers, questions).then(asker.take));
    return asker;
  });
  await one?.ask("sign.burst", question);
  expect(await other?.ask("sign.burst", question)).toEqual({ count: 2, first: true, lend: 0 });
});

test("silence is an answer too, after a while; a late one is passed over", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const sent: NumberedQuestion[] = [];
  const asker = createAsker((questions) => void sent.push(...questions), 10);
  const first = asker.ask("sign.burst", question);
  // To these timers a setImmediate takes a millisecond.
  await vi.advanceTimersByTimeAsync(11);
  expect(await first).toBeUndefined();
  asker.take(sent.map(({ number }) => ({ number, answer: { count: 9, first: false, lend: 0 } })));
  const next = asker.ask("sign.burst", question);
  await vi.advanceTimersByTimeAsync(9);
  asker.take([{ number: sent[0]?.number ?? 0, answer: "late" }]);
  asker.take([{ number: sent[1]?.number ?? 0, answer: { count: 1, first: false, lend: 0 } }]);
  expect(await next).toEqual({ count: 1, first: false, lend: 0 });
});

test("a handler that fails and a question of another version get no answer", async () => {
  const handlers = {
    "sign.burst": () => {
      throw new Error("broken");
    },
  } as unknown as SharedHandlers;
  const questions = ["sign.burst", "toString", "nothing"].map((name, number) => ({ number, name, question }));
  expect(await answerAll(handlers, questions as unknown as NumberedQuestion[])).toEqual([
    { number: 0, answer: undefined },
    { number: 1, answer: undefined },
    { number: 2, answer: undefined },
  ]);
  expect(await askHere(handlers)("sign.burst", question)).toBeUndefined();
});

test("without workers the same handlers answer", async () => {
  const ask = askHere(createSharedHandlers(clock, noLists));
  await ask("sign.burst", question);
  expect(await ask("sign.burst", question)).toEqual({ count: 2, first: true, lend: 0 });
});

test("an answer that has come while the process did not get on is taken", async () => {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  const asker = createAsker((questions) => {
    port1.postMessage(questions.map(({ number }) => ({ number, answer: true })));
    // Until the time is over.
    for (const end = performance.now() + 350; performance.now() < end; );
  }, 300);
  port2.on("message", asker.take);
  expect(await asker.ask("sign.burst", question)).toBe(true);
});
