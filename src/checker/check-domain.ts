import type { Clock } from "../core/clock.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { type Zone, zoneNames } from "../core/dns/zone-parse.ts";
import { isWithin } from "../core/domain-name.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import { type BoundedDns, boundedDns } from "./bounded-dns.ts";
import type { AuthoritativeServers, CheckContext, KnownSelector, Profile, SkipReason } from "./context.ts";
import { guessProfile } from "./guess-profile.ts";
import { withPublishableChanges } from "./publishable.ts";
import { gatherSelectors } from "./selectors.ts";
import { severityRank } from "./severity-rank.ts";
import { type Subject, type SubjectName, subjects } from "./subjects.ts";
import { unansweredFindings } from "./unanswered.ts";

/** What is to be checked, with everything that the operator knows of it. */
export interface CheckRequest
  extends Pick<
    CheckContext,
    | "domain"
    | "zones"
    | "ownClients"
    | "heloNames"
    | "offline"
    | "ownKeys"
    | "message"
    | "spfChange"
    | "blocklists"
    | "ownMx"
    | "publicSuffix"
    | "otherDomains"
    | "resolverAddresses"
  > {
  /** Guessed where it is undefined. */
  readonly profile?: Profile;
  /** Given, found in a message or remembered; those of the zone files and common ones are put to them. */
  readonly selectors: readonly KnownSelector[];
}

export interface CheckDeps {
  /** Live DNS under the zone files. */
  readonly dns: DnsResolver;
  /** Without the zone files; absent with `--offline`. */
  readonly live?: DnsResolver;
  readonly servers?: AuthoritativeServers;
  readonly clock: Clock;
  /** For one domain, in ms. Default 60 s. */
  readonly timeLimitMs?: number;
  /** All of them by default. */
  readonly subjects?: readonly Subject[];
}

export interface DomainReport {
  readonly domain: string;
  /** Wall-clock time in ms. */
  readonly checkedAt: number;
  readonly profile: Profile;
  readonly profileGuessed: boolean;
  /** Worst first. */
  readonly findings: readonly Finding[];
  /** By subject, and what holds for the whole run. Plain JSON. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly checked: readonly SubjectName[];
  readonly skipped: readonly { readonly subject: SubjectName; readonly reason: SkipReason }[];
  /** Whether DNS answered for the domain at all; false: nothing is known. */
  readonly answered: boolean;
  readonly offline: boolean;
  /** Zone files were given, and none is about the domain. */
  readonly beyondZones: boolean;
}

const defaultTimeLimitMs = 60_000;
const maxQueries = 3000;
const maxActive = 50;
/** After the deadline all questions fail, so a subject that still runs has a fault of its own. */
const graceMs = 5000;

/** Checks what a domain publishes. Never rejects: whatever goes wrong is a finding. */
export async function checkDomain(request: CheckRequest, deps: CheckDeps): Promise<DomainReport> {
  const { clock } = deps;
  const limitMs = deps.timeLimitMs ?? defaultTimeLimitMs;
  const bounds = { maxQueries, maxActive, deadline: clock.monotonic() + limitMs };
  const dns = boundedDns(deps.dns, clock, bounds);
  const live = deps.live === undefined ? undefined : boundedDns(deps.live, clock, bounds);
  const context = await contextOf(request, deps, dns.resolver, live?.resolver);
  const chosen = deps.subjects ?? subjects;
  const reports = await Promise.all(chosen.map((subject) => runSubject(subject, context, limitMs + graceMs)));
  const found = await withPublishableChanges(
    reports.flatMap(({ findings }) => findings),
    dns.resolver,
  );
  const facts = chosen.map(({ name }, index) => [name, reports[index]?.facts ?? {}]);
  const skipped = chosen.flatMap(({ name }, index) => {
    const reason = reports[index]?.skipped;
    return reason === undefined ? [] : [{ subject: name, reason }];
  });
  const beyondZones = isBeyondZones(request);
  return {
    domain: request.domain,
    checkedAt: clock.now(),
    profile: context.profile,
    profileGuessed: context.profileGuessed,
    findings: inOrder([...found, ...unansweredFindings(request.domain, dns.unanswered)]),
    facts: { ...runFacts(context, dns, beyondZones), skipped, ...Object.fromEntries(facts) },
    checked: chosen
      .map(({ name }) => name)
      .filter((name) => !skipped.some(({ subject }) => subject === name)),
    skipped,
    offline: request.offline,
    beyondZones,
    answered: await isAnswered(request.domain, dns.resolver),
  };
}

