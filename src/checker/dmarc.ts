import { parseDmarcRecord } from "../core/dmarc/parse-record.ts";
import { organizationalDomainBelow } from "../core/dmarc/public-suffix.ts";
import { organizationalDomainOf, recordLookup, type TreeWalk, walkTree } from "../core/dmarc/tree-walk.ts";
import { isWithin, parentDomain } from "../core/domain-name.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { Check, CheckContext, SubjectReport } from "./context.ts";
import { withTag } from "./dmarc-mend.ts";
import {
  deepFindings,
  misplacedFindings,
  misplacedRecords,
  type PolicyRecord,
  placeFindings,
  policyPlace,
  recordOf,
} from "./dmarc-place.ts";
import { type RecordSurroundings, recordFindings } from "./dmarc-record.ts";
import { firstRecord, receiverFindings, reportAddresses, reportFindings } from "./dmarc-reports.ts";
import { addTxt, removeRecord } from "./record-change.ts";
import { withTriedChanges } from "./try-change.ts";
import { ownAliasAt, shownOctets, unusedNameBelow } from "./txt.ts";

/** DMARC: the record, where it stands, whom it applies to, and where reports go. RFC 9989, RFC 9990 §4. */
export const checkDmarc: Check = withTriedChanges(findDmarc);

async function findDmarc(context: CheckContext): Promise<SubjectReport> {
  const { domain, dns } = context;
  const [own, walk] = await Promise.all([
    policyPlace(context, domain),
    walkTree(domain, recordLookup(dns, undefined)),
  ]);
  const misplaced = await misplacedRecords(context, own);
  const record = recordOf(own) ?? misplaced.record ?? (await inheritedRecord(context, walk));
  const around = await surroundings(context, walk, record);
  const deep = await deepFindings(context, own);
  const missing = record === undefined && deep.length === 0 ? await missingFindings(context, walk) : [];
  const ofOwn = own.records.length + own.attempts.length > 0 ? recordOf(own) : undefined;
  const parts = await Promise.all([
    placeFindings(context, own, ofOwn),
    record === undefined ? [] : reportFindings(context, record),
    receiverFindings(context),
  ]);
  return {
    findings: [
      ...missing,
      ...misplacedFindings(own, misplaced),
      ...deep,
      ...(record === undefined ? [] : withoutLesser(context, record, recordFindings(record, around))),
      ...parts.flat(),
      ...newDomainFindings(context, record),
      ...discoveryFindings(context, walk, record),
    ],
    facts: dmarcFacts(context, walk, record),
    // Which policy applies is not in the files, and whether there is one.
    ...(context.offline && walk.failedAt !== undefined && record === undefined && { skipped: "offline" }),
  };
}

/** The record of the organizational domain, which applies where there is no other: RFC 9989 §4.10.1. */
async function inheritedRecord(context: CheckContext, walk: TreeWalk): Promise<PolicyRecord | undefined> {
  if (walk.failedAt !== undefined) return undefined;
  const organizational = organizationalDomainOf(walk);
  // A registry's record is not the owner's.
  if (!walk.found.some(({ domain }) => domain === organizational)) return undefined;
  return recordOf(await policyPlace(context, organizational));
}

async function surroundings(
  { dns, publicSuffix }: CheckContext,
  walk: TreeWalk,
  record: PolicyRecord | undefined,
): Promise<RecordSurroundings> {
  if (record === undefined) return {};
  // RFC 9989 §3.2.13: np is for names that answer NXDOMAIN. Right below a wildcard, and at some signing servers, none
  // does, and who forges takes one of these.
  const unused = await dns.query(unusedNameBelow(record.domain), "CNAME");
  const allExist = unused.kind === "answer" || unused.kind === "nodata";
  if (walk.failedAt !== undefined)
    return {
      allExist,
      belowUnknown:
        publicSuffix !== undefined &&
        organizationalDomainBelow(record.domain, publicSuffix) !== record.domain,
    };
  const suffix = publicSuffix?.(record.domain);
  const above = parentDomain(record.domain);
  const walkAbove = above === undefined ? undefined : await walkTree(above, recordLookup(dns, undefined));
  const found = walkAbove?.failedAt === undefined ? walkAbove?.found : undefined;
  return {
    allExist,
    organizational: walk.found.length > 0 ? organizationalDomainOf(walk) : record.domain,
    ...(walkAbove !== undefined && found !== undefined && found.length > 0
      ? { above: organizationalDomainOf(walkAbove) }
      : {}),
    ...(suffix !== undefined && { suffix }),
  };
}

