import { expect, test } from "vitest";
import { describeResults, formatResultsField } from "./authentication-results.ts";
import { parseAuthenticationResults } from "./message/authres-parse.ts";
import type { ArcResult, AuthResults, DkimResult, DmarcResult, SpfResult } from "./results.ts";

const spf: SpfResult = {
  method: "spf",
  result: "pass",
  identity: "mailfrom",
  domain: "example.jp",
  matched: "ip4:192.0.2.0/24",
  lookups: 1,
  voidLookups: 0,
  trace: [],
};
const dkim: DkimResult = {
  method: "dkim",
  result: "pass",
  domain: "example.jp",
  selector: "s1",
  identity: "@example.jp",
  algorithm: "rsa-sha256",
  keyBits: 2048,
  signer: "author",
  signaturePrefix: "oINEO8hg",
  fieldIndex: 0,
};
const dmarc: DmarcResult = {
  method: "dmarc",
  result: "pass",
  domain: "example.jp",
  policy: "reject",
  appliedPolicy: "quarantine",
  discovery: "treewalk",
  alignedDkim: ["example.jp"],
  alignedSpf: true,
};
const arc: ArcResult = {
  method: "arc",
  result: "pass",
  instances: 2,
  sealers: ["b.example", "a.example"],
  oldestPass: 0,
  sets: [],
};
const { oldestPass: _, ...withoutPass } = arc;
const all: AuthResults = {
  iprev: { method: "iprev", result: "pass", ip: "192.0.2.25", name: "mail.example.jp" },
  spf,
  spfHelo: { ...spf, identity: "helo", domain: "mail.example.jp", result: "none" },
  dkim: [dkim],
  dmarc,
  dns: [],
};

/** Lines after the authserv-id, folds undone. */
function statements(results: AuthResults): string[] {
  const [, ...rest] = formatResultsField("mx.example.jp", results)
    .replaceAll(/\n {5,}/g, " ")
    .split(/;?\n {4}/);
  return rest;
}

const tables: readonly {
  readonly name: string;
  readonly results: AuthResults;
  readonly is: readonly string[];
}[] = [
  {
    name: "RFC 8601 §2.7: everything passes",
    results: all,
    is: [
      "iprev=pass policy.iprev=192.0.2.25",
      "spf=pass smtp.mailfrom=example.jp",
      "dkim=pass header.d=example.jp header.s=s1 header.a=rsa-sha256 header.i=@example.jp header.b=oINEO8hg",
      "dmarc=pass header.from=example.jp policy.dmarc=quarantine",
    ],
  },
  {
    name: "RFC 8617 §6: a chain that passes, from a known client",
    results: { ...all, arc },
    is: [
      "iprev=pass policy.iprev=192.0.2.25",
      "spf=pass smtp.mailfrom=example.jp",
      "dkim=pass header.d=example.jp header.s=s1 header.a=rsa-sha256 header.i=@example.jp header.b=oINEO8hg",
      "arc=pass smtp.remote-ip=192.0.2.25 header.oldest-pass=0",
      "dmarc=pass header.from=example.jp policy.dmarc=quarantine",
    ],
  },
  {
    name: "RFC 8617 §6: a chain that fails, from nobody knows where",
    results: { dkim: [], arc: { ...withoutPass, result: "fail", problem: "seal" }, dmarc, dns: [] },
    is: ["dkim=none", 'arc=fail reason="seal"', "dmarc=pass header.from=example.jp policy.dmarc=quarantine"],
  },
  {
    name: "RFC 8617 §4.4: no chain is not worth a word",
    results: { dkim: [], arc: { ...withoutPass, result: "none" }, dmarc, dns: [] },
    is: ["dkim=none", "dmarc=pass header.from=example.jp policy.dmarc=quarantine"],
  },
  {
    name: "the client is not known: no iprev, no spf; no signature; no record",
    results: {
      dkim: [],
      dmarc: {
        method: "dmarc",
        result: "none",
        domain: "example.jp",
        problem: "no-record",
        discovery: "treewalk",
        alignedDkim: [],
        alignedSpf: false,
      },
      dns: [],
    },
    is: ["dkim=none", "dmarc=none header.from=example.jp"],
  },
  {
    name: "RFC 7208 §2.4: the null sender is judged by HELO, once",
    results: {
      ...all,
      spf: { ...spf, identity: "helo", domain: "mail.example.jp", result: "softfail" },
      spfHelo: { ...spf, identity: "helo", domain: "mail.example.jp", result: "softfail" },
      dkim: [],
    },
    is: [
      "iprev=pass policy.iprev=192.0.2.25",
      "spf=softfail smtp.helo=mail.example.jp",
      "dkim=none",
      "dmarc=pass header.from=example.jp policy.dmarc=quarantine",
    ],
  },
  {
    name: "RFC 8601 §4: HELO has a statement of its own when it says something",
    results: {
      ...all,
      spfHelo: { ...spf, identity: "helo", domain: "mail.example.jp", result: "fail" },
      dkim: [],
    },
    is: [
      "iprev=pass policy.iprev=192.0.2.25",
      "spf=pass smtp.mailfrom=example.jp",
      "spf=fail smtp.helo=mail.example.jp",
      "dkim=none",
      "dmarc=pass header.from=example.jp policy.dmarc=quarantine",
    ],
  },
  {
    name: "problems are reasons",
    results: {
      iprev: { method: "iprev", result: "permerror", ip: "2001:db8::1", problem: "no-ptr" },
      spf: { ...spf, result: "permerror", problem: "void-lookup-limit" },
      dkim: [{ ...dkim, result: "fail", problem: "body-hash-mismatch" }],
      dmarc: { ...dmarc, result: "permerror", problem: "from-multiple-domains", domain: "a.example" },
      dns: [],
    },
    is: [
      'iprev=permerror reason="no-ptr" policy.iprev="2001:db8::1"',
      'spf=permerror reason="void-lookup-limit" smtp.mailfrom=example.jp',
      'dkim=fail reason="body-hash-mismatch" header.d=example.jp header.s=s1 header.a=rsa-sha256 header.i=@example.jp header.b=oINEO8hg',
      'dmarc=permerror reason="from-multiple-domains" header.from=a.example policy.dmarc=quarantine',
    ],
  },
  {
    name: "what a sender wrote and cannot be repeated safely is left out",
    results: {
      spf: { ...spf, domain: 'x"; dkim=pass', result: "none" },
      dkim: [
        {
          ...dkim,
          result: "permerror",
          problem: "signature-syntax",
          domain: "",
          selector: 's"1',
          algorithm: "rsa sha",
          identity: '"a;b"@example.jp',
          signaturePrefix: "a b\r\n",
        },
      ],
      dmarc: {
        method: "dmarc",
        result: "permerror",
        problem: "from-missing",
        discovery: "psl",
        alignedDkim: [],
        alignedSpf: false,
      },
      dns: [],
    },
    is: ["spf=none", 'dkim=permerror reason="signature-syntax"', 'dmarc=permerror reason="from-missing"'],
  },
  {
    name: "U-labels become A-labels; an address literal stays",
    results: {
      spf: { ...spf, identity: "helo", domain: "[192.0.2.1]", result: "none" },
      dkim: [{ ...dkim, domain: "例え.example", identity: "taro@例え.example" }],
      dmarc: { ...dmarc, domain: "例え.example" },
      dns: [],
    },
    is: [
      'spf=none smtp.helo="[192.0.2.1]"',
      "dkim=pass header.d=xn--r8jz45g.example header.s=s1 header.a=rsa-sha256 header.i=taro@xn--r8jz45g.example header.b=oINEO8hg",
      "dmarc=pass header.from=xn--r8jz45g.example policy.dmarc=quarantine",
    ],
  },
];
test.each(tables)("$name", ({ results, is }) => {
  expect(statements(results)).toEqual(is);
});

