import { decodeEncodedWords } from "../message/encoded-words.ts";
import type { FailureReport } from "./failure.ts";
import { readableText } from "./readable-text.ts";
import { readDateText } from "./report-time.ts";
import { reportedAddress } from "./reported-address.ts";
import { reportedDomain } from "./reported-domain.ts";
import { WarningSink } from "./warnings.ts";

/** The parts of a feedback report (RFC 5965 §2) that matter: octets, transfer encoding taken off. */
export interface FeedbackParts {
  /** message/feedback-report. */
  readonly feedback: Buffer;
  /** message/rfc822 or text/rfc822-headers. */
  readonly reported?: { readonly octets: Buffer; readonly headersOnly: boolean };
}

type Fields = readonly (readonly [name: string, value: string])[];

const maxFields = 500;
/** Octets of the report itself; it has some hundreds, unless it holds the body that was signed. */
const maxFeedback = 1024 * 1024;
const maxValue = 4_096;
/** RFC 6591 §3.2.4: the whole body in base64, which is nothing to be shown as a field. */
export const canonicalizedBody = "dkim-canonicalized-body";

/** Reads an authentication failure report (RFC 6591, RFC 9991) or another report of RFC 5965. Nothing in it is required. */
export function readFeedbackReport({ feedback, reported }: FeedbackParts): FailureReport {
  const warnings = new WarningSink();
  const fields = readFeedbackFields(feedback);
  const values = new FieldValues(fields, warnings);
  if (values.first("feedback-type") === undefined) warnings.add("no-feedback-type", "Feedback-Type");
  const message = reported === undefined ? undefined : reportedMessage(reported);
  return {
    kind: "failure",
    form: "arf",
    ...namedValues(values),
    ...sourceOf(values, warnings),
    ...arrivalOf(values, warnings),
    reportedUri: values.all("reported-uri"),
    incidents: incidentsOf(values, warnings),
    otherFields: fields
      .filter(([name]) => !known.has(name.toLowerCase()) && name.toLowerCase() !== canonicalizedBody)
      .map(([name, value]) => ({ name, value })),
    ...(message !== undefined && { message }),
    warnings: warnings.list(),
  };
}

/** Names of RFC 5965 §3 and RFC 6591 §3.2, and what they are called here. */
const named = {
  "feedback-type": "feedbackType",
  "auth-failure": "authFailure",
  "user-agent": "userAgent",
  version: "version",
  "reported-domain": "reportedDomain",
  "original-mail-from": "originalMailFrom",
  "original-rcpt-to": "originalRcptTo",
  "original-envelope-id": "originalEnvelopeId",
  "identity-alignment": "identityAlignment",
  "delivery-result": "deliveryResult",
  "authentication-results": "authenticationResults",
  "dkim-domain": "dkimDomain",
  "dkim-identity": "dkimIdentity",
  "dkim-selector": "dkimSelector",
  "spf-dns": "spfDns",
} as const satisfies Readonly<Record<string, keyof FailureReport>>;
const known: ReadonlySet<string> = new Set([
  ...Object.keys(named),
  "source-ip",
  "arrival-date",
  "received-date",
  "reported-uri",
  "incidents",
]);
const words: ReadonlySet<string> = new Set([
  "feedbackType",
  "authFailure",
  "identityAlignment",
  "deliveryResult",
]);

type NamedValues = { readonly [Key in (typeof named)[keyof typeof named]]?: string };

function namedValues(values: FieldValues): NamedValues {
  const found: Record<string, string> = {};
  for (const [name, key] of Object.entries(named)) {
    const value = values.first(name);
    if (value === undefined) continue;
    if (key === "reportedDomain" || key === "dkimDomain") found[key] = reportedDomain(value);
    else found[key] = words.has(key) ? value.toLowerCase() : withoutAngles(value, name);
  }
  return found as NamedValues;
}

function withoutAngles(value: string, name: string): string {
  return name.startsWith("original-") ? value.replace(/^<(.*)>$/s, "$1") : value;
}

class FieldValues {
  readonly #fields: Fields;
  readonly #warnings: WarningSink;

  constructor(fields: Fields, warnings: WarningSink) {
    this.#fields = fields;
    this.#warnings = warnings;
  }

