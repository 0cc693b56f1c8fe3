import type { DnsResolver } from "../../core/dns/resolver.ts";
import { formatIp, type IpAddress } from "../../core/ip.ts";
import type { Finding } from "../../findings/finding.ts";
import { finding } from "../../findings/table.ts";
import type { CheckContext } from "../context.ts";
import { analyseSpf, type SpfAnalysis } from "./analyse.ts";
import { type ClientEvaluation, evaluateClient, namedAddresses } from "./evaluate-clients.ts";
import { findAtName, findOldType } from "./find-at-name.ts";
import { findForClients, findHelo } from "./find-for-clients.ts";
import { findExplanation, findInTerms } from "./find-in-terms.ts";
import { findInTree } from "./find-in-tree.ts";
import { findDeadNames } from "./find-names.ts";
import { ownNodes } from "./tree-facts.ts";
import { versionFaults } from "./version-faults.ts";
import type { SpfNode } from "./walk-tree.ts";

/** What an observation needs to know; the same before and after a repair. */
export type ObservedContext = Pick<CheckContext, "domain" | "clock" | "profile" | "ownClients" | "heloNames">;

/** The SPF of a domain in one state of DNS, with everything that is wrong with it. */
export interface Observation {
  readonly analysis: SpfAnalysis;
  /** Addresses that the records name, with what they get. */
  readonly witnesses: readonly ClientEvaluation[];
  readonly findings: readonly Finding[];
}

/** Longer records are not evaluated for one client after another: no verifier likes them either. */
const longRecord = 4096;
const fewWitnesses = 4;

/** @param addresses Further clients to be evaluated. */
export async function observe(
  context: ObservedContext,
  dns: DnsResolver,
  addresses: readonly IpAddress[] = [],
): Promise<Observation> {
  const { domain, clock } = context;
  const input = { domain, dns, clock };
  const analysis = await analyseSpf(input, context.ownClients);
  const { root } = analysis;
  const named = root.state === "record" ? namedAddresses(root) : [];
  const clients = distinct([...named.slice(0, isLong(root) ? fewWitnesses : undefined), ...addresses]);
  const witnesses = await Promise.all(clients.map((ip) => evaluateClient(input, ip)));
  const asked = await Promise.all([
    findOldType(root, dns),
    ...ownNodes(root).flatMap((node) => [findDeadNames(node, root, dns), findExplanation(node, dns)]),
    findHelo(context.heloNames, context.ownClients, input),
  ]);
  const findings = [
    ...findMissing(root, context),
    ...ownNodes(root).flatMap((node) => [...findAtName(node), ...findInTerms(node)]),
    ...findInTree(analysis, witnesses),
    ...asked.flat(),
    ...findForClients(analysis, witnesses),
    ...findHardFail(root, context),
  ];
  return { analysis, witnesses, findings };
}

export function isLong({ records }: SpfNode): boolean {
  return records.some(({ text }) => text.length > longRecord);
}

function distinct(ips: readonly IpAddress[]): readonly IpAddress[] {
  return [...new Map(ips.map((ip) => [formatIp(ip), ip])).values()];
}

/** A domain that sends nothing is told so as a whole ("parked"). */
function findMissing(root: SpfNode, { profile, domain }: ObservedContext): readonly Finding[] {
  if (root.state !== "none" || profile === "parked" || versionFaults(root.txt).length > 0) return [];
  return [finding("spf.missing", domain, { domain, sends: profile !== "receiver" })];
}

/** RFC 9989 §7.1. Of a domain that sends nothing it is what is wanted. */
function findHardFail(root: SpfNode, { profile }: ObservedContext): readonly Finding[] {
  const all = root.terms.find(({ term }) => term.kind === "directive" && term.mechanism.name === "all");
  const isHard = all?.term.kind === "directive" && all.term.qualifier === "fail";
  const sendsNothing = root.terms.length === 1;
  if (!isHard || sendsNothing || profile === "parked" || profile === "receiver") return [];
  return [finding("spf.hardfail-note", root.domain, { name: root.domain })];
}
