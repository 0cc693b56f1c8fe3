import type { CheckFindings } from "../../src/findings/check/ids.ts";

/** Findings that no zone file can bring up, since they need real servers or faults, with the test that does. */
export const elsewhere: Readonly<Partial<Record<keyof CheckFindings, string>>> = {
  "check.failed": "src/checker/check-domain.test.ts",
  "dns.unanswered": "test/check-live.test.ts",
  "dns.lame": "test/system/check.test.ts",
  "dns.server-silent": "test/system/check.test.ts",
  "dns.parent-child-ns": "test/system/check.test.ts",
  "dns.servers-disagree": "test/system/check.test.ts",
  "dns.tcp": "test/system/check.test.ts",
  "dns.nxdomain-cut": "test/check-live.test.ts",
  "dane.insecure": "src/checker/dane.test.ts",
  "dane.bogus": "src/checker/dane.test.ts",
  "dnssec.absent": "test/system/check.test.ts",
  "dnssec.bogus": "test/system/check.test.ts",
  "dnssec.expiring": "test/system/check.test.ts",
  "dnssec.unknown": "test/system/check.test.ts",
};