test.each([
  { name: "eight characters are enough", b: ["oINEO8hgAAAA", "EToRSuvUBBBB"], is: ["oINEO8hg", "EToRSuvU"] },
  {
    name: "as many as tell them apart",
    b: ["oINEO8hgAB", "oINEO8hgAC", "EToRSuvUBB"],
    is: ["oINEO8hgAB", "oINEO8hgAC", "EToRSuvU"],
  },
  { name: "one the beginning of the other", b: ["oINEO8hgA", "oINEO8hgAC"], is: ["oINEO8hgA", "oINEO8hgAC"] },
  { name: "the same twice", b: ["oINEO8hgA", "oINEO8hgA"], is: ["oINEO8hgA", "oINEO8hgA"] },
  { name: "shorter than eight: all of it", b: ["oINE", undefined], is: ["oINE", undefined] },
])("RFC 6008 §4 header.b: $name", ({ b, is }) => {
  const signatures = b.map((text) => {
    const { signaturePrefix: _, ...rest } = dkim;
    return text === undefined ? rest : { ...rest, signaturePrefix: text };
  });
  const described = describeResults({ ...all, dkim: signatures }).filter(({ method }) => method === "dkim");
  expect(
    described.map(({ properties }) => properties.find(({ property }) => property === "b")?.value),
  ).toEqual(is);
});

test("a thousand signatures do not make a thousand statements", () => {
  const described = describeResults({ ...all, dkim: Array.from({ length: 1000 }, () => dkim) });
  expect(described).toHaveLength(2 + 32 + 1);
  expect(described.at(-1)?.method).toBe("dmarc");
});

test("the field is folded, and reads back as it was described", () => {
  const field = formatResultsField("mx.example.jp", all);
  for (const line of field.split("\n")) expect(line.length).toBeLessThanOrEqual(78);
  expect(parseAuthenticationResults(field)).toEqual({
    kind: "parsed",
    authservId: "mx.example.jp",
    results: describeResults(all),
    defects: [],
  });
});
