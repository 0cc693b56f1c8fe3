import { isWithin } from "../domain-name.ts";
import type { DkimResult, DmarcPolicy, DmarcResult, SpfResult } from "../results.ts";
import type { AuthorDomain } from "./author-domain.ts";
import { type DmarcContext, openDiscovery } from "./discovery.ts";
import type { DmarcAlignment, DmarcRecord } from "./parse-record.ts";
import type { DmarcDiscovery, PolicyDiscovery } from "./policy-discovery.ts";

/** What SPF and DKIM came to. */
export interface AuthenticatedIdentifiers {
  /**
   * Of the MAIL FROM identity, which for the null sender is postmaster@HELO (RFC 7208 §2.4); never the separate
   * HELO check (RFC 9989 §3.2.4).
   */
  readonly spf?: SpfResult;
  readonly dkim: readonly DkimResult[];
}

/** A DMARC evaluation whose DNS questions are under way. Given up by dropping it. */
export interface PendingDmarc {
  /** What is published for the author domain; undefined when From names no single one. */
  readonly policy: Promise<PolicyDiscovery> | undefined;
  /**
   * Whether the domain (A-labels, lower case) is the author domain or shares its organizational domain, whatever
   * alignment the record asks for; undefined when From or DNS do not tell. Never rejects.
   */
  isAuthor(domain: string): Promise<boolean | undefined>;
  /** Never rejects. */
  finish(identifiers: AuthenticatedIdentifiers): Promise<DmarcResult>;
}

/**
 * Starts policy discovery, which needs the header only; `finish` takes SPF and DKIM in. RFC 9989 §5.3; with public
 * suffixes RFC 7489 §6.6.2.
 */
export function startDmarc(author: AuthorDomain, context: DmarcContext): PendingDmarc {
  const discovery = openDiscovery(context);
  if (author.kind === "problem") {
    return {
      policy: undefined,
      isAuthor: () => Promise.resolve(undefined),
      finish: () => Promise.resolve(problemResult(author, discovery)),
    };
  }
  const { domain } = author;
  const policy = discovery.policy(domain);
  // A fault in a message that was given up must not end the process; `finish` still sees it.
  policy.catch(() => {});
  return {
    policy,
    isAuthor: async (identifier) => {
      const aligned = await alignment(identifier, domain, "relaxed", discovery);
      return aligned === "unknown" ? undefined : aligned === "aligned";
    },
    finish: async (identifiers) => conclude(domain, await policy, identifiers, discovery),
  };
}

/** Evaluates DMARC for one message: RFC 9989 §5.3. Never rejects. */
export function evaluateDmarc(
  input: { readonly author: AuthorDomain } & AuthenticatedIdentifiers & DmarcContext,
): Promise<DmarcResult> {
  return startDmarc(input.author, input).finish(input);
}

/** §5.3.1: without exactly one domain "DMARC validation is not possible"; a later attempt would change nothing. */
function problemResult(
  author: Extract<AuthorDomain, { kind: "problem" }>,
  { method }: DmarcDiscovery,
): DmarcResult {
  return {
    method: "dmarc",
    result: "permerror",
    discovery: method,
    alignedDkim: [],
    alignedSpf: false,
    problem: author.problem,
  };
}

async function conclude(
  author: string,
  policy: PolicyDiscovery,
  identifiers: AuthenticatedIdentifiers,
  discovery: DmarcDiscovery,
): Promise<DmarcResult> {
  const base = {
    method: "dmarc",
    domain: author,
    discovery: discovery.method,
    alignedDkim: [],
    alignedSpf: false,
  } as const;
  switch (policy.kind) {
    case "failure":
      return { ...base, result: "temperror", problem: "dns-failure" };
    case "none":
      return { ...base, result: "none", problem: "no-record" };
    case "invalid":
      return { ...base, result: "none", ...publication(policy), problem: "policy-invalid" };
    case "policy": {
      const organizationalDomain = await shownOrganizationalDomain(author, policy, identifiers, discovery);
      const verdict = await passOrFail(author, policy, identifiers, discovery);
      return {
        ...base,
        ...(organizationalDomain !== undefined && { organizationalDomain }),
        ...publication(policy),
        ...chosenPolicy(policy),
        ...verdict,
        ...(verdict.result === "fail" && sampled(policy, discovery)),
      };
    }
  }
}

function publication({ domain, record }: { domain: string; record: DmarcRecord }): {
  policyDomain: string;
  published: Readonly<Record<string, string>>;
  testing: boolean;
} {
  return { policyDomain: domain, published: record.tags, testing: record.testing };
}

function chosenPolicy({
  policy,
  tag,
  record,
}: Extract<PolicyDiscovery, { kind: "policy" }>): Partial<DmarcResult> {
  if (policy === undefined || tag === undefined) return {};
  return { policy, policyTag: tag, appliedPolicy: record.testing ? oneLevelDown(policy) : policy };
}

/** RFC 7489 §6.6.4: what the share of failing messages gets that pct leaves out. Those that pass are not drawn for. */
function sampled(
  { policy, record }: Extract<PolicyDiscovery, { kind: "policy" }>,
  discovery: DmarcDiscovery,
): Partial<DmarcResult> {
  if (policy === undefined || policy === "none" || discovery.isSampledOut?.(record) !== true) return {};
  return { appliedPolicy: oneLevelDown(policy), sampledOut: true };
}

