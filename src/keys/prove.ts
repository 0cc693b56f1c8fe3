import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import { parseDkimKey } from "../core/dkim/key.ts";
import { type KeyType, publicKeyOf } from "../core/dkim/key-material.ts";
import { keyRecordName } from "../core/dkim/key-query.ts";
import type { AuthoritativeServers, ServerAnswer, ZoneServer } from "../core/dns/authoritative.ts";
import type { TxtRecord } from "../core/dns/resolver.ts";
import { formatIp } from "../core/ip.ts";
import type { ZoneFault } from "./plan-fault.ts";
import type { Observation } from "./rotation.ts";

/** A key as it is to be found in DNS. */
export interface ProvedKey {
  readonly domain: string;
  readonly selector: string;
  readonly type: KeyType;
  /** What `p=` says. */
  readonly publicKey: string;
}

export interface Prover {
  /** The zone in which records of a domain's keys stand. */
  zoneOf(domain: string): Promise<{ readonly zone: string } | { readonly fault: ZoneFault }>;
  /** Asks every address of every server of the zone for the record of a key. Never rejects. */
  observe(key: ProvedKey): Promise<Observation>;
  /** Whether a server has a record at a selector already. Never rejects. */
  look(domain: string, selector: string): Promise<SelectorLook>;
}

export type SelectorLook =
  /** @param staleMs How long caches may hold that nothing is there, or what a wildcard says (ms). */
  | { readonly kind: "free"; readonly staleMs: number }
  | { readonly kind: "taken" }
  /** A server cannot be asked. */
  | { readonly kind: "unknown" };

export interface ProverOptions {
  readonly servers: AuthoritativeServers;
  /** Whether this machine reaches IPv6 addresses; looked up when absent. */
  readonly hasIpv6?: () => boolean;
}

/** Proves what the servers of a zone serve, each asked for itself: no cache stands between. */
export function createProver({ servers, hasIpv6 = machineHasIpv6 }: ProverOptions): Prover {
  return {
    async zoneOf(domain) {
      const found = await servers.findZone(keysName(domain));
      return found.kind === "zone" ? { zone: found.zone } : { fault: found.reason };
    },
    observe: (key) => observeAt(keyRecordName(key), key, { servers, hasIpv6 }, 0),
    async look(domain, selector) {
      const means = { servers, hasIpv6 };
      const there = await whatIsThere(keyRecordName({ domain, selector }), means);
      if (there === undefined) return { kind: "unknown" };
      const free = { kind: "free", staleMs: there.staleMs } as const;
      if (there.text === "") return free;
      // A wildcard answers for any name, and is no record of the selector.
      const random = `x${randomBytes(8).toString("hex")}`;
      const anywhere = await whatIsThere(keyRecordName({ domain, selector: random }), means);
      if (anywhere === undefined) return { kind: "unknown" };
      return there.text === anywhere.text ? free : { kind: "taken" };
    },
  };
}

/** All answers in one text, empty when there is no record anywhere; undefined when a server cannot be asked. */
async function whatIsThere(
  name: string,
  means: Means,
): Promise<{ readonly text: string; readonly staleMs: number } | undefined> {
  const asked = await askEverywhere(name, means);
  if (asked.kind === "problem" || asked.answers.some((answer) => sayOf(answer) === "unknown"))
    return undefined;
  const texts = asked.answers.map(({ answer, alias }) =>
    answer.kind === "answer"
      ? JSON.stringify(answer.records.map(({ text }) => text).toSorted())
      : (alias ?? ""),
  );
  const ttls = asked.answers.map(({ answer }) => (answer.kind === "answer" ? answer.ttl : 0));
  return {
    text: texts.every((text) => text === "") ? "" : JSON.stringify(texts),
    staleMs: 1000 * Math.max(asked.negativeTtl ?? 0, ...ttls),
  };
}

function keysName(domain: string): string {
  return `_domainkey.${domain}`;
}

/** Whether an address of this machine is reachable over IPv6 from elsewhere, as far as can be told. */
function machineHasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(
      ({ family, internal, address }) => family === "IPv6" && !internal && !address.startsWith("fe80:"),
    ),
  );
}

interface Means {
  readonly servers: AuthoritativeServers;
  readonly hasIpv6: () => boolean;
}

