import { formatTlsa, tlsaUse } from "../core/dane/tlsa.ts";
import type { DnsAnswer, DnsResolver, DnsType, TlsaRecord } from "../core/dns/resolver.ts";
import { isWithin } from "../core/domain-name.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { Check, CheckContext, SubjectReport } from "./context.ts";
import { type Receivers, receiversOf } from "./receives-mail.ts";
import { addRecord, removeRecord } from "./record-change.ts";
import { withTriedChanges } from "./try-change.ts";

/** TLSA records of the hosts that take mail, and whether DNSSEC lets them count: RFC 7672 §2, §3.1. */
export const checkDane: Check = withTriedChanges(findDane);

/** What DNSSEC says of an answer; "unknown" where the resolver is not seen to validate, or there is none. */
type Security = "secure" | "insecure" | "unknown";

interface DaneHost {
  readonly host: string;
  readonly name: string;
  readonly answer: DnsAnswer<TlsaRecord>;
  readonly records: readonly TlsaRecord[];
  readonly address: Security;
  readonly tlsa: Security;
}

async function findDane(context: CheckContext): Promise<SubjectReport> {
  const { domain, dns } = context;
  const receivers = await receiversOf(dns, domain);
  if (receivers.hosts.length === 0) return { findings: [], facts: {}, skipped: "no-mail" };
  const validates = await isValidating(context.live);
  const hosts = await Promise.all(receivers.hosts.map((host) => daneHost(context, host, validates)));
  const mx = await securityOf(context, validates, domain, "MX");
  return {
    findings: [
      ...hosts.flatMap((host) => [...bogusFindings(host), ...recordFindings(host)]),
      ...insecureFindings(domain, hosts, mx),
      // Without MX it is open whether the address of the domain takes mail at all.
      ...(receivers.kind === "mx" ? coverageFindings(context, hosts) : []),
      ...(await strayFindings(context, receivers)),
    ],
    facts: {
      hosts: hosts.map(({ host, records, address, tlsa }) => ({
        host,
        records: records.map(shownRecord),
        address,
        tlsa,
      })),
      mx,
      validating: validates,
    },
  };
}

/** The root is signed: a resolver that does not say so of it says it of nothing. */
async function isValidating(live: DnsResolver | undefined): Promise<boolean> {
  if (live === undefined) return false;
  const answer = await live.query(".", "SOA");
  return answer.kind !== "failure" && answer.authentic;
}

async function daneHost(context: CheckContext, host: string, validates: boolean): Promise<DaneHost> {
  const name = `_25._tcp.${host}`;
  const answer = await context.dns.query(name, "TLSA");
  const [v4, v6, tlsa] = await Promise.all([
    securityOf(context, validates, host, "A"),
    securityOf(context, validates, host, "AAAA"),
    securityOf(context, validates, name, "TLSA"),
  ]);
  return {
    host,
    name,
    answer,
    records: answer.kind === "answer" ? answer.records : [],
    // RFC 7672 §2.2.2: that of the first answer that there is; a zone signs both or none.
    address: v4 === "unknown" ? v6 : v4,
    tlsa,
  };
}

/** By live DNS: answers in which a zone file had a part are never authentic. */
async function securityOf(
  { live }: CheckContext,
  validates: boolean,
  name: string,
  type: DnsType,
): Promise<Security> {
  if (live === undefined || !validates) return "unknown";
  const answer = await live.query(name, type);
  if (answer.kind === "failure") return "unknown";
  return answer.authentic ? "secure" : "insecure";
}

/** RFC 7672 §2.1.2: a failed lookup makes the host unreachable; where the host is not signed none is made (§2.2.2). */
function bogusFindings({ host, name, answer, address }: DaneHost): Finding[] {
  if (answer.kind !== "failure" || answer.reason === "offline" || answer.reason === "bad-name") return [];
  const signed = address === "secure";
  const found = finding("dane.bogus", host, { host, name: `${name} TLSA`, reason: answer.reason, signed });
  return [signed ? found : { ...found, severity: "warning" }];
}