/** §4.7 t=y, and RFC 7489 §6.6.4. */
function oneLevelDown(policy: DmarcPolicy): DmarcPolicy {
  return policy === "reject" ? "quarantine" : "none";
}

// ---------------------------------------------------------------- alignment

/** One identifier that passed, or that would have if DNS had answered. */
interface Identifier {
  readonly method: "spf" | "dkim";
  readonly domain: string;
  readonly passed: boolean;
  readonly alignment: Alignment;
}
type Alignment = "aligned" | "unaligned" | "unknown";

async function passOrFail(
  author: string,
  { record, policy }: Extract<PolicyDiscovery, { kind: "policy" }>,
  identifiers: AuthenticatedIdentifiers,
  discovery: DmarcDiscovery,
): Promise<Pick<DmarcResult, "result" | "alignedDkim" | "alignedSpf" | "problem">> {
  const checked = await checkIdentifiers(author, record, identifiers, discovery);
  const aligned = checked.filter((one) => one.passed && one.alignment === "aligned");
  const alignedDkim = aligned.filter((one) => one.method === "dkim").map((one) => one.domain);
  const alignedSpf = aligned.some((one) => one.method === "spf");
  // §5.3.5: one aligned identifier is enough, whatever went wrong elsewhere.
  if (aligned.length > 0) return { result: "pass", alignedDkim, alignedSpf };
  // §5.3.6: with a needed query unanswered the message neither passes nor fails. What is left of `checked` matters:
  // an identifier that passed without a known alignment, or one that may be aligned and got no answer itself.
  const undecided = checked.some((one) => one.alignment !== "unaligned") || policy === undefined;
  return undecided
    ? { result: "temperror", alignedDkim, alignedSpf, problem: "dns-failure" }
    : { result: "fail", alignedDkim, alignedSpf };
}

function checkIdentifiers(
  author: string,
  record: DmarcRecord,
  { spf, dkim }: AuthenticatedIdentifiers,
  discovery: DmarcDiscovery,
): Promise<readonly Identifier[]> {
  const check = async (
    method: Identifier["method"],
    domain: string,
    passed: boolean,
    mode: DmarcAlignment,
  ): Promise<Identifier> => {
    return { method, domain, passed, alignment: await alignment(domain, author, mode, discovery) };
  };
  const dkimDomains = distinctDomains(dkim);
  return Promise.all([
    ...(spf !== undefined && counts(spf)
      ? [check("spf", spf.domain, spf.result === "pass", record.aspf)]
      : []),
    ...[...dkimDomains].map(([domain, passed]) => check("dkim", domain, passed, record.adkim)),
  ]);
}

/** Only a pass authenticates a domain (§4.4.1, §4.4.2); a temperror might have. */
function counts({ result, domain }: SpfResult | DkimResult): boolean {
  return domain !== "" && (result === "pass" || result === "temperror");
}

/** Domains of signatures that count, each once, and whether one of its signatures passed. */
function distinctDomains(dkim: readonly DkimResult[]): ReadonlyMap<string, boolean> {
  const domains = new Map<string, boolean>();
  for (const one of dkim)
    if (counts(one)) domains.set(one.domain, domains.get(one.domain) === true || one.result === "pass");
  return domains;
}

/** RFC 9989 §3.2.10, §4.10.2. */
async function alignment(
  identifier: string,
  author: string,
  mode: DmarcAlignment,
  discovery: DmarcDiscovery,
): Promise<Alignment> {
  if (identifier === author) return "aligned";
  // §4.10.2: strict alignment is a comparison of strings.
  if (mode === "strict") return "unaligned";
  // Names without even a top-level domain in common share no organizational domain; nothing need be asked.
  if (topLabel(identifier) !== topLabel(author)) return "unaligned";
  const organization = await discovery.organizationalDomain(author);
  if (organization === undefined) return "unknown";
  // An organizational domain is the name itself or one above it, so a name outside the author's has another.
  if (!isWithin(identifier, organization)) return "unaligned";
  const other = await discovery.organizationalDomain(identifier);
  if (other === undefined) return "unknown";
  return other === organization ? "aligned" : "unaligned";
}

function topLabel(domain: string): string {
  return domain.slice(domain.lastIndexOf(".") + 1);
}

/** §4.10.2: where author and all authenticated identifiers are one domain with a record, that is it; no tree walk. */
async function shownOrganizationalDomain(
  author: string,
  policy: Extract<PolicyDiscovery, { kind: "policy" }>,
  { spf, dkim }: AuthenticatedIdentifiers,
  discovery: DmarcDiscovery,
): Promise<string | undefined> {
  const passed = [...(spf === undefined ? [] : [spf]), ...dkim].filter(({ result }) => result === "pass");
  const same = passed.length > 0 && passed.every(({ domain }) => domain === author);
  return same && policy.domain === author && discovery.method === "treewalk"
    ? author
    : discovery.organizationalDomain(author);
}
