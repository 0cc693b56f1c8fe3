import { isWithin } from "../core/domain-name.ts";
import { formatIp, type IpAddress, reverseName, sameIp } from "../core/ip.ts";
import { checkIprev } from "../core/iprev/check.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { Check, CheckContext } from "./context.ts";
import { addRecord, removeRecord } from "./record-change.ts";
import { withTriedChanges } from "./try-change.ts";

/** The reverse names of the addresses that send mail: those given, and those of MX hosts of one's own. */
export const checkPtr: Check = withTriedChanges(async (context) => {
  const senders = context.ownClients.map((ip) => ({ ip, sends: true }));
  const given = new Set(context.ownClients.map(formatIp));
  const others = (await mxAddresses(context)).filter((ip) => !given.has(formatIp(ip)));
  const asked = [...senders, ...others.map((ip) => ({ ip, sends: false }))].slice(0, maxAddresses);
  if (asked.length === 0) return { findings: [], facts: {}, skipped: "no-client" };
  const results = await Promise.all(asked.map((one) => checkAddress(one, context)));
  return {
    findings: results.flatMap(({ findings }) => findings),
    facts: { addresses: results.map(({ fact }) => fact) },
  };
});

const maxAddresses = 50;

/** Of MX hosts within the domain: those of others are the others' business. */
async function mxAddresses({ domain, dns, zones, offline }: CheckContext): Promise<IpAddress[]> {
  // A file that holds no reverse zone says nothing about reverse names.
  const isReverse = (name: string): boolean => name.endsWith(".arpa");
  if (offline && !zones.some(({ zone }) => zone.records.some(({ name }) => isReverse(name)))) return [];
  const mx = await dns.query(domain, "MX");
  if (mx.kind !== "answer") return [];
  const hosts = mx.records.map(({ exchange }) => exchange).filter((name) => isWithin(name, domain));
  const answers = await Promise.all(hosts.flatMap((name) => [dns.query(name, "A"), dns.query(name, "AAAA")]));
  const found = answers.flatMap((answer) => (answer.kind === "answer" ? answer.records : []));
  return [...new Map(found.map((ip) => [formatIp(ip), ip])).values()];
}

interface Asked {
  readonly ip: IpAddress;
  readonly sends: boolean;
}

async function checkAddress(
  { ip, sends }: Asked,
  context: CheckContext,
): Promise<{ readonly findings: readonly Finding[]; readonly fact: unknown }> {
  const text = formatIp(ip);
  const result = await checkIprev(ip, { dns: context.dns });
  const pointers = await context.dns.query(reverseName(ip), "PTR");
  const names = pointers.kind === "answer" ? [...new Set(pointers.records)] : [];
  const fact = { ip: text, sends, result: result.result, names };
  const asNeeded = (found: Finding): Finding => (sends ? found : { ...found, severity: "notice" });
  if (result.result === "permerror") return { findings: [asNeeded(await missing(ip, sends, context))], fact };
  const findings: Finding[] = [];
  if (result.result === "fail") findings.push(asNeeded(await unconfirmed(ip, names, sends, context)));
  const [generic] = names.filter((name) => isGeneric(name, ip));
  if (generic !== undefined) findings.push(finding("ptr.generic", text, { ip: text, name: generic }));
  if (names.length > 1) findings.push(multiple(ip, names, context.heloNames));
  return { findings, fact };
}

async function missing(ip: IpAddress, sends: boolean, context: CheckContext): Promise<Finding> {
  const name = reverseName(ip);
  const text = formatIp(ip);
  const alias = await context.dns.query(name, "CNAME");
  const target = alias.kind === "answer" ? alias.records[0] : undefined;
  // RFC 2317 §4: the provider's CNAME leads into a zone of the customer.
  const found =
    target === undefined
      ? finding("ptr.missing", text, { ip: text, name, sends })
      : finding("ptr.delegation", text, { ip: text, name, target });
  const host = await hostOf(ip, context);
  if (host === undefined) return found;
  return { ...found, change: [addRecord(target ?? name, "PTR", `${host}.`)] };
}

