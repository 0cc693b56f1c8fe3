import { startArc } from "./arc/verify.ts";
import { type BimiOptions, evaluateBimi } from "./bimi/evaluate.ts";
import type { Clock } from "./clock.ts";
import { SignedMaterial } from "./dkim/signed-material.ts";
import { type DkimOptions, startDkim } from "./dkim/verify.ts";
import { authorDomain } from "./dmarc/author-domain.ts";
import type { DiscoveryChoice, DmarcContext } from "./dmarc/discovery.ts";
import { type PendingDmarc, startDmarc } from "./dmarc/evaluate.ts";
import { recordLookup } from "./dmarc/tree-walk.ts";
import type { DnsResolver } from "./dns/resolver.ts";
import { traceResolver } from "./dns/trace.ts";
import type { IpAddress } from "./ip.ts";
import { checkIprev } from "./iprev/check.ts";
import type { MessageHead } from "./message/message.ts";
import type { AuthResults, DkimResult, DnsTraceEntry, IprevResult, SpfResult } from "./results.ts";
import type { SpfOptions } from "./spf/check-host.ts";
import { verifySpf } from "./spf/verify.ts";
import type { Verification } from "./verification.ts";

const maxEarlyDomains = 10;

/** Who handed the message over, as far as SPF and iprev need to know. */
export interface SmtpClient {
  readonly ip: IpAddress;
  /** As the client gave it; empty when it gave none. */
  readonly helo: string;
  /** The reverse-path, with or without angle brackets; empty for the null sender. */
  readonly mailFrom: string;
}

export interface AuthenticationOptions {
  readonly spf?: SpfOptions;
  readonly dkim?: DkimOptions;
  /** Whether ARC chains are validated (RFC 8617); "verify" when absent. */
  readonly arc?: "verify" | "off";
  readonly dmarc?: DmarcOptions;
  /** BIMI is not evaluated when left out. */
  readonly bimi?: BimiOptions;
  /** Name of this host for %{r} in SPF explanations. */
  readonly receiver?: string;
}

export interface DmarcOptions {
  /** The discovery that is applied: the tree walk when left out. */
  readonly discovery?: DiscoveryChoice;
  /** Evaluated beside it, for `dmarcOther`. */
  readonly otherDiscovery?: DiscoveryChoice;
}

export interface AuthenticationContext {
  readonly dns: DnsResolver;
  readonly clock: Clock;
  /** By `clock.monotonic()`; what has not been answered by then is a DNS failure. */
  readonly deadline?: number;
  readonly options?: AuthenticationOptions;
}

/** iprev and SPF under way. Given up by dropping it. */
export interface ClientChecks {
  /** Never rejects. */
  readonly results: Promise<ClientResults>;
  /** What has been asked so far. */
  readonly dns: readonly DnsTraceEntry[];
}

export interface ClientResults {
  readonly iprev: IprevResult;
  /** RFC 7208 §2.4: the MAIL FROM identity, or postmaster@HELO for the null sender. */
  readonly spf: SpfResult;
  readonly spfHelo: SpfResult;
}

/** Starts what can be known at MAIL: iprev (RFC 8601 §2.7.3) and SPF for both identities (RFC 7208 §2.3, §2.4). */
export function startClientChecks(client: SmtpClient, context: AuthenticationContext): ClientChecks {
  const { clock, deadline, options } = context;
  const { resolver: dns, entries } = traceResolver(context.dns, clock);
  const until = deadline === undefined ? {} : { deadline };
  const iprev = checkIprev(client.ip, { dns, ...until });
  const spf = verifySpf({
    ...client,
    ...until,
    dns,
    clock,
    ...(options?.receiver !== undefined && { receiver: options.receiver }),
    ...(options?.spf !== undefined && { options: options.spf }),
  });
  const results = Promise.all([iprev, spf]).then(([ofIprev, { mailFrom, helo }]) => {
    return { iprev: ofIprev, spf: mailFrom, spfHelo: helo };
  });
  return { results: handled(results), dns: entries };
}

