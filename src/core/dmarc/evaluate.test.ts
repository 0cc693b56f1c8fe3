import fc from "fast-check";
import { expect, test } from "vitest";
import { type MemoryZone, memoryResolver } from "../dns/memory.ts";
import type {
  DkimResult,
  DkimWord,
  DmarcPolicy,
  DmarcResult,
  DmarcWord,
  SpfResult,
  SpfWord,
} from "../results.ts";
import { discoverPolicy } from "./discovery.ts";
import { evaluateDmarc, startDmarc } from "./evaluate.ts";
import { parsePublicSuffixList } from "./public-suffix.ts";

function spfOf(text: string): SpfResult {
  const [result, domain] = text.split(" ");
  return {
    method: "spf",
    result: result as SpfWord,
    identity: "mailfrom",
    domain: domain ?? "",
    lookups: 0,
    voidLookups: 0,
    trace: [],
  };
}

function dkimOf(text: string): DkimResult {
  const [result, domain] = text.split(" ");
  return {
    method: "dkim",
    result: result as DkimWord,
    domain: domain ?? "",
    selector: "s",
    identity: `@${domain}`,
    algorithm: "rsa-sha256",
    fieldIndex: 0,
  };
}

/** Records at `_dmarc.` of each name; a name with a leading "=" is a name by itself, with an address. */
type Records = Readonly<Record<string, string | readonly string[]>>;

function zoneOf(records: Records): MemoryZone {
  return Object.fromEntries(
    Object.entries(records).map(([name, texts]) => {
      const entries = (typeof texts === "string" ? [texts] : texts).map((text) =>
        text === "TIMEOUT" || text === "SERVFAIL" ? text : name.startsWith("=") ? { A: text } : { TXT: text },
      );
      return [name.startsWith("=") ? name.slice(1) : `_dmarc.${name}`, entries];
    }),
  );
}

const reject = "v=DMARC1; p=reject";
const all = "v=DMARC1; p=none; sp=quarantine; np=reject";
const strict = "v=DMARC1; p=reject; adkim=s; aspf=s";
const rua = "rua=mailto:a@b.example";

interface Case {
  readonly is: string;
  readonly zone: Records;
  readonly from: string;
  readonly spf?: string;
  readonly dkim?: readonly string[];
  readonly expect: Partial<DmarcResult>;
  /** The same message by RFC 7489, with the public suffixes com, net, example and bank.example. */
  readonly psl: readonly [
    result: DmarcWord,
    policy?: DmarcPolicy | undefined,
    policyDomain?: string | undefined,
    appliedPolicy?: DmarcPolicy | undefined,
  ];
  /** Without `_dmarc.` and TXT where a name is asked for its record. */
  readonly asked: readonly string[];
}

