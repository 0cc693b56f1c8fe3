import type { KeptDocument } from "../../collect/ingest.ts";
import type { ReportWarning } from "../../core/reports/warnings.ts";
import { hasOwnId, identifyFailure, identifyTls } from "../../store/reports/identity.ts";
import type { ReadDocument } from "../../store/reports/port.ts";

/** What came of one document, as `report import --json` prints it. */
export interface DocumentJson {
  /** null: it was not read. */
  readonly kind: "aggregate" | "failure" | "tls" | null;
  readonly outcome: KeptDocument["outcome"];
  readonly reporter: string | null;
  /** null also where the report itself says none. */
  readonly reportId: string | null;
  readonly domain: string | null;
  readonly rows: number;
  /** Of a TLS report: sessions. */
  readonly messages: number;
  readonly warnings: readonly ReportWarning[];
  /** In the store. */
  readonly key?: string;
  readonly name?: string;
  /** Why it is unread or skipped. */
  readonly reason?: string;
  readonly mail?: string;
}

export function documentJson({ read, outcome, report }: KeptDocument): DocumentJson {
  const name = read.name === undefined ? {} : { name: read.name };
  if (read.kind === "unread" || read.kind === "skipped")
    return { ...nothingRead, outcome, ...name, reason: read.reason };
  return {
    kind: read.kind,
    outcome,
    ...identityOf(read),
    ...sizeOf(read),
    warnings: read.kind === "aggregate" ? read.warnings : read.report.warnings,
    ...(report !== undefined && { key: report }),
    ...name,
    ...(read.mail !== undefined && { mail: read.mail.verdict }),
  };
}

const nothingRead = {
  kind: null,
  reporter: null,
  reportId: null,
  domain: null,
  rows: 0,
  messages: 0,
  warnings: [],
} as const;

type ReadReport = Exclude<ReadDocument, { readonly kind: "unread" | "skipped" }>;
type Named = Pick<DocumentJson, "reporter" | "reportId" | "domain">;

function identityOf(read: ReadReport): Named {
  if (read.kind === "aggregate") {
    const { orgName, email, policy } = read.head;
    const reportId = hasOwnId(read.warnings) ? read.head.reportId : null;
    return { reporter: orgName === "" ? email : orgName, reportId, domain: policy.domain };
  }
  const { identity } =
    read.kind === "tls"
      ? identifyTls(read.report)
      : identifyFailure(read.report, read.mail?.fromDomain ?? "");
  const { reporter, reportId, domain } = identity;
  return { reporter, reportId, domain };
}

/** Records of an aggregate report, policies of a TLS report, one failure. */
function sizeOf(read: ReadDocument): { readonly rows: number; readonly messages: number } {
  switch (read.kind) {
    case "aggregate":
      return { rows: read.records.length, messages: read.records.messages };
    case "tls": {
      const { policies } = read.report;
      const messages = policies.reduce((sum, { successful, failed }) => sum + successful + failed, 0);
      return { rows: policies.length, messages };
    }
    case "failure":
      return { rows: 1, messages: read.report.incidents };
    case "skipped":
    case "unread":
      return { rows: 0, messages: 0 };
  }
}