type Asked =
  | {
      readonly kind: "answers";
      readonly zone: string;
      readonly answers: readonly ServerAnswer<TxtRecord>[];
      /** Of the zone, by the SOA record that each server has: the longest. */
      readonly negativeTtl: number | undefined;
    }
  | { readonly kind: "problem"; readonly problem: string };

/** A chain of CNAMEs that is longer than this is a mistake. */
const maxAliases = 4;

async function observeAt(name: string, key: ProvedKey, means: Means, depth: number): Promise<Observation> {
  const asked = await askEverywhere(name, means);
  if (asked.kind === "problem") return unknown(asked.problem);
  const { answers, negativeTtl } = asked;
  const aliases = new Set(answers.map(({ alias }) => alias));
  const [alias] = aliases;
  if (aliases.size === 1 && alias !== undefined && depth < maxAliases) {
    const behind = await observeAt(alias, key, means, depth + 1);
    return { ...behind, staleMs: Math.max(behind.staleMs, 1000 * (negativeTtl ?? 0)) };
  }
  return conclude(answers, negativeTtl, key);
}

function unknown(detail: string): Observation {
  return { says: "unknown", someOurs: false, staleMs: 0, detail };
}

async function askEverywhere(name: string, means: Means): Promise<Asked> {
  // Not the name itself: a resolver that is asked for it would keep its absence.
  const parent = name.slice(name.indexOf(".") + 1);
  const found = await means.servers.findZone(parent);
  if (found.kind === "failure") return { kind: "problem", problem: `${parent}: ${found.reason}` };
  const unanswered = found.missing.find(({ reason }) => reason !== "none");
  if (unanswered !== undefined)
    return { kind: "problem", problem: `${unanswered.server}: ${unanswered.reason}` };
  const servers = await withSiblings(found.zone, reachable(found.servers, means), means);
  if ("problem" in servers) return { kind: "problem", problem: servers.problem };
  const [answers, soas] = await Promise.all([
    means.servers.askServers(servers.servers, name, "TXT"),
    means.servers.askServers(servers.servers, found.zone, "SOA"),
  ]);
  // RFC 2308 §5: the smaller one of the SOA record's TTL and its MINIMUM field.
  const ttls = soas.flatMap(({ answer }) =>
    answer.kind === "answer" ? answer.records.map(({ minimum }) => Math.min(minimum, answer.ttl)) : [],
  );
  const negativeTtl = ttls.length < soas.length ? undefined : Math.max(...ttls);
  return { kind: "answers", zone: found.zone, answers, negativeTtl };
}

/** Without IPv6 a machine asks a server at its IPv4 address; one that has none stays, and cannot be asked. */
function reachable(servers: readonly ZoneServer[], { hasIpv6 }: Means): readonly ZoneServer[] {
  if (hasIpv6()) return servers;
  return servers.filter(
    ({ server, ip }) =>
      ip.family === 4 || !servers.some((other) => other.server === server && other.ip.family === 4),
  );
}

/** Also the servers that the zone itself names, which need not be those that the resolver knows. */
async function withSiblings(
  zone: string,
  servers: readonly ZoneServer[],
  means: Means,
): Promise<{ readonly servers: readonly ZoneServer[] } | { readonly problem: string }> {
  // Where the operator has named the servers, they are all there are.
  if (servers.some(({ server, ip }) => server === formatIp(ip))) return { servers };
  const answers = await means.servers.askServers(servers, zone, "NS");
  const named = answers.flatMap(({ answer }) => (answer.kind === "answer" ? answer.records : []));
  const known = new Set(servers.map(({ server }) => server));
  const more = [...new Set(named)].filter((name) => !known.has(name));
  if (more.length === 0) return { servers };
  const found = await means.servers.findServers(more);
  const unanswered = found.missing.find(({ reason }) => reason !== "none");
  if (unanswered !== undefined) return { problem: `${unanswered.server}: ${unanswered.reason}` };
  return { servers: [...servers, ...reachable(found.servers, means)] };
}

type Saying = Exclude<Observation["says"], "differs">;

function conclude(
  answers: readonly ServerAnswer<TxtRecord>[],
  negativeTtl: number | undefined,
  key: ProvedKey,
): Observation {
  const sayings = answers.map((answer) => sayOf(answer, key));
  const agreed = new Set(sayings);
  const [first = "unknown"] = sayings;
  const says = sayings.includes("unknown") || negativeTtl === undefined ? "unknown" : first;
  const otherTtls = answers.flatMap(({ answer }, index) =>
    answer.kind === "answer" && sayings[index] !== "ours" ? [answer.ttl] : [],
  );
  const served = servedStrings(answers);
  return {
    says: says !== "unknown" && agreed.size > 1 ? "differs" : says,
    someOurs: agreed.has("ours"),
    staleMs: 1000 * Math.max(negativeTtl ?? 0, ...otherTtls),
    ...(served !== undefined && { served }),
    detail: describe(answers, sayings, negativeTtl),
  };
}

