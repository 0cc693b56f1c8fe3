import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ingestAll } from "../src/collect/ingest.ts";
import type { Arrival, Incoming } from "../src/collect/input/arrival.ts";
import { readArrival } from "../src/collect/read-arrival.ts";
import { formatIp } from "../src/core/ip.ts";
import type { FailureReport } from "../src/core/reports/failure.ts";
import { openReportStore } from "../src/store/reports/open.ts";
import type { DocumentOutcome, ReadDocument } from "../src/store/reports/port.ts";
import { describeShared, sharedPath } from "./shared.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** What somebody else has found in a sample; texts as they stand there. */
interface Facts {
  readonly feedbackReport?: Readonly<Record<string, readonly string[]>>;
  readonly json?: {
    readonly "organization-name": string;
    readonly "contact-info": string;
    readonly "report-id": string;
    readonly "date-range": { readonly "start-datetime": string; readonly "end-datetime": string };
  };
  readonly policies?: number;
  readonly [fact: string]: unknown;
}

type Read<K extends ReadDocument["kind"]> = Extract<ReadDocument, { readonly kind: K }>;

const aboutTheFile = ["subject", "from", "container", "members", "parts", "traits", "wellFormed", "xmlError"];
const aboutTheOctets = ["trailingBytesAfterGzip"];

function aggregateFacts({ head, records, warnings }: Read<"aggregate">): Record<string, unknown> {
  const { policy } = head;
  // What the report leaves empty is filled in from elsewhere, and told.
  const isFilledIn = warnings.some(({ id, at }) => id === "filled-in" && at === "report_metadata/org_name");
  return {
    namespace: head.namespace ?? null,
    version: head.version,
    org_name: isFilledIn ? "" : head.orgName,
    email: head.email,
    report_id: head.reportId,
    begin: String(head.begin),
    end: String(head.end),
    domain: policy.domain,
    p: policy.p,
    sp: policy.sp,
    np: policy.np,
    pct: policy.pct,
    fo: policy.fo,
    testing: policy.testing,
    discovery_method: policy.discoveryMethod,
    records: records.length,
    messages: records.messages,
  };
}

/** Every field of the report by the name it has there. */
function failureFacts(report: FailureReport): Record<string, unknown> {
  const one = (text: string | undefined): readonly string[] | undefined =>
    text === undefined ? undefined : [text];
  return {
    "Feedback-Type": one(report.feedbackType),
    "Auth-Failure": one(report.authFailure),
    "User-Agent": one(report.userAgent),
    Version: one(report.version),
    "Reported-Domain": one(report.reportedDomain),
    "Source-IP": one(report.sourceIp && formatIp(report.sourceIp)),
    "Arrival-Date": report.arrivalDate,
    "Original-Mail-From": one(report.originalMailFrom),
    "Original-Rcpt-To": one(report.originalRcptTo),
    "Original-Envelope-Id": one(report.originalEnvelopeId),
    "Reported-Uri": report.reportedUri.length === 0 ? undefined : report.reportedUri,
    "Identity-Alignment": one(report.identityAlignment),
    "Delivery-Result": one(report.deliveryResult),
    "Authentication-Results": one(report.authenticationResults),
    "DKIM-Domain": one(report.dkimDomain),
    ...Object.fromEntries(report.otherFields.map(({ name, value }) => [name, [value]])),
  };
}

/** As a reader has them: paths without their brackets, times in milliseconds. */
function wantedFailure(fields: Readonly<Record<string, readonly string[]>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, values]) => {
      if (name === "Arrival-Date") return [name, Date.parse(values[0] ?? "")];
      return [
        name,
        values.map((value) => (name.startsWith("Original-") ? value.replace(/^<(.*)>$/, "$1") : value)),
      ];
    }),
  );
}

function tlsFacts({ report }: Read<"tls">): Record<string, unknown> {
  return {
    "organization-name": report.organizationName,
    "contact-info": report.contactInfo,
    "report-id": report.reportId,
    "date-range": [report.begin, report.end],
    policies: report.policies.length,
  };
}

function wantedTls({ json, policies }: Facts): Record<string, unknown> {
  const { "start-datetime": start, "end-datetime": end } = json?.["date-range"] ?? {};
  return { ...json, policies, "date-range": [start, end].map((time) => Date.parse(time ?? "") / 1000) };
}

function without(facts: Facts, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !names.includes(name)));
}

describeShared("every fact of reports of real reporters", () => {
  const { samples } = JSON.parse(
    readFileSync(sharedPath("conformance", "reports", "FACTS.json"), "utf8"),
  ) as {
    readonly samples: Readonly<Record<string, Facts>>;
  };
  test.each(Object.entries(samples))("%s", async (file, facts) => {
    const octets = readFileSync(sharedPath("conformance", "reports", file));
    const documents = await readArrival(octets, { fileName: basename(file) });
    expect(documents).toHaveLength(1);
    const [document] = documents;
    if (document?.kind === "aggregate")
      expect(aggregateFacts(document)).toEqual(without(facts, [...aboutTheFile, ...aboutTheOctets]));
    else if (document?.kind === "failure")
      expect(failureFacts(document.report)).toEqual(wantedFailure(facts.feedbackReport ?? {}));
    else if (document?.kind === "tls") expect(tlsFacts(document)).toEqual(wantedTls(facts));
    else expect.fail(document?.reason);
  });
});

async function* oneArrival(arrival: Arrival): AsyncGenerator<Incoming> {
  yield { kind: "arrival", arrival };
}

interface Expected {
  readonly outcome: DocumentOutcome | readonly DocumentOutcome[];
  readonly documents?: number;
  readonly rows: number | null;
  readonly messages: number | null;
}

describeShared("what becomes of damaged reports in the store", () => {
  const folder = sharedPath("conformance", "reports", "malformed");
  const expected = JSON.parse(readFileSync(`${folder}/EXPECTED.json`, "utf8")) as Readonly<
    Record<string, Expected>
  >;
  test.each(Object.entries(expected))("%s", async (file, { outcome, documents = 1, rows, messages }) => {
    const store = await openReportStore({ dataDir: temporaryFolder() });
    onTestFinished(() => store.close());
    const octets = readFileSync(`${folder}/${file}`);
    const outcomes: DocumentOutcome[] = [];
    await ingestAll(oneArrival({ octets, via: file, receivedAt: 0 }), {
      store,
      onArrival: async (_, kept) => void outcomes.push(...kept.map((one) => one.outcome)),
    });
    expect(outcomes).toHaveLength(documents);
    if (documents > 1) expect(outcomes).toEqual(outcome);
    else expect([outcome].flat()).toContain(outcomes[0]);
    if (rows === null) return;
    const { reports } = await store.list({});
    expect(reports.reduce((sum, one) => sum + one.records, 0)).toBe(rows);
    expect(reports.reduce((sum, one) => sum + one.messages, 0)).toBe(messages);
    expect((await store.days({})).reduce((sum, one) => sum + one.messages, 0)).toBe(messages);
  });
});
