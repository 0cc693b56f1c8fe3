import { parse as parseSuffix } from "tldts";
import type { DnsAnswer, DnsResolver, DnsType, TxtRecord } from "../core/dns/resolver.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { Check, CheckContext } from "./context.ts";
import { checkServers } from "./name-servers.ts";
import { checkTtls } from "./ttls.ts";
import { aliasAt, unusedNameBelow } from "./txt.ts";
import { zoneFaults } from "./zone-faults.ts";

/** The zone as such: files, servers, TTLs, wildcards, aliases, and what "no answer" means. */
export const checkDns: Check = async (context) => {
  const [servers, ttls, aliases, wildcards, cuts, absent] = await Promise.all([
    checkServers(context),
    checkTtls(context),
    aliasFindings(context),
    wildcardFindings(context),
    cutFindings(context),
    absentFindings(context),
  ]);
  const { domain, profile, zones } = context;
  const faults = zones.flatMap(zoneFaults);
  const isNew = profile === "new" ? [finding("dns.new-domain", domain, { domain })] : [];
  return {
    findings: [
      ...faults,
      ...servers.findings,
      ...aliases,
      ...wildcards,
      ...cuts,
      ...ttls.findings,
      ...absent,
      ...isNew,
    ],
    facts: { ...servers.facts, ...ttls.facts },
  };
};

// ---------------------------------------------------------------- CNAME and other data

async function aliasFindings({ domain, dns, zones, live }: CheckContext): Promise<Finding[]> {
  const inFiles = zones.flatMap(({ zone }) => {
    const byName = Map.groupBy(zone.records, ({ name }) => name);
    return [...byName].flatMap(([name, records]) => {
      const alias = records.find(({ type }) => type === "CNAME");
      const types = [...new Set(records.map(({ type }) => type))].filter((type) => type !== "CNAME");
      if (alias === undefined || types.length === 0) return [];
      return [finding("dns.cname-and-other", name, { name, target: alias.data as string, types })];
    });
  });
  // What is registered is the top of a zone, in which a CNAME cannot stand.
  if (inFiles.length > 0 || live === undefined || parseSuffix(domain).domain !== domain) return inFiles;
  const alias = await dns.query(domain, "CNAME");
  if (alias.kind !== "answer") return [];
  const target = alias.records[0] ?? "";
  return [finding("dns.cname-and-other", domain, { name: domain, target, types: [] })];
}

// ---------------------------------------------------------------- wildcards

const policyNames = ["_dmarc", "_mta-sts", "_smtp._tls", "default._bimi", unusedNameBelow("_domainkey")];

async function wildcardFindings({ domain, dns }: CheckContext): Promise<Finding[]> {
  const [wild, ...answers] = await Promise.all([
    dns.query(unusedNameBelow(domain), "TXT"),
    ...policyNames.map((name) => dns.query(`${name}.${domain}`, "TXT")),
  ]);
  const texts = textsOf(wild);
  if (texts.length === 0) return [];
  // SPF for every name that sends nothing is good practice, and stands in the way of no other record.
  if (texts.every((text) => /^v=spf1 /i.test(text))) return [];
  const taken = texts.find((text) => /^v=(?:dmarc|sts|tlsrpt|bimi|dkim)|(?:^|;)[ \t]{0,20}p=/i.test(text));
  // Every name leads to the domain, and its tokens of services with it: no reader of policies takes these for his.
  if (taken === undefined && (await aliasAt(dns, unusedNameBelow(domain))) !== undefined) return [];
  const hit = policyNames.filter((_, index) =>
    sameTexts(textsOf(answers[index] as DnsAnswer<TxtRecord>), texts),
  );
  if (hit.length === 0) return [];
  const names = hit.map((name) => `${name.replace(unusedNameBelow("_domainkey"), "*._domainkey")}.${domain}`);
  const wildcard = `*.${domain}`;
  const params = { wildcard, names, text: (taken ?? (texts[0] as string)).slice(0, 100) };
  const found = finding("dns.wildcard-txt", wildcard, params);
  return [taken === undefined ? { ...found, severity: "notice" } : found];
}

function textsOf(answer: DnsAnswer<TxtRecord>): string[] {
  return answer.kind === "answer" ? answer.records.map(({ text }) => text).sort() : [];
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}

// ---------------------------------------------------------------- NXDOMAIN above names that exist

async function cutFindings({ domain, dns, selectors }: CheckContext): Promise<Finding[]> {
  const above = `_domainkey.${domain}`;
  const known = selectors
    .filter(({ from }) => from !== "guess")
    .map(({ selector }) => `${selector}.${above}`);
  const report = `_report._dmarc.${domain}`;
  const found = await Promise.all([
    cutFinding(above, known, domain, dns),
    cutFinding(report, [`${domain}.${report}`], domain, dns),
  ]);
  return found.flatMap((one) => one ?? []);
}

async function cutFinding(
  name: string,
  below: readonly string[],
  domain: string,
  dns: DnsResolver,
): Promise<Finding | undefined> {
  if (below.length === 0 || (await dns.query(name, "TXT")).kind !== "nxdomain") return undefined;
  for (const one of below.slice(0, 5)) {
    const answer = await dns.query(one, "TXT");
    if (answer.kind === "answer") return finding("dns.nxdomain-cut", name, { domain, name, below: one });
  }
  return undefined;
}

// ---------------------------------------------------------------- what is not there

const lookedAt: readonly (readonly [prefix: string, type: DnsType])[] = [
  ["", "MX"],
  ["", "TXT"],
  ["_dmarc.", "TXT"],
  ["_mta-sts.", "TXT"],
  ["_smtp._tls.", "TXT"],
];

/** Told apart where a name that has to exist does not, or where a server fails: the two that are easily mixed up. */
async function absentFindings({ domain, dns }: CheckContext): Promise<Finding[]> {
  const answers = await Promise.all(
    lookedAt.map(async ([prefix, type]) => {
      const name = `${prefix}${domain}`;
      return { text: `${name} ${type}`, name, answer: await dns.query(name, type) };
    }),
  );
  const textsOfKind = (test: (answer: DnsAnswer<unknown>) => boolean): string[] =>
    answers.filter(({ answer }) => test(answer)).map(({ text }) => text);
  const servfail = textsOfKind((answer) => answer.kind === "failure" && answer.reason === "servfail");
  const isGone = answers.some(({ name, answer }) => name === domain && answer.kind === "nxdomain");
  if (!isGone && servfail.length === 0) return [];
  const nxdomain = textsOfKind(({ kind }) => kind === "nxdomain");
  const nodata = textsOfKind(({ kind }) => kind === "nodata");
  const found = finding("dns.nxdomain-vs-nodata-vs-servfail", domain, { domain, nxdomain, nodata, servfail });
  // Whatever else is said of a name that does not exist is of less use.
  return [isGone ? { ...found, severity: "warning" } : found];
}
