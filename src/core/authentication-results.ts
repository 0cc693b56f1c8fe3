import { indicatorHash } from "./bimi/header-fields.ts";
import { toAsciiDomain } from "./domain-name.ts";
import type { AuthResProperty, MethodResult } from "./message/authres.ts";
import { type AuthResFormatOptions, formatAuthenticationResults } from "./message/authres-format.ts";
import type {
  ArcResult,
  AuthResults,
  BimiResult,
  DkimResult,
  DmarcResult,
  IprevResult,
  SpfResult,
} from "./results.ts";

/** Signatures named in one field; those after them are left out. */
const maxDkimResults = 32;
/** RFC 6008 §4: at least that many characters of b=. */
const minSignaturePrefix = 8;

/**
 * The value of the Authentication-Results field about `results`. RFC 8601 §2.2.
 * @returns Without blank before the authserv-id and without final line end, folded as `options` say.
 */
export function formatResultsField(
  authservId: string,
  results: AuthResults,
  options?: AuthResFormatOptions,
): string {
  return formatAuthenticationResults({ authservId, results: describeResults(results) }, options);
}

/**
 * The statements of RFC 8601 about one message: iprev, spf, dkim (one per signature), arc, dmarc, bimi. What was not
 * evaluated is left out. Only registered properties, and of a sender's texts only those of
 * harmless form: a selector with a quotation mark in it is not repeated. `reason` is the id of the problem.
 */
export function describeResults(results: AuthResults): MethodResult[] {
  return [
    ...(results.iprev === undefined ? [] : [describeIprev(results.iprev)]),
    ...(results.spf === undefined ? [] : describeSpf(results.spf, results.spfHelo)),
    ...describeDkim(results.dkim),
    ...describeArc(results.arc, results.iprev?.ip),
    describeDmarc(results.dmarc),
    ...describeBimi(results.bimi),
  ];
}

function statement(
  method: string,
  result: string,
  problem: string | undefined,
  properties: readonly (AuthResProperty | undefined)[],
): MethodResult {
  return {
    method,
    result,
    ...(problem !== undefined && { reason: problem }),
    properties: properties.filter((property) => property !== undefined),
  };
}

function property(ptype: string, name: string, value: string | undefined): AuthResProperty | undefined {
  return value === undefined ? undefined : { ptype, property: name, value };
}

/** §2.7.3: reported as policy.iprev, the address. */
function describeIprev({ result, ip, problem }: IprevResult): MethodResult {
  return statement("iprev", result, problem, [property("policy", "iprev", ip)]);
}

/**
 * §2.7.2: the domain without local part. §4: a statement names only the identity that gave its result, so HELO has a
 * statement of its own; it is left out when it would only say that the name publishes nothing.
 */
function describeSpf(spf: SpfResult, helo: SpfResult | undefined): MethodResult[] {
  const statements = [spfStatement(spf)];
  if (spf.identity === "mailfrom" && helo !== undefined && helo.result !== "none") {
    statements.push(spfStatement(helo));
  }
  return statements;
}

function spfStatement({ result, identity, domain, problem }: SpfResult): MethodResult {
  return statement("spf", result, problem, [property("smtp", identity, hostName(domain))]);
}

/** A domain as A-labels, or an address literal as HELO may have one. */
function hostName(text: string): string | undefined {
  return toAsciiDomain(text) ?? (/^\[[0-9A-Za-z:.]{1,60}\]$/.test(text) ? text : undefined);
}

/** §2.7.1. RFC 6008 §3: one statement per signature. */
function describeDkim(signatures: readonly DkimResult[]): MethodResult[] {
  if (signatures.length === 0) return [statement("dkim", "none", undefined, [])];
  const named = signatures.slice(0, maxDkimResults);
  const prefixes = shortestPrefixes(named.map(({ signaturePrefix }) => base64(signaturePrefix)));
  return named.map((signature, index) => dkimStatement(signature, prefixes[index]));
}

function dkimStatement(signature: DkimResult, prefix: string | undefined): MethodResult {
  const { result, problem, domain, selector, algorithm, identity } = signature;
  return statement("dkim", result, problem, [
    property("header", "d", toAsciiDomain(domain)),
    property("header", "s", toAsciiDomain(selector)),
    property("header", "a", /^[a-z0-9-]{1,40}$/.test(algorithm) ? algorithm : undefined),
    property("header", "i", plainIdentity(identity)),
    property("header", "b", prefix),
  ]);
}

/** An i= of letters, digits and the usual marks; one that needs quoting is not repeated. */
function plainIdentity(identity: string): string | undefined {
  const at = identity.lastIndexOf("@");
  const domain = toAsciiDomain(identity.slice(at + 1));
  const local = identity.slice(0, Math.max(at, 0));
  if (at < 0 || domain === undefined || !/^[A-Za-z0-9._+=-]{0,64}$/.test(local)) return undefined;
  return `${local}@${domain}`;
}

function base64(text: string | undefined): string | undefined {
  const signature = text?.slice(0, 300);
  return signature !== undefined && /^[A-Za-z0-9+/=]+$/.test(signature) ? signature : undefined;
}

/** RFC 6008 §4: each cut to eight characters, or to as many more as tell it from all others. */
function shortestPrefixes(signatures: readonly (string | undefined)[]): (string | undefined)[] {
  return signatures.map((signature, index) => {
    let length = minSignaturePrefix;
    for (const [other, text] of signatures.entries()) {
      if (other !== index) length = Math.max(length, commonLength(signature, text) + 1);
    }
    return signature?.slice(0, length);
  });
}

function commonLength(a = "", b = ""): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}

/**
 * RFC 8617 §6: header.oldest-pass, and smtp.remote-ip when the client is known. Nothing about a message without a chain,
 * which is as good as `none` (§4.4).
 */
function describeArc(arc: ArcResult | undefined, ip: string | undefined): MethodResult[] {
  if (arc === undefined || arc.result === "none") return [];
  const { result, problem, oldestPass } = arc;
  return [
    statement("arc", result, problem, [
      property("smtp", "remote-ip", ip),
      property("header", "oldest-pass", oldestPass === undefined ? undefined : String(oldestPass)),
    ]),
  ];
}

/** RFC 9989 §9.1: header.from, and policy.dmarc after every option of the record. No record is `none`, without more. */
function describeDmarc({ result, domain, appliedPolicy, problem }: DmarcResult): MethodResult {
  const told = problem === "no-record" ? undefined : problem;
  return statement("dmarc", result, told, [
    property("header", "from", domain === undefined ? undefined : toAsciiDomain(domain)),
    property("policy", "dmarc", appliedPolicy),
  ]);
}

/** BIMI draft §7.7. The hash stands only where a BIMI-Indicator field is written too. */
function describeBimi(bimi: BimiResult | undefined): MethodResult[] {
  if (bimi === undefined) return [];
  const { result, problem, domain, selector, authorityStatus, authority, location, avatarPreference } = bimi;
  const passed = result === "pass";
  return [
    statement("bimi", result, problem, [
      property("header", "d", domain),
      property("header", "selector", selector),
      property("policy", "authority", authorityStatus),
      property("policy", "authority-uri", authorityStatus === undefined ? undefined : authority),
      property("policy", "indicator-uri", passed ? location : undefined),
      property("policy", "indicator-hash", indicatorHash(bimi)),
      property("policy", "logo-preference", passed ? avatarPreference : undefined),
    ]),
  ];
}
