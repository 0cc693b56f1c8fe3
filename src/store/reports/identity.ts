import { createHash } from "node:crypto";
import { formatIp } from "../../core/ip.ts";
import type { AggregateRecord } from "../../core/reports/aggregate.ts";
import type { ReadDocument } from "./port.ts";

/** What makes a report the same report: RFC 9990 §3.5.4 and the fact that reporters use an id for several days. */
export interface ReportIdentity {
  readonly kind: "aggregate" | "failure" | "tls";
  readonly reporter: string;
  readonly reportId: string;
  readonly domain: string;
  /** Seconds since 1970. */
  readonly begin: number;
  readonly end: number;
  /** Of what the report says; the order of its records does not count, their number does. */
  readonly digest: string;
}

export type Report = Extract<ReadDocument, { readonly kind: "aggregate" | "failure" | "tls" }>;

/** A failure report has no id of its own: what it says is its id. */
export function identityOf(report: Report): ReportIdentity {
  switch (report.kind) {
    case "aggregate": {
      const { orgName, email, reportId, begin, end, policy } = report.head;
      const { records } = report;
      return {
        kind: "aggregate",
        reporter: orgName === "" ? email : orgName,
        reportId,
        domain: policy.domain,
        begin,
        end,
        digest: digestOf([JSON.stringify(policy), ...records.map(recordText).sort()]),
      };
    }
    case "tls": {
      const { organizationName, contactInfo, reportId, begin, end, policies } = report.report;
      return {
        kind: "tls",
        reporter: organizationName ?? contactInfo ?? "",
        reportId,
        domain: policies.find(({ policyDomain }) => policyDomain !== undefined)?.policyDomain ?? "",
        begin,
        end,
        digest: digestOf(policies.map((policy) => JSON.stringify(policy)).sort()),
      };
    }
    case "failure": {
      const at = Math.floor((report.report.arrivalDate ?? 0) / 1000);
      const { sourceIp, warnings: _, ...rest } = report.report;
      const digest = digestOf([sourceIp === undefined ? "" : formatIp(sourceIp), JSON.stringify(rest)]);
      return {
        kind: "failure",
        reporter: report.mail?.fromDomain ?? "",
        reportId: digest.slice(0, 32),
        domain: report.report.reportedDomain ?? "",
        begin: at,
        end: at,
        digest,
      };
    }
  }
}

function digestOf(texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text).update("\n");
  return hash.digest("hex");
}

/** A record in one text, the same for the same content. */
function recordText(record: AggregateRecord): string {
  const ip = record.sourceIp === undefined ? "" : formatIp(record.sourceIp);
  return `${ip} ${record.count} ${record.disposition} ${record.dkimAligned} ${record.spfAligned} ${detailText(record)} ${record.headerFrom} ${record.envelopeFrom ?? "-"} ${record.envelopeTo ?? "-"}`;
}

/** What of a record only its page asks for; few different ones come again and again. */
export function detailText({
  dkim,
  spf,
  overrides,
}: Pick<AggregateRecord, "dkim" | "spf" | "overrides">): string {
  return JSON.stringify([dkim, spf, overrides]);
}

export function readDetail(json: string): Pick<AggregateRecord, "dkim" | "spf" | "overrides"> {
  const [dkim, spf, overrides] = JSON.parse(json) as [
    AggregateRecord["dkim"],
    AggregateRecord["spf"],
    AggregateRecord["overrides"],
  ];
  return { dkim, spf, overrides };
}