async function missingFindings(context: CheckContext, walk: TreeWalk): Promise<Finding[]> {
  // Of a parked domain it is told with the rest of its pattern.
  if (walk.failedAt !== undefined || context.profile === "parked") return [];
  const { domain, dns, publicSuffix } = context;
  const organizational =
    publicSuffix === undefined ? domain : organizationalDomainBelow(domain, publicSuffix);
  const name = `_dmarc.${organizational}`;
  const [alias, first] = await Promise.all([ownAliasAt(dns, name), firstRecord(context, organizational)]);
  const { policy, record } = first;
  const params = { domain, organizational, policy, ...(alias !== undefined && { alias }) };
  const out = alias === undefined ? [] : [removeRecord(name, "CNAME", `${alias}.`)];
  return [{ ...finding("dmarc.missing", domain, params), change: [...out, record] }];
}

/** Without np=reject where the profile asks for p=reject at the same name: two wishes for one record are one too many. */
function withoutLesser(
  { profile, domain }: CheckContext,
  record: PolicyRecord,
  findings: readonly Finding[],
): readonly Finding[] {
  const asksForReject = (profile === "new" || profile === "parked") && record.domain === domain;
  if (!asksForReject || parseDmarcRecord(record.text)?.p === "reject") return findings;
  return findings.filter(({ id }) => id !== "dmarc.np-absent");
}

/** RFC 9989 §5.1.7: "p=none" first is for those who may have overlooked mail of theirs, which a new domain has not. */
function newDomainFindings({ profile }: CheckContext, record: PolicyRecord | undefined): Finding[] {
  const policy = record === undefined ? undefined : (parseDmarcRecord(record.text)?.p ?? "none");
  if (profile !== "new" || record === undefined || policy === undefined || policy === "reject") return [];
  const found = finding("dmarc.new-weaker", record.name, { name: record.name, policy });
  const better = ["sp", "np", "pct"].reduce((tags, name) => withTag(tags, name, undefined), record.mended);
  const change = record.change(withTag(better, "p", "reject"));
  return [change === undefined ? found : { ...found, change }];
}

/** Where receivers that follow RFC 7489 §3.2 see another organization than those that follow RFC 9989 §4.10.2. */
function discoveryFindings(
  { domain, publicSuffix, profile }: CheckContext,
  walk: TreeWalk,
  record: PolicyRecord | undefined,
): Finding[] {
  // Without mail nothing has to be aligned.
  if (profile === "parked") return [];
  if (publicSuffix === undefined || walk.failedAt !== undefined || walk.found.length === 0) return [];
  const byWalk = organizationalDomainOf(walk);
  const byList = organizationalDomainBelow(domain, publicSuffix);
  if (byWalk === byList) return [];
  const wanted = walk.found.some(({ domain: at, record: one }) => at === byWalk && one.psd === "n");
  const found = finding("dmarc.psl-vs-walk", domain, { domain, walk: byWalk, psl: byList, wanted });
  // Who says psd=n wants it so, but those of RFC 7489 still do not know.
  if (wanted) return [{ ...found, severity: "notice" }];
  if (record === undefined || !isWithin(byWalk, byList)) return [found];
  const rua = record.mended.get("rua");
  const text = `v=DMARC1; p=none${rua === undefined ? "" : `; rua=${rua}`}`;
  return [{ ...found, change: [addTxt(`_dmarc.${byList}`, text)] }];
}

function dmarcFacts(
  { domain, publicSuffix }: CheckContext,
  walk: TreeWalk,
  policy: PolicyRecord | undefined,
): Readonly<Record<string, unknown>> {
  const record = policy === undefined ? undefined : parseDmarcRecord(policy.text);
  return {
    records: walk.found.map(({ domain: at }) => `_dmarc.${at}`),
    ...(walk.failedAt === undefined
      ? { organizationalDomain: organizationalDomainOf(walk) }
      : { unanswered: `_dmarc.${walk.failedAt}` }),
    ...(publicSuffix !== undefined && {
      organizationalDomainByList: organizationalDomainBelow(domain, publicSuffix),
    }),
    ...(policy !== undefined && { name: policy.name, text: shownOctets(policy.text), used: policy.live }),
    ...(record !== undefined && {
      policy: record.p ?? "none",
      ...(record.sp !== undefined && { subdomainPolicy: record.sp }),
      ...(record.np !== undefined && { nonexistentPolicy: record.np }),
      testing: record.testing,
      ...reportAddresses(record),
    }),
  };
}
