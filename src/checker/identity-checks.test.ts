import { createPublicKey } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkContext } from "../../test/check-context.ts";
import { rsaTestKey } from "../../test/dkim-test-keys.ts";
import { memoryResolver } from "../core/dns/memory.ts";
import type { DnsAnswer, DnsRecordOf, DnsResolver, DnsType } from "../core/dns/resolver.ts";
import { zoneResolver } from "../core/dns/zone.ts";
import { parseZone } from "../core/dns/zone-parse.ts";
import { parseHead } from "../core/message/message.ts";
import { writeFinding } from "../findings/table.ts";
import { checkArc } from "./arc.ts";
import { checkBimi } from "./bimi.ts";
import type { Check, OwnKey } from "./context.ts";
import { checkDane } from "./dane.ts";
import { checkDkim } from "./dkim.ts";
import { checkDmarc } from "./dmarc.ts";
import { checkMtaSts } from "./mta-sts.ts";
import { checkParked } from "./parked.ts";
import { gatherSelectors } from "./selectors.ts";
import { checkTlsRpt } from "./tls-rpt.ts";

const checks: readonly (readonly [name: string, check: Check])[] = [
  ["dkim", checkDkim],
  ["dmarc", checkDmarc],
  ["arc", checkArc],
  ["bimi", checkBimi],
  ["sts", checkMtaSts],
  ["rpt", checkTlsRpt],
  ["dane", checkDane],
  ["parked", checkParked],
];
const profiles = ["sender", "parked", "receiver", "new"] as const;
const rsa = rsaTestKey(2048);
const ownKey: OwnKey = {
  domain: "example.jp",
  selector: "s1",
  file: "/etc/sekisho/keys/s1.pem",
  publicKey: createPublicKey(rsa.privateKey),
  seals: false,
};

/** Names at which the checks look, with hostile texts at each. */
const names = [
  "example.jp",
  "_dmarc.example.jp",
  "s1._domainkey.example.jp",
  "default._bimi.example.jp",
  "_mta-sts.example.jp",
  "_smtp._tls.example.jp",
  "*.example.jp",
  "_report._dmarc.example.jp",
];
const begins = ["v=DMARC1; ", "v=DKIM1; p=", "v=BIMI1; l=", "v=STSv1; ", "v=TLSRPTv1; rua=", "", "v=spf1 "];
const txt = fc
  .record({ begin: fc.constantFrom(...begins), rest: fc.string({ unit: "binary", maxLength: 80 }) })
  .map(({ begin, rest }) => `${begin}${rest}`);

/** Answers TXT from the records, and MX with a host that has an address; fails for some names. */
function hostile(
  records: Readonly<Record<string, readonly string[]>>,
  failing: readonly string[],
): DnsResolver {
  return {
    query<T extends DnsType>(name: string, type: T): Promise<DnsAnswer<DnsRecordOf[T]>> {
      if (failing.includes(name)) return Promise.resolve({ kind: "failure", reason: "servfail" });
      const texts = type === "TXT" ? (records[name] ?? records["*.example.jp"] ?? []) : [];
      const found = texts.map((text) => ({ strings: [text], text }));
      return Promise.resolve(
        found.length === 0
          ? { kind: "nodata", authentic: false }
          : {
              kind: "answer",
              records: found as unknown as readonly DnsRecordOf[T][],
              ttl: 1,
              authentic: false,
            },
      );
    },
  };
}

