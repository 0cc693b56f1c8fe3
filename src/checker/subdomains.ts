import { discoverPolicy } from "../core/dmarc/discovery.ts";
import { isWithin } from "../core/domain-name.ts";
import { finding } from "../findings/table.ts";
import type { Check, CheckContext } from "./context.ts";
import { unusedNameBelow } from "./txt.ts";

/** Names that hosts commonly have; few, since each costs questions. */
const common = ["www", "mail", "smtp", "webmail", "ftp", "lists", "news"];
const maxNames = 100;
const maxShown = 20;

/** Names below the domain that have addresses or MX records, and neither SPF of their own nor a DMARC policy above. */
export const checkSubdomains: Check = async (context) => {
  const { domain } = context;
  const names = await namesBelow(context);
  const covered = await Promise.all(names.map((name) => isCovered(name, context)));
  const wildcard = await openWildcard(context);
  const open = [...names.filter((_, index) => covered[index] === false), ...wildcard];
  const findings =
    open.length === 0 ? [] : [finding("sub.uncovered", domain, { domain, names: open.slice(0, maxShown) })];
  return { findings, facts: { names } };
};

/** Where a wildcard has addresses, every name does: it stands for them. */
async function openWildcard(context: CheckContext): Promise<readonly string[]> {
  const unused = unusedNameBelow(context.domain);
  if (!(await hasAddress(unused, context.dns))) return [];
  return (await isCovered(unused, context)) === false ? [`*.${context.domain}`] : [];
}

async function namesBelow({ domain, dns, zones }: CheckContext): Promise<string[]> {
  const mx = await dns.query(domain, "MX");
  const hosts = mx.kind === "answer" ? mx.records.map(({ exchange }) => exchange) : [];
  const inFiles = zones.flatMap(({ zone }) =>
    zone.records
      .filter(({ type }) => type === "A" || type === "AAAA" || type === "MX")
      .map(({ name }) => name),
  );
  // What a wildcard says of every name is no sign that somebody uses this one.
  const hasWildcard = await hasAddress(unusedNameBelow(domain), dns);
  const guesses = hasWildcard ? [] : common.map((label) => `${label}.${domain}`);
  const all = [...inFiles, ...hosts, ...guesses].filter(
    (name) => name !== domain && isWithin(name, domain) && !name.startsWith("*"),
  );
  const asked = [...new Set(all)].slice(0, maxNames);
  const exist = await Promise.all(asked.map((name) => hasAddress(name, dns)));
  return asked.filter((_, index) => exist[index]).sort();
}

async function hasAddress(name: string, dns: CheckContext["dns"]): Promise<boolean> {
  const first = await dns.query(name, "A");
  // Most names that are guessed do not exist, and then no other type does.
  if (first.kind === "answer" || first.kind === "nxdomain") return first.kind === "answer";
  const others = await Promise.all((["AAAA", "MX"] as const).map((type) => dns.query(name, type)));
  return others.some(({ kind }) => kind === "answer");
}

/** Undefined when DNS did not tell. */
async function isCovered(name: string, { dns }: CheckContext): Promise<boolean | undefined> {
  const [txt, policy] = await Promise.all([dns.query(name, "TXT"), discoverPolicy(name, { dns })]);
  if (txt.kind === "failure" || policy.kind === "failure") return undefined;
  if (txt.kind === "answer" && txt.records.some(({ text }) => /^v=spf1(?: |$)/i.test(text))) return true;
  return policy.kind === "policy" && policy.policy !== "none";
}
