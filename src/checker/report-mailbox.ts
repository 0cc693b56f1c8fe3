import type { DnsResolver } from "../core/dns/resolver.ts";
import { parseTlsrptRecord } from "../core/tlsrpt/parse-record.ts";
import { hostOf } from "./dmarc-reports.ts";
import { intendedRecord, reportEntries } from "./dmarc-text.ts";
import { txtAt } from "./txt.ts";

/** Whether the domain's own DMARC or TLS-RPT record has reports sent to addresses at the domain. Never rejects. */
export async function getsReports(dns: DnsResolver, domain: string): Promise<boolean> {
  const [dmarc, tls] = await Promise.all([
    txtAt(dns, `_dmarc.${domain}`),
    txtAt(dns, `_smtp._tls.${domain}`),
  ]);
  const ofDmarc = dmarc.records
    .flatMap(({ text }) => intendedRecord(text).tags)
    .filter(({ name }) => name === "rua" || name === "ruf")
    .flatMap(({ value }) => reportEntries(value))
    .map(hostOf);
  const ofTls = tls.records.flatMap(({ text }) => {
    const read = parseTlsrptRecord(text);
    return read === undefined || read.problem !== undefined ? [] : read.rua;
  });
  const tlsHosts = ofTls.flatMap((one) => (one.scheme === "mailto" ? [one.host] : []));
  return [...ofDmarc, ...tlsHosts].includes(domain);
}
