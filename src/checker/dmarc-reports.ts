import { type DmarcRecord, parseDmarcRecord } from "../core/dmarc/parse-record.ts";
import { organizationalDomainOf, recordLookup, walkTree } from "../core/dmarc/tree-walk.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { isWithin, toAsciiDomain } from "../core/domain-name.ts";
import { nearest } from "../core/nearest.ts";
import type { Finding, RecordChange } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { CheckContext } from "./context.ts";
import { formatTags, type MendedTags, withTag } from "./dmarc-mend.ts";
import type { PolicyRecord } from "./dmarc-place.ts";
import { intendedRecord, type ReportEntry, reportEntries } from "./dmarc-text.ts";
import { mailHost, postmasterOf } from "./mail-host.ts";
import { isPlaceholder } from "./placeholder.ts";
import { addTxt } from "./record-change.ts";
import { shownText, wildcardTexts } from "./txt.ts";

type ReportTag = "rua" | "ruf";

const maxHosts = 10;

/** What is wrong with the addresses for reports: RFC 9989 §4.8, §11.6; RFC 9990 §4. */
export async function reportFindings(context: CheckContext, policy: PolicyRecord): Promise<Finding[]> {
  const found = await Promise.all((["rua", "ruf"] as const).map((tag) => listFindings(context, policy, tag)));
  return found.flat();
}

async function listFindings(context: CheckContext, policy: PolicyRecord, tag: ReportTag): Promise<Finding[]> {
  const { name } = policy;
  const value = policy.intended.tags.find((one) => one.name === tag)?.value ?? "";
  const entries = reportEntries(value);
  if (entries.length === 0)
    return tag === "rua" && context.profile !== "parked" ? [await missingFinding(context, policy)] : [];
  const found = [...entryFindings(policy, tag, entries), ...countFindings(policy, tag, entries)];
  const addresses = new Map<string, ReportEntry>();
  for (const entry of entries) {
    const host = hostOf(entry);
    if (host !== undefined && addresses.size < maxHosts && !addresses.has(host)) addresses.set(host, entry);
  }
  const ofHosts = [...addresses].map(([host, entry]) =>
    hostFindings(context, policy, { tag, host, uri: shownText(entry.uri?.uri ?? entry.text), name }),
  );
  return [...found, ...(await Promise.all(ofHosts)).flat()];
}

/** The domain of a mail address, as A-labels. */
export function hostOf({ uri }: ReportEntry): string | undefined {
  const address = uri?.address;
  return address === undefined ? undefined : toAsciiDomain(address.slice(address.lastIndexOf("@") + 1));
}

async function missingFinding(context: CheckContext, policy: PolicyRecord): Promise<Finding> {
  const { name, domain, mended } = policy;
  const found = finding("dmarc.rua-missing", name, { name });
  const mailbox = await postmasterOf(context.dns, domain);
  return mailbox === undefined ? found : withChange(policy, found, withTag(mended, "rua", mailbox));
}

function withChange(policy: PolicyRecord, found: Finding, tags: MendedTags): Finding {
  const change = policy.change(tags);
  return change === undefined ? found : { ...found, change };
}

function entryFindings(policy: PolicyRecord, tag: ReportTag, entries: readonly ReportEntry[]): Finding[] {
  const { name, mended } = policy;
  const found: Finding[] = [];
  for (const { text, fault, sized } of entries) {
    if (fault !== undefined) {
      const one = finding("dmarc.rua-syntax", name, { name, tag, value: shownText(text), fault });
      // An entry that is empty keeps nobody from reading the others.
      found.push(fault === "empty" && entries.length > 1 ? { ...one, severity: "notice" } : one);
    }
    if (sized) found.push(finding("dmarc.size-suffix", name, { name, tag, uri: shownText(text) }));
  }
  return found.map((one) => withChange(policy, one, mended));
}

function countFindings(policy: PolicyRecord, tag: ReportTag, entries: readonly ReportEntry[]): Finding[] {
  const { name, mended } = policy;
  const found: Finding[] = [];
  const schemes = entries.flatMap(({ uri }) => uri?.scheme ?? []);
  const others = schemes.includes("mailto");
  for (const scheme of new Set(schemes.filter((one) => one !== "mailto"))) {
    const one = finding("dmarc.rua-scheme", name, { name, tag, scheme, others });
    found.push(others ? withChange(policy, one, mended) : { ...one, severity: "warning" });
  }
  // RFC 7489 §6.2: receivers "MUST support the ability to send to at least two".
  if (schemes.length > 2) found.push(finding("dmarc.rua-many", name, { name, tag, count: schemes.length }));
  return found;
}

