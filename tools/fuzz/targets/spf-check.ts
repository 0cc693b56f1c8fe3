import { checkSpf } from "../../../src/checker/spf/check-spf.ts";
import { changedDns } from "../../../src/checker/try-change.ts";
import { memoryResolver } from "../../../src/core/dns/memory.ts";
import type { DnsResolver } from "../../../src/core/dns/resolver.ts";
import type { Finding } from "../../../src/findings/finding.ts";
import { writeFinding } from "../../../src/findings/table.ts";
import { spfContext } from "../../../test/spf-context.ts";
import type { FuzzTarget } from "../target.ts";

// The strings of the domain's TXT record with "|" between, a second record, and the record of an included name.
const seeds = [
  "v=spf1 a:v4.example.jp a:v6.example.jp |a:dual.example.jp -all\n\nv=spf1 -all",
  "v=spf1 ip4:192.0.2.10/24 ~all\nv=spf1 ip6:2001:db8::/32 ~all\nv=spf1 +all",
  "v=spf1 ip4: 192.0.2.1 inlcude:s.example.net; mx ?all\n v=spf1 a\nv=spf1 redirect=example.jp",
  "v=spf1 include:s.example.net|include:s.example.net -all ip4:192.0.2.9\nspf2.0/pra -all\nv=spf1 include:none.example.net",
  "v=spf1 redirect=s.example.net exp=why.%{d} a:v4.examplejp exists:%{ir}.%{d}\n\nv=spf1 mx:dual.example.jp//64 -ptr",
];
const maxRecordOctets = 1200;

/** Checks any SPF records: every change that is printed has to mend what it is printed for. */
export const target: FuzzTarget = {
  name: "spf-check",
  seeds: seeds.map((text) => Buffer.from(text)),
  async run(input) {
    const [own = "", second = "", included = ""] = input
      .subarray(0, maxRecordOctets)
      .toString("latin1")
      .split("\n", 3);
    const dns = memoryResolver({
      "example.jp": [{ TXT: own.split("|") }, ...(second === "" ? [] : [{ TXT: second }])],
      "s.example.net": [{ TXT: included }],
      "v4.example.jp": [{ A: "192.0.2.1" }],
      "v6.example.jp": [{ AAAA: "2001:db8::1" }],
      "dual.example.jp": [{ A: "192.0.2.2" }, { AAAA: "2001:db8::2" }, { MX: [10, "v4.example.jp"] }],
    });
    const findings = await check(dns);
    for (const change of new Set(findings.map((one) => one.change)))
      if (change !== undefined) await tryOut(findings, change, dns);
  },
};

async function check(dns: DnsResolver): Promise<readonly Finding[]> {
  const { findings, facts } = await checkSpf(spfContext(dns));
  for (const one of findings) for (const lang of ["en", "ja"] as const) writeFinding(one, lang);
  JSON.stringify(facts);
  return findings;
}

async function tryOut(
  findings: readonly Finding[],
  change: NonNullable<Finding["change"]>,
  dns: DnsResolver,
): Promise<void> {
  const left = new Set((await check(changedDns(dns, change))).map(({ id, subject }) => `${id} ${subject}`));
  for (const one of findings)
    if (one.change === change && left.has(`${one.id} ${one.subject}`))
      throw new Error(`${one.id} is still there after ${JSON.stringify(change)}`);
}
