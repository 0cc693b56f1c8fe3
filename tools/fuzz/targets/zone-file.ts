import { canonicalName } from "../../../src/core/dns/name.ts";
import { zoneResolver } from "../../../src/core/dns/zone.ts";
import { parseZone } from "../../../src/core/dns/zone-parse.ts";
import type { FuzzTarget } from "../target.ts";

const zone = `$ORIGIN example.jp.
$TTL 1h
@ IN SOA ns1 hostmaster (
    2024010101 ; serial
    2h 30m 4w 5m )
  NS ns1
  300 IN MX 10 mail
ns1 A 192.0.2.1
  AAAA 2001:db8::1
_dmarc TXT "v=DMARC1; p=none"
*.w TXT wild
www CNAME @
child NS ns.child
`;

/** Zone files: no throw, canonical names, and every record is found by a resolver over the file alone. */
export const target: FuzzTarget = {
  name: "zone-file",
  seeds: [
    Buffer.from(zone),
    Buffer.from('example.jp TXT "v=spf1 include:_spf.example.net -all"\nexample.jp MX 10 mx.example.jp\n'),
    Buffer.from('s1._domainkey.example.jp. 300 IN TXT ( "v=DKIM1; k=rsa; "\r\n  "p=MIIB" "IjAN" ) ; key\r\n'),
    Buffer.from("_25._tcp.mail.example.jp. IN TLSA 3 1 1 (\n abcdef01\n 23456789 )\n"),
    Buffer.from("$INCLUDE other sub\na\\.b.jp TYPE16 \\# 4 03616263\nx.jp SRV 0 0 25 mx\n"),
    Buffer.from('a.jp TXT "\\"\\\\\\065\\255" unquoted\\; text\nl1.jp CNAME l2.jp\nl2.jp CNAME l1.jp\n'),
  ],
  async run(input) {
    const text = input.toString("utf8");
    let includes = 0;
    const parsed = parseZone(text, {
      include: () => (text.length < 2000 && includes++ < 8 ? text : undefined),
    });
    const dns = zoneResolver([parsed]);
    const lines = text.split("\n").length;
    for (const { line, problem } of parsed.errors)
      if (line < 1 || line > lines + 1 || JSON.stringify(problem).length > 750)
        throw new Error(`error at ${line}: ${problem.id}`);
    for (const { name, type, ttl } of parsed.records.slice(0, 50)) {
      const asked = name === "" ? "." : name;
      if (canonicalName(asked) !== name) throw new Error(`not canonical: ${name}`);
      const answer = await dns.query(asked, type);
      const found = answer.kind === "answer" ? answer.ttl <= ttl : isDelegated(answer);
      if (!found) throw new Error(`${name} ${type} is not found: ${JSON.stringify(answer)}`);
    }
  },
};

/** Glue below a delegation is not answered. */
function isDelegated(answer: { readonly kind: string; readonly reason?: string }): boolean {
  return answer.kind === "failure" && answer.reason === "offline";
}
