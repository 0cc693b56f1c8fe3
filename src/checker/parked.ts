import { discoverPolicy } from "../core/dmarc/discovery.ts";
import type { DmarcPolicy } from "../core/results.ts";
import type { Finding, RecordChange } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { Check, CheckContext, SubjectReport } from "./context.ts";
import { readKey } from "./dkim-key.ts";
import { selectorStates } from "./dkim-selectors.ts";
import { withTag } from "./dmarc-mend.ts";
import { policyPlace, recordOf } from "./dmarc-place.ts";
import { receiversOf } from "./receives-mail.ts";
import { addRecord, addTxt, removeRecord, removeTxt } from "./record-change.ts";
import { getsReports } from "./report-mailbox.ts";
import { withTriedChanges } from "./try-change.ts";
import { ownAliasAt, shownOctets } from "./txt.ts";

/**
 * The pattern of a domain without mail: `v=spf1 -all`, DMARC reject, null MX, no DKIM key that works. M3AAWG Protecting
 * Parked Domains; RFC 7505 §3.
 */
export const checkParked: Check = withTriedChanges(findParked);

async function findParked(context: CheckContext): Promise<SubjectReport> {
  if (context.profile !== "parked") return { findings: [], facts: {}, skipped: "not-parked" };
  const parts = {
    spf: await spfFindings(context),
    dmarc: await dmarcFindings(context),
    nullMx: await mxFindings(context),
    noDkim: await dkimFindings(context),
  };
  // Of what DNS did not tell nothing is said, and then it is not known to be complete.
  const held = Object.entries(parts).map(([name, found]) => [name, found && found.length === 0] as const);
  return {
    findings: Object.values(parts).flatMap((found) => found ?? []),
    facts: { ...Object.fromEntries(held), complete: held.every(([, holds]) => holds === true) },
  };
}

const nothingSent = "v=spf1 -all";

async function spfFindings({ domain, dns }: CheckContext): Promise<Finding[] | undefined> {
  const answer = await dns.query(domain, "TXT");
  if (answer.kind === "failure") return undefined;
  const records =
    answer.kind === "answer" ? answer.records.filter(({ text }) => /^v=spf1(?: |$)/i.test(text)) : [];
  const [record] = records;
  if (records.length === 1 && record?.text.trim().toLowerCase() === nothingSent) return [];
  const params = { domain, ...(record !== undefined && { found: shownOctets(record.text) }) };
  const out = records.map(({ strings }) => removeTxt(domain, strings));
  return [{ ...finding("parked.spf", domain, params), change: [...out, addTxt(domain, nothingSent)] }];
}

async function dmarcFindings(context: CheckContext): Promise<Finding[] | undefined> {
  const { domain, dns } = context;
  const found = await discoverPolicy(domain, { dns });
  if (found.kind === "failure") return undefined;
  const testing = found.kind === "policy" && found.record.testing;
  const policy = found.kind === "policy" ? appliedPolicy(found.policy ?? "none", testing) : undefined;
  if (policy === "reject") return [];
  const one = finding("parked.dmarc", domain, { domain, ...(policy !== undefined && { policy }) });
  const change = await rejectChange(context);
  return [
    {
      ...one,
      // Without any record forged mail is not even asked about.
      ...(policy === undefined && { severity: "warning" }),
      ...(change !== undefined && { change }),
    },
  ];
}

/** RFC 9989 §4.7 t=y: one level below. */
function appliedPolicy(policy: DmarcPolicy, testing: boolean): DmarcPolicy {
  if (!testing) return policy;
  return policy === "reject" ? "quarantine" : "none";
}

async function rejectChange(context: CheckContext): Promise<readonly RecordChange[] | undefined> {
  const place = await policyPlace(context, context.domain);
  const record = recordOf(place);
  if (record === undefined)
    return (await ownAliasAt(context.dns, place.name)) === undefined
      ? [addTxt(place.name, "v=DMARC1; p=reject")]
      : undefined;
  const weaker = ["sp", "np", "t", "pct"].reduce(
    (tags, name) => withTag(tags, name, undefined),
    record.mended,
  );
  return record.change(withTag(weaker, "p", "reject"));
}

async function mxFindings({ domain, dns, profileGuessed }: CheckContext): Promise<Finding[] | undefined> {
  const answer = await dns.query(domain, "MX");
  if (answer.kind === "failure") return undefined;
  const records = answer.kind === "answer" ? answer.records : [];
  // RFC 7505 §3: a single record, with the root for a name.
  if (records.length === 1 && records[0]?.exchange === "") return [];
  const exchanges = records.map(({ exchange }) => exchange).filter((exchange) => exchange !== "");
  const out = records.map(({ preference, exchange }) =>
    removeRecord(domain, "MX", `${preference} ${exchange}.`),
  );
  const change = [...out, addRecord(domain, "MX", "0 .")];
  const reports = await getsReports(dns, domain);
  const found = finding("parked.null-mx", domain, { domain, exchanges: exchanges.slice(0, 10), reports });
  // Without MX mail goes to the addresses of the domain (RFC 5321 §5.1); only the owner knows whether any is wanted.
  const maySink = profileGuessed && (await receiversOf(dns, domain)).kind !== "none";
  return [maySink || reports ? found : { ...found, change }];
}

/** No selector may lead to a key that verifies anything. */
async function dkimFindings(context: CheckContext): Promise<Finding[] | undefined> {
  const { domain } = context;
  const states = await selectorStates(context);
  const found = states.flatMap(({ name, key, alias, records }) => {
    // RFC 6376 §3.6.2.2: with several records "the results are undefined", and any may be used.
    const readings = [key?.reading, ...records.map(({ text }) => readKey(text))];
    if (!readings.some((reading) => reading?.kind === "key")) return [];
    const one = finding("parked.no-dkim", name, { domain, name });
    const out =
      alias === undefined
        ? records.map(({ strings }) => removeTxt(name, strings))
        : [removeRecord(name, "CNAME", `${alias}.`)];
    return [{ ...one, change: [...out, addTxt(name, "v=DKIM1; p=")] }];
  });
  const unknown = found.length === 0 && states.some(({ unanswered }) => unanswered);
  return unknown ? undefined : found;
}