  all(lowerName: string): string[] {
    return this.#fields.filter(([name]) => name.toLowerCase() === lowerName).map(([, value]) => value);
  }

  /** RFC 6591 §3.2.6: SPF-DNS may come several times, and Authentication-Results too: the first is taken for all. */
  first(lowerName: string): string | undefined {
    const [value, second] = this.all(lowerName);
    if (second !== undefined && !mayRepeat.has(lowerName)) this.#warnings.add("repeated", lowerName, second);
    return value;
  }
}

const mayRepeat: ReadonlySet<string> = new Set([
  "authentication-results",
  "original-rcpt-to",
  "reported-domain",
  "spf-dns",
]);

function sourceOf(values: FieldValues, warnings: WarningSink): Pick<FailureReport, "sourceIp"> {
  const text = values.first("source-ip");
  if (text === undefined) return {};
  const ip = reportedAddress(text);
  if (ip === undefined) warnings.add("bad-source-ip", "Source-IP", text);
  return ip === undefined ? {} : { sourceIp: ip };
}

function arrivalOf(values: FieldValues, warnings: WarningSink): Pick<FailureReport, "arrivalDate"> {
  // RFC 5965 §3.2: Received-Date is the older name.
  const text = values.first("arrival-date") ?? values.first("received-date");
  if (text === undefined) return {};
  const time = readDateText(text);
  if (time === undefined) warnings.add("odd-time", "Arrival-Date", text);
  return time === undefined ? {} : { arrivalDate: time };
}

/** RFC 5965 §3.2: one, when it is not said. */
function incidentsOf(values: FieldValues, warnings: WarningSink): number {
  const text = values.first("incidents");
  if (text === undefined) return 1;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  warnings.add("bad-count", "Incidents", text);
  return 1;
}

/** Fields of a header or of a message/feedback-report, decoded for people: the first 500, of 4,096 characters at most each. */
export function readFeedbackFields(octets: Buffer): readonly (readonly [name: string, value: string])[] {
  const fields: [string, string][] = [];
  // Blank lines before and between fields are in reports of some senders.
  for (const line of readableText(octets.subarray(0, maxFeedback)).split(/\r\n|\n|\r/)) {
    const last = fields.at(-1);
    if (!/^[ \t]/.test(line) || last === undefined) addField(fields, line);
    else if (last[1].length < maxValue) last[1] = `${last[1]} ${line.trim()}`.trim().slice(0, maxValue);
  }
  return fields.map(([name, value]) => [name, decodeEncodedWords(value) ?? value] as const);
}

function addField(fields: [string, string][], line: string): void {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0)).trim();
  if (fields.length < maxFields && /^[!-9;-~]{1,100}$/.test(name))
    fields.push([
      name,
      line
        .slice(colon + 1)
        .trim()
        .slice(0, maxValue),
    ]);
}

/** Whether there is more than a header is told by the part's type, or by what follows an empty line. */
function reportedMessage({
  octets,
  headersOnly,
}: NonNullable<FeedbackParts["reported"]>): NonNullable<FailureReport["message"]> {
  const end = reportedHeaderEnd(octets);
  const values = new FieldValues(readFeedbackFields(octets.subarray(0, end)), new WarningSink());
  const field = (name: string): string | undefined => values.first(name);
  const found = {
    from: field("from"),
    to: field("to"),
    subject: field("subject"),
    date: field("date"),
    messageId: field("message-id"),
  };
  const present = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
  const hasBody = !headersOnly && octets.subarray(end).toString("latin1").trim() !== "";
  return { ...(present as { [Key in keyof typeof found]?: string }), hasBody };
}

const maxHeader = 256 * 1024;
/** Also where line ends are mixed, or a carriage return was added to each. */
const emptyLines = ["\r\n\r\n", "\n\n", "\n\r\n", "\n\r\r\n"];

/** Where the header of a reported message ends, as far as it is looked at. */
export function reportedHeaderEnd(octets: Buffer): number {
  const head = octets.subarray(0, maxHeader);
  // Line ends of old systems, where there is no other.
  const marks = head.includes("\n") ? emptyLines : ["\r\r"];
  const ends = marks.map((mark) => head.indexOf(mark, 0, "latin1")).filter((at) => at >= 0);
  return Math.min(head.length, ...ends);
}
