import { domainOf, type FileName, type ReportHints, readFileName } from "./aggregate-head.ts";
import { readableText } from "./readable-text.ts";
import { readReportTime } from "./report-time.ts";
import { reportedDomain } from "./reported-domain.ts";
import type { TlsFailureDetail, TlsPolicyResult, TlsReport } from "./tlsrpt.ts";
import { type ReportWarning, WarningSink } from "./warnings.ts";

export type TlsOutcome =
  | { readonly kind: "read"; readonly report: TlsReport }
  | {
      readonly kind: "unread";
      readonly reason: "not-json" | "not-a-report" | "no-date-range" | "too-large";
      readonly warnings: readonly ReportWarning[];
    };

/** Real ones have some kilobytes. */
const maxOctets = 32 * 1024 * 1024;
const maxPolicies = 10_000;
/** Of all policies together. */
const maxDetails = 50_000;
const maxNesting = 64;
/** Sums of many reports are to stay whole numbers. */
const maxCount = 9_999_999_999;
const maxStrings = 100;
const maxText = 1_000;

/**
 * Reads a TLS report (RFC 8460 §4.4), in which everything may be missing or of another type; days and reporter are then taken from
 * around it. Without days it is nothing to be counted.
 */
export function readTlsReport(octets: Buffer, hints: ReportHints = {}): TlsOutcome {
  const warnings = new WarningSink();
  if (octets.length > maxOctets) return unread("too-large", warnings);
  const json = parseJson(readableText(octets));
  if (json === undefined) return unread("not-json", warnings);
  if (!isTlsReport(json)) return unread("not-a-report", warnings);
  const file = readFileName(hints.fileName ?? "");
  const days = readDays(objectAt(json, "date-range"), file, warnings);
  if (days === undefined) return unread("no-date-range", warnings);
  const contact = textAt(json, "contact-info");
  const organization = textAt(json, "organization-name") ?? reporterAround(contact, hints, file, warnings);
  const id = textAt(json, "report-id");
  if (id === undefined) warnings.add("filled-in", "report-id");
  const policies = readPolicies(json, warnings);
  return {
    kind: "read",
    report: {
      kind: "tls",
      ...(organization !== undefined && { organizationName: organization }),
      ...(contact !== undefined && { contactInfo: contact }),
      reportId: id ?? `${policies[0]?.policyDomain ?? ""}!${days.begin}!${days.end}`,
      ...days,
      policies,
      warnings: warnings.list(),
    },
  };
}