/** What one server says; without a key "other" stands for any record. */
function sayOf(said: ServerAnswer<TxtRecord>, key?: ProvedKey): Saying {
  const { answer, authoritative, alias } = said;
  if (answer.kind === "failure" || !authoritative) return "unknown";
  if (alias !== undefined) return "other";
  if (answer.kind !== "answer") return "absent";
  if (key === undefined) return "other";
  const [record] = answer.records;
  // RFC 6376 §3.6.2.2: a second record leaves it open which one counts.
  if (record !== undefined && answer.records.length === 1) return sayOfRecord(record.text, key);
  return answer.records.some(({ text }) => sayOfRecord(text, key) !== "foreign") ? "other" : "foreign";
}

function sayOfRecord(text: string, key: ProvedKey): Saying {
  const record = parseDkimKey(text);
  if (record?.publicKey === "") return "revoked";
  if (record === undefined || !isSameKey(key.type, record.publicKey, key.publicKey))
    return mayHold(text, key) ? "other" : "foreign";
  const { services, hashes, flags } = record;
  const usable =
    record.keyType === key.type &&
    (services.includes("*") || services.includes("email")) &&
    (hashes === undefined || hashes.includes("sha256")) &&
    // RFC 6376 §3.6.1: mail of a domain that is testing is treated as if it were not signed.
    !flags.includes("y");
  return usable ? "ours" : "other";
}

/** A text that is no record of this key for us may be one for somebody else. */
function mayHold(text: string, { publicKey }: ProvedKey): boolean {
  return text.replaceAll(/\s/g, "").includes(publicKey);
}

function isSameKey(type: KeyType, text: string, own: string): boolean {
  if (text === own) return true;
  const [served, expected] = [publicKeyOf(type, text), publicKeyOf(type, own)];
  return served !== undefined && expected !== undefined && served.key.equals(expected.key);
}

/** When every server gives one and the same record. */
function servedStrings(answers: readonly ServerAnswer<TxtRecord>[]): readonly string[] | undefined {
  const texts = answers.map(({ answer }) =>
    answer.kind === "answer" && answer.records.length === 1
      ? JSON.stringify(answer.records[0]?.strings)
      : undefined,
  );
  const [first] = texts;
  if (first === undefined || texts.some((text) => text !== first)) return undefined;
  return JSON.parse(first) as string[];
}

const maxDetails = 6;

/** `ns2.example.jp 192.0.2.2: no such name`, the servers that say something else first. */
function describe(
  answers: readonly ServerAnswer<TxtRecord>[],
  sayings: readonly Saying[],
  negativeTtl: number | undefined,
): string {
  const lines = answers.map((answer, index) => {
    const address = formatIp(answer.ip);
    const port = answer.port === 53 ? "" : `#${answer.port}`;
    const name = answer.server === address ? "" : `${answer.server} `;
    return `${name}${address}${port}: ${describeAnswer(answer, sayings[index] ?? "unknown")}`;
  });
  const sorted = lines.toSorted(
    (a, b) => Number(a.endsWith(": serves it")) - Number(b.endsWith(": serves it")),
  );
  const shown = sorted.slice(0, maxDetails);
  const rest = sorted.length - shown.length;
  return [
    ...shown,
    ...(rest > 0 ? [`+${rest}`] : []),
    ...(negativeTtl === undefined ? ["no SOA record"] : []),
  ].join("; ");
}

function describeAnswer({ answer, authoritative, alias }: ServerAnswer<TxtRecord>, saying: Saying): string {
  if (answer.kind === "failure") return answer.reason;
  if (!authoritative) return "not authoritative";
  if (alias !== undefined) return `CNAME ${alias}`;
  switch (saying) {
    case "ours":
      return "serves it";
    case "revoked":
      return "p= is empty";
    case "absent":
      return answer.kind === "nxdomain" ? "no such name" : "no TXT record";
    default:
      return answer.kind === "answer" && answer.records.length > 1
        ? `${answer.records.length} TXT records`
        : "another record";
  }
}
