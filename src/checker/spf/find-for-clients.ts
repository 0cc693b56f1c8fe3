import { formatIp, type IpAddress } from "../../core/ip.ts";
import type { SpfResult, SpfWord } from "../../core/results.ts";
import type { Finding } from "../../findings/finding.ts";
import { finding } from "../../findings/table.ts";
import type { SpfAnalysis } from "./analyse.ts";
import {
  type ClientEvaluation,
  type EvaluationInput,
  evaluateClient,
  type UnlistedClient,
} from "./evaluate-clients.ts";
import { oneFamilyHosts, ownFamilies } from "./find-names.ts";
import { lookupHosts } from "./lookup-hosts.ts";
import { ownNodes } from "./tree-facts.ts";

/** RFC 7208 §4.6.4. */
const maxVoids = 2;
const maxOfKind = 10;

/** What clients of both families and the operator's own get. */
export function findForClients(
  analysis: SpfAnalysis,
  witnesses: readonly ClientEvaluation[],
): readonly Finding[] {
  const { root, unlisted4, unlisted6, clients } = analysis;
  if (root.state !== "record") return [];
  const sends = sendingFamilies(analysis);
  return [
    ...findVoids(root.domain, unlisted4, sends),
    ...findVoids(root.domain, unlisted6, sends),
    ...findDisputed(analysis, [...clients, ...witnesses], sends),
    ...findOneFamily(analysis, sends),
    ...findOwn(root.domain, clients),
  ];
}

/** The families of the operator's clients, or that the domain's own records name. */
type Families = ReadonlySet<4 | 6>;

function sendingFamilies({ root, clients }: SpfAnalysis): Families {
  const named = ownFamilies(root);
  const own = clients.map(({ ip }) => ip.family);
  return new Set([...(named.v4 ? [4 as const] : []), ...(named.v6 ? [6 as const] : []), ...own]);
}

/**
 * Over the limit by the words of RFC 7208 §4.6.4, which counts terms with an empty answer, or by names that do not
 * resolve at all. What only verifiers say that count each query is disputed, and told as such.
 */
function findVoids(
  name: string,
  { ip, voids, emptyAnswers }: UnlistedClient,
  sends: Families,
): readonly Finding[] {
  if (Math.max(voids.term, voids.name) <= maxVoids) return [];
  const params = {
    name,
    client: formatIp(ip),
    terms: voids.term,
    names: voids.name,
    queries: emptyAnswers.slice(0, 2 * maxOfKind).map(({ question }) => question),
  };
  const found = ip.family === 4 ? finding("spf.void-v4", name, params) : finding("spf.void-v6", name, params);
  // From a family that never sends only strangers come, and get an error instead of what "all" says.
  return [sends.has(ip.family) ? found : { ...found, severity: "warning" }];
}

/** Clients with another result in either school, since one of the two has met its limit of void lookups. */
function findDisputed(
  { root, unlisted4, unlisted6 }: SpfAnalysis,
  listed: readonly ClientEvaluation[],
  sends: Families,
): readonly Finding[] {
  const disputed = [unlisted4, unlisted6, ...listed].filter(isDisputed);
  if (disputed.length === 0) return [];
  const clients = disputed.map(
    ({ ip, byQuery, byName }) => `${formatIp(ip)} ${byQuery.result}/${byName.result}`,
  );
  const queries = [...unlisted4.emptyAnswers, ...unlisted6.emptyAnswers].map(({ question }) => question);
  const name = root.domain;
  const found = finding("spf.void-disputed", name, {
    name,
    clients: [...new Set(clients)].slice(0, 2 * maxOfKind),
    queries: [...new Set(queries)].slice(0, 2 * maxOfKind),
  });
  const isOwnMail = disputed.some(({ ip }) => sends.has(ip.family));
  return [isOwnMail ? found : { ...found, severity: "notice" }];
}

function isDisputed({ byQuery, byName }: ClientEvaluation): boolean {
  const { result } = byName;
  return isVoidLimit(byQuery) && result !== byQuery.result && result !== "temperror";
}

export function isVoidLimit({ problem }: SpfResult): boolean {
  return problem === "void-lookup-limit";
}

/** Names without addresses of a family that sends. */
function findOneFamily({ root, unlisted4, unlisted6 }: SpfAnalysis, sends: Families): readonly Finding[] {
  const isOver = Math.max(unlisted4.voids.query, unlisted6.voids.query) > maxVoids;
  return ownNodes(root).flatMap((node) => {
    const hosts = oneFamilyHosts(node).filter(({ lacks }) => sends.has(lacks === "A" ? 4 : 6));
    if (hosts.length === 0) return [];
    const name = node.domain;
    const listed = hosts
      .slice(0, 2 * maxOfKind)
      .map(({ term, host, lacks }) => ({ host, term: term.term.text, lacks }));
    const found = finding("spf.one-family-name", name, { name, hosts: listed });
    // Within the limit nothing breaks; one more such name, and it does.
    return [isOver ? found : { ...found, severity: "notice" }];
  });
}

/** The operator's own clients that do not pass at verifiers of both schools. */
function findOwn(name: string, clients: readonly ClientEvaluation[]): readonly Finding[] {
  return clients
    .filter(({ byQuery, byName }) => !isFine(byQuery.result) || !isFine(byName.result))
    .map(({ ip, byQuery, byName }) =>
      finding("spf.own-ips", name, {
        name,
        client: formatIp(ip),
        byQuery: byQuery.result,
        byName: byName.result,
      }),
    );
}

/** A temperror says that DNS did not answer, which has a finding of its own. */
function isFine(word: SpfWord): boolean {
  return word === "pass" || word === "temperror";
}

const maxHeloNames = 20;

/** The HELO identity of each of the operator's host names: RFC 7208 §2.3; bounces have no other (§2.4). */
export async function findHelo(
  names: readonly string[],
  clients: readonly IpAddress[],
  input: EvaluationInput,
): Promise<readonly Finding[]> {
  const found = await Promise.all(
    names.slice(0, maxHeloNames).map((helo) => findHeloName(helo, clients, input)),
  );
  return found.flat();
}

async function findHeloName(
  helo: string,
  clients: readonly IpAddress[],
  input: EvaluationInput,
): Promise<readonly Finding[]> {
  for (const ip of await heloClients(helo, clients, input)) {
    const { byName } = await evaluateClient({ ...input, domain: helo }, ip);
    if (!isFine(byName.result))
      return [finding("spf.helo", helo, { helo, client: formatIp(ip), result: byName.result })];
  }
  return [];
}

/** The clients that say this name: those with its addresses; its addresses themselves where none is known. */
export async function heloClients(
  helo: string,
  clients: readonly IpAddress[],
  { dns }: Pick<EvaluationInput, "dns">,
): Promise<readonly IpAddress[]> {
  const { v4, v6 } = await lookupHosts(helo, dns);
  const addresses = new Set([...v4, ...v6].map(formatIp));
  const own = clients.filter((ip) => addresses.has(formatIp(ip)));
  return (own.length > 0 ? own : [...v4, ...v6]).slice(0, maxOfKind);
}
