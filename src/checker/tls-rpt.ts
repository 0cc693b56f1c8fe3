import type { DnsResolver } from "../core/dns/resolver.ts";
import { isWithin } from "../core/domain-name.ts";
import {
  parseTlsrptRecord,
  readDestination,
  type TlsrptDestination,
  type TlsrptRecordFault,
} from "../core/tlsrpt/parse-record.ts";
import { isHostFault, type TransportFindings } from "../findings/check/transport.ts";
import type { Finding, RecordChange } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { Check, CheckContext, SubjectReport } from "./context.ts";
import { mailHost, postmasterOf } from "./mail-host.ts";
import { receiversOf } from "./receives-mail.ts";
import { addTxt, removeTxt } from "./record-change.ts";
import { withTriedChanges } from "./try-change.ts";
import { shownText, type TxtAt, txtAt, wildcardTexts } from "./txt.ts";

/** The TLS-RPT record and where reports go: RFC 8460 §3. */
export const checkTlsRpt: Check = withTriedChanges(findTlsRpt);

const version = "v=TLSRPTv1;";

async function findTlsRpt(context: CheckContext): Promise<SubjectReport> {
  const { domain, dns } = context;
  const name = `_smtp._tls.${domain}`;
  const [at, wild] = await Promise.all([txtAt(dns, name), wildcardTexts(dns, domain)]);
  if (at.kind === "failure") return { findings: [], facts: {} };
  const records = at.records.filter(({ text }) => text.startsWith(version));
  const attempts = at.records.filter(
    (one) => !records.includes(one) && !wild.has(one.text) && /tlsrpt/i.test(one.text.slice(0, 40)),
  );
  const text = records[0]?.text ?? attempts[0]?.text;
  const found =
    records.length > 1
      ? [severalFinding(at)]
      : text === undefined
        ? await missingFindings(context)
        : await contentFindings(context, at, text);
  const read = text === undefined ? undefined : parseTlsrptRecord(text);
  const rua = read === undefined || read.problem !== undefined ? [] : read.rua;
  return { findings: found, facts: { records: records.length, rua: rua.map(({ uri }) => shownText(uri)) } };
}

/** A record for a domain that has none; undefined where no mail is taken. */
export async function firstTlsrptRecord(dns: DnsResolver, domain: string): Promise<RecordChange | undefined> {
  const mailbox = await postmasterOf(dns, domain);
  return mailbox === undefined ? undefined : addTxt(`_smtp._tls.${domain}`, `${version} rua=${mailbox}`);
}

async function missingFindings({ dns, domain, profile }: CheckContext): Promise<Finding[]> {
  const { kind } = await receiversOf(dns, domain);
  // Whether the address of a domain without MX takes mail at all is a question of its own.
  if (kind !== "mx" || profile === "parked") return [];
  const sts = await txtAt(dns, `_mta-sts.${domain}`);
  // With MTA-STS it is more than a pity, and told there.
  if (sts.records.some(({ text }) => text.startsWith("v=STSv1"))) return [];
  const found = finding("rpt.missing", domain, { domain });
  const first = await firstTlsrptRecord(dns, domain);
  return [first === undefined ? found : { ...found, change: [first] }];
}

/** §3: "If the number of resulting records is not one, senders MUST assume the recipient domain does not implement TLSRPT." */
function severalFinding(at: TxtAt): Finding {
  const { name, records } = at;
  const ours = records.filter(({ text }) => text.startsWith(version));
  const found = finding("rpt.multiple", name, { name, count: ours.length });
  const uris = new Set(ours.flatMap(({ text }) => meantUris(text)));
  if (uris.size === 0 || at.alias !== undefined) return found;
  const out = ours.map(({ strings }) => removeTxt(name, strings));
  return { ...found, change: [...out, addTxt(name, recordText([...uris]))] };
}

function recordText(uris: readonly string[]): string {
  return `${version} rua=${uris.join(",")}`;
}

