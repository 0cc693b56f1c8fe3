import { expect, test } from "vitest";
import { createBackOff } from "./back-off.ts";

test.each([
  { name: "dies at once, each time", lives: [0, 0, 0, 0, 0], waits: [100, 200, 400, 800, 1600] },
  {
    name: "never waits more than 30 s",
    lives: Array(12).fill(200),
    waits: [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000],
  },
  { name: "killed every two seconds: comes back at once", lives: [2000, 2000, 2000], waits: [100, 100, 100] },
  {
    name: "a life of ten times the last wait clears the past",
    lives: [0, 0, 0, 4000, 0],
    waits: [100, 200, 400, 100, 200],
  },
  { name: "a shorter one does not", lives: [0, 0, 0, 3999], waits: [100, 200, 400, 800] },
  {
    name: "a minute is always enough",
    lives: [...Array(10).fill(0), 60_000],
    waits: [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 100],
  },
])("$name", ({ lives, waits }) => {
  const backOff = createBackOff();
  expect(lives.map((alive: number) => backOff.next(alive))).toEqual(waits);
});