function insecureFindings(domain: string, hosts: readonly DaneHost[], mx: Security): Finding[] {
  const found: Finding[] = [];
  for (const { host, records, address, tlsa } of hosts) {
    if (records.length === 0) continue;
    if (address === "insecure" || tlsa === "insecure") {
      const what = address === "insecure" ? "address" : "tlsa";
      found.push(finding("dane.insecure", host, { domain, host, what }));
    } else if (mx === "insecure") {
      // RFC 7672 §2.2.1: senders may use the records of hosts even so.
      const one = finding("dane.insecure", host, { domain, host, what: "mx" });
      found.push({ ...one, severity: "warning" });
    }
  }
  return found;
}

const maxShownDigits = 16;

function shownRecord(record: TlsaRecord): string {
  const text = formatTlsa(record);
  const end = text.lastIndexOf(" ") + 1 + maxShownDigits;
  return text.length > end ? `${text.slice(0, end)}…` : text;
}

const maxRecords = 20;

function recordFindings({ host, name, records }: DaneHost): Finding[] {
  const found: Finding[] = [];
  const pkix = records.filter((record) => problemOf(record) === "pkix-usage");
  for (const record of records.slice(0, maxRecords)) {
    const fault = problemOf(record);
    if (fault !== undefined && fault !== "pkix-usage")
      found.push(finding("dane.malformed", name, { host, record: shownRecord(record), fault }));
    // RFC 7671 §5.1: 3 1 1 "need not change across certificate renewals with the same key".
    if (fault === undefined && record.usage === 3 && record.selector === 0)
      found.push(finding("dane.3-0-x", name, { host, record: shownRecord(record) }));
  }
  if (pkix.length === 0) return found;
  const others = records.some((record) => tlsaUse(record).usable);
  const params = { host, records: pkix.slice(0, maxRecords).map(shownRecord), others };
  const one = finding("dane.usage-0-1", name, params);
  return [...found, withUsage3(one, name, pkix)];
}

function problemOf(
  record: TlsaRecord,
): Exclude<ReturnType<typeof tlsaUse>, { usable: true }>["problem"] | undefined {
  const use = tlsaUse(record);
  return use.usable ? undefined : use.problem;
}

/** PKIX-EE(1) and DANE-EE(3) match the same certificate, so that such a record stays true; PKIX-TA(0) may not. */
function withUsage3(found: Finding, name: string, pkix: readonly TlsaRecord[]): Finding {
  if (!pkix.every(({ usage, selector }) => usage === 1 && selector === 1)) return found;
  const change = pkix.flatMap((record) => [
    removeRecord(name, "TLSA", formatTlsa(record)),
    addRecord(name, "TLSA", formatTlsa({ ...record, usage: 3 })),
  ]);
  return { ...found, change };
}

function coverageFindings({ domain, profile }: CheckContext, hosts: readonly DaneHost[]): Finding[] {
  if (hosts.some(({ answer }) => answer.kind === "failure")) return [];
  const names = (some: readonly DaneHost[]): readonly string[] => some.map(({ host }) => host);
  const covered = names(hosts.filter(({ records }) => records.length > 0));
  const open = names(hosts.filter(({ records }) => records.length === 0));
  if (open.length === 0) return [];
  if (covered.length > 0)
    return [finding("dane.partial-mx", domain, { domain, with: covered, without: open })];
  if (profile === "parked") return [];
  const found = finding("dane.none", domain, { domain, hosts: open });
  // For hosts of others there is nothing that the domain could publish.
  return [open.some((host) => isWithin(host, domain)) ? found : { ...found, severity: "info" }];
}

/** RFC 7672 §2.2.3: the base domain is the MX host, not the domain that mail is for. */
async function strayFindings({ domain, dns }: CheckContext, receivers: Receivers): Promise<Finding[]> {
  if (receivers.kind !== "mx" || receivers.hosts.includes(domain)) return [];
  const name = `_25._tcp.${domain}`;
  const answer = await dns.query(name, "TLSA");
  if (answer.kind !== "answer") return [];
  const found = finding("dane.wrong-owner", name, { name, hosts: receivers.hosts });
  // Whether they are those of the hosts DNS does not say, and wrong ones there would keep mail away (§2.2).
  return [
    { ...found, change: answer.records.map((record) => removeRecord(name, "TLSA", formatTlsa(record))) },
  ];
}
