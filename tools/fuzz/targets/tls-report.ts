import { readTlsReport } from "../../../src/core/reports/tlsrpt-json.ts";
import type { FuzzTarget } from "../target.ts";

const days = { "start-datetime": "2026-01-01T00:00:00Z", "end-datetime": "2026-01-01T23:59:59Z" };
const policy = {
  policy: {
    "policy-type": "sts",
    "policy-string": ["version: STSv1"],
    "policy-domain": "a.example",
    "mx-host": "*.a.example",
  },
  summary: { "total-successful-session-count": 5, "total-failure-session-count": 2 },
  "failure-details": [
    { "result-type": "certificate-expired", "sending-mta-ip": "2001:db8::1", "failed-session-count": 1 },
    { "result-type": "starttls-not-supported", "receiving-mx-hostname": "mx", "failed-session-count": "1" },
  ],
};
const seeds: readonly object[] = [
  {
    "organization-name": "R",
    "date-range": days,
    "contact-info": "a@b",
    "report-id": "1",
    policies: [policy],
  },
  { "Organization-Name": "R", "Date-Range": days, Policies: [policy, policy] },
  { "date-range": { "start-datetime": 1_700_000_000 }, policies: policy },
  { "date-range": days, policies: [{ policy: null, summary: [], "failure-details": "x" }] },
  { "date-range": days, policies: [] },
  [policy],
];

/** Reads any octets as a TLS report. Counts are possible ones. */
export const target: FuzzTarget = {
  name: "tls-report",
  seeds: seeds.map((seed) => Buffer.from(JSON.stringify(seed))),
  run(input) {
    const outcome = readTlsReport(input);
    if (outcome.kind === "unread") return;
    const { begin, end, policies } = outcome.report;
    if (!(begin <= end)) throw new Error("no days, and read");
    for (const { successful, failed, failures } of policies)
      for (const count of [successful, failed, ...failures.map(({ failedSessions }) => failedSessions)])
        if (!Number.isSafeInteger(count) || count < 0) throw new Error(`count ${count}`);
  },
};
