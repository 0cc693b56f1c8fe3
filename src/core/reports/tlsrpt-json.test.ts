import fc from "fast-check";
import { expect, test } from "vitest";
import { readTlsReport } from "./tlsrpt-json.ts";

const range = { "start-datetime": "2026-11-20T00:00:00Z", "end-datetime": "2026-11-20T23:59:59Z" };

function read(report: unknown): ReturnType<typeof readTlsReport> {
  return readTlsReport(Buffer.from(JSON.stringify(report)));
}

test("RFC 8460 §4.4: every member of the schema", () => {
  const outcome = read({
    "organization-name": "Company-X",
    "date-range": range,
    "contact-info": "sts-reporting@company-x.example",
    "report-id": "5065427c-23d3-47ca-b6e0-946ea0e8c4be",
    policies: [
      {
        policy: {
          "policy-type": "STS",
          "policy-string": ["version: STSv1", "mode: testing"],
          "policy-domain": "Company-Y.example",
          "mx-host": "*.mail.company-y.example",
        },
        summary: { "total-successful-session-count": 5326, "total-failure-session-count": 303 },
        "failure-details": [
          {
            "result-type": "certificate-expired",
            "sending-mta-ip": "2001:db8:abcd:0012::1",
            "receiving-mx-hostname": "MX1.mail.company-y.example",
            "failed-session-count": 100,
          },
        ],
      },
    ],
  });
  expect(outcome).toEqual({
    kind: "read",
    report: {
      kind: "tls",
      organizationName: "Company-X",
      contactInfo: "sts-reporting@company-x.example",
      reportId: "5065427c-23d3-47ca-b6e0-946ea0e8c4be",
      begin: 1795132800,
      end: 1795219199,
      policies: [
        {
          policyType: "sts",
          policyDomain: "company-y.example",
          policyString: ["version: STSv1", "mode: testing"],
          mxHost: ["*.mail.company-y.example"],
          successful: 5326,
          failed: 303,
          failures: [
            {
              resultType: "certificate-expired",
              sendingMtaIp: "2001:db8:abcd:0012::1",
              receivingMxHostname: "mx1.mail.company-y.example",
              failedSessions: 100,
            },
          ],
        },
      ],
      warnings: [],
    },
  });
});

test.each([
  ["no JSON at all", "hello", "not-json"],
  ["JSON of something else", '{"a":1}', "not-a-report"],
  ["a list", "[1]", "not-a-report"],
  ["no days", '{"policies":[]}', "no-date-range"],
  ["what is nested too deeply", `{"policies":${"[".repeat(70)}${"]".repeat(70)}}`, "not-json"],
  ["what never ends", `{"policies":${"[".repeat(3_000_000)}`, "not-json"],
])("unread: %s", (_name, text, reason) => {
  expect(readTlsReport(Buffer.from(text))).toMatchObject({ kind: "unread", reason });
});

test.each([
  ["contact-info null", { "date-range": range, "contact-info": null, policies: [] }, ["filled-in"]],
  ["no policy-domain", { "date-range": range, "report-id": "1", policies: [{}] }, ["no-policy-domain"]],
  [
    "counts as text and below zero",
    {
      "date-range": range,
      "report-id": "1",
      policies: [
        {
          policy: { "policy-domain": "a.example" },
          summary: { "total-successful-session-count": "7", "total-failure-session-count": -1 },
        },
      ],
    },
    ["bad-count"],
  ],
  [
    "days the wrong way round",
    {
      "date-range": { "start-datetime": range["end-datetime"], "end-datetime": range["start-datetime"] },
      "report-id": "1",
      policies: [],
    },
    ["end-before-begin"],
  ],
])("everything is optional: %s", (_name, report, warned) => {
  const outcome = read(report);
  expect(outcome.kind === "read" && outcome.report.warnings.map(({ id }) => id)).toEqual(warned);
});

