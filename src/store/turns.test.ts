import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

test("work on one thing is done one after the other, work on another meanwhile", async () => {
  const turns = new Turns();
  const done: string[] = [];
  const first = Promise.withResolvers<void>();
  const waiting = turns.take("a", () => first.promise.then(() => done.push("a1")));
  const next = turns.take("a", async () => done.push("a2"));
  await turns.take("b", async () => done.push("b1"));
  expect(done).toEqual(["b1"]);
  first.resolve();
  await Promise.all([waiting, next]);
  expect(done).toEqual(["b1", "a1", "a2"]);
});

test("what failed is told to who asked for it, and holds up nothing", async () => {
  const turns = new Turns();
  const failed = turns.take("a", () => Promise.reject(new Error("full")));
  const next = turns.take("a", async () => "done");
  await expect(failed).rejects.toThrow("full");
  await expect(next).resolves.toBe("done");
});