test("hostile texts at every name: no check rejects, and every finding can be told in both languages", async () => {
  const zone = fc.dictionary(fc.constantFrom(...names), fc.array(txt, { minLength: 1, maxLength: 3 }));
  await fc.assert(
    fc.asyncProperty(
      zone,
      fc.subarray(names),
      fc.constantFrom(...profiles),
      async (records, failing, profile) => {
        const context = checkContext("", {
          dns: hostile(records, failing),
          profile,
          ownKeys: [ownKey, { ...ownKey, seals: true }],
          selectors: [{ selector: "s1", from: "option" }],
          publicSuffix: (domain) => domain.slice(domain.lastIndexOf(".") + 1),
        });
        for (const [, check] of checks) {
          const report = await check(context);
          expect(JSON.parse(JSON.stringify(report.facts))).toEqual(report.facts);
          for (const found of report.findings)
            for (const lang of ["en", "ja"] as const) {
              const { text, fix } = writeFinding(found, lang);
              expect(text.length).toBeLessThan(1000);
              expect(`${text}${fix}`).not.toMatch(/\[object|NaN/);
            }
        }
      },
    ),
    { numRuns: 60 },
  );
});

test.each(checks)("%s: when DNS fails throughout there is nothing to tell", async (_, check) => {
  const dns: DnsResolver = { query: () => Promise.resolve({ kind: "failure", reason: "timeout" }) };
  for (const profile of profiles) {
    const { findings } = await check(checkContext("", { dns, profile }));
    expect(findings).toEqual([]);
  }
});

describe("DKIM", () => {
  test("RFC 6376 §3.1: by the age of the key file where the selector has no date", async () => {
    const record = `s1._domainkey.example.jp. TXT "v=DKIM1; p=${rsa.publicText.slice(0, 200)}" "${rsa.publicText.slice(200)}"`;
    const madeAt = Date.parse("2025-09-01T00:00:00Z");
    const { findings } = await checkDkim(checkContext(record, { ownKeys: [{ ...ownKey, madeAt }] }));
    expect(findings).toMatchObject([
      { id: "dkim.rotation-age", severity: "notice", params: { months: 13, by: "key-file" } },
    ]);
  });

  test("RFC 8020: below a name that does not exist nothing is guessed at", async () => {
    const dns = memoryResolver({ "example.jp": [{ MX: [10, "mx.example.jp"] }] });
    const selectors = ["a", "b", "c"].map((selector) => ({ selector, from: "guess" as const }));
    const { findings } = await checkDkim(checkContext("", { dns, selectors }));
    expect(findings).toMatchObject([{ id: "dkim.unknown-selector", params: { tried: 3 } }]);
    expect(dns.asked.filter((question) => /^[abc]\._domainkey/.test(question))).toEqual([]);
  });

  test("a selector that only old mail had is told softly", async () => {
    const selectors = [{ selector: "old", from: "records" as const }];
    const { findings } = await checkDkim(checkContext('example.jp. TXT "v=spf1 -all"', { selectors }));
    expect(findings).toMatchObject([{ id: "dkim.no-key", severity: "notice" }]);
  });

  test("what a wildcard answers is no key that was guessed", async () => {
    const selectors = [{ selector: "default", from: "guess" as const }];
    const zone =
      '*.example.jp. TXT "v=spf1 -all"\n_domainkey.example.jp. TXT "x"\n*._domainkey.example.jp. TXT "y"';
    const { findings } = await checkDkim(checkContext(zone, { selectors }));
    expect(findings.map(({ id }) => id)).toEqual(["dkim.unknown-selector"]);
  });
});

test("a key of live DNS that the zone files take away is told", async () => {
  const key = `TXT "v=DKIM1; k=ed25519; p=${"A".repeat(43)}="`;
  const zoneText = "example.jp. SOA a. b. 1 2 3 4 5\nexample.jp. MX 10 mx.example.jp.";
  const live = zoneResolver([
    parseZone(
      `${zoneText}\ngoogle._domainkey.example.jp. ${key}\nx._domainkey.example.jp. TXT "v=DKIM1; p="`,
    ),
  ]);
  const zone = parseZone(zoneText);
  const zones = [{ file: "z", zone, text: zoneText, included: [] }];
  const selectors = gatherSelectors("example.jp", [], zones);
  const context = checkContext("", { live, zones, selectors, dns: zoneResolver([zone]) });
  const told = async (changed: typeof context): Promise<unknown> =>
    (await checkDkim(changed)).findings
      .filter(({ id }) => id === "dkim.no-key")
      .map(({ severity, params }) => ({ severity, ...params }));
  const name = "google._domainkey.example.jp";
  expect(await told(context)).toEqual([{ severity: "notice", name, selector: "google", from: "live" }]);
  expect(await told({ ...context, dns: live })).toEqual([]);
  expect(await told({ ...context, zones: [] })).toEqual([]);
});

// What is in use already was not put in the place of another.
test.each([
  ["the key asked for is the one that goes", ["s1", "s2"], []],
  ["the other key stands there as before", ["s2"], []],
  ["the key is new", [], ["dkim.other-selector"]],
])("a key record beside a missing one: %s", async (_, published, expected) => {
  const line = (selector: string): string =>
    `${selector}._domainkey.example.jp. TXT "v=DKIM1; k=ed25519; p=6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw="\n`;
  const zoneText = `example.jp. SOA a. b. 1 2 3 4 5\n${line("s2")}`;
  const zone = parseZone(zoneText);
  const zones = [{ file: "z", zone, text: zoneText, included: [] }];
  const live = zoneResolver([parseZone(`example.jp. SOA a. b. 1 2 3 4 5\n${published.map(line).join("")}`)]);
  const selectors = gatherSelectors("example.jp", [{ selector: "s1", from: "option" }], zones);
  const context = checkContext("", { live, zones, selectors, dns: zoneResolver([zone]) });
  const ids = (await checkDkim(context)).findings.map(({ id }) => id);
  expect(ids).toContain("dkim.no-key");
  expect(ids.filter((id) => id === "dkim.other-selector")).toEqual(expected);
});

describe("MTA-STS", () => {
  const zone = "example.jp. MX 10 mx.example.jp.\nmx.example.jp. A 192.0.2.1";

  test("RFC 8461 §8.3: a zone file takes the record away at once", async () => {
    const live = zoneResolver([parseZone(`${zone}\n_mta-sts.example.jp. TXT "v=STSv1; id=1;"`)]);
    const { findings } = await checkMtaSts(checkContext(zone, { live }));
    expect(findings).toMatchObject([
      { id: "sts.remove-order", severity: "error", params: { why: "removed" } },
    ]);
  });

  test("a wildcard is no host of a policy", async () => {
    const { findings } = await checkMtaSts(checkContext(`${zone}\n*.example.jp. A 192.0.2.1`));
    expect(findings.map(({ id }) => id)).toEqual(["sts.absent"]);
  });
});

describe("DMARC", () => {
  test("RFC 9989 §4.10: what a registry publishes is not the owner's record", async () => {
    const zone =
      '_dmarc.jp. TXT "v=DMARC1; p=reject; psd=y"\nexample.jp. MX 10 mx.example.jp.\nmx.example.jp. A 192.0.2.1';
    const { findings } = await checkDmarc(checkContext(zone));
    expect(findings.map(({ id }) => id)).toEqual(["dmarc.missing"]);
  });

  test("a record behind an alias is told without a change, since the zone is somebody else's", async () => {
    const zone =
      '_dmarc.example.jp. CNAME example.jp.dmarc.desk.jp.\nexample.jp.dmarc.desk.jp. TXT "v=DMARC1; p=reject; t=y"';
    const { findings } = await checkDmarc(checkContext(zone));
    expect(findings.map(({ id }) => id)).toEqual(["dmarc.t-y", "dmarc.rua-missing"]);
    expect(findings.every(({ change }) => change === undefined)).toBe(true);
  });

  test.each([
    ["new", "v=DMARC1; p=none", ["dmarc.new-weaker"]],
    ["new", "v=DMARC1; p=reject; sp=quarantine", ["dmarc.sp-weaker", "dmarc.np-absent"]],
    ["parked", "v=DMARC1; p=none", []],
    ["sender", "v=DMARC1; p=none", ["dmarc.np-absent"]],
  ] as const)("p=reject, where the profile asks for it, is enough: %s, %s", async (profile, record, ids) => {
    const zone = `_dmarc.example.jp. TXT "${record}; rua=mailto:a@example.jp"\nexample.jp. MX 0 mx.example.jp.`;
    const { findings } = await checkDmarc(checkContext(zone, { profile }));
    expect(findings.map(({ id }) => id)).toEqual(ids);
  });

  test("a host that does not exist is not asked to authorise anything", async () => {
    const zone = '_dmarc.example.jp. TXT "v=DMARC1; p=reject; np=reject; rua=mailto:a@gone.desk.jp"';
    const { findings } = await checkDmarc(checkContext(zone));
    expect(findings.map(({ id }) => id)).toEqual(["dmarc.rua-no-mx"]);
  });

  test("a change that would bring up something worse is not told", async () => {
    // The host takes reports about example.jp, but not about its subdomain.
    const zone = `sub.example.jp. MX 10 mx.example.jp.
mx.example.jp. A 192.0.2.1
_dmarc.example.jp. TXT "v=DMARC1; p=reject; rua=mailto:a@desk.jp"
desk.jp. MX 10 mx.example.jp.
example.jp._report._dmarc.desk.jp. TXT "v=DMARC1"`;
    const { findings } = await checkDmarc(checkContext(zone, { domain: "sub.example.jp" }));
    expect(findings).toEqual([]);
  });

  test("the lint of a record that receivers ignore is told with it", async () => {
    const { findings } = await checkDmarc(checkContext('_dmarc.example.jp. TXT "v=dmarc1; p=none; t=y"'));
    expect(findings.map(({ id }) => id).toSorted()).toEqual([
      "dmarc.np-absent",
      "dmarc.rua-missing",
      "dmarc.t-y",
      "dmarc.version",
    ]);
  });
});

describe("ARC", () => {
  test("RFC 8617 §5.2: a message without a chain has nothing to fail", async () => {
    const octets = Buffer.from("From: a@example.jp\r\n\r\nx\r\n");
    const message = { file: "m.eml", octets, head: parseHead(octets) };
    expect((await checkArc(checkContext("", { message }))).findings).toEqual([]);
  });

  test.each(["", "\r\n", "ARC-Seal: i=1\r\n\r\n"])("the message %j is read without a throw", async (text) => {
    const octets = Buffer.from(text);
    const message = { file: "m.eml", octets, head: parseHead(octets) };
    const { findings } = await checkArc(checkContext("", { message }));
    expect(findings.length).toBeLessThanOrEqual(1);
  });
});