function isBeyondZones({ domain, zones }: CheckRequest): boolean {
  return zones.length > 0 && !zones.some(({ zone }) => isAbout(zone, domain));
}

/** Whether a file has names of the domain, or is the whole zone that the domain lies in. */
function isAbout(zone: Zone, domain: string): boolean {
  return (
    zoneNames(zone).some((name) => isWithin(name, domain)) ||
    zone.records.some(({ type, name }) => type === "SOA" && isWithin(domain, name))
  );
}

/** By questions that were asked before: what is known of other names says nothing about this one. */
async function isAnswered(domain: string, dns: DnsResolver): Promise<boolean> {
  const answers = await Promise.all((["MX", "TXT"] as const).map((type) => dns.query(domain, type)));
  return answers.some(({ kind }) => kind !== "failure");
}

async function contextOf(
  request: CheckRequest,
  deps: CheckDeps,
  dns: DnsResolver,
  live: DnsResolver | undefined,
): Promise<CheckContext> {
  const { profile, selectors: known, ...given } = request;
  const selectors = gatherSelectors(request.domain, known, request.zones);
  return {
    ...given,
    ...(deps.servers === undefined ? {} : { servers: deps.servers }),
    ...(live === undefined ? {} : { live }),
    dns,
    clock: deps.clock,
    profile: profile ?? (await guessProfile({ ...given, dns, selectors })),
    profileGuessed: profile === undefined,
    selectors,
  };
}

function runFacts(
  context: CheckContext,
  dns: BoundedDns,
  beyondZones: boolean,
): Readonly<Record<string, unknown>> {
  return {
    profile: context.profile,
    profileGuessed: context.profileGuessed,
    zones: context.zones.map(({ file }) => file),
    ...(context.zones.length > 0 && { inZones: !beyondZones }),
    queries: { asked: dns.asked(), unanswered: dns.unanswered.length },
  };
}

async function runSubject(
  { name, check }: Subject,
  context: CheckContext,
  limitMs: number,
): Promise<Awaited<ReturnType<Subject["check"]>>> {
  const failed = (reason: string): Awaited<ReturnType<Subject["check"]>> => ({
    findings: [finding("check.failed", context.domain, { domain: context.domain, subject: name, reason })],
    facts: {},
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), limitMs);
  });
  try {
    const report = await Promise.race([check(context), late]);
    return report === "late" ? failed("time limit") : report;
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
  }
}

/** Worst first; what is equally bad stays in the order of the subjects. What two subjects found alike is told once. */
function inOrder(findings: readonly Finding[]): readonly Finding[] {
  const once = new Map<string, Finding>();
  for (const one of findings) {
    const key = findingKey(one);
    if (!once.has(key)) once.set(key, one);
  }
  return [...once.values()].sort(
    (a, b) => severityRank[a.severity] - severityRank[b.severity] || causeFirst(a) - causeFirst(b),
  );
}

/** A file that does not load, and a name that does not exist, are the cause of much that follows. */
function causeFirst({ id }: Finding): number {
  if (id === "dns.zone-syntax") return 0;
  return id === "dns.nxdomain-vs-nodata-vs-servfail" ? 1 : 2;
}

function findingKey({ id, subject, params }: Finding): string {
  return JSON.stringify([id, subject, params]);
}