export interface AuthenticationInput extends AuthenticationContext {
  /** Without it, and without `checks`, SPF and iprev are left out. */
  readonly client?: SmtpClient;
  /** Started earlier by `startClientChecks`; `client` is not looked at then. */
  readonly checks?: ClientChecks;
}

/**
 * Opens the authentication of one message. Everything that needs only the head is asked for at once: iprev, SPF, DKIM
 * keys and the DMARC policy; the body is hashed as it comes in, and `finish` brings the results together. A message
 * that is given up needs no call.
 */
export function openAuthentication(head: MessageHead, input: AuthenticationInput): Verification<AuthResults> {
  const { clock, deadline, options } = input;
  const checks = input.checks ?? (input.client && startClientChecks(input.client, input));
  const { resolver: dns, entries } = traceResolver(input.dns, clock);
  const until = deadline === undefined ? {} : { deadline };
  const dmarcRecords = recordLookup(dns, deadline);
  const [dmarc, otherDmarc] = startDiscoveries(head, { dns, ...until, lookup: dmarcRecords }, options?.dmarc);
  const material = new SignedMaterial(head, { dns, ...until });
  const { hashes } = material;
  const dkim = startDkim(material, {
    clock,
    ...(options?.dkim !== undefined && { options: options.dkim }),
  });
  const arc = options?.arc === "off" ? undefined : startArc(material, { clock });
  // Whose signatures they are will be asked in any case; asked now, the answers are there when the body has ended.
  for (const domain of new Set(dkim.domains.slice(0, maxEarlyDomains))) {
    void handled(dmarc.isAuthor(domain));
    if (otherDmarc !== undefined) void handled(otherDmarc.isAuthor(domain));
  }
  return {
    needsBody: !hashes.empty,
    body: (chunk) => hashes.update(chunk),
    finish: async () => {
      hashes.end();
      const [signatures, chain, client] = await Promise.all([dkim.finish(), arc?.finish(), checks?.results]);
      const identifiers = { dkim: signatures, ...(client && { spf: client.spf }) };
      const [dmarcResult, dmarcOther, withSigner] = await Promise.all([
        dmarc.finish(identifiers),
        otherDmarc?.finish(identifiers),
        Promise.all(signatures.map((signature) => nameSigner(signature, dmarc))),
      ]);
      const bimi =
        options?.bimi &&
        (await evaluateBimi(
          { head, dkim: signatures, dmarc: dmarcResult },
          { dns, clock, ...until, options: options.bimi, dmarcRecords },
        ));
      return {
        ...client,
        dkim: withSigner,
        ...(chain !== undefined && { arc: chain }),
        dmarc: dmarcResult,
        ...(dmarcOther && { dmarcOther }),
        ...(bimi !== undefined && { bimi }),
        dns: [...(checks?.dns ?? []), ...entries],
      };
    },
  };
}

/** The evaluation that is applied, and the one beside it; what both want to know is asked once. */
function startDiscoveries(
  head: MessageHead,
  context: DmarcContext,
  { discovery, otherDiscovery }: DmarcOptions = {},
): readonly [applied: PendingDmarc, other: PendingDmarc | undefined] {
  const author = authorDomain(head);
  return [
    startDmarc(author, { ...context, ...(discovery && { discovery }) }),
    otherDiscovery && startDmarc(author, { ...context, discovery: otherDiscovery }),
  ];
}

async function nameSigner(signature: DkimResult, dmarc: PendingDmarc): Promise<DkimResult> {
  if (signature.domain === "" || signature.problem === "too-many-signatures") return signature;
  const author = await dmarc.isAuthor(signature.domain);
  return author === undefined ? signature : { ...signature, signer: author ? "author" : "third-party" };
}

/** A fault in a message that was given up must not end the process; who waits for the promise still sees it. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