interface ReportHost {
  readonly tag: ReportTag;
  readonly host: string;
  readonly uri: string;
  readonly name: string;
}

async function hostFindings(context: CheckContext, policy: PolicyRecord, at: ReportHost): Promise<Finding[]> {
  const organization = await organizationOf(context.dns, policy.domain);
  const own = isOwn(policy, at.host, organization);
  if (!own && isPlaceholder(at.host, policy.domain)) return [await placeholderFinding(context, policy, at)];
  const mail = await mailHost(context.dns, at.host);
  if (mail === "no-such-name" && !own) {
    const meant = nearest(at.host, [organization ?? policy.domain]);
    // Only a slip of one or two letters.
    if (meant !== undefined && Math.abs(meant.length - at.host.length) <= 2)
      return [slipFinding(policy, at, meant)];
  }
  const found: Finding[] = [];
  if (mail === "no-such-name" || mail === "no-address" || mail === "null-mx")
    found.push(finding("dmarc.rua-no-mx", at.host, { ...at, why: mail }));
  // A name that does not exist has to be corrected first.
  if (!own && mail !== "no-such-name")
    found.push(...(await authorisationFindings(context, policy, at, organization)));
  return found;
}

/** Whether it is plain without asking that the host belongs to the domain. */
function isOwn({ domain, live }: PolicyRecord, host: string, organization: string | undefined): boolean {
  return host === domain || host === organization || (!live && isWithin(host, domain));
}

async function organizationOf(dns: DnsResolver, domain: string): Promise<string | undefined> {
  const walk = await walkTree(domain, recordLookup(dns, undefined));
  return walk.failedAt === undefined ? organizationalDomainOf(walk) : undefined;
}

async function placeholderFinding(
  context: CheckContext,
  policy: PolicyRecord,
  at: ReportHost,
): Promise<Finding> {
  const { mended, domain } = policy;
  const found = finding("dmarc.rua-placeholder", at.host, { ...at });
  const others = (mended.get(at.tag) ?? "").split(",").filter((uri) => !isAt(uri, at.host));
  const left = others.join(",") || (at.tag === "rua" ? await postmasterOf(context.dns, domain) : "");
  if (left === undefined) return found;
  return withChange(policy, found, withTag(mended, at.tag, left === "" ? undefined : left));
}

function isAt(uri: string, host: string): boolean {
  const [entry] = reportEntries(uri);
  return entry !== undefined && hostOf(entry) === host;
}

function slipFinding(policy: PolicyRecord, at: ReportHost, meant: string): Finding {
  const { mended } = policy;
  const found = finding("dmarc.rua-placeholder", at.host, { ...at, meant });
  const better = (mended.get(at.tag) ?? "")
    .split(",")
    .map((uri) => (isAt(uri, at.host) ? `${uri.slice(0, uri.lastIndexOf("@"))}@${meant}` : uri));
  return withChange(policy, found, withTag(mended, at.tag, better.join(",")));
}

/** RFC 9990 §4: a host of another organization has to say that it takes the reports. */
async function authorisationFindings(
  context: CheckContext,
  policy: PolicyRecord,
  { tag, host, uri }: ReportHost,
  organization: string | undefined,
): Promise<Finding[]> {
  const { dns } = context;
  const theirs = await organizationOf(dns, host);
  if (theirs === undefined || organization === undefined || theirs === organization) return [];
  const { domain } = policy;
  const at = `${domain}._report._dmarc.${host}`;
  const state = await authorisation(dns, at);
  if (state === "missing" || state === "too-long") {
    const found = finding("dmarc.rua-unauthorised", host, { domain, tag, uri, host, at });
    return [state === "too-long" ? found : { ...found, change: [addTxt(at, "v=DMARC1")] }];
  }
  if (state !== "given" || !(await takesAll(dns, host))) return [];
  const found = finding("dmarc.rua-auth-wildcard", host, { host, own: false });
  // What a service does for all its customers is no fault of this domain.
  return [{ ...found, severity: "info" }];
}

