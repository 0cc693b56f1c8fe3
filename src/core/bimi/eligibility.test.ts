import { expect, test } from "vitest";
import { recordLookup } from "../dmarc/tree-walk.ts";
import { type MemoryZone, memoryResolver } from "../dns/memory.ts";
import { parseHead } from "../message/message.ts";
import type { DmarcResult } from "../results.ts";
import { checkEligibility } from "./eligibility.ts";

const tags = (text: string): Record<string, string> =>
  Object.fromEntries(text.split(";").map((tag) => tag.trim().split("=") as [string, string]));

/** DMARC of sub.example.com with a record of its own, unless told otherwise. */
function dmarc(published: string, changes: Partial<DmarcResult> = {}): DmarcResult {
  return {
    method: "dmarc",
    result: "pass",
    domain: "sub.example.com",
    organizationalDomain: "example.com",
    policyDomain: "sub.example.com",
    policy: "reject",
    policyTag: "p",
    discovery: "treewalk",
    alignedDkim: [],
    alignedSpf: true,
    published: tags(published),
    ...changes,
  };
}
const top = "_dmarc.example.com";
const strict: MemoryZone = { [top]: [{ TXT: "v=DMARC1; p=reject" }] };
const ofTop = { policyDomain: "example.com" };
const gap = (detail: string): object => ({ kind: "skipped", problem: "dmarc-not-enforced", detail });
const eligible = {
  kind: "eligible",
  author: "sub.example.com",
  organization: "example.com",
  localPart: "news",
};

interface Case {
  readonly name: string;
  readonly dmarc: DmarcResult;
  readonly zone?: MemoryZone;
  readonly head?: string;
  readonly is: object;
  readonly asked?: number;
}

test.each<Case>([
  { name: "both enforce", dmarc: dmarc("p=reject"), is: eligible, asked: 1 },
  {
    name: "the record of the organization is the one used",
    dmarc: dmarc("p=reject", ofTop),
    is: eligible,
    asked: 0,
  },
  {
    name: "the record of a public suffix covers both",
    dmarc: dmarc("p=reject; psd=y", { policyDomain: "com" }),
    is: eligible,
    asked: 0,
  },
  {
    name: "author is the organization",
    dmarc: dmarc("p=quarantine", { domain: "example.com", policyDomain: "example.com" }),
    is: { ...eligible, author: "example.com" },
    asked: 0,
  },
  {
    name: "step 6: DMARC fails",
    dmarc: dmarc("p=reject", { result: "fail" }),
    is: gap("dmarc-no-pass"),
    asked: 0,
  },
  {
    name: "step 6: DMARC temperror",
    dmarc: dmarc("p=reject", { result: "temperror" }),
    is: gap("dmarc-no-pass"),
  },
  { name: "step 6: no DMARC record", dmarc: dmarc("p=reject", { result: "none" }), is: gap("dmarc-no-pass") },
  {
    name: "step 7: p=none at the author",
    dmarc: dmarc("p=none", { policy: "none" }),
    is: gap("policy-none"),
    asked: 0,
  },
  {
    name: "step 7: p=none at the organization",
    dmarc: dmarc("p=reject"),
    zone: { [top]: [{ TXT: "v=DMARC1; p=none" }] },
    is: gap("policy-none"),
  },
  {
    name: "step 7: p=none at the organization, sp=reject for the author",
    dmarc: dmarc("p=none; sp=reject", { ...ofTop, policyTag: "sp" }),
    is: gap("policy-none"),
    asked: 0,
  },
  {
    name: "step 8: sp=none at the author",
    dmarc: dmarc("p=reject; sp=none"),
    is: gap("subdomain-policy-none"),
  },
  {
    name: "step 8: sp=None at the organization",
    dmarc: dmarc("p=reject"),
    zone: { [top]: [{ TXT: "v=DMARC1; p=reject; sp=None" }] },
    is: gap("subdomain-policy-none"),
  },
  {
    name: "np=none for an author domain that does not exist",
    dmarc: dmarc("p=reject; np=none", { ...ofTop, policy: "none", policyTag: "np" }),
    is: gap("subdomain-policy-none"),
  },
  { name: "step 9: quarantine, pct=100", dmarc: dmarc("p=quarantine; pct=100"), is: eligible },
  { name: "step 9: quarantine, pct=99", dmarc: dmarc("p=quarantine; pct=99"), is: gap("policy-partial") },
  {
    name: "step 9: quarantine, pct unreadable",
    dmarc: dmarc("p=quarantine; pct=x"),
    is: gap("policy-partial"),
  },
  { name: "§2: reject with any percentage", dmarc: dmarc("p=reject; pct=1"), is: eligible },
  { name: "RFC 9989 §4.7: quarantine, t=y", dmarc: dmarc("p=quarantine; t=y"), is: gap("policy-partial") },
  { name: "RFC 9989 §4.7: reject, t=y", dmarc: dmarc("p=reject; t=y"), is: eligible },
  {
    name: "step 9: pct=50 at the organization",
    dmarc: dmarc("p=reject"),
    zone: { [top]: [{ TXT: "v=DMARC1; p=quarantine; pct=50" }] },
    is: gap("policy-partial"),
  },
  {
    name: "§2: no record at the organization",
    dmarc: dmarc("p=reject"),
    zone: {},
    is: gap("organization-policy-missing"),
  },
  {
    name: "§2: several records at the organization",
    dmarc: dmarc("p=reject"),
    zone: { [top]: [{ TXT: "v=DMARC1; p=reject" }, { TXT: "v=DMARC1; p=reject" }] },
    is: gap("organization-policy-missing"),
  },
  { name: "DNS fails", dmarc: dmarc("p=reject"), zone: { [top]: ["TIMEOUT"] }, is: { kind: "failure" } },
  {
    name: "step 1: two addresses of one domain",
    dmarc: dmarc("p=reject"),
    head: "From: a@sub.example.com, b@sub.example.com\r\n",
    is: { kind: "skipped", problem: "author-not-single" },
    asked: 0,
  },
  {
    name: "step 1: two From fields",
    dmarc: dmarc("p=reject"),
    head: "From: a@sub.example.com\r\nFrom: a@sub.example.com\r\n",
    is: { kind: "skipped", problem: "author-not-single" },
  },
])("BIMI draft -10 §7.1 $name", async ({ dmarc, zone = strict, head, is, asked }) => {
  const dns = memoryResolver(zone);
  const parsed = parseHead(Buffer.from(head ?? "From: News <news@sub.example.com>\r\n"));
  expect(await checkEligibility(parsed, dmarc, recordLookup(dns, undefined))).toEqual(is);
  if (asked !== undefined) expect(dns.asked).toHaveLength(asked);
});

test("without an organizational domain nothing is certain", async () => {
  const { organizationalDomain: _, ...result } = dmarc("p=reject");
  const head = parseHead(Buffer.from("From: a@sub.example.com\r\n"));
  const dns = memoryResolver(strict);
  expect(await checkEligibility(head, result, recordLookup(dns, undefined))).toEqual({ kind: "failure" });
});