async function contentFindings(context: CheckContext, at: TxtAt, text: string): Promise<Finding[]> {
  const read = parseTlsrptRecord(text);
  const better = meantUris(text);
  const repaired = (found: Finding): Finding => withRecord(at, text, found, better);
  if (read === undefined) {
    const fault = text.startsWith("v=TLSRPTv1") ? "separator" : "version";
    return [repaired(finding("rpt.syntax", at.name, { name: at.name, fault, at: "" }))];
  }
  if (read.problem !== undefined) return [repaired(syntaxFinding(at.name, read))];
  const hosts = await Promise.all(
    read.rua.slice(0, 10).map((one) => destinationFindings(context, at.name, one)),
  );
  const found = hosts.flat().map((one) => (isOfForm(one) ? repaired(one) : one));
  return [...found, ...onlyOwnFindings(context, read.rua)];
}

function syntaxFinding(name: string, { problem, at }: TlsrptRecordFault): Finding {
  return finding("rpt.syntax", name, { name, fault: problem, at: shownText(at) });
}

function isOfForm(found: Finding): boolean {
  return !isHostFault((found.params as TransportFindings["rpt.rua"]).fault);
}

function withRecord(at: TxtAt, text: string, found: Finding, uris: readonly string[]): Finding {
  const old = at.records.find((record) => record.text === text);
  if (uris.length === 0 || old === undefined || at.alias !== undefined) return found;
  const better = recordText(uris);
  if (better === text) return found;
  return { ...found, change: [removeTxt(at.name, old.strings), addTxt(at.name, better)] };
}

/** Destinations as they were meant, whatever stands around them. Those that cannot be repaired are left out. */
function meantUris(text: string): readonly string[] {
  const plain = text.slice(0, 4000).replaceAll(/["\\]/g, "");
  const at = plain.search(/rua/i);
  if (at < 0) return [];
  const list = plain.slice(at + 3).replace(/^\s{0,20}[=:]?\s{0,20}/, "");
  const found = new Set<string>();
  for (const item of list.split(/[,;]/)) {
    const uri = repairedUri(item.trim().replace(/^rua\s{0,20}=\s{0,20}/i, ""));
    if (uri !== undefined) found.add(uri);
  }
  return [...found];
}

function repairedUri(text: string): string | undefined {
  const tight = text.replaceAll(/\s/g, "");
  const candidates = [
    tight,
    `mailto:${tight}`,
    ...(/^mailto:\/\//i.test(tight) ? [`mailto:${tight.slice("mailto://".length)}`] : []),
  ];
  return candidates.find((one) => readDestination(one).scheme !== undefined);
}

async function destinationFindings(
  { dns }: CheckContext,
  name: string,
  destination: TlsrptDestination,
): Promise<Finding[]> {
  const { uri } = destination;
  const at = (fault: TransportFindings["rpt.rua"]["fault"], host: string): Finding[] => [
    finding("rpt.rua", shownText(uri), { name, uri: shownText(uri), fault, host }),
  ];
  if (destination.scheme === undefined) return at(destination.problem, "");
  const { host, scheme } = destination;
  if (scheme === "mailto") {
    const mail = await mailHost(dns, host);
    return mail === "ok" || mail === "unknown" ? [] : at(mail, host);
  }
  const answers = await Promise.all([dns.query(host, "A"), dns.query(host, "AAAA")]);
  if (answers.some(({ kind }) => kind === "answer" || kind === "failure")) return [];
  return at(answers.every(({ kind }) => kind === "nxdomain") ? "no-such-name" : "no-address", host);
}

/** §3: reports are to be delivered "despite any TLS-related failures", but a mailbox elsewhere is surer. */
function onlyOwnFindings({ domain }: CheckContext, rua: readonly TlsrptDestination[]): Finding[] {
  const usable = rua.flatMap((one) => (one.scheme === undefined ? [] : [one]));
  const [first] = usable;
  if (
    first === undefined ||
    !usable.every(({ scheme, host }) => scheme === "mailto" && isWithin(host, domain))
  )
    return [];
  return [finding("rpt.rua-behind-broken-tls", domain, { domain, uri: shownText(first.uri) })];
}
