import { canonicalName, isBelowOrAt, parentName } from "./name.ts";
import { maxAliases } from "./reply.ts";
import type { DnsAnswer, DnsQueryOptions, DnsRecordOf, DnsResolver, DnsType } from "./resolver.ts";
import type { Zone } from "./zone-parse.ts";

type AnyAnswer = DnsAnswer<DnsRecordOf[DnsType]>;
type AnyRecord = DnsRecordOf[DnsType];

/**
 * Lays zone files over another resolver, or answers from them alone.
 *
 * - A name at which a file has any record is answered from the files; a type it lacks there is nodata, whatever live DNS
 *   holds. Names that a wildcard of a file covers (RFC 4592) are answered from it; a name that only live DNS has below
 *   such a wildcard counts as covered. CNAMEs are followed through files and fallback alike.
 * - Addresses that a server works out itself (ALIAS and the like) are those that `fallback` has now, and `failure: offline`
 *   where it knows no such name.
 * - All other names are asked of `fallback`. NXDOMAIN becomes nodata where a file has names below.
 * - At and below a delegation (NS records below the SOA of their own file) the file is not authoritative: the name is
 *   asked of `fallback`, unless another file has it.
 * - Without `fallback`, a name of which nothing is in the files is nxdomain (nodata with names below it) within an origin
 *   of a file and `failure: offline` elsewhere. The origins of a file are the owners of its SOA records or, if it has
 *   none, its $ORIGIN names and the `origin` given. A file with neither is taken as all there is: then every name
 *   that is in no file is nxdomain. `_dmarc` names above an origin are nxdomain too: the tree walk of RFC 9989 §4.10
 *   asks for them, and a domain's own zone is meant to be tried without those of its registry. With `isRegistry` that
 *   holds for the names for which it is true, and those between them and the origin are `failure: offline`.
 *
 * Answers that a file had a part in are never authentic.
 *
 * With `asPublished` the files are what DNS will be: a file with a SOA record is its zone, and what it lacks there will
 * not be, whatever live DNS holds now; of a name in a file without one only the types that stand there are replaced.
 */
export function zoneResolver(
  zones: readonly Zone[],
  fallback?: DnsResolver,
  options: ZoneResolverOptions = {},
): DnsResolver {
  const overlay = new Overlay(zones, fallback, options);
  return {
    // The records of a node are kept by type.
    query: <T extends DnsType>(name: string, type: T, options?: DnsQueryOptions) =>
      overlay.query(name, type, options) as Promise<DnsAnswer<DnsRecordOf[T]>>,
  };
}

export interface ZoneResolverOptions {
  readonly asPublished?: boolean;
  /** Whether a domain is a registry's. */
  readonly isRegistry?: (domain: string) => boolean;
}

interface RecordSet {
  readonly records: AnyRecord[];
  readonly seen: Set<string>;
  ttl: number;
}

type Node = Map<DnsType, RecordSet>;

interface Chain {
  readonly aliases: number;
  readonly ttl: number;
  readonly authentic: boolean;
}

class Overlay {
  readonly #fallback: DnsResolver | undefined;
  readonly #nodes = new Map<string, Node>();
  /** Names of nodes and all names above them. */
  readonly #existing = new Set<string>();
  readonly #origins = new Set<string>();
  readonly #delegations = new Set<string>();
  /** Owners of SOA records. */
  readonly #apexes = new Set<string>();
  /** Their addresses are not in the files. */
  readonly #computed = new Set<Node>();
  readonly #asPublished: boolean;
  readonly #isRegistry: (domain: string) => boolean;

  constructor(
    zones: readonly Zone[],
    fallback: DnsResolver | undefined,
    { asPublished = false, isRegistry = () => true }: ZoneResolverOptions,
  ) {
    this.#fallback = fallback;
    this.#asPublished = asPublished;
    this.#isRegistry = isRegistry;
    for (const zone of zones) this.#addZone(zone);
    for (const zone of zones) this.#findDelegations(zone);
  }