test.each<readonly [string, BufferEncoding]>([
  ["UTF-16 with a mark", "utf16le"],
  ["UTF-8 with a mark", "utf8"],
])("the charset does not matter: %s", (_name, encoding) => {
  const text = JSON.stringify({ "date-range": range, "organization-name": '山田 ["{', policies: [] });
  const outcome = readTlsReport(Buffer.from(`\ufeff${text}`, encoding));
  expect(outcome.kind === "read" && outcome.report.organizationName).toBe('山田 ["{'.replace("\\", ""));
});

test("an organization in Latin-1", () => {
  const text = JSON.stringify({ "date-range": range, "organization-name": "Müller", policies: [] });
  const outcome = readTlsReport(Buffer.from(text, "latin1"));
  expect(outcome.kind === "read" && outcome.report.organizationName).toBe("Müller");
});

test("so many details are kept of all policies together, and what is more is told", () => {
  const details = Array.from({ length: 30_000 }, () => ({ "failed-session-count": 1 }));
  const outcome = read({
    "date-range": range,
    "report-id": "1",
    policies: [1, 2, 3].map(() => ({ policy: { "policy-domain": "a.example" }, "failure-details": details })),
  });
  const report = outcome.kind === "read" ? outcome.report : undefined;
  expect(report?.policies.map(({ failures }) => failures.length)).toEqual([30_000, 20_000, 0]);
  expect(report?.warnings).toMatchObject([{ id: "too-many", at: "failure-details", times: 2 }]);
});

test("the older name of mx-host, and a count that nobody reaches", () => {
  const outcome = read({
    "date-range": range,
    "report-id": "1",
    policies: [
      {
        policy: { "policy-domain": "a.example", "mx-host-pattern": ["MX.a.example"] },
        summary: { "total-successful-session-count": 1e15 },
      },
    ],
  });
  expect(outcome.kind === "read" && outcome.report).toMatchObject({
    policies: [{ mxHost: ["mx.a.example"], successful: 0 }],
    warnings: [{ id: "bad-count" }],
  });
});

test("a text over several lines, and the name that the example of RFC 8460 has for failure-reason-code", () => {
  const outcome = readTlsReport(
    Buffer.from(`{"organization-name":"Company
\tX","date-range":${JSON.stringify(range)},"report-id":"1","policies":[{"failure-details":[{"failure-error-code":"X509"}]}]}`),
  );
  expect(outcome.kind === "read" && outcome.report).toMatchObject({
    organizationName: "Company  X",
    policies: [{ failures: [{ failureReasonCode: "X509" }] }],
  });
});

test("no JSON makes it throw", () => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      const report = `{"date-range":${JSON.stringify(range)},"policies":[${json}],"report-id":${json}}`;
      expect(readTlsReport(Buffer.from(report)).kind).toBe("read");
    }),
  );
});

test.each([
  [
    "days, by the name of the file",
    '{"organization-name":"R","policies":[]}',
    { fileName: "r.example!b.example!1795132800!1795219199!001.json.gz" },
    { organizationName: "R", begin: 1_795_132_800, end: 1_795_219_199 },
    ["filled-in date-range"],
  ],
  [
    "the reporter, by the mail",
    '{"report-id":"1","date-range":{"start-datetime":"2026-11-20T00:00:00Z","end-datetime":"2026-11-20T23:59:59Z"},"contact-info":null}',
    { fileName: "other.example!b.example!1!2.json", mailFrom: "tls@R.example" },
    { organizationName: "r.example", begin: 1_795_132_800 },
    ["filled-in organization-name"],
  ],
  [
    "the reporter, by the name of the file",
    '{"report-id":"1","policies":[]}',
    { fileName: "r.example!b.example!1795132800!1795219199.json" },
    { organizationName: "r.example", begin: 1_795_132_800 },
    ["filled-in date-range", "filled-in organization-name"],
  ],
])("what a report leaves out: %s", (_name, json, hints, wanted, warnings) => {
  const outcome = readTlsReport(Buffer.from(json), hints);
  expect(outcome).toMatchObject({ kind: "read", report: wanted });
  const told = outcome.kind === "read" ? outcome.report.warnings : [];
  for (const warning of warnings) expect(told.map(({ id, at }) => `${id} ${at}`)).toContain(warning);
});
