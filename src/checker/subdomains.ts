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
  const wildcard = await stateOfWildcard(context);
  const known = await withAddress(await knownNames(context), context);
  const names = [...new Set([...known, ...(await commonNames(context, wildcard))])].sort();
  const open = [...(await uncovered(names, context)), ...(wildcard === "open" ? [`*.${domain}`] : [])];
  const findings =
    open.length === 0 ? [] : [finding("sub.uncovered", domain, { domain, names: open.slice(0, maxShown) })];
  return { findings, facts: { names } };
};

/** Whether a wildcard gives addresses to every name, and anybody can send as these. */
async function stateOfWildcard(context: CheckContext): Promise<"none" | "open" | "covered"> {
  const unused = unusedNameBelow(context.domain);
  if (!(await hasAddress(unused, context.dns))) return "none";
  return (await isCovered(unused, context)) === false ? "open" : "covered";
}

/** MX hosts, and what the zone files hold. */
async function knownNames({ domain, dns, zones }: CheckContext): Promise<readonly string[]> {
  const mx = await dns.query(domain, "MX");
  const hosts = mx.kind === "answer" ? mx.records.map(({ exchange }) => exchange) : [];
  const inFiles = zones.flatMap(({ zone }) =>
    zone.records
      .filter(({ type }) => type === "A" || type === "AAAA" || type === "MX")
      .map(({ name }) => name),
  );
  const all = [...inFiles, ...hosts].filter(
    (name) => name !== domain && isWithin(name, domain) && !name.startsWith("*"),
  );
  return [...new Set(all)].slice(0, maxNames);
}

/** What a wildcard says of every name is no sign that somebody uses this one. */
async function commonNames(
  context: CheckContext,
  wildcard: "none" | "open" | "covered",
): Promise<readonly string[]> {
  // It stands for them.
  if (wildcard === "open") return [];
  const names = await withAddress(
    common.map((label) => `${label}.${context.domain}`),
    context,
  );
  // RFC 4592 §3.3.1: a name that it does not cover has records of its own.
  return wildcard === "none" ? names : uncovered(names, context);
}

async function withAddress(names: readonly string[], { dns }: CheckContext): Promise<readonly string[]> {
  const found = await Promise.all(names.map((name) => hasAddress(name, dns)));
  return names.filter((_, index) => found[index]);
}

async function uncovered(names: readonly string[], context: CheckContext): Promise<readonly string[]> {
  const covered = await Promise.all(names.map((name) => isCovered(name, context)));
  return names.filter((_, index) => covered[index] === false);
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
