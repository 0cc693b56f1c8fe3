import { parseStsRecord, type StsRecordFault } from "../core/mtasts/parse-record.ts";
import type { TransportFindings } from "../findings/check/transport.ts";
import type { Finding, RecordChange } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { Check, CheckContext, SubjectReport } from "./context.ts";
import { receiversOf } from "./receives-mail.ts";
import { addTxt, removeTxt } from "./record-change.ts";
import { firstTlsrptRecord } from "./tls-rpt.ts";
import { withTriedChanges } from "./try-change.ts";
import { shownText, type TxtAt, txtAt, unusedNameBelow, wildcardTexts } from "./txt.ts";

/** The TXT record of MTA-STS: RFC 8461 §3.1, §8.3. The policy itself is fetched elsewhere. */
export const checkMtaSts: Check = withTriedChanges(findMtaSts);

async function findMtaSts(context: CheckContext): Promise<SubjectReport> {
  const { domain, dns } = context;
  const name = `_mta-sts.${domain}`;
  const [at, receivers, wild] = await Promise.all([
    txtAt(dns, name),
    receiversOf(dns, domain),
    wildcardTexts(dns, domain),
  ]);
  if (at.kind === "failure") return { findings: [], facts: {} };
  const records = at.records.filter(({ text }) => text.startsWith("v=STSv1;"));
  const attempts = at.records.filter(
    (one) => !records.includes(one) && !wild.has(one.text) && /sts/i.test(one.text.slice(0, 40)),
  );
  const receives = receivers.kind === "mx" || receivers.kind === "implicit";
  const found = [
    ...(records.length > 1 ? [severalFinding(at, records.length)] : []),
    ...(records.length === 1 || (records.length === 0 && attempts.length > 0)
      ? formFindings(context, at, records[0]?.text ?? attempts[0]?.text ?? "")
      : []),
    ...(records.length + attempts.length === 0 && receivers.kind === "mx"
      ? await absentFindings(context, name)
      : []),
    ...(records.length + attempts.length > 0 && receives ? await reportFindings(context) : []),
  ];
  const [only] = records;
  const id = records.length === 1 && only !== undefined ? parseStsRecord(only.text) : undefined;
  return {
    findings: found,
    facts: {
      records: records.length,
      ...(id !== undefined && id.problem === undefined && { id: id.id }),
    },
  };
}

/** §3.1: "If the number of resulting records is not one [...] senders MUST assume" that there is no policy. */
function severalFinding({ name, records, alias }: TxtAt, count: number): Finding {
  const found = finding("sts.txt-multiple", name, { name, count });
  const valid = records.flatMap((record) => {
    const read = parseStsRecord(record.text);
    return read === undefined || read.problem !== undefined ? [] : [{ record, id: read.id }];
  });
  // Ids are mostly times: the greatest is the newest. Whichever stays, it differs from what senders know of the others.
  const [kept] = valid.toSorted((a, b) => (a.id < b.id ? 1 : -1));
  if (kept === undefined || alias !== undefined) return found;
  const out = records.filter((one) => one !== kept.record && one.text.startsWith("v=STSv1;"));
  return { ...found, change: out.map(({ strings }) => removeTxt(name, strings)) };
}

type SyntaxFault = TransportFindings["sts.txt-syntax"]["fault"];

function formFindings(context: CheckContext, at: TxtAt, text: string): Finding[] {
  const { name } = at;
  const read = parseStsRecord(text);
  if (read === undefined) return [withRepair(context, at, text, syntaxFinding(name, beginning(text), ""))];
  if (read.problem === undefined) return [];
  return [withRepair(context, at, text, faultFinding(name, read))];
}

/** `v=STSv1` that is spelt right but not followed by a semicolon, or something else. */
function beginning(text: string): SyntaxFault {
  return text.startsWith("v=STSv1") ? "separator" : "version";
}

function syntaxFinding(name: string, fault: SyntaxFault, at: string): Finding {
  return finding("sts.txt-syntax", name, { name, fault, at: shownText(at) });
}

function faultFinding(name: string, { problem, at }: StsRecordFault): Finding {
  const faults = {
    "id-missing": "missing",
    "id-twice": "twice",
    "id-too-long": "too-long",
    "id-character": "character",
  } as const;
  return problem === "field" || problem === "value"
    ? syntaxFinding(name, problem, at)
    : finding("sts.txt-id", name, { name, fault: faults[problem], id: shownText(at.slice(3)) });
}

/** The record with the id that was meant, or with a new one, which makes senders fetch the policy again (§3.1). */
function withRepair(
  { clock }: CheckContext,
  { name, records, alias }: TxtAt,
  text: string,
  found: Finding,
): Finding {
  if (alias !== undefined) return found;
  const fresh = `${new Date(clock.now()).toISOString().replaceAll(/[-:T]/g, "").slice(0, 14)}Z`;
  const [, meant = fresh] =
    /\bid\s{0,20}[=:]\s{0,20}([A-Za-z0-9]{1,32})(?![A-Za-z0-9_.-])/i.exec(text.slice(0, 500)) ?? [];
  const old = records.find((record) => record.text === text);
  const out: readonly RecordChange[] = old === undefined ? [] : [removeTxt(name, old.strings)];
  return { ...found, change: [...out, addTxt(name, `v=STSv1; id=${meant};`)] };
}

async function absentFindings(context: CheckContext, name: string): Promise<Finding[]> {
  const { domain, dns, live, profile } = context;
  const before = live === undefined ? undefined : await live.query(name, "TXT");
  const wasThere =
    before?.kind === "answer" && before.records.some(({ text }) => text.startsWith("v=STSv1;"));
  if (wasThere) return [finding("sts.remove-order", name, { domain, name, why: "removed" })];
  // What takes no mail in the end needs none.
  const absent = profile === "parked" ? [] : [finding("sts.absent", domain, { domain })];
  if (!(await hasPolicyHost(context))) return absent;
  // Perhaps it was set up only so far; whether a policy is still served is seen elsewhere.
  const left = finding("sts.remove-order", name, { domain, name, why: "host-left" });
  return (await dns.query(`mta-sts.${domain}`, "A")).kind === "failure"
    ? absent
    : [{ ...left, severity: "notice" }];
}

/** A host of its own, not a wildcard's. */
async function hasPolicyHost({ domain, dns }: CheckContext): Promise<boolean> {
  const at = async (host: string): Promise<boolean> => {
    const answers = await Promise.all([dns.query(host, "A"), dns.query(host, "AAAA")]);
    return answers.some(({ kind }) => kind === "answer");
  };
  const [host, wildcard] = await Promise.all([at(`mta-sts.${domain}`), at(unusedNameBelow(domain))]);
  return host && !wildcard;
}

/** RFC 8461 §6: reports tell what a policy does. */
async function reportFindings({ dns, domain }: CheckContext): Promise<Finding[]> {
  const { kind, records } = await txtAt(dns, `_smtp._tls.${domain}`);
  if (kind === "failure" || records.some(({ text }) => /tlsrpt/i.test(text.slice(0, 40)))) return [];
  const found = finding("sts.no-rpt", domain, { domain });
  const first = await firstTlsrptRecord(dns, domain);
  return [first === undefined ? found : { ...found, change: [first] }];
}