function unread(
  reason: Extract<TlsOutcome, { kind: "unread" }>["reason"],
  warnings: WarningSink,
): TlsOutcome {
  return { kind: "unread", reason, warnings: warnings.list() };
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseJson(text: string): unknown {
  if (!isShallow(text)) return undefined;
  const json = text.replace(/^\uFEFF/, "").replaceAll("\0", "");
  // Some write a text over several lines; between values such characters are blanks.
  return parsed(json) ?? parsed(json.replaceAll(/\p{Cc}/gu, " "));
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** Deep nesting costs the parser far more than its length does. */
function isShallow(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length && depth <= maxNesting; at++) {
    const code = text.charCodeAt(at);
    if (quoted && code === backslash) at += 1;
    else if (code === quote) quoted = !quoted;
    else if (!quoted && (code === openBrace || code === openBracket)) depth += 1;
    else if (!quoted && (code === closeBrace || code === closeBracket)) depth -= 1;
  }
  return depth <= maxNesting;
}

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Other programs mail JSON, too. */
function isTlsReport(value: unknown): value is JsonObject {
  return isObject(value) && ("policies" in value || "date-range" in value);
}

/** Reporters differ in the case of names. */
function valueAt(object: JsonObject, name: string): unknown {
  if (name in object) return object[name];
  const found = Object.keys(object).find((key) => key.toLowerCase() === name);
  return found === undefined ? undefined : object[found];
}

function objectAt(object: JsonObject, name: string): JsonObject {
  const value = valueAt(object, name);
  return isObject(value) ? value : {};
}

function textAt(object: JsonObject, name: string): string | undefined {
  const value = valueAt(object, name);
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text.trim() !== "" ? text.trim().slice(0, maxText) : undefined;
}

function listAt(object: JsonObject, name: string, most: number, warnings: WarningSink): JsonObject[] {
  const value = valueAt(object, name);
  const list = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  if (list.length > most) warnings.add("too-many", name, String(list.length));
  return list.slice(0, most).filter(isObject);
}

/** RFC 8460 §4.4 has lists; one text stands for a list of one. */
function textsAt(object: JsonObject, name: string): string[] {
  const value = valueAt(object, name);
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list
    .filter((text) => typeof text === "string")
    .slice(0, maxStrings)
    .map((text) => text.slice(0, maxText));
}

function countAt(object: JsonObject, name: string, warnings: WarningSink): number {
  const value = valueAt(object, name);
  if (value === undefined || value === null) return 0;
  const number = typeof value === "string" ? Number(value.trim()) : value;
  if (typeof number === "number" && Number.isSafeInteger(number) && number >= 0 && number <= maxCount)
    return number;
  warnings.add("bad-count", name, String(value));
  return 0;
}

/** Whose the report is when it does not say so itself. */
function reporterAround(
  contact: string | undefined,
  { mailFrom = "" }: ReportHints,
  { receiver }: FileName,
  warnings: WarningSink,
): string | undefined {
  if (contact !== undefined) return undefined;
  const name = domainOf(mailFrom) ?? receiver;
  if (name !== undefined) warnings.add("filled-in", "organization-name", name);
  return name;
}

function readDays(
  range: JsonObject,
  file: FileName,
  warnings: WarningSink,
): { begin: number; end: number } | undefined {
  const own = [textAt(range, "start-datetime"), textAt(range, "end-datetime")].map((text) =>
    readReportTime(text ?? ""),
  );
  const begin = own[0] ?? readReportTime(file.begin ?? "");
  const end = own[1] ?? readReportTime(file.end ?? "");
  if (begin === undefined && end === undefined) return undefined;
  if (own.includes(undefined)) warnings.add("filled-in", "date-range");
  const from = begin ?? end ?? 0;
  const to = end ?? from;
  if (from <= to) return { begin: from, end: to };
  warnings.add("end-before-begin", "date-range", `${from} ${to}`);
  return { begin: to, end: from };
}

function readPolicies(json: JsonObject, warnings: WarningSink): TlsPolicyResult[] {
  let detailsLeft = maxDetails;
  return listAt(json, "policies", maxPolicies, warnings).map((one) => {
    const result = readPolicy(one, detailsLeft, warnings);
    detailsLeft -= result.failures.length;
    return result;
  });
}

function readPolicy(one: JsonObject, detailsLeft: number, warnings: WarningSink): TlsPolicyResult {
  const policy = objectAt(one, "policy");
  const summary = objectAt(one, "summary");
  const domain = textAt(policy, "policy-domain");
  if (domain === undefined) warnings.add("no-policy-domain", "policy-domain");
  return {
    policyType: textAt(policy, "policy-type")?.toLowerCase() ?? "",
    ...(domain !== undefined && { policyDomain: reportedDomain(domain) }),
    policyString: textsAt(policy, "policy-string"),
    // Before RFC 8460 it was called a pattern.
    mxHost: ["mx-host", "mx-host-pattern"]
      .flatMap((name) => textsAt(policy, name))
      .map((host) => host.toLowerCase()),
    successful: countAt(summary, "total-successful-session-count", warnings),
    failed: countAt(summary, "total-failure-session-count", warnings),
    failures: listAt(one, "failure-details", detailsLeft, warnings).map((detail) =>
      readDetail(detail, warnings),
    ),
  };
}

function readDetail(detail: JsonObject, warnings: WarningSink): TlsFailureDetail {
  const named = {
    sendingMtaIp: textAt(detail, "sending-mta-ip"),
    receivingMxHostname: textAt(detail, "receiving-mx-hostname")?.toLowerCase(),
    receivingMxHelo: textAt(detail, "receiving-mx-helo"),
    receivingIp: textAt(detail, "receiving-ip"),
    additionalInformation: textAt(detail, "additional-information"),
    failureReasonCode: textAt(detail, "failure-reason-code") ?? textAt(detail, "failure-error-code"),
  };
  const present = Object.fromEntries(Object.entries(named).filter(([, text]) => text !== undefined));
  return {
    resultType: textAt(detail, "result-type")?.toLowerCase() ?? "",
    failedSessions: countAt(detail, "failed-session-count", warnings),
    ...(present as { [Key in keyof typeof named]?: string }),
  };
}
