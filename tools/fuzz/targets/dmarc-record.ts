import { parseDmarcRecord } from "../../../src/core/dmarc/parse-record.ts";
import type { FuzzTarget } from "../target.ts";

const seeds = [
  "v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com",
  "v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,mailto:tld-test@thirdparty.example.net!10m; t=y",
  "v = DMARC1 ;p = reject\t; sp=none;np=reject; adkim=s; aspf=r; psd=n; fo=1:d:s; pct=50; rf=afrf; ri=86400",
  "v=DMARC1;p=reject;ruf=https://a.example/x?y=z, mailto:a%2Cb%21c@example.com?subject=x;",
  "V=DMARC1; P=Reject; p=none; x-y=1; __proto__=2; constructor=3; =4; 5",
  "v=DMARC1",
  "v=spf1 include:example.com -all",
];

/** Reads any record. What it says must be clean, and the tags written out again must say the same. */
export const target: FuzzTarget = {
  name: "dmarc-record",
  seeds: seeds.map((text) => Buffer.from(text)),
  run(input) {
    const text = input.toString("latin1");
    const record = parseDmarcRecord(text);
    if (record === undefined) {
      if (/^v=DMARC1(;|$)/.test(text)) throw new Error("a record was not seen as one");
      return;
    }
    for (const { address, uri } of [...record.rua, ...record.ruf])
      if (/[\p{Cc}\s<>,]/u.test(uri) || /[\p{Cc}\s<>]/u.test(address ?? ""))
        throw new Error(`unclean: ${uri}`);
    if (record.p === undefined && !record.policyInvalid) throw new Error("no p, and yet valid");
    const { v: _version, ...tags } = record.tags;
    const written = Object.entries(tags).map(([name, value]) => `;${name}=${value}`);
    const again = parseDmarcRecord(`v=DMARC1${written.join("")}`);
    if (JSON.stringify(comparable(again)) !== JSON.stringify(comparable(record)))
      throw new Error("written out and read again it is another");
  },
};

function comparable(record: ReturnType<typeof parseDmarcRecord>): unknown {
  if (record === undefined) return undefined;
  const { tags, ...rest } = record;
  const { v: _version, ...others } = tags;
  return { rest, others };
}
