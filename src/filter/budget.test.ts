import { expect, test } from "vitest";
import type { DnsQueryOptions, DnsResolver } from "../core/dns/resolver.ts";
import { type TimeBudget, withinBudget } from "./budget.ts";

test.each([
  { budget: undefined, own: undefined, asked: undefined },
  { budget: undefined, own: 5, asked: 5 },
  { budget: 7, own: undefined, asked: 7 },
  { budget: 7, own: 5, asked: 5 },
  { budget: 3, own: 5, asked: 3 },
])("a budget until $budget and a question until $own: $asked", async ({ budget, own, asked }) => {
  const seen: (DnsQueryOptions | undefined)[] = [];
  const dns: DnsResolver = {
    query: async (_name, _type, options) => {
      seen.push(options);
      return { kind: "nodata", authentic: false };
    },
  };
  const open: TimeBudget = { deadline: undefined };
  const bounded = withinBudget(dns, open);
  open.deadline = budget;
  await bounded.query("a.example", "A", own === undefined ? undefined : { deadline: own });
  expect(seen[0]?.deadline).toBe(asked);
});
