import { expect, test } from "vitest";
import type { DnsQueryOptions, DnsResolver } from "../core/dns/resolver.ts";
import { questionTimeout, type TimeBudget, withinBudget } from "./budget.ts";

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

test.each([
  { dnsTimeoutMs: 5000, timeBudgetMs: 25_000, is: 5000 },
  { dnsTimeoutMs: 60_000, timeBudgetMs: 25_000, is: 24_000 },
  { dnsTimeoutMs: 5000, timeBudgetMs: 4000, is: 3000 },
  { dnsTimeoutMs: 5000, timeBudgetMs: 1000, is: 100 },
])(
  "questions of $dnsTimeoutMs ms in a budget of $timeBudgetMs ms: $is",
  ({ dnsTimeoutMs, timeBudgetMs, is }) => {
    expect(questionTimeout(dnsTimeoutMs, timeBudgetMs)).toBe(is);
  },
);