  #addZone(zone: Zone): void {
    for (const record of zone.records) this.#add(record.name, record.type, record.data, record.ttl);
    for (const name of zone.otherNames) this.#node(name);
    for (const name of zone.computedNames) this.#computed.add(this.#node(name));
    const soaOwners = apexes(zone);
    for (const apex of soaOwners) this.#apexes.add(apex);
    const origins = soaOwners.length > 0 ? soaOwners : zone.origins;
    for (const origin of origins.length > 0 ? origins : [""]) this.#origins.add(origin);
  }

  #findDelegations(zone: Zone): void {
    const soaOwners = apexes(zone);
    for (const { name, type } of zone.records) {
      if (type !== "NS" || this.#nodes.get(name)?.has("SOA") === true) continue;
      if (soaOwners.some((apex) => isBelowOrAt(name, apex))) this.#delegations.add(name);
    }
  }

  #node(name: string): Node {
    let node = this.#nodes.get(name);
    if (node !== undefined) return node;
    node = new Map();
    this.#nodes.set(name, node);
    for (let at: string | undefined = name; at !== undefined; at = parentName(at)) this.#existing.add(at);
    return node;
  }

  #add(name: string, type: DnsType, data: AnyRecord, ttl: number): void {
    const node = this.#node(name);
    const set = node.get(type) ?? { records: [], seen: new Set(), ttl };
    node.set(type, set);
    // RFC 2181 §5.2: one TTL for the set, the least.
    set.ttl = Math.min(set.ttl, ttl);
    const text = JSON.stringify(data);
    // RFC 2181 §5: equal records are one.
    if (set.seen.has(text)) return;
    set.seen.add(text);
    set.records.push(data);
  }

  async query(name: string, type: DnsType, options?: DnsQueryOptions): Promise<AnyAnswer> {
    const asked = canonicalName(name);
    if (asked === undefined) return { kind: "failure", reason: "bad-name" };
    let chain: Chain = { aliases: 0, ttl: Number.POSITIVE_INFINITY, authentic: true };
    let at = asked;
    for (;;) {
      const step = await this.#step(at, type, options);
      chain = {
        aliases: chain.aliases + 1,
        ttl: Math.min(chain.ttl, step.answer.kind === "answer" ? step.answer.ttl : chain.ttl),
        authentic: chain.authentic && step.answer.kind !== "failure" && step.answer.authentic,
      };
      if (step.target === undefined) return withChain(step.answer, chain);
      if (chain.aliases > maxAliases) return { kind: "failure", reason: "malformed" };
      at = step.target;
    }
  }

  async #step(name: string, type: DnsType, options?: DnsQueryOptions): Promise<Step> {
    const node = this.#find(name, type);
    if (node === undefined || this.#isPart(name, node, type)) return this.#ask(name, type, options);
    return this.#isComputed(node, type) ? this.#askComputed(name, type, options) : stepAt(node, type);
  }

  #isComputed(node: Node, type: DnsType): boolean {
    if (type !== "A" && type !== "AAAA") return false;
    return this.#computed.has(node) && !node.has(type) && !node.has("CNAME");
  }

  async #askComputed(name: string, type: DnsType, options?: DnsQueryOptions): Promise<Step> {
    const now = await this.#fallback?.query(name, type, options);
    if (now === undefined || now.kind === "nxdomain")
      return { answer: { kind: "failure", reason: "offline" } };
    return { answer: now };
  }

  /** What the files have at the name, by itself or by a wildcard; undefined when they have nothing to say. */
  #find(name: string, type: DnsType): Node | undefined {
    const isApexOfDelegation = this.#delegations.has(name) && type === "NS";
    if (this.#delegations.size > 0 && !isApexOfDelegation && this.#isDelegated(name)) return undefined;
    const node = this.#nodes.get(name);
    if (node !== undefined || this.#existing.has(name)) return node;
    // RFC 4592 §3.3.1: only the wildcard right below the closest encloser counts.
    let encloser = parentName(name);
    while (encloser !== undefined && !this.#existing.has(encloser)) encloser = parentName(encloser);
    if (encloser === undefined) return undefined;
    return this.#nodes.get(encloser === "" ? "*" : `*.${encloser}`);
  }

  /** What live DNS holds of other types stays when no more than these records is published. */
  #isPart(name: string, node: Node, type: DnsType): boolean {
    if (!this.#asPublished || this.#fallback === undefined || node.has(type) || node.has("CNAME"))
      return false;
    return !isCovered(name, this.#apexes);
  }

  /** Below a delegation and not in a zone that another file holds the apex of. */
  #isDelegated(name: string): boolean {
    for (let at: string | undefined = name; at !== undefined; at = parentName(at)) {
      if (this.#nodes.get(at)?.has("SOA") === true) return false;
      if (this.#delegations.has(at)) return true;
    }
    return false;
  }

  async #ask(name: string, type: DnsType, options?: DnsQueryOptions): Promise<Step> {
    if (this.#fallback === undefined || this.#isGone(name)) return { answer: this.#offline(name) };
    const question = this.#fallback.query(name, type, options);
    if (type === "CNAME") return { answer: this.#emptyNonTerminal(name, await question) };
    // A CNAME of live DNS may lead into the files, which the fallback cannot know.
    const [answer, alias] = await Promise.all([question, this.#fallback.query(name, "CNAME", options)]);
    const target = alias.kind === "answer" ? alias.records[0] : undefined;
    return target === undefined
      ? { answer: this.#emptyNonTerminal(name, answer) }
      : { answer: alias, target };
  }

  /** Within a zone that is in the files whole, and not in it. */
  #isGone(name: string): boolean {
    return this.#asPublished && isCovered(name, this.#apexes) && !this.#isDelegated(name);
  }

  #emptyNonTerminal(name: string, answer: AnyAnswer): AnyAnswer {
    if (answer.kind !== "nxdomain" || !this.#existing.has(name)) return answer;
    return { kind: "nodata", authentic: false };
  }

  #isPolicyAbove(name: string): boolean {
    const above = name.startsWith("_dmarc.") ? name.slice("_dmarc.".length) : undefined;
    if (above === undefined || !this.#isRegistry(above)) return false;
    return [...this.#origins].some((origin) => isBelowOrAt(origin, above));
  }

  #offline(name: string): AnyAnswer {
    if (this.#delegations.size > 0 && this.#isDelegated(name)) return { kind: "failure", reason: "offline" };
    if (!isCovered(name, this.#origins) && !this.#isPolicyAbove(name))
      return { kind: "failure", reason: "offline" };
    return { kind: this.#existing.has(name) ? "nodata" : "nxdomain", authentic: false };
  }
}

/** An answer, or where a CNAME leads. */
interface Step {
  readonly answer: AnyAnswer;
  readonly target?: string;
}

function stepAt(node: Node, type: DnsType): Step {
  const set = node.get(type);
  if (set !== undefined) return { answer: answerOf(set) };
  const alias = node.get("CNAME");
  if (alias === undefined) return { answer: { kind: "nodata", authentic: false } };
  return { answer: answerOf(alias), target: alias.records[0] as string };
}

function answerOf({ records, ttl }: RecordSet): AnyAnswer {
  return { kind: "answer", records, ttl, authentic: false };
}

function withChain(answer: AnyAnswer, { ttl, authentic }: Chain): AnyAnswer {
  if (answer.kind === "failure") return answer;
  return answer.kind === "answer" ? { ...answer, ttl, authentic } : { ...answer, authentic };
}

function apexes(zone: Zone): string[] {
  return zone.records.filter((record) => record.type === "SOA").map((record) => record.name);
}

function isCovered(name: string, origins: ReadonlySet<string>): boolean {
  for (let at: string | undefined = name; at !== undefined; at = parentName(at))
    if (origins.has(at)) return true;
  return false;
}
