import type { Clock } from "../../core/clock.ts";
import type { DnsResolver } from "../../core/dns/resolver.ts";
import { formatIp, type IpAddress, inNetwork, parseIp } from "../../core/ip.ts";
import type { SpfResult, SpfTraceStep, VoidCounts } from "../../core/results.ts";
import { checkHost, type SpfOptions } from "../../core/spf/check-host.ts";
import { nodesOf, type SpfNode } from "./walk-tree.ts";

/** What one client gets from verifiers of both schools of counting void lookups (RFC 7208 §4.6.4). */
export interface ClientEvaluation {
  readonly ip: IpAddress;
  /** Every empty answer counts. */
  readonly byQuery: SpfResult;
  /** A name counts that has neither A nor AAAA records. */
  readonly byName: SpfResult;
}

/** A client that no address of the record names, followed to the end of the record. */
export interface UnlistedClient extends ClientEvaluation {
  /** As if there were no limit of void lookups. */
  readonly voids: VoidCounts;
  /** The empty answers in order: `name TYPE`, and the term that asked. */
  readonly emptyAnswers: readonly EmptyAnswer[];
}

export interface EmptyAnswer {
  readonly question: string;
  readonly term: string;
  readonly exists: boolean;
}

export interface EvaluationInput {
  readonly domain: string;
  readonly dns: DnsResolver;
  readonly clock: Clock;
}

const maxEmptyAnswers = 30;

export async function evaluateClient(input: EvaluationInput, ip: IpAddress): Promise<ClientEvaluation> {
  const [byQuery, byName] = await Promise.all([
    evaluate(input, ip, { voidCounting: "query" }),
    evaluate(input, ip, { voidCounting: "name" }),
  ]);
  return { ip, byQuery, byName };
}

export async function evaluateUnlisted(input: EvaluationInput, ip: IpAddress): Promise<UnlistedClient> {
  const maxVoidLookups = Number.POSITIVE_INFINITY;
  const [client, followed, counted] = await Promise.all([
    evaluateClient(input, ip),
    evaluate(input, ip, { voidCounting: "query", maxVoidLookups }),
    evaluate(input, ip, { voidCounting: "name", maxVoidLookups, traceAllCounts: true }),
  ]);
  const last = counted.trace.findLast((step) => step.kind === "term");
  const voids = last?.voids ?? { query: 0, term: 0, name: 0 };
  return { ...client, voids, emptyAnswers: emptyAnswersOf(followed.trace) };
}

function evaluate(
  { domain, dns, clock }: EvaluationInput,
  ip: IpAddress,
  options: SpfOptions,
): Promise<SpfResult> {
  return checkHost({ ip, domain, sender: `postmaster@${domain}`, helo: domain, dns, clock, options });
}

/** The first question is that for the sender's own record, which counts for nothing. */
function emptyAnswersOf(trace: readonly SpfTraceStep[]): readonly EmptyAnswer[] {
  const found: EmptyAnswer[] = [];
  let waiting: Omit<EmptyAnswer, "term">[] = [];
  for (const step of trace.slice(1)) {
    if (step.kind === "query" && (step.outcome === "nodata" || step.outcome === "nxdomain"))
      waiting.push({ question: `${step.name} ${step.type}`, exists: step.outcome === "nodata" });
    if (step.kind !== "term") continue;
    if (step.outcome === "explanation" || found.length >= maxEmptyAnswers) break;
    for (const question of waiting) found.push({ ...question, term: step.term });
    waiting = [];
  }
  return found.slice(0, maxEmptyAnswers);
}

/** As the operators do it by hand: 127.0.0.1 and ::1; others where a record lists these. */
const unlisted4 = ["127.0.0.1", "240.0.0.1", "0.0.0.0"];
const unlisted6 = ["::1", "100::1", "::"];

/** An address of each family that no ip4 or ip6 of the tree names. */
export function unlistedAddresses(root: SpfNode): { readonly v4: IpAddress; readonly v6: IpAddress } {
  const networks = nodesOf(root).flatMap(({ terms }) =>
    terms.flatMap(({ term }) =>
      term.kind === "directive" && "address" in term.mechanism ? [term.mechanism] : [],
    ),
  );
  const pick = (texts: readonly string[]): IpAddress => {
    const ips = texts.map((text) => parseIp(text) as IpAddress);
    const free = ips.find((ip) => !networks.some(({ address, prefix }) => inNetwork(ip, address, prefix)));
    return free ?? (ips[0] as IpAddress);
  };
  return { v4: pick(unlisted4), v6: pick(unlisted6) };
}

const maxWitnesses = 48;

/** Addresses that the records name, of each term the first: what a repair must not lose. Bounded. */
export function namedAddresses(root: SpfNode): readonly IpAddress[] {
  const found = new Map<string, IpAddress>();
  for (const { terms } of nodesOf(root))
    for (const { term, host, mail } of terms) {
      if (found.size >= maxWitnesses) break;
      if (term.kind === "directive" && "address" in term.mechanism) keep(found, [term.mechanism.address]);
      for (const { v4, v6 } of [...(host === undefined ? [] : [host]), ...(mail?.hosts ?? [])])
        keep(found, [...v4, ...v6]);
    }
  return [...found.values()].slice(0, maxWitnesses);
}

function keep(into: Map<string, IpAddress>, ips: readonly IpAddress[]): void {
  for (const ip of ips) into.set(formatIp(ip), ip);
}
