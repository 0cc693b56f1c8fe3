import type { FailureReport } from "../../core/reports/failure.ts";
import { readFeedbackReport } from "../../core/reports/failure-arf.ts";
import { readableText } from "../../core/reports/readable-text.ts";
import { readDateText } from "../../core/reports/report-time.ts";
import { reportedAddress } from "../../core/reports/reported-address.ts";
import { reportedDomain } from "../../core/reports/reported-domain.ts";
import type { Mail, MailPart } from "./mime-part.ts";

/** The parts that belong to one failure report. */
export type FailureParts = Pick<Mail, "parts">;

/**
 * The failure reports of a mail, each with the parts that follow it up to the next one. RFC 5965 §2 has one in a mail: what stands
 * before it belongs to it, too.
 */
export function failuresIn({ parts }: Mail): readonly FailureParts[] {
  const starts = parts.flatMap((part, at) => (isFeedback(part) ? [at] : []));
  return starts.map((start, nth) => ({ parts: parts.slice(nth === 0 ? 0 : start, starts[nth + 1]) }));
}

export function isFeedback({ type }: MailPart): boolean {
  return type === "message/feedback-report";
}

/** The failure report in parts of which one is message/feedback-report. */
export function readFailureMail({ parts }: FailureParts): FailureReport {
  const feedback = parts.find(isFeedback);
  const reported = parts.find(isReportedMessage);
  return readFeedbackReport({
    feedback: feedback?.octets ?? Buffer.alloc(0),
    ...(reported !== undefined && {
      reported: { octets: reported.octets, headersOnly: reported.type === "text/rfc822-headers" },
    }),
  });
}

export function isReportedMessage({ type }: MailPart): boolean {
  return type === "message/rfc822" || type === "message/global" || type === "text/rfc822-headers";
}

/** Where to look for the sentence that tells what happened. */
const maxText = 64 * 1024;
const maxTexts = 10;

/** What a mail says as text, as far as it is looked at. */
export function textOf(mail: Mail): string {
  return mail.parts
    .filter(({ type }) => type.startsWith("text/plain"))
    .slice(0, maxTexts)
    .map(({ octets }) => readableText(octets.subarray(0, maxText)))
    .join("\n");
}

/**
 * A failure report of a gateway or a mail server that knows no ARF: some sentences, and perhaps the message. Known by its
 * words, since nothing else marks it.
 * @returns undefined for mail that is no such report.
 */
export function readTextFailure(mail: Mail): FailureReport | undefined {
  // What a server says of a mail that came back, perhaps of one of our own reports.
  if (mail.parts.some(({ type }) => type === "message/delivery-status")) return undefined;
  const subject = mail.head.get("subject") ?? "";
  const text = textOf(mail);
  if (!isFailureText(`${subject}\n${text.slice(0, 4_096)}`)) return undefined;
  const reported = mail.parts.find(isReportedMessage) ?? quotedMessage(text);
  const read = readFeedbackReport({
    feedback: Buffer.from("Feedback-Type: auth-failure\r\n", "latin1"),
    ...(reported !== undefined && { reported: { octets: reported.octets, headersOnly: false } }),
  });
  return { ...read, form: mail.parts.length > 1 ? "gateway" : "text", ...factsOf(text, subject) };
}

const failureWords =
  /dmarc[ -]{0,3}(?:policy[ -]{0,3})?(?:failure|fail|violation|forensic)|(?:failed|fails|did not (?:meet|pass))[^\n]{0,80}dmarc|dmarc[^\n]{0,60}(?:check|verification|evaluation) (?:failed|failure)/i;

function isFailureText(text: string): boolean {
  return failureWords.test(text);
}

/** Names of values as such mails write them, in any order, one a line. */
const lines: readonly (readonly [RegExp, (value: string) => Partial<FailureReport>])[] = [
  [
    /(?:source|sender|sending|client)[ -]?(?:host )?(?:ip|address)\b[^\n:]{0,30}:\s{0,9}(\S{2,60})/i,
    addressOf,
  ],
  [/received from (?:ip )?(?:address )?\[?([0-9A-Fa-f.:]{2,45})\]?/i, addressOf],
  [
    /(?:from|header|reported)[ -]?domain[^\n:]{0,30}:\s{0,9}([\w.-]{1,253})/i,
    (value) => ({ reportedDomain: reportedDomain(value) }),
  ],
  [
    /(?:envelope|return|mail)[ -]?(?:from|sender|path)[^\n:]{0,30}:\s{0,9}<?([^\s<>]{1,320})/i,
    (value) => ({ originalMailFrom: value }),
  ],
  [
    /(?:recipient|rcpt to|envelope to)[^\n:]{0,30}:\s{0,9}<?([^\s<>]{1,320})/i,
    (value) => ({ originalRcptTo: value }),
  ],
  [/(?:received|arrival)[ -]?date[^\n:]{0,30}:\s{0,9}([^\n]{8,60})/i, dateOf],
  [/disposition[^\n:]{0,30}:\s{0,9}(\w{1,40})/i, (value) => ({ deliveryResult: value.toLowerCase() })],
];

function addressOf(text: string): Partial<FailureReport> {
  const ip = reportedAddress(text.replace(/^\[|\][.,;]?$|[.,;]$/g, ""));
  return ip === undefined ? {} : { sourceIp: ip };
}

function dateOf(text: string): Partial<FailureReport> {
  const arrivalDate = readDateText(text);
  return arrivalDate === undefined ? {} : { arrivalDate };
}

function factsOf(text: string, subject: string): Partial<FailureReport> {
  const facts: Partial<FailureReport> = {};
  for (const [pattern, read] of lines) {
    const value = pattern.exec(text)?.[1];
    if (value !== undefined) Object.assign(facts, { ...read(value), ...facts });
  }
  const domain = /\bfor ([\w-]{1,63}(?:\.[\w-]{1,63}){1,10})/i.exec(subject)?.[1];
  if (facts.reportedDomain !== undefined || domain === undefined) return facts;
  return { ...facts, reportedDomain: reportedDomain(domain) };
}

/** A header that stands in the text itself, from its Received or Return-Path field on. */
function quotedMessage(text: string): { readonly octets: Buffer } | undefined {
  const at = quotedMessageAt(text);
  if (at < 0) return undefined;
  const quoted = text.slice(at).replace(/^> ?/gm, "");
  return { octets: Buffer.from(quoted, "utf8") };
}

/** Where a message that is quoted in a text begins; -1 for nowhere. */
export function quotedMessageAt(text: string): number {
  return text.search(/^(?:> ?)?(?:Received|Return-Path|DKIM-Signature|From):/m);
}
