import { isWithin } from "../domain-name.ts";
import type { IpAddress } from "../ip.ts";
import type { AggregateRecord, DkimAuthResult, PolicyOverride, SpfAuthResult } from "./aggregate.ts";
import type { PolicyText } from "./aggregate-head.ts";
import { reportedAddress } from "./reported-address.ts";
import { reportedDomain } from "./reported-domain.ts";
import type { WarningSink } from "./warnings.ts";

/** What stood in a record; nothing of it is checked yet. */
export interface RecordText {
  sourceIp?: string;
  count?: string;
  disposition?: string;
  dkimEvaluated?: string;
  spfEvaluated?: string;
  headerFrom?: string;
  envelopeFrom?: string;
  envelopeTo?: string;
  readonly reasons: { type?: string; comment?: string }[];
  readonly dkim: { domain?: string; selector?: string; result?: string; humanResult?: string }[];
  readonly spf: { domain?: string; scope?: string; result?: string; humanResult?: string }[];
}

/** @returns undefined for a heartbeat: no message from no address. */
export function finishRecord(
  text: RecordText,
  policy: PolicyText,
  warnings: WarningSink,
): AggregateRecord | undefined {
  const sourceIp = readSourceIp(text.sourceIp, warnings);
  const count = readCount(text.count, warnings);
  if (count === 0 && sourceIp === undefined) return undefined;
  if (sourceIp === undefined) warnings.add("no-source-ip", "row/source_ip", text.sourceIp ?? "");
  const headerFrom = reportedDomain(domainPart(text.headerFrom ?? ""));
  if (headerFrom === "") warnings.add("no-header-from", "identifiers/header_from");
  const dkim = text.dkim.map(dkimResult);
  const spf = text.spf.map(spfResult);
  const { envelopeFrom, envelopeTo } = text;
  return {
    ...(sourceIp !== undefined && { sourceIp }),
    count,
    disposition: readDisposition(text.disposition, warnings),
    dkimAligned: aligned(text.dkimEvaluated, "dkim", { headerFrom, policy, results: dkim, warnings }),
    spfAligned: aligned(text.spfEvaluated, "spf", { headerFrom, policy, results: spf, warnings }),
    overrides: text.reasons.flatMap(override),
    headerFrom,
    ...(envelopeFrom !== undefined && { envelopeFrom: reportedDomain(withoutAngles(envelopeFrom)) }),
    ...(envelopeTo !== undefined && { envelopeTo: reportedDomain(withoutAngles(envelopeTo)) }),
    dkim: dkim.filter(({ domain, result }) => domain !== "" || result !== ""),
    spf: spf.filter(({ domain, result }) => domain !== "" || result !== ""),
  };
}

/** RFC 7489 appendix C has a domain there; some write the address, or all that stood in From. */
function domainPart(text: string): string {
  if (!/[@<>]/.test(text)) return text;
  const address = text.slice(text.lastIndexOf("<") + 1).replace(/>.*$/s, "");
  return address.slice(address.lastIndexOf("@") + 1).trim();
}

/** `<>` is the null sender. */
function withoutAngles(text: string): string {
  return text.startsWith("<") && text.endsWith(">") ? text.slice(1, -1) : text;
}

function readSourceIp(text: string | undefined, warnings: WarningSink): IpAddress | undefined {
  if (text === undefined || text === "") return undefined;
  const ip = reportedAddress(text);
  if (ip === undefined) warnings.add("bad-source-ip", "row/source_ip", text);
  return ip;
}

/** Ten digits at most: no host sends more messages, and sums of many reports are to stay whole numbers. */
function readCount(text: string | undefined, warnings: WarningSink): number {
  if (text !== undefined && /^\d{1,10}$/.test(text)) return Number(text);
  warnings.add("bad-count", "row/count", text ?? "");
  // Thousands are set apart by commas, or a decimal fraction of nothing follows.
  const plain = text?.replace(/[,\s_]|^\+/g, "").replace(/\.0+$/, "") ?? "";
  return /^\d{1,10}$/.test(plain) ? Number(plain) : 0;
}

function readDisposition(text: string | undefined, warnings: WarningSink): string {
  const word = text?.toLowerCase() ?? "";
  if (word === "") {
    warnings.add("no-disposition", "policy_evaluated/disposition");
    return "none";
  }
  if (!dispositions.has(word)) warnings.add("unknown-value", "policy_evaluated/disposition", word);
  return word;
}

/** RFC 9990 appendix A; RFC 7489 appendix C has no `pass`. */
const dispositions = new Set(["none", "pass", "quarantine", "reject"]);

interface Evaluated {
  readonly headerFrom: string;
  readonly policy: PolicyText;
  readonly results: readonly { readonly domain: string; readonly result: string }[];
  readonly warnings: WarningSink;
}

function aligned(text: string | undefined, method: "dkim" | "spf", evaluated: Evaluated): boolean {
  const word = text?.toLowerCase() ?? "";
  if (word === "pass" || word === "fail") return word === "pass";
  const at = `policy_evaluated/${method}`;
  if (word !== "") {
    evaluated.warnings.add("unknown-value", at, word);
    return false;
  }
  evaluated.warnings.add("worked-out", at);
  return alignedByResults(method === "dkim" ? evaluated.policy.adkim : evaluated.policy.aspf, evaluated);
}

/** RFC 9989 §3.2.10: without DNS, the policy's domain stands for the organizational domain. */
function alignedByResults(mode: string | undefined, { headerFrom, policy, results }: Evaluated): boolean {
  const organization = reportedDomain(policy.domain ?? "");
  return results.some(({ domain, result }) => {
    if (result !== "pass" || domain === "" || headerFrom === "") return false;
    if (domain === headerFrom) return true;
    if (mode?.toLowerCase() === "s") return false;
    if (isWithin(domain, headerFrom) || isWithin(headerFrom, domain)) return true;
    return organization !== "" && isWithin(domain, organization) && isWithin(headerFrom, organization);
  });
}

function override({ type, comment }: RecordText["reasons"][number]): PolicyOverride[] {
  const word = type?.toLowerCase() ?? "";
  if (word === "" && (comment ?? "") === "") return [];
  return [{ type: word, ...(comment !== undefined && comment !== "" && { comment }) }];
}

function dkimResult({ domain, selector, result, humanResult }: RecordText["dkim"][number]): DkimAuthResult {
  return {
    domain: reportedDomain(domain ?? ""),
    ...(selector !== undefined && selector !== "" && { selector: selector.toLowerCase() }),
    result: result?.toLowerCase() ?? "",
    ...(humanResult !== undefined && humanResult !== "" && { humanResult }),
  };
}

function spfResult({ domain, scope, result, humanResult }: RecordText["spf"][number]): SpfAuthResult {
  return {
    domain: reportedDomain(domain ?? ""),
    ...(scope !== undefined && scope !== "" && { scope: scope.toLowerCase() }),
    result: result?.toLowerCase() ?? "",
    ...(humanResult !== undefined && humanResult !== "" && { humanResult }),
  };
}
