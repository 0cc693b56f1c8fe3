import type { DnsResolver } from "../../core/dns/resolver.ts";
import { nearest } from "../../core/nearest.ts";
import type { Finding, Severity } from "../../findings/finding.ts";
import { finding } from "../../findings/table.ts";
import { type HostAddresses, lookupHosts } from "./lookup-hosts.ts";
import { hostsOf, mechanismOf, ownNodes, usedTerms } from "./tree-facts.ts";
import type { SpfNode, TermNode } from "./walk-tree.ts";

/** A name of an "a" or "mx" that leads nowhere. */
export interface DeadName {
  readonly term: TermNode;
  readonly target: string;
  readonly problem: "missing-dot" | "top-label" | "nxdomain" | "no-address" | "no-mx";
  /** A name that exists and that may have been meant. */
  readonly suggestion?: string;
}

const maxOfKind = 10;

/** Terms of one record that match nobody, since their names have no addresses; each costs a void lookup. */
export async function deadNames(
  node: SpfNode,
  root: SpfNode,
  dns: DnsResolver,
): Promise<readonly DeadName[]> {
  const terms = usedTerms(node).filter((term) => isHostTerm(term));
  const found = await Promise.all(terms.map((term) => deadName(term, root.domain, dns)));
  return found.flatMap((dead) => dead ?? []);
}

function isHostTerm(term: TermNode): boolean {
  const name = mechanismOf(term)?.name;
  return name === "a" || name === "mx";
}

async function deadName(term: TermNode, domain: string, dns: DnsResolver): Promise<DeadName | undefined> {
  const { target, host, mail } = term;
  if (target === undefined) return undefined;
  const isOffline = host?.failure?.reason === "offline" || mail?.failure === "offline";
  const missing = host?.missing ?? mail?.missing;
  if (missing === undefined && !isOffline) return undefined;
  const suggestion = await meantName(target, domain, dns);
  if (suggestion !== undefined) return { term, target, problem: "missing-dot", suggestion };
  if (missing === undefined) return undefined;
  if (missing === "nxdomain" && (await lacksTopLabel(target, dns)))
    return { term, target, problem: "top-label" };
  if (missing === "nxdomain") return { term, target, problem: "nxdomain" };
  return { term, target, problem: mail === undefined ? "no-address" : "no-mx" };
}

/** The name with its lost dot, or without the domain that stands there twice, when that name has addresses. */
async function meantName(target: string, domain: string, dns: DnsResolver): Promise<string | undefined> {
  for (const candidate of candidates(target, domain)) {
    const { v4, v6 } = await lookupHosts(candidate, dns);
    if (v4.length + v6.length > 0) return candidate;
  }
  return undefined;
}

function* candidates(target: string, domain: string): Generator<string> {
  if (target.endsWith(`.${domain}.${domain}`)) yield target.slice(0, -domain.length - 1);
  // "mx.examplejp" for "mx.example.jp".
  for (let dot = domain.indexOf("."); dot >= 0; dot = domain.indexOf(".", dot + 1)) {
    const glued = domain.slice(0, dot) + domain.slice(dot + 1);
    if (target === glued || target.endsWith(`.${glued}`)) yield target.slice(0, -glued.length) + domain;
  }
  // "mxexample.jp" for "mx.example.jp".
  const start = target.length - domain.length;
  if (start > 0 && target.endsWith(domain) && target[start - 1] !== ".")
    yield `${target.slice(0, start)}.${domain}`;
}

async function lacksTopLabel(target: string, dns: DnsResolver): Promise<boolean> {
  const top = target.slice(target.lastIndexOf(".") + 1);
  return (await dns.query(top, "NS")).kind === "nxdomain";
}

/** A name that cannot exist is a mistake; one without addresses may have been taken away later. */
const severities: Readonly<Record<DeadName["problem"], Severity>> = {
  "missing-dot": "error",
  "top-label": "error",
  nxdomain: "warning",
  "no-address": "warning",
  "no-mx": "warning",
};

export async function findDeadNames(
  node: SpfNode,
  root: SpfNode,
  dns: DnsResolver,
): Promise<readonly Finding[]> {
  const name = node.domain;
  return (await deadNames(node, root, dns))
    .slice(0, maxOfKind)
    .map(({ term, target, problem, suggestion }) => ({
      ...finding("spf.name-unresolvable", name, {
        name,
        term: term.term.text,
        target,
        problem,
        ...(suggestion === undefined ? {} : { suggestion }),
      }),
      severity: severities[problem],
    }));
}

/** Services whose include is often mistyped. */
const knownIncludes = `_spf.google.com spf.protection.outlook.com amazonses.com sendgrid.net servers.mcsv.net
spf.mandrillapp.com mailgun.org _spf.salesforce.com mail.zendesk.com spf.mtasv.net zoho.com zcsend.net _spf.qualtrics.com
spf.sendinblue.com _netblocks.google.com`.split(/\s+/);

/** For an include that leads nowhere: the service's name that it is a letter or two from. */
export function suggestInclude(target: string): string | undefined {
  const near = nearest(target, knownIncludes, 2);
  return near === target ? undefined : near;
}

// ---------------------------------------------------------------- names of one family

export interface OneFamilyHost {
  readonly term: TermNode;
  readonly host: string;
  readonly lacks: "A" | "AAAA";
}

/** Host names of a record with addresses of one family only. */
export function oneFamilyHosts(node: SpfNode): readonly OneFamilyHost[] {
  return usedTerms(node).flatMap((term) =>
    hostsOf(term).flatMap(({ host, v4, v6, failure }: HostAddresses) => {
      if (failure !== undefined || v4.length > 0 === v6.length > 0) return [];
      return [{ term, host, lacks: v4.length > 0 ? "AAAA" : "A" } as const];
    }),
  );
}

/** The families that the domain's own records name, by themselves or by the addresses of hosts. */
export function ownFamilies(root: SpfNode): { readonly v4: boolean; readonly v6: boolean } {
  const terms = ownNodes(root).flatMap(usedTerms);
  const names = terms.flatMap((term) => mechanismOf(term)?.name ?? []);
  const hosts = terms.flatMap(hostsOf);
  return {
    v4: names.includes("ip4") || hosts.some(({ v4 }) => v4.length > 0),
    v6: names.includes("ip6") || hosts.some(({ v6 }) => v6.length > 0),
  };
}
