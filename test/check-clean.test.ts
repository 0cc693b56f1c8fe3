import { describe, expect, test } from "vitest";
import { checkZone } from "./check-zones.ts";
import { rsaTestKey } from "./dkim-test-keys.ts";

const text = `v=DKIM1; k=rsa; p=${rsaTestKey(2048).publicText}`;
const digest = "0123456789abcdef".repeat(4);
const hosts = `mx1.example.jp. A 192.0.2.1
mx1.example.jp. AAAA 2001:db8::1
mx1.example.jp. TXT "v=spf1 a -all"
mx2.example.jp. A 198.51.100.1
mx2.example.jp. AAAA 2001:db8:1::1
mx2.example.jp. TXT "v=spf1 a -all"
_25._tcp.mx1.example.jp. TLSA 3 1 1 ${digest}
_25._tcp.mx2.example.jp. TLSA 3 1 1 ${digest}
example.jp. MX 10 mx1.example.jp.
example.jp. MX 20 mx2.example.jp.
_mta-sts.example.jp. TXT "v=STSv1; id=20260101000000Z;"
_smtp._tls.example.jp. TXT "v=TLSRPTv1; rua=mailto:tls@example.jp"`;
const sender = `${hosts}
example.jp. TXT "v=spf1 ip4:192.0.2.1 ip4:198.51.100.1 ip6:2001:db8::1 ip6:2001:db8:1::1 ~all"
1.2.0.192.in-addr.arpa. PTR mx1.example.jp.
s1._domainkey.example.jp. TXT "${text.slice(0, 250)}" "${text.slice(250)}"
_dmarc.example.jp. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp"
default._bimi.example.jp. TXT "v=BIMI1; l=https://example.jp/logo.svg; a=https://example.jp/mark.pem"`;
const parked = `example.jp. MX 0 .
example.jp. TXT "v=spf1 -all"
_dmarc.example.jp. TXT "v=DMARC1; p=reject"
*._domainkey.example.jp. TXT "v=DKIM1; p="`;
const receiver = `${hosts}
example.jp. TXT "v=spf1 -all"
_dmarc.example.jp. TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.jp"`;

describe("a domain that does everything right has nothing above notice", () => {
  test.each([
    ["sender", sender, ["--selector", "s1", "--client", "192.0.2.1"]],
    ["sender by its selectors in the file alone", sender, []],
    ["new", sender, ["--profile", "new", "--selector", "s1"]],
    ["parked", parked, []],
    ["receiver", receiver, []],
  ])("%s", async (_, zone, args) => {
    const { findings, code } = await checkZone(zone, { args });
    expect(findings.filter(({ severity }) => severity === "error" || severity === "warning")).toEqual([]);
    expect(code).toBe(0);
  });

  test("the pattern of a parked domain is one verdict", async () => {
    const { facts } = await checkZone(parked);
    expect(facts["parked"]).toEqual({ spf: true, dmarc: true, nullMx: true, noDkim: true, complete: true });
    const without = await checkZone(parked.replace("p=reject", "p=none"));
    expect(without.facts["parked"]).toMatchObject({ dmarc: false, complete: false });
  });
});