/** A name that leads to the address: what the server says in HELO, or an MX host. */
async function hostOf(ip: IpAddress, { domain, dns, heloNames }: CheckContext): Promise<string | undefined> {
  const mx = await dns.query(domain, "MX");
  const hosts = mx.kind === "answer" ? mx.records.map(({ exchange }) => exchange) : [];
  for (const name of [...heloNames, ...hosts].filter((one) => one !== "")) {
    const answer = await dns.query(name, ip.family === 4 ? "A" : "AAAA");
    if (answer.kind === "answer" && answer.records.some((one) => sameIp(one, ip))) return name;
  }
  return undefined;
}

async function unconfirmed(
  ip: IpAddress,
  names: readonly string[],
  sends: boolean,
  context: CheckContext,
): Promise<Finding> {
  const text = formatIp(ip);
  const found = finding("ptr.unconfirmed", text, { ip: text, names, sends });
  const own = names.find((name) => isWithin(name, context.domain));
  if (own !== undefined && (await isServers(own, context)))
    return { ...found, change: [addRecord(own, ip.family === 4 ? "A" : "AAAA", text)] };
  const host = await hostOf(ip, context);
  if (host === undefined) return found;
  const alias = await context.dns.query(reverseName(ip), "CNAME");
  const at = (alias.kind === "answer" ? alias.records[0] : undefined) ?? reverseName(ip);
  const out = names.map((name) => removeRecord(at, "PTR", `${name}.`));
  return { ...found, change: [...out, addRecord(at, "PTR", `${host}.`)] };
}

/**
 * Whether a name is free, or that of the mail server: of one with other addresses, such as a web site's, the visitors
 * would be led to the mail server, too.
 */
async function isServers(
  name: string,
  { domain, dns, heloNames, ownClients }: CheckContext,
): Promise<boolean> {
  const [mx, a, aaaa] = await Promise.all([
    dns.query(domain, "MX"),
    dns.query(name, "A"),
    dns.query(name, "AAAA"),
  ]);
  if (a.kind === "failure" || aaaa.kind === "failure") return false;
  const addresses = [a, aaaa].flatMap((answer) => (answer.kind === "answer" ? answer.records : []));
  const isMx = mx.kind === "answer" && mx.records.some(({ exchange }) => exchange === name);
  return (
    addresses.length === 0 ||
    isMx ||
    heloNames.includes(name) ||
    addresses.every((address) => ownClients.some((own) => sameIp(own, address)))
  );
}

function multiple(ip: IpAddress, names: readonly string[], heloNames: readonly string[]): Finding {
  const text = formatIp(ip);
  const found = finding("ptr.multiple", text, { ip: text, names });
  const kept = names.find((name) => heloNames.includes(name));
  if (kept === undefined) return found;
  const gone = names.filter((name) => name !== kept);
  return { ...found, change: gone.map((name) => removeRecord(reverseName(ip), "PTR", `${name}.`)) };
}

const dynamicWords =
  /(?:^|[.-])(?:dyn|dynamic|dhcp|pool|dsl|adsl|ppp|dial|dialup|cable|user|customer|client|static|ip)\d*(?:[.-]|$)/;

/** Holds the address's own numbers, or words that providers use for lines. */
function isGeneric(name: string, ip: IpAddress): boolean {
  if (ip.family === 6) return dynamicWords.test(name);
  const numbers = name
    .split(/\D+/)
    .filter((part) => part !== "")
    .map(Number);
  const octets = [...ip.octets];
  const last = octets.slice(-2).every((octet) => numbers.includes(octet)) && numbers.length >= 3;
  const run = numbers.join(".");
  return (
    last ||
    run.includes(octets.join(".")) ||
    run.includes([...octets].reverse().join(".")) ||
    dynamicWords.test(name)
  );
}
