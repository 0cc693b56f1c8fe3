import type { DnsResolver } from "../core/dns/resolver.ts";
import type { DnsFindings } from "../findings/check/dns.ts";
import type { Finding, RecordChange } from "../findings/finding.ts";
import { ownAliasAt } from "./txt.ts";

/** Findings without the changes that nobody should publish as they stand; what they find is true all the same. */
export async function withPublishableChanges(
  findings: readonly Finding[],
  dns: DnsResolver,
): Promise<readonly Finding[]> {
  const cut = cutRecords(findings);
  return Promise.all(
    findings.map(async (found) => {
      const { change, ...rest } = found;
      if (change === undefined) return found;
      const isOfCutRecord = found.id !== "dns.zone-syntax" && change.some((one) => cut.has(keyOf(one)));
      return isOfCutRecord || (await putsBesideAlias(change, dns)) ? rest : found;
    }),
  );
}

/** Records that a zone file cuts off, or glues together: any other change would go on from what is left of them. */
function cutRecords(findings: readonly Finding[]): ReadonlySet<string> {
  return new Set(
    findings.flatMap(({ id, params }) => {
      const { record } = id === "dns.zone-syntax" ? (params as DnsFindings["dns.zone-syntax"]) : {};
      return record === undefined ? [] : [record];
    }),
  );
}

function keyOf({ name, type }: RecordChange): string {
  return `${name} ${type}`;
}

/** RFC 1034 §3.6.2: "If a CNAME RR is present at a node, no other data should be present". */
async function putsBesideAlias(change: readonly RecordChange[], dns: DnsResolver): Promise<boolean> {
  const freed = change.filter(({ action, type }) => action === "remove" && type === "CNAME");
  const names = change
    .filter(({ action, type }) => action === "add" && type !== "CNAME")
    .map(({ name }) => name)
    .filter((name) => !freed.some((one) => one.name === name));
  const aliases = await Promise.all([...new Set(names)].map((name) => ownAliasAt(dns, name)));
  return aliases.some((alias) => alias !== undefined);
}