const cases: readonly Case[] = [
  // Appendix B.1.1
  {
    is: "B.1.1 example 1: SPF strict",
    zone: { "example.com": reject },
    from: "example.com",
    spf: "pass example.com",
    expect: { result: "pass", alignedSpf: true, organizationalDomain: "example.com" },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["example.com"],
  },
  {
    is: "B.1.1 example 2: SPF relaxed",
    zone: { "example.com": reject },
    from: "example.com",
    spf: "pass child.example.com",
    expect: { result: "pass", alignedSpf: true },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["example.com", "com", "child.example.com"],
  },
  {
    is: "B.1.1 example 3: SPF not aligned",
    zone: { "example.com": reject },
    from: "child.example.com",
    spf: "pass example.net",
    expect: { result: "fail", alignedSpf: false, organizationalDomain: "example.com" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["child.example.com", "example.com", "com"],
  },
  // Appendix B.1.2
  {
    is: "B.1.2 example 1: DKIM strict",
    zone: { "example.com": reject },
    from: "example.com",
    dkim: ["pass example.com"],
    expect: { result: "pass", alignedDkim: ["example.com"] },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["example.com"],
  },
  {
    is: "B.1.2 example 2: DKIM relaxed",
    zone: { "example.com": reject },
    from: "child.example.com",
    dkim: ["pass example.com"],
    expect: { result: "pass", alignedDkim: ["example.com"] },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["child.example.com", "example.com", "com"],
  },
  {
    is: "B.1.2 example 3: DKIM not aligned",
    zone: { "example.com": reject },
    from: "child.example.com",
    dkim: ["pass example.net"],
    expect: { result: "fail", alignedDkim: [] },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["child.example.com", "example.com", "com"],
  },
  // Appendix B.3.1
  {
    is: "B.3.1 both aligned",
    zone: { "example.com": "v=DMARC1; p=reject; aspf=r; rua=mailto:dmarc-feedback@example.com" },
    from: "example.com",
    spf: "pass mail.example.com",
    dkim: ["pass example.com"],
    expect: { result: "pass", alignedSpf: true, alignedDkim: ["example.com"], policy: "reject" },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["example.com", "com", "mail.example.com"],
  },
  // Appendix B.2.5
  {
    is: "B.2.5 t=y on a subdomain",
    zone: {
      "test.example.com":
        "v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,mailto:tld-test@thirdparty.example.net; t=y",
    },
    from: "test.example.com",
    expect: {
      result: "fail",
      policyDomain: "test.example.com",
      policy: "quarantine",
      appliedPolicy: "none",
      testing: true,
    },
    psl: ["fail", "quarantine", "test.example.com", "quarantine"],
    asked: ["test.example.com", "example.com", "com"],
  },
  // Appendix B.4
  {
    is: "B.4.1",
    zone: { "example.com": reject, "signing.example.com": "v=DMARC1; p=none" },
    from: "example.com",
    spf: "pass example.com",
    dkim: ["pass signing.example.com"],
    expect: {
      result: "pass",
      alignedSpf: true,
      alignedDkim: ["signing.example.com"],
      organizationalDomain: "example.com",
      policyDomain: "example.com",
      policy: "reject",
    },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["example.com", "com", "signing.example.com"],
  },
  {
    is: "B.4.2 deep",
    zone: {
      "example.com": all,
      "signing.example.com": "v=DMARC1; p=none",
      "=a.b.c.d.e.f.g.h.i.j.k.example.com": "192.0.2.1",
    },
    from: "a.b.c.d.e.f.g.h.i.j.k.example.com",
    spf: "pass example.com",
    dkim: ["pass signing.example.com"],
    expect: {
      result: "pass",
      alignedSpf: true,
      alignedDkim: ["signing.example.com"],
      organizationalDomain: "example.com",
      policyDomain: "example.com",
      policy: "quarantine",
      policyTag: "sp",
    },
    psl: ["pass", "quarantine", "example.com", "quarantine"],
    asked: [
      "a.b.c.d.e.f.g.h.i.j.k.example.com",
      "g.h.i.j.k.example.com",
      "h.i.j.k.example.com",
      "i.j.k.example.com",
      "j.k.example.com",
      "k.example.com",
      "example.com",
      "com",
      "a.b.c.d.e.f.g.h.i.j.k.example.com A",
      "signing.example.com",
    ],
  },
  {
    is: "B.4.3 psd=y",
    zone: { "bank.example": "v=DMARC1; p=none; psd=y", "giant.bank.example": reject },
    from: "giant.bank.example",
    spf: "pass mail.giant.bank.example",
    dkim: ["pass mail.mega.bank.example"],
    expect: {
      result: "pass",
      alignedSpf: true,
      alignedDkim: [],
      organizationalDomain: "giant.bank.example",
      policyDomain: "giant.bank.example",
    },
    psl: ["pass", "reject", "giant.bank.example", "reject"],
    asked: ["giant.bank.example", "bank.example", "mail.giant.bank.example"],
  },
  {
    is: "B.4.3 psd=y, DKIM only",
    zone: { "bank.example": "v=DMARC1; p=none; psd=y", "giant.bank.example": reject },
    from: "giant.bank.example",
    dkim: ["pass mail.mega.bank.example"],
    expect: { result: "fail", policy: "reject" },
    psl: ["fail", "reject", "giant.bank.example", "reject"],
    asked: ["giant.bank.example", "bank.example"],
  },
  // §4.4 Table 1
  {
    is: "§4.4 Table 1 relaxed",
    zone: { "example.com": reject },
    from: "news.example.com",
    dkim: ["pass foo.example.com"],
    expect: { result: "pass", alignedDkim: ["foo.example.com"] },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["news.example.com", "example.com", "com", "foo.example.com"],
  },
  {
    is: "§4.4 Table 1 strict",
    zone: { "example.com": strict },
    from: "news.example.com",
    dkim: ["pass news.example.com"],
    expect: { result: "pass" },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["news.example.com", "example.com", "com"],
  },
  {
    is: "§4.4 Table 1 none",
    zone: { "example.com": reject },
    from: "news.example.com",
    dkim: ["pass foo.example.net"],
    expect: { result: "fail" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["news.example.com", "example.com", "com"],
  },
  // §3.2.10, §4.7 adkim aspf
  {
    is: "§3.2.10.2 strict refuses a parent",
    zone: { "example.com": strict },
    from: "news.example.com",
    spf: "pass example.com",
    dkim: ["pass example.com"],
    expect: { result: "fail", alignedSpf: false, alignedDkim: [] },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["news.example.com", "example.com", "com"],
  },
  {
    is: "§3.2.10.2 strict refuses a child",
    zone: { "example.com": strict },
    from: "example.com",
    spf: "pass a.example.com",
    dkim: ["pass a.example.com"],
    expect: { result: "fail" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  {
    is: "§4.7 adkim=s leaves SPF relaxed",
    zone: { "example.com": "v=DMARC1; p=reject; adkim=s" },
    from: "example.com",
    spf: "pass a.example.com",
    dkim: ["pass a.example.com"],
    expect: { result: "pass", alignedSpf: true, alignedDkim: [] },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["example.com", "com", "a.example.com"],
  },
  {
    is: "§4.7 aspf=s leaves DKIM relaxed",
    zone: { "example.com": "v=DMARC1; p=reject; aspf=s" },
    from: "example.com",
    spf: "pass a.example.com",
    dkim: ["pass a.example.com"],
    expect: { result: "pass", alignedSpf: false, alignedDkim: ["a.example.com"] },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["example.com", "com", "a.example.com"],
  },
  {
    is: "§4.7 adkim from the organizational domain's record",
    zone: { "example.com": "v=DMARC1; p=reject; adkim=s" },
    from: "a.example.com",
    dkim: ["pass example.com"],
    expect: { result: "fail" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["a.example.com", "example.com", "com"],
  },
  // §4.4.1, §4.4.2: only a pass authenticates
  ...(["fail", "neutral", "policy", "permerror"] as const).map((word) => ({
    is: `§4.4.1 DKIM ${word}`,
    zone: { "example.com": reject },
    from: "example.com",
    dkim: [`${word} example.com`],
    expect: { result: "fail", alignedDkim: [] } as const,
    psl: ["fail", "reject", "example.com", "reject"] as const,
    asked: ["example.com", "com"],
  })),
  ...(["none", "neutral", "fail", "softfail", "permerror"] as const).map((word) => ({
    is: `§4.4.2 SPF ${word}`,
    zone: { "example.com": reject },
    from: "example.com",
    spf: `${word} example.com`,
    expect: { result: "fail", alignedSpf: false } as const,
    psl: ["fail", "reject", "example.com", "reject"] as const,
    asked: ["example.com", "com"],
  })),
  {
    is: "§4.4.1 one of several signatures",
    zone: { "example.com": reject },
    from: "example.com",
    dkim: ["fail example.com", "pass list.example.net", "pass example.com", "pass example.com"],
    expect: { result: "pass", alignedDkim: ["example.com"] },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  {
    is: "§5.3.5 no identifiers at all",
    zone: { "example.com": reject },
    from: "example.com",
    expect: {
      result: "fail",
      organizationalDomain: "example.com",
      policy: "reject",
      policyTag: "p",
      appliedPolicy: "reject",
    },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  // §4.10.1
  {
    is: "§4.10.1 no record anywhere",
    zone: {},
    from: "a.example.com",
    dkim: ["pass a.example.com"],
    expect: { result: "none", problem: "no-record", alignedDkim: [] },
    psl: ["none"],
    asked: ["a.example.com", "example.com", "com"],
  },
  {
    is: "§4.10.1 author domain first",
    zone: { "a.example.com": "v=DMARC1; p=none", "example.com": reject },
    from: "a.example.com",
    expect: {
      result: "fail",
      policyDomain: "a.example.com",
      policy: "none",
      policyTag: "p",
      organizationalDomain: "example.com",
    },
    psl: ["fail", "none", "a.example.com", "none"],
    asked: ["a.example.com", "example.com", "com"],
  },
  {
    is: "§4.7 sp of the author domain itself is not for it",
    zone: { "a.example.com": "v=DMARC1; p=none; sp=reject; np=reject" },
    from: "a.example.com",
    expect: { policy: "none", policyTag: "p" },
    psl: ["fail", "none", "a.example.com", "none"],
    asked: ["a.example.com", "example.com", "com"],
  },
  {
    is: "§4.10.1 p for a subdomain",
    zone: { "example.com": reject },
    from: "a.example.com",
    expect: { result: "fail", policyDomain: "example.com", policy: "reject", policyTag: "p" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["a.example.com", "example.com", "com"],
  },
  {
    is: "§4.10.1 sp for a subdomain",
    zone: { "example.com": "v=DMARC1; p=reject; sp=none" },
    from: "a.example.com",
    expect: { policy: "none", policyTag: "sp" },
    psl: ["fail", "none", "example.com", "none"],
    asked: ["a.example.com", "example.com", "com"],
  },
  {
    is: "§4.10.1 the organizational domain, not what is between",
    zone: { "b.example.com": "v=DMARC1; p=none", "example.com": reject },
    from: "a.b.example.com",
    expect: { policyDomain: "example.com", policy: "reject" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["a.b.example.com", "b.example.com", "example.com", "com"],
  },
  {
    is: "§4.10.1 psd=n between",
    zone: { "b.example.com": "v=DMARC1; p=none; psd=n", "example.com": reject },
    from: "a.b.example.com",
    expect: { policyDomain: "b.example.com", organizationalDomain: "b.example.com", policy: "none" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["a.b.example.com", "b.example.com"],
  },
  {
    is: "§4.10.1 public suffix, sp",
    zone: { "bank.example": "v=DMARC1; p=none; sp=reject; psd=y" },
    from: "giant.bank.example",
    expect: {
      policyDomain: "bank.example",
      organizationalDomain: "giant.bank.example",
      policy: "reject",
      policyTag: "sp",
    },
    psl: ["none"],
    asked: ["giant.bank.example", "bank.example"],
  },
  {
    is: "§4.10.1 note: not the public suffix where the organization has a record",
    zone: { "bank.example": "v=DMARC1; p=reject; psd=y", "giant.bank.example": "v=DMARC1; p=none" },
    from: "a.giant.bank.example",
    expect: { policyDomain: "giant.bank.example", policy: "none" },
    psl: ["fail", "none", "giant.bank.example", "none"],
    asked: ["a.giant.bank.example", "giant.bank.example", "bank.example"],
  },
  {
    is: "§4.10.1 public suffix, a record below the organization",
    zone: { "bank.example": "v=DMARC1; p=reject; psd=y", "b.giant.bank.example": "v=DMARC1; p=none" },
    from: "a.b.giant.bank.example",
    expect: { policyDomain: "bank.example", organizationalDomain: "giant.bank.example", policy: "reject" },
    psl: ["none"],
    asked: ["a.b.giant.bank.example", "b.giant.bank.example", "giant.bank.example", "bank.example"],
  },
  {
    is: "§4.10.1 the public suffix itself as author",
    zone: { "bank.example": "v=DMARC1; p=quarantine; sp=reject; psd=y" },
    from: "bank.example",
    expect: {
      policyDomain: "bank.example",
      organizationalDomain: "bank.example",
      policy: "quarantine",
      policyTag: "p",
    },
    psl: ["fail", "quarantine", "bank.example", "quarantine"],
    asked: ["bank.example"],
  },
  {
    is: "§4.10.1 nine labels: the walk starts at seven",
    zone: { "4.5.6.7.8.9": reject },
    from: "1.2.3.4.5.6.7.8.9",
    expect: { policyDomain: "4.5.6.7.8.9", policy: "reject" },
    psl: ["none"],
    asked: ["1.2.3.4.5.6.7.8.9", "3.4.5.6.7.8.9", "4.5.6.7.8.9", "5.6.7.8.9", "6.7.8.9", "7.8.9", "8.9", "9"],
  },
  // §4.10 step 2, §4.7 v
  {
    is: "§4.10 several records are discarded, the walk goes on",
    zone: { "a.example.com": [reject, "v=DMARC1; p=none"], "example.com": "v=DMARC1; p=quarantine" },
    from: "a.example.com",
    expect: { result: "fail", policyDomain: "example.com", policy: "quarantine" },
    psl: ["none"],
    asked: ["a.example.com", "example.com", "com"],
  },
  {
    is: "§4.10 several records and nothing above",
    zone: { "example.com": [reject, reject] },
    from: "example.com",
    expect: { result: "none", problem: "no-record" },
    psl: ["none"],
    asked: ["example.com", "com"],
  },
  {
    is: "§4.7 v in the wrong case",
    zone: { "example.com": "v=dmarc1; p=reject" },
    from: "example.com",
    expect: { result: "none", problem: "no-record" },
    psl: ["none"],
    asked: ["example.com", "com"],
  },
  {
    is: "§4.10 other TXT records beside it",
    zone: { "example.com": ["v=spf1 -all", reject] },
    from: "example.com",
    expect: { result: "fail", policy: "reject" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  // §4.10.1 missing and bad policies
  {
    is: "§4.10.1 p missing, rua",
    zone: { "example.com": `v=DMARC1; ${rua}` },
    from: "example.com",
    expect: { result: "fail", policy: "none", policyTag: "p", appliedPolicy: "none" },
    psl: ["fail", "none", "example.com", "none"],
    asked: ["example.com", "com"],
  },
  {
    is: "§4.10.1 p missing, rua, aligned",
    zone: { "example.com": `v=DMARC1; ${rua}` },
    from: "example.com",
    dkim: ["pass example.com"],
    expect: { result: "pass", policy: "none" },
    psl: ["pass", "none", "example.com", "none"],
    asked: ["example.com"],
  },
  {
    is: "§4.10.1 p missing, no rua",
    zone: { "example.com": "v=DMARC1" },
    from: "example.com",
    dkim: ["pass example.com"],
    expect: { result: "none", problem: "policy-invalid", policyDomain: "example.com", alignedDkim: [] },
    psl: ["none", undefined, "example.com"],
    asked: ["example.com"],
  },
  {
    is: "§4.10.1 p missing, rua bad",
    zone: { "example.com": "v=DMARC1; rua=a@b.example" },
    from: "example.com",
    expect: { result: "none", problem: "policy-invalid" },
    psl: ["none", undefined, "example.com"],
    asked: ["example.com"],
  },
  {
    is: "§4.10.1 p bad, rua",
    zone: { "example.com": `v=DMARC1; p=block; ${rua}` },
    from: "example.com",
    expect: { result: "fail", policy: "none" },
    psl: ["fail", "none", "example.com", "none"],
    asked: ["example.com", "com"],
  },
  {
    is: "§4.10.1 p bad, no rua, and a good record above is not looked for",
    zone: { "a.example.com": "v=DMARC1; p=block", "example.com": reject },
    from: "a.example.com",
    expect: { result: "none", problem: "policy-invalid", policyDomain: "a.example.com" },
    psl: ["none", undefined, "a.example.com"],
    asked: ["a.example.com"],
  },
  {
    is: "§4.10.1 sp bad, rua",
    zone: { "example.com": `v=DMARC1; p=reject; sp=x; ${rua}` },
    from: "example.com",
    expect: { result: "fail", policy: "none", policyTag: "p" },
    psl: ["fail", "none", "example.com", "none"],
    asked: ["example.com", "com"],
  },
  {
    is: "§4.10.1 sp bad, no rua",
    zone: { "example.com": "v=DMARC1; p=reject; sp=x" },
    from: "example.com",
    expect: { result: "none", problem: "policy-invalid" },
    psl: ["none", undefined, "example.com"],
    asked: ["example.com"],
  },
  {
    is: "§4.10.1 np bad, no rua, for a subdomain",
    zone: { "example.com": "v=DMARC1; p=reject; np=x" },
    from: "a.example.com",
    expect: { result: "none", problem: "policy-invalid", policyDomain: "example.com" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["a.example.com", "example.com", "com"],
  },
  {
    is: "§4.10.1 np bad, rua, for a subdomain with sp",
    zone: { "example.com": `v=DMARC1; p=reject; sp=reject; np=x; ${rua}` },
    from: "a.example.com",
    expect: { result: "fail", policy: "none", policyTag: "p" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["a.example.com", "example.com", "com"],
  },
  // np
  {
    is: "§4.7 np: the name does not exist",
    zone: { "example.com": all },
    from: "no.example.com",
    expect: { result: "fail", policy: "reject", policyTag: "np" },
    psl: ["fail", "quarantine", "example.com", "quarantine"],
    asked: ["no.example.com", "example.com", "com", "no.example.com A", "no.example.com CNAME"],
  },
  {
    is: "§4.7 np: the name exists",
    zone: { "example.com": all, "=a.example.com": "192.0.2.1" },
    from: "a.example.com",
    expect: { policy: "quarantine", policyTag: "sp" },
    psl: ["fail", "quarantine", "example.com", "quarantine"],
    asked: ["a.example.com", "example.com", "com", "a.example.com A"],
  },
  {
    is: "§A.4 np: NODATA exists",
    zone: { "example.com": all, "x.a.example.com": "x" },
    from: "a.example.com",
    expect: { policy: "quarantine", policyTag: "sp" },
    psl: ["fail", "quarantine", "example.com", "quarantine"],
    asked: ["a.example.com", "example.com", "com", "a.example.com A"],
  },
  {
    is: "RFC 8020 np: what has a name below it exists",
    zone: { "example.com": all, "a.example.com": "no record" },
    from: "a.example.com",
    expect: { policy: "quarantine", policyTag: "sp" },
    psl: ["fail", "quarantine", "example.com", "quarantine"],
    asked: ["a.example.com", "example.com", "com"],
  },
  {
    is: "§4.7 np absent: nothing to find out",
    zone: { "example.com": "v=DMARC1; p=none; sp=reject" },
    from: "no.example.com",
    expect: { policy: "reject", policyTag: "sp" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["no.example.com", "example.com", "com"],
  },
  {
    is: "§4.7 np without sp, the name exists: p",
    zone: { "example.com": "v=DMARC1; p=none; np=reject", "=a.example.com": "192.0.2.1" },
    from: "a.example.com",
    expect: { policy: "none", policyTag: "p" },
    psl: ["fail", "none", "example.com", "none"],
    asked: ["a.example.com", "example.com", "com", "a.example.com A"],
  },
  {
    is: "§4.10.1 np of the public suffix",
    zone: { "bank.example": "v=DMARC1; p=none; np=reject; psd=y" },
    from: "fake.bank.example",
    expect: { policyDomain: "bank.example", policy: "reject", policyTag: "np" },
    psl: ["none"],
    asked: ["fake.bank.example", "bank.example", "fake.bank.example A", "fake.bank.example CNAME"],
  },
  {
    is: "§5.3.6 np: existence unknown",
    zone: { "example.com": all, "=a.example.com": "SERVFAIL" },
    from: "a.example.com",
    expect: { result: "temperror", problem: "dns-failure" },
    psl: ["fail", "quarantine", "example.com", "quarantine"],
    asked: ["a.example.com", "example.com", "com", "a.example.com A"],
  },
  {
    is: "§5.3.6 np: existence unknown, aligned pass",
    zone: { "example.com": all, "=a.example.com": "SERVFAIL" },
    from: "a.example.com",
    dkim: ["pass a.example.com"],
    expect: { result: "pass" },
    psl: ["pass", "quarantine", "example.com", "quarantine"],
    asked: ["a.example.com", "example.com", "com", "a.example.com A"],
  },
  // t
  {
    is: "§4.7 t=y: reject becomes quarantine",
    zone: { "example.com": "v=DMARC1; p=reject; t=y" },
    from: "example.com",
    expect: { policy: "reject", appliedPolicy: "quarantine", testing: true },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  {
    is: "§4.7 t=y: none stays none",
    zone: { "example.com": "v=DMARC1; p=none; t=y" },
    from: "example.com",
    expect: { policy: "none", appliedPolicy: "none" },
    psl: ["fail", "none", "example.com", "none"],
    asked: ["example.com", "com"],
  },
  {
    is: "§4.7 t=y is for sp too",
    zone: { "example.com": "v=DMARC1; p=none; sp=reject; t=y" },
    from: "a.example.com",
    expect: { policy: "reject", policyTag: "sp", appliedPolicy: "quarantine" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["a.example.com", "example.com", "com"],
  },
  {
    is: "§4.7 t=x is t=n",
    zone: { "example.com": "v=DMARC1; p=reject; t=x" },
    from: "example.com",
    expect: { appliedPolicy: "reject", testing: false },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  {
    is: "§A.6 pct is read by nobody",
    zone: { "example.com": "v=DMARC1; p=reject; pct=0" },
    from: "example.com",
    expect: { result: "fail", appliedPolicy: "reject" },
    psl: ["fail", "reject", "example.com", "quarantine"],
    asked: ["example.com", "com"],
  },
  // §4.10.2
  {
    is: "§4.10.2 all one domain: no walk",
    zone: { "mail.example.com": reject },
    from: "mail.example.com",
    spf: "pass mail.example.com",
    dkim: ["pass mail.example.com"],
    expect: { result: "pass", organizationalDomain: "mail.example.com" },
    psl: ["pass", "reject", "mail.example.com", "reject"],
    asked: ["mail.example.com"],
  },
  {
    is: "§4.10.2 a signer with its own psd=n",
    zone: { "example.com": reject, "lab.example.com": "v=DMARC1; p=none; psd=n" },
    from: "example.com",
    dkim: ["pass lab.example.com"],
    expect: { result: "fail", alignedDkim: [] },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["example.com", "com", "lab.example.com"],
  },
  {
    is: "§4.10.2 an author with its own psd=n",
    zone: { "example.com": reject, "lab.example.com": "v=DMARC1; p=none; psd=n" },
    from: "lab.example.com",
    dkim: ["pass example.com", "pass a.lab.example.com"],
    expect: { result: "pass", alignedDkim: ["a.lab.example.com"], organizationalDomain: "lab.example.com" },
    psl: ["pass", "none", "lab.example.com", "none"],
    asked: ["lab.example.com", "a.lab.example.com"],
  },
  {
    is: "§4.10.2 a record at a top-level domain ties it together",
    zone: { test: reject },
    from: "a.test",
    dkim: ["pass b.test"],
    expect: { result: "pass", organizationalDomain: "test" },
    psl: ["none"],
    asked: ["a.test", "test", "b.test"],
  },
  {
    is: "§4.10.2 names that only end alike",
    zone: { "example.com": reject },
    from: "example.com",
    dkim: ["pass notexample.com"],
    expect: { result: "fail" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  // §5.3.6: DNS failures
  {
    is: "§5.3.6 author's record",
    zone: { "example.com": "TIMEOUT" },
    from: "example.com",
    dkim: ["pass example.com"],
    expect: { result: "temperror", problem: "dns-failure" },
    psl: ["temperror"],
    asked: ["example.com"],
  },
  {
    is: "§5.3.6 on the walk to the policy",
    zone: { "example.com": "SERVFAIL" },
    from: "a.example.com",
    expect: { result: "temperror" },
    psl: ["temperror"],
    asked: ["a.example.com", "example.com"],
  },
  {
    is: "§5.3.6 walk for alignment, nothing else passes",
    zone: { "example.com": reject, "b.example.com": "TIMEOUT" },
    from: "example.com",
    dkim: ["pass b.example.com"],
    expect: { result: "temperror", problem: "dns-failure", policy: "reject" },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["example.com", "com", "b.example.com"],
  },
  {
    is: "§5.3.5 walk for alignment fails, another passes",
    zone: { "example.com": reject, "b.example.com": "TIMEOUT" },
    from: "example.com",
    dkim: ["pass b.example.com", "pass example.com"],
    expect: { result: "pass", alignedDkim: ["example.com"] },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["example.com", "com", "b.example.com"],
  },
  {
    is: "§5.3.6 top-level domain fails, relaxed",
    zone: { "example.com": reject, com: "TIMEOUT" },
    from: "example.com",
    dkim: ["pass a.example.com"],
    expect: { result: "temperror" },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  {
    is: "§5.3.5 top-level domain fails, identical",
    zone: { "example.com": reject, com: "TIMEOUT" },
    from: "example.com",
    spf: "pass esp.net",
    dkim: ["pass example.com"],
    expect: { result: "pass" },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  {
    is: "§5.3.6 top-level domain fails, but nothing needs it",
    zone: { "example.com": reject, com: "TIMEOUT" },
    from: "example.com",
    spf: "pass esp.net",
    expect: { result: "fail" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  {
    is: "§5.3.6 top-level domain fails, strict",
    zone: { "example.com": strict, com: "TIMEOUT" },
    from: "example.com",
    dkim: ["pass a.example.com"],
    expect: { result: "fail" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  {
    is: "§5.3.6 SPF temperror of the author domain",
    zone: { "example.com": reject },
    from: "example.com",
    spf: "temperror example.com",
    expect: { result: "temperror", alignedSpf: false },
    psl: ["temperror", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  {
    is: "§5.3.6 SPF temperror, relaxed",
    zone: { "example.com": reject },
    from: "example.com",
    spf: "temperror a.example.com",
    expect: { result: "temperror" },
    psl: ["temperror", "reject", "example.com", "reject"],
    asked: ["example.com", "com", "a.example.com"],
  },
  {
    is: "§5.3.6 SPF temperror of a stranger",
    zone: { "example.com": reject },
    from: "example.com",
    spf: "temperror example.net",
    expect: { result: "fail" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  {
    is: "§5.3.6 SPF temperror, strict, of a child",
    zone: { "example.com": strict },
    from: "example.com",
    spf: "temperror a.example.com",
    expect: { result: "fail" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  {
    is: "§5.3.5 SPF temperror, DKIM passes",
    zone: { "example.com": reject },
    from: "example.com",
    spf: "temperror example.com",
    dkim: ["pass example.com"],
    expect: { result: "pass", alignedSpf: false },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["example.com"],
  },
  {
    is: "§5.3.6 DKIM temperror of the author domain",
    zone: { "example.com": reject },
    from: "example.com",
    dkim: ["temperror example.com"],
    expect: { result: "temperror", alignedDkim: [] },
    psl: ["temperror", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  {
    is: "§5.3.6 DKIM temperror of a stranger",
    zone: { "example.com": reject },
    from: "example.com",
    dkim: ["temperror example.net"],
    expect: { result: "fail" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
  {
    is: "§5.3.5 DKIM temperror, another passes",
    zone: { "example.com": reject },
    from: "example.com",
    dkim: ["temperror example.com", "pass a.example.com"],
    expect: { result: "pass", alignedDkim: ["a.example.com"] },
    psl: ["pass", "reject", "example.com", "reject"],
    asked: ["example.com", "com", "a.example.com"],
  },
  {
    is: "signatures and SPF without a domain",
    zone: { "example.com": reject },
    from: "example.com",
    spf: "temperror ",
    dkim: ["temperror "],
    expect: { result: "fail" },
    psl: ["fail", "reject", "example.com", "reject"],
    asked: ["example.com", "com"],
  },
];

test.each(cases)("RFC 9989 $is", async ({ zone, from, spf, dkim, expect: expected, asked }) => {
  const dns = memoryResolver(zoneOf(zone));
  const result = await evaluateDmarc({
    author: { kind: "domain", domain: from },
    ...(spf !== undefined && { spf: spfOf(spf) }),
    dkim: (dkim ?? []).map(dkimOf),
    dns,
  });
  expect(result).toMatchObject({ method: "dmarc", domain: from, discovery: "treewalk", ...expected });
  expect(dns.asked).toEqual(asked.map((name) => (name.includes(" ") ? name : `_dmarc.${name} TXT`)));
});

const publicSuffix = parsePublicSuffixList("com\nnet\nexample\nbank.example") ?? ((domain: string) => domain);

test.each(cases)("RFC 7489 for $is", async ({ zone, from, spf, dkim, psl }) => {
  const dns = memoryResolver(zoneOf(zone));
  const result = await evaluateDmarc({
    author: { kind: "domain", domain: from },
    ...(spf !== undefined && { spf: spfOf(spf) }),
    dkim: (dkim ?? []).map(dkimOf),
    dns,
    discovery: { method: "psl", publicSuffix, random: () => 0.5 },
  });
  expect(result).toMatchObject({ method: "dmarc", domain: from, discovery: "psl" });
  const { policy, policyDomain, appliedPolicy } = result;
  expect([result.result, policy, policyDomain, appliedPolicy]).toEqual([...psl, ...Array(4 - psl.length)]);
  // §6.6.3: at most the author domain and its organizational domain are asked for.
  expect(dns.asked.length).toBeLessThanOrEqual(2);
});

test("the table is as long as it was meant to be", () => {
  expect(cases.length).toBeGreaterThanOrEqual(60);
});

test("RFC 9989 §5.3.1: without one author domain a permerror, and nothing is asked", async () => {
  const dns = memoryResolver({});
  const author = {
    kind: "problem",
    problem: "from-multiple-domains",
    domains: ["a.example", "b.example"],
  } as const;
  const result = await evaluateDmarc({ author, dkim: [dkimOf("pass a.example")], dns });
  expect(result).toEqual({
    method: "dmarc",
    result: "permerror",
    discovery: "treewalk",
    alignedDkim: [],
    alignedSpf: false,
    problem: "from-multiple-domains",
  });
  expect(dns.asked).toEqual([]);
});

test("an alias that leads nowhere exists: RFC 9989 Appendix A.4", async () => {
  const dns = memoryResolver({
    "_dmarc.example.com": [{ TXT: all }],
    "a.example.com": [{ CNAME: "gone.example.net" }],
  });
  expect(await discoverPolicy("a.example.com", { dns })).toMatchObject({ policy: "quarantine", tag: "sp" });
});

test("policy discovery starts before SPF and DKIM are known; each name is asked once", async () => {
  const dns = memoryResolver(zoneOf({ "example.com": reject }));
  const pending = startDmarc({ kind: "domain", domain: "example.com" }, { dns });
  expect(dns.asked).toEqual(["_dmarc.example.com TXT"]);
  expect(await pending.isAuthor("example.com")).toBe(true);
  expect(await pending.isAuthor("a.example.com")).toBe(true);
  expect(await pending.isAuthor("example.net")).toBe(false);
  await pending.finish({ dkim: [dkimOf("pass a.example.com")] });
  expect(dns.asked).toEqual(["_dmarc.example.com TXT", "_dmarc.com TXT", "_dmarc.a.example.com TXT"]);
});

test("whose a signature is stays open when DNS does not tell", async () => {
  const dns = memoryResolver(zoneOf({ "example.com": reject, com: "TIMEOUT" }));
  const pending = startDmarc({ kind: "domain", domain: "example.com" }, { dns });
  expect(await pending.isAuthor("a.example.com")).toBeUndefined();
});

const name = fc
  .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 10 })
  .map((labels) => labels.join("."));
const record = fc.constantFrom(
  reject,
  all,
  strict,
  "v=DMARC1; p=none; psd=y",
  "v=DMARC1; p=none; psd=n",
  "v=DMARC1",
  "x",
  "TIMEOUT",
);
const words = fc.constantFrom("pass", "fail", "temperror", "permerror", "neutral");

test("a pass needs an aligned pass, a fail has none, and walks stay short: RFC 9989 §5.3.5, §4.10", async () => {
  await fc.assert(
    fc.asyncProperty(
      name,
      fc.array(fc.tuple(name, record), { maxLength: 6 }),
      fc.option(fc.tuple(words, name)),
      fc.array(fc.tuple(words, name), { maxLength: 4 }),
      async (from, published, spf, dkim) => {
        const dns = memoryResolver(zoneOf(Object.fromEntries(published)));
        const result = await evaluateDmarc({
          author: { kind: "domain", domain: from },
          ...(spf && { spf: spfOf(spf.join(" ")) }),
          dkim: dkim.map((one) => dkimOf(one.join(" "))),
          dns,
        });
        const aligned = result.alignedSpf || result.alignedDkim.length > 0;
        expect(result.result === "pass").toBe(aligned);
        for (const domain of result.alignedDkim) expect(dkim).toContainEqual(["pass", domain]);
        if (result.alignedSpf) expect(spf?.[0]).toBe("pass");
        // The author domain, SPF and each signature: one walk each; two questions whether the author domain exists.
        expect(dns.asked.length).toBeLessThanOrEqual(8 * (2 + dkim.length) + 2);
        expect(new Set(dns.asked).size).toBe(dns.asked.length);
      },
    ),
    { numRuns: 500 },
  );
});
