import { parseBimiRecord } from "../core/bimi/parse-record.ts";
import type { DmarcRecord } from "../core/dmarc/parse-record.ts";
import { organizationalDomainOf, recordLookup, type TreeWalk, walkTree } from "../core/dmarc/tree-walk.ts";
import type { TxtRecord } from "../core/dns/resolver.ts";
import type { BimiFindings } from "../findings/check/bimi.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { Check, CheckContext, SubjectReport } from "./context.ts";
import { addTxt, removeTxt } from "./record-change.ts";
import { withTriedChanges } from "./try-change.ts";
import { txtAt, wildcardTexts } from "./txt.ts";

/** The BIMI record and whether DMARC lets it count; logo and certificate are fetched elsewhere. BIMI draft §4.3, §7. */
export const checkBimi: Check = withTriedChanges(findBimi);

interface PublishedBimi {
  readonly name: string;
  readonly records: readonly TxtRecord[];
  readonly alias?: string;
}

async function findBimi(context: CheckContext): Promise<SubjectReport> {
  const { domain, dns } = context;
  const walk = await walkTree(domain, recordLookup(dns, undefined));
  const organization = walk.failedAt === undefined ? organizationalDomainOf(walk) : domain;
  const [own, ofOrganization] = await Promise.all([
    publishedAt(context, domain),
    publishedAt(context, organization),
  ]);
  if (own === undefined || ofOrganization === undefined) return { findings: [], facts: {} };
  // §7.2 step 6: on to the organizational domain only when nothing is here.
  const used = own.records.length > 0 ? own : ofOrganization;
  const misplaced = used.records.length > 0 ? [] : await misplacedFindings(context, own.name);
  const record = used.records.length === 1 ? parseBimiRecord(used.records[0]?.text ?? "") : undefined;
  const declined = record !== undefined && record.problem === undefined && record.declined;
  const found = [
    ...misplaced,
    ...(used.records.length === 0 && misplaced.length === 0 ? missingFindings(context, walk, own.name) : []),
    ...recordFindings(used),
    ...(used.records.length > 0 && !declined ? policyFindings(domain, organization, walk) : []),
  ];
  return {
    findings: found,
    facts: { name: used.name, records: used.records.length, declined },
  };
}

/** What begins with our version; undefined when DNS did not answer. */
async function publishedAt({ dns }: CheckContext, domain: string): Promise<PublishedBimi | undefined> {
  const name = `default._bimi.${domain}`;
  const { kind, records, alias } = await txtAt(dns, name);
  if (kind === "failure") return undefined;
  // §7.2 step 4: other records are discarded.
  const own = records.filter(({ text }) => parseBimiRecord(text) !== undefined);
  return { name, records: own, ...(alias !== undefined && { alias }) };
}

/** Only where a logo would be shown: for others it is no loss. */
function missingFindings({ profile }: CheckContext, walk: TreeWalk, name: string): Finding[] {
  const enforced = walk.found.length > 0 && walk.found.every(({ record }) => gapOf(record) === undefined);
  if (!enforced || (profile !== "sender" && profile !== "new")) return [];
  return [{ ...finding("bimi.record", name, { name, fault: "missing" }), severity: "info" }];
}

async function misplacedFindings({ domain, dns }: CheckContext, name: string): Promise<Finding[]> {
  const wild = await wildcardTexts(dns, domain);
  const found: Finding[] = [];
  for (const at of [`_bimi.${domain}`, `default.bimi.${domain}`, `bimi.${domain}`, domain]) {
    const answer = await dns.query(at, "TXT");
    const record = (answer.kind === "answer" ? answer.records : []).find(
      ({ text }) => parseBimiRecord(text) !== undefined && (at === domain || !wild.has(text)),
    );
    if (record === undefined) continue;
    const one = finding("bimi.record", name, { name, fault: "wrong-place", found: at });
    const move = found.length === 0 ? [addTxt(name, record.text)] : [];
    found.push({ ...one, change: [removeTxt(at, record.strings), ...move] });
  }
  return found;
}

function recordFindings({ name, records, alias }: PublishedBimi): Finding[] {
  const [record] = records;
  if (record === undefined) return [];
  // §7.2 step 9: with several records nothing is done.
  if (records.length > 1) {
    const found = finding("bimi.record", name, { name, fault: "several", count: records.length });
    const usable = records.filter(({ text }) => parseBimiRecord(text)?.problem === undefined);
    const out = records.filter((one) => one !== usable[0]).map(({ strings }) => removeTxt(name, strings));
    // Which of two good ones is meant, only their owner knows.
    return [usable.length === 1 && alias === undefined ? { ...found, change: out } : found];
  }
  const problem = parseBimiRecord(record.text)?.problem;
  return problem === undefined ? [] : [finding("bimi.record", name, { name, fault: problem })];
}

type Gap = BimiFindings["bimi.dmarc"]["gap"];

/** BIMI draft §7.1 steps 7 to 9: for the domain's own policy and for that of its organization. */
function policyFindings(domain: string, organization: string, walk: TreeWalk): Finding[] {
  if (walk.failedAt !== undefined) return [];
  const at = (name: string): DmarcRecord | undefined => walk.found.find((one) => one.domain === name)?.record;
  const found: Finding[] = [];
  for (const name of new Set([domain, organization])) {
    const record = at(name);
    // Without a record of its own the domain has that of its organization.
    if (record === undefined && name !== organization) continue;
    const gap: Gap | undefined =
      record !== undefined ? gapOf(record) : name === domain ? "no-policy" : "organization-policy-missing";
    if (gap !== undefined) found.push(finding("bimi.dmarc", domain, { domain, name: `_dmarc.${name}`, gap }));
  }
  return found;
}

function gapOf({ p, sp, testing, tags }: DmarcRecord): Gap | undefined {
  if (p === undefined || p === "none") return "policy-none";
  if (sp === "none") return "subdomain-policy-none";
  // t=y took the place of a pct under 100 (RFC 9989 appendix A.6).
  const whole = (tags["pct"] ?? "100").trim() === "100" && !testing;
  return p === "quarantine" && !whole ? "policy-partial" : undefined;
}
