import { expect, test } from "vitest";
import { ranks } from "../../collect/classify/rank.ts";
import type { GroupName, SourceState } from "../../collect/classify/source.ts";
import type { Advice } from "../text/source-text.ts";
import { sourceText } from "../text/source-text.ts";
import { adviceOf } from "./source-advice.ts";

const cases: readonly (readonly [
  rank: keyof typeof ranks,
  group: GroupName,
  state: SourceState,
  advice: Advice,
])[] = [
  ["ownUnsigned", "own", "unsigned", "sign-own"],
  ["ownUnsigned", "own-unknown", "unsigned", "find-owner"],
  ["ownFailing", "own", "broken", "mend-own"],
  ["ownFailing", "own", "fails", "allow-own"],
  ["ownFailing", "own-unknown", "broken", "find-owner"],
  ["ownFailing", "list", "broken", "mend-own"],
  ["serviceUnsigned", "service", "unsigned", "sign-service"],
  ["serviceUnsigned", "gateway", "unsigned", "sign-service"],
  ["serviceUnsigned", "unknown", "unsigned", "sign-in-spf"],
  ["serviceFailing", "service", "broken", "mend-service"],
  ["serviceFailing", "service", "fails", "set-up-service"],
  ["serviceFailing", "unknown", "broken", "mend-own"],
  ["serviceFailing", "unknown", "fails", "sign-in-spf"],
  ["unknown", "unknown", "fails", "find-out"],
  ["list", "list", "broken", "list"],
  ["works", "own", "works", "nothing"],
  ["works", "service", "no-spf", "add-to-spf"],
  ["works", "unknown", "works", "tell-whose"],
  ["gateway", "gateway", "no-spf", "leave"],
  ["forwarder", "forwarder", "no-spf", "leave"],
  ["hosting", "hosting", "fails", "find-out"],
  ["spoofed", "spoofed", "fails", "ignore"],
  ["listed", "spoofed", "fails", "low-reputation"],
];
test.each(cases)("%s, %s, %s: %s", (rank, group, state, advice) => {
  expect(adviceOf({ rank: ranks[rank], group, state })).toBe(advice);
});

test("what is to be done first has a short form in both languages", () => {
  const pressing = cases.filter(([rank]) => ranks[rank] < ranks.unknown);
  for (const lang of ["en", "ja"] as const)
    for (const [, , , advice] of pressing) expect(sourceText(lang).task[advice] ?? "").not.toBe("");
});

test("every rank is spoken of", () => {
  expect(new Set(cases.map(([rank]) => rank)).size).toBe(Object.keys(ranks).length);
});
