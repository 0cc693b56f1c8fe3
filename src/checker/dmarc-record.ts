import { type DmarcRecord, parseDmarcRecord } from "../core/dmarc/parse-record.ts";
import type { DmarcPolicy } from "../core/results.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import { withTag } from "./dmarc-mend.ts";
import type { PolicyRecord } from "./dmarc-place.ts";
import { defaultValues, isKnownTag, isValueOf, meantTag, meantValue, reportEntries } from "./dmarc-text.ts";
import { isWeaker, policies } from "./policy-strength.ts";
import { shownText } from "./txt.ts";

export interface RecordSurroundings {
  /** The organizational domain by RFC 9989 §4.10.2; undefined when DNS did not tell. */
  readonly organizational?: string;
  /** DNS did not tell whether there is a policy above, and there may be one. */
  readonly belowUnknown?: boolean;
  /** No name right below the domain fails to exist. */
  readonly allExist?: boolean;
  /** The organizational domain that a psd=n cuts off from, when there is one above. */
  readonly above?: string;
  /** The public suffix of the domain, where a list is at hand. */
  readonly suffix?: string;
}

/** What is wrong in one record, whatever DNS says besides. */
export function recordFindings(policy: PolicyRecord, around: RecordSurroundings): Finding[] {
  const record = parseDmarcRecord(policy.text);
  if (record === undefined) return [];
  return [
    ...formFindings(policy, record),
    ...valueFindings(policy),
    ...removedFindings(policy),
    ...policyFindings(policy, record, around),
    ...failureReportFindings(policy, record),
  ];
}

/** With the change that mends the form of the whole record. */
function mendable(policy: PolicyRecord, found: Finding, tags = policy.mended): Finding {
  const change = policy.change(tags);
  return change === undefined ? found : { ...found, change };
}

const maxUnknown = 10;

function formFindings(policy: PolicyRecord, record: DmarcRecord): Finding[] {
  const { name, intended } = policy;
  const found: Finding[] = [];
  if (intended.separators.length > 0)
    found.push(finding("dmarc.separator", name, { name, found: intended.separators }));
  const written = intended.tags.map((tag) => tag.name);
  const twice = new Set(written.filter((tag, index) => isKnownTag(tag) && written.indexOf(tag) !== index));
  for (const tag of twice) found.push(finding("dmarc.duplicate-tag", name, { name, tag }));
  // RFC 7489 §6.4: dmarc-request is not among the components that may appear in any order.
  if (record.p !== undefined && written.indexOf("p") > 1)
    found.push(finding("dmarc.p-order", name, { name }));
  const unknown = intended.tags.filter((tag) => !isKnownTag(tag.name));
  for (const { name: tag, value } of unknown.slice(0, maxUnknown)) {
    const meant = meantTag(tag, value);
    const params = { name, tag: shownText(tag), ...(meant !== undefined && { meant }) };
    found.push(finding("dmarc.unknown-tag", name, params));
  }
  for (const piece of intended.junk.slice(0, maxUnknown))
    found.push(finding("dmarc.unknown-tag", name, { name, tag: shownText(piece) }));
  return found.map((one) => mendable(policy, one));
}

/** RFC 9989 §4.8: "Syntax errors in the remainder of the record MUST be discarded in favor of default values". */
function valueFindings(policy: PolicyRecord): Finding[] {
  const { name, intended, mended } = policy;
  const reports = reportEntries(mended.get("rua") ?? "").some(({ uri }) => uri !== undefined);
  const found: Finding[] = [];
  const seen = new Set<string>();
  for (const { name: tag, value } of intended.tags) {
    if (seen.has(tag) || !isKnownTag(tag)) continue;
    seen.add(tag);
    if (isValueOf(tag, value)) continue;
    const meant = meantValue(tag, value);
    const params = { name, value: shownText(value), ...(meant !== undefined && { meant }) };
    if (tag === "p" || tag === "sp" || tag === "np")
      found.push(finding("dmarc.p-invalid", name, { ...params, tag, reports }));
    else if (defaultValues[tag] !== undefined)
      found.push(finding("dmarc.bad-value", name, { ...params, tag, used: defaultValues[tag] }));
  }
  if (!seen.has("p")) found.push(finding("dmarc.p-missing", name, { name, reports }));
  return found.map((one) => mendable(policy, one));
}

function removedFindings(policy: PolicyRecord): Finding[] {
  const { name, intended, mended } = policy;
  const removed = intended.tags.filter((tag) => ["pct", "rf", "ri"].includes(tag.name));
  if (removed.length === 0) return [];
  // What weakens a policy stays in the mended record.
  const percent = mended.get("pct");
  const tags = [...new Set(removed.map((tag) => tag.name))];
  const params = { name, tags, ...(percent !== undefined && { percent: Number(percent) }) };
  return [mendable(policy, finding("dmarc.pct-rf-ri", name, params))];
}

