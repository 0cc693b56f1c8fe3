import type { AggregateHead, PublishedPolicy } from "./aggregate.ts";
import { isPlainTime, readReportTime } from "./report-time.ts";
import { reportedDomain } from "./reported-domain.ts";
import type { WarningSink } from "./warnings.ts";

export interface MetadataText {
  orgName?: string;
  email?: string;
  extraContactInfo?: string;
  reportId?: string;
  generator?: string;
  begin?: string;
  end?: string;
}

export type PolicyText = { -readonly [Key in keyof PublishedPolicy]?: string };

/** What the mail around a report and the name of its file say; used where the report itself is silent. */
export interface ReportHints {
  /** RFC 9990 §3.1.4: `receiver!policy-domain!begin!end[!unique-id].xml`. */
  readonly fileName?: string;
  /** Address in From of the report mail. */
  readonly mailFrom?: string;
  /** RFC 9990 §3.5.2: `Report Domain: ... Submitter: ... Report-ID: ...`. */
  readonly subject?: string;
}

interface HeadText {
  readonly version: string | undefined;
  readonly metadata: MetadataText;
  readonly policy: PolicyText;
  readonly errors: readonly string[];
}

export function finishHead(
  { version, metadata, policy, errors }: HeadText,
  hints: ReportHints,
  warnings: WarningSink,
): AggregateHead | "no-domain" | "no-date-range" {
  const file = readFileName(hints.fileName ?? "");
  const published = finishPolicy(policy, file.domain, warnings);
  if (published.domain === "") return "no-domain";
  const days = readDateRange(metadata, file, warnings);
  if (days === undefined) return "no-date-range";
  return {
    ...optional({ version, extraContactInfo: metadata.extraContactInfo, generator: metadata.generator }),
    ...reporterOf(metadata, hints, file, warnings),
    reportId: reportIdOf(metadata, hints, file, warnings) ?? `${published.domain}!${days.begin}!${days.end}`,
    ...days,
    errors,
    policy: published,
  };
}

function optional<T extends Readonly<Record<string, string | undefined>>>(
  values: T,
): { [Key in keyof T]?: string } {
  return Object.fromEntries(
    Object.entries(values).filter(([, text]) => text !== undefined && text !== ""),
  ) as { [Key in keyof T]?: string };
}

function finishPolicy(
  text: PolicyText,
  fileDomain: string | undefined,
  warnings: WarningSink,
): PublishedPolicy {
  const { domain = "", ...tags } = text;
  const lower = Object.fromEntries(Object.entries(tags).map(([tag, value]) => [tag, value?.toLowerCase()]));
  const own = reportedDomain(domain);
  if (own === "") warnings.add("filled-in", "policy_published/domain", fileDomain ?? "");
  return { domain: own === "" ? (fileDomain ?? "") : own, ...optional(lower) };
}

/** What the name of a file says. */
export interface FileName {
  readonly receiver?: string;
  readonly domain?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly uniqueId?: string;
}

/** RFC 9990 §3.1.4; TLS reports are called alike (RFC 8460 §5.1). Whatever does not look like that says nothing. */
export function readFileName(name: string): FileName {
  const base = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);
  const [receiver = "", domain = "", begin = "", end = "", ...unique] = base.split("!", 8);
  const last = end.replace(/\..{0,20}$/, "");
  if (domain === "" || !/^\d{9,16}$/.test(begin) || !/^\d{9,16}$/.test(last)) return {};
  const uniqueId = unique.join("!").replace(/(?:\.(?:xml|gz|zip|gzip)){1,3}$/i, "");
  return {
    ...(receiver !== "" && { receiver: reportedDomain(receiver) }),
    domain: reportedDomain(domain),
    begin,
    end: last,
    ...(uniqueId !== "" && { uniqueId }),
  };
}

function reporterOf(
  { orgName = "", email = "" }: MetadataText,
  { mailFrom = "" }: ReportHints,
  { receiver }: FileName,
  warnings: WarningSink,
): { readonly orgName: string; readonly email: string } {
  const address = email === "" ? mailFrom : email;
  if (email === "") warnings.add("filled-in", "report_metadata/email", address);
  if (orgName !== "") return { orgName, email: address };
  const name = domainOf(address) ?? receiver ?? "";
  warnings.add("filled-in", "report_metadata/org_name", name);
  return { orgName: name, email: address };
}

/** Of an address; undefined where there is none. */
export function domainOf(address: string): string | undefined {
  const host = address.slice(address.lastIndexOf("@") + 1).replace(/[>\s].*$/s, "");
  return host === "" ? undefined : reportedDomain(host);
}

function reportIdOf(
  { reportId = "" }: MetadataText,
  { subject = "" }: ReportHints,
  { uniqueId }: FileName,
  warnings: WarningSink,
): string | undefined {
  if (reportId !== "") return reportId;
  const inSubject = /report-id:\s{0,20}<?([^\s<>]{1,200})/i.exec(subject)?.[1];
  warnings.add("filled-in", "report_metadata/report_id", uniqueId ?? inSubject ?? "");
  return uniqueId ?? inSubject;
}

function readDateRange(
  metadata: MetadataText,
  file: FileName,
  warnings: WarningSink,
): { readonly begin: number; readonly end: number } | undefined {
  const begin = readTime("begin", metadata.begin, file.begin, warnings);
  const end = readTime("end", metadata.end, file.end, warnings);
  if (begin === undefined && end === undefined) return undefined;
  const from = begin ?? end ?? 0;
  const to = end ?? from;
  if (from <= to) return { begin: from, end: to };
  warnings.add("end-before-begin", "date_range", `${from} ${to}`);
  return { begin: to, end: from };
}

function readTime(
  name: "begin" | "end",
  text: string | undefined,
  fromFile: string | undefined,
  warnings: WarningSink,
): number | undefined {
  const time = text === undefined ? undefined : readReportTime(text);
  if (time !== undefined) {
    if (!isPlainTime(text ?? "")) warnings.add("odd-time", `date_range/${name}`, text);
    return time;
  }
  warnings.add("filled-in", `date_range/${name}`, text ?? "");
  return fromFile === undefined ? undefined : readReportTime(fromFile);
}