async function authorisation(
  dns: DnsResolver,
  name: string,
): Promise<"given" | "missing" | "too-long" | "unknown"> {
  const answer = await dns.query(name, "TXT");
  if (answer.kind === "failure") return answer.reason === "bad-name" ? "too-long" : "unknown";
  // RFC 9990 §4 step 6: "v=DMARC1" first; the rest does not matter.
  if (answer.kind === "answer" && answer.records.some(({ text }) => parseDmarcRecord(text) !== undefined))
    return "given";
  return "missing";
}

async function takesAll(dns: DnsResolver, host: string): Promise<boolean> {
  const texts = await wildcardTexts(dns, `_report._dmarc.${host}`);
  return [...texts].some((text) => parseDmarcRecord(text) !== undefined);
}

const maxOthers = 500;

/** What the domain says, or does not say, about reports on other domains. */
export async function receiverFindings(context: CheckContext): Promise<Finding[]> {
  const { domain, dns } = context;
  const found: Finding[] = [];
  if (await takesAll(dns, domain))
    found.push(finding("dmarc.rua-auth-wildcard", domain, { host: domain, own: true }));
  for (const other of otherDomains(context)) found.push(...(await unheardFindings(context, other)));
  return found;
}

/** Domains of the operator, from the zone files and from the list that is checked. */
function otherDomains({ domain, zones, otherDomains: given = [] }: CheckContext): readonly string[] {
  const prefix = "_dmarc.";
  const inZones = zones.flatMap(({ zone }) =>
    zone.records
      .filter(({ type, name }) => type === "TXT" && name.startsWith(prefix))
      .map(({ name }) => name.slice(prefix.length)),
  );
  // `_dmarc.example.jp` without its final dot stands at example.jp.example.jp, of which nobody sends reports.
  return [...new Set([...given, ...inZones])]
    .filter((one) => one !== domain && !isWithin(one, `${domain}.${domain}`))
    .slice(0, maxOthers);
}

async function unheardFindings({ domain, dns }: CheckContext, other: string): Promise<Finding[]> {
  const answer = await dns.query(`_dmarc.${other}`, "TXT");
  const records = answer.kind === "answer" ? answer.records.map(({ text }) => text) : [];
  const hosts = records
    .flatMap((text) => intendedRecord(text).tags)
    .filter(({ name }) => name === "rua" || name === "ruf")
    .flatMap(({ value }) => reportEntries(value))
    .flatMap((entry) => hostOf(entry) ?? [])
    .filter((host) => isWithin(host, domain));
  const found: Finding[] = [];
  for (const host of new Set(hosts)) {
    const [ours, theirs] = await Promise.all([organizationOf(dns, host), organizationOf(dns, other)]);
    if (ours === undefined || theirs === undefined || ours === theirs) continue;
    const at = `${other}._report._dmarc.${host}`;
    if ((await authorisation(dns, at)) !== "missing") continue;
    const one = finding("dmarc.we-receive", other, { other, host, at });
    found.push({ ...one, change: [addTxt(at, "v=DMARC1")] });
  }
  return found;
}

/** A first record for a domain that has none, or for the organization of the one that is checked. */
export async function firstRecord(
  { dns, profile, domain: checked }: CheckContext,
  domain: string,
): Promise<{ readonly policy: "none" | "reject"; readonly record: RecordChange }> {
  const mailbox = profile === "parked" ? undefined : await postmasterOf(dns, domain);
  // Only who sends already has mail that a policy could hit; whether an organization does, its subdomain does not say.
  const policy = profile === "sender" || domain !== checked ? "none" : "reject";
  const tags: MendedTags = new Map([
    ["v", "DMARC1"],
    ["p", policy],
    ...(mailbox === undefined ? [] : ([["rua", mailbox]] as const)),
  ]);
  return { policy, record: addTxt(`_dmarc.${domain}`, formatTags(tags)) };
}

/** The addresses that reports go to, for `facts`. */
export function reportAddresses({ rua, ruf }: DmarcRecord): Readonly<Record<string, readonly string[]>> {
  const texts = (uris: DmarcRecord["rua"]): readonly string[] => uris.map(({ uri }) => shownText(uri));
  return { rua: texts(rua), ruf: texts(ruf) };
}