function policyFindings(policy: PolicyRecord, record: DmarcRecord, around: RecordSurroundings): Finding[] {
  const { name, mended } = policy;
  const { p = "none", sp, np } = record;
  const found: Finding[] = [];
  if (record.testing) {
    const applied = policies[Math.max(policies.indexOf(p) - 1, 0)] ?? "none";
    const one = finding("dmarc.t-y", name, { name, policy: p, applied });
    const idle = [p, sp, np].every((each) => each === undefined || each === "none");
    // RFC 9989 §4.7 t: "it has no effect on any policy that is "none"". Elsewhere only the owner knows when the test is over.
    if (idle) found.push(mendable(policy, { ...one, severity: "notice" }, withTag(mended, "t", undefined)));
    else found.push(one);
  }
  if (around.organizational !== undefined && around.organizational !== policy.domain)
    found.push(...belowOrganization(policy, record, around.organizational));
  else if (around.belowUnknown !== true) found.push(...subdomainFindings(policy, record, around));
  return [...found, ...psdFindings(policy, record, around)];
}

/** RFC 9989 §4.7 sp: "will be ignored for DMARC Policy Records published on subdomains of Organizational Domains". */
function belowOrganization(policy: PolicyRecord, { sp, np }: DmarcRecord, organizational: string): Finding[] {
  const tags = [...(sp === undefined ? [] : ["sp"]), ...(np === undefined ? [] : ["np"])];
  if (tags.length === 0) return [];
  const { name, mended } = policy;
  const found = finding("dmarc.sp-on-subdomain", name, { name, tags, organizational });
  return [mendable(policy, found, withTag(withTag(mended, "sp", undefined), "np", undefined))];
}

function subdomainFindings(
  policy: PolicyRecord,
  { p = "none", sp, np, psd }: DmarcRecord,
  { allExist = false }: RecordSurroundings,
): Finding[] {
  const { name, mended } = policy;
  const found: Finding[] = [];
  for (const [tag, value] of [["sp", sp] as const, ["np", np] as const]) {
    if (value === undefined || !isWeaker(value, p)) continue;
    const one = finding("dmarc.sp-weaker", name, { name, tag, policy: value, p });
    // A stronger sp hits mail of subdomains that send; a name that does not exist has no mail to lose.
    found.push(tag === "np" ? mendable(policy, one, withTag(mended, tag, strongest(sp, p))) : one);
  }
  // RFC 9989 §4.7 np: without it sp counts, and without that p.
  const invented = sp ?? p;
  if (np === undefined && invented !== "reject" && psd !== "y" && !allExist) {
    const one = finding("dmarc.np-absent", name, { name, policy: invented });
    found.push(mendable(policy, one, withTag(mended, "np", "reject")));
  }
  return found;
}

/** What np comes to when it is no weaker than the others. */
function strongest(sp: DmarcPolicy | undefined, p: DmarcPolicy): DmarcPolicy {
  return sp !== undefined && isWeaker(p, sp) ? sp : p;
}

function psdFindings(policy: PolicyRecord, { psd }: DmarcRecord, around: RecordSurroundings): Finding[] {
  const { name, domain, mended } = policy;
  const better = withTag(mended, "psd", undefined);
  const { suffix, above } = around;
  // RFC 9989 §5.2: psd=y is for those who run a public suffix.
  if (psd === "y" && suffix !== undefined && suffix !== domain)
    return [mendable(policy, finding("dmarc.psd", name, { name, value: "y", suffix }), better)];
  if (psd !== "n" || above === undefined) return [];
  const found = finding("dmarc.psd", name, { name, value: "n", above });
  // §5.1.8 has it so for departments that want to be on their own.
  return [mendable(policy, { ...found, severity: "notice" }, better)];
}

function failureReportFindings(policy: PolicyRecord, record: DmarcRecord): Finding[] {
  const { name, mended } = policy;
  const { tags } = record;
  if (tags["ruf"] === undefined)
    return tags["fo"] === undefined
      ? []
      : [mendable(policy, finding("dmarc.ruf", name, { name, why: "fo-without-ruf" }))];
  const without = withTag(withTag(mended, "ruf", undefined), "fo", undefined);
  const asked = mendable(policy, finding("dmarc.ruf", name, { name, why: "ruf" }), without);
  const options = (tags["fo"] ?? "").split(":", 9).map((option) => option.trim());
  if (!options.includes("0") || !options.includes("1")) return [asked];
  return [mendable(policy, finding("dmarc.ruf", `fo ${name}`, { name, why: "fo-0-and-1" })), asked];
}
