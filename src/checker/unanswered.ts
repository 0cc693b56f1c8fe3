import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { Unanswered } from "./bounded-dns.ts";

const maxNames = 5;

/** One finding for each reason, so that silence of a server is never taken for "nothing wrong". */
export function unansweredFindings(domain: string, unanswered: readonly Unanswered[]): readonly Finding[] {
  const byReason = Map.groupBy(unanswered, ({ reason }) => reason);
  return [...byReason].map(([reason, questions]) => {
    const names = [...new Set(questions.map(({ name, type }) => `${name} ${type}`))].sort();
    return finding("dns.unanswered", domain, {
      domain,
      reason,
      count: names.length,
      names: names.slice(0, maxNames),
    });
  });
}
