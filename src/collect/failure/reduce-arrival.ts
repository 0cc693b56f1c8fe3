import { reportedHeaderEnd } from "../../core/reports/failure-arf.ts";
import { findDocuments, partsBeside, reportParts } from "../extract/find-documents.ts";
import { openGzip, openZlib } from "../extract/gzip.ts";
import { Allowance, type ExtractLimits } from "../extract/limits.ts";
import { decodeBase64, type Mail, type MailPart, readMail } from "../extract/mime-part.ts";
import { isReportedMessage, quotedMessageAt, readTextFailure, textOf } from "../extract/read-failure.ts";
import { type Sniffed, sniff } from "../extract/sniff.ts";
import { readZip } from "../extract/zip.ts";
import { keptFeedback, keptMailFields, keptReportedHeader, redactLines } from "./kept-fields.ts";
import { bodyPlaceholder, type LeftOut, leftOutField } from "./left-out.ts";
import type { Redact } from "./redaction.ts";
import { type WrittenPart, writeMultipart, writeText } from "./written-mail.ts";

export interface ReduceOptions {
  readonly limits: ExtractLimits;
  readonly leftOut: LeftOut;
  /** Left out: addresses stay whole. */
  readonly redact?: Redact;
}

/** `as-is`: no failure report is in it. `cannot`: one is, beside others in an archive. */
export type Reduction =
  | { readonly kind: "as-is" }
  | { readonly kind: "cannot" }
  | { readonly kind: "reduced"; readonly octets: Buffer };

interface Place extends ReduceOptions {
  readonly depth: number;
  readonly nested: boolean;
}

const asIs: Reduction = { kind: "as-is" };

/**
 * Writes a mail anew with what is kept of the failure reports in it: the report itself, and the header of the message that it is
 * about. Mails within each other stay so, since what a header says counts in the outermost alone; other reports stay octet by octet.
 */
export function reduceArrival(octets: Buffer, options: ReduceOptions): Promise<Reduction> {
  return reduce(octets, { ...options, depth: 0, nested: false });
}

async function reduce(octets: Buffer, place: Place): Promise<Reduction> {
  if (place.depth > place.limits.maxDepth) return asIs;
  const { kind, from } = sniff(octets);
  const content = octets.subarray(from);
  switch (kind) {
    case "mail":
      return reduceMail(content, place);
    case "mbox":
      return reduceMail(content.subarray(content.indexOf(0x0a) + 1), place);
    case "xml":
    case "json":
    case "empty":
    case "other":
      return asIs;
    default: {
      if (!(await lookInto(octets, place)).failures) return asIs;
      const only = await onlyFileOf(kind, content, place);
      return only === undefined ? { kind: "cannot" } : reduce(only, { ...place, depth: place.depth + 1 });
    }
  }
}

/** What is alone in its wrapping needs none. @returns undefined where there is more, or none that can be read. */
async function onlyFileOf(
  kind: Sniffed["kind"],
  octets: Buffer,
  { limits }: Place,
): Promise<Buffer | undefined> {
  const allowance = new Allowance(limits);
  if (kind === "base64") return decodeBase64(octets);
  if (kind === "gzip") return unpacked(openGzip(octets, allowance).chunks);
  if (kind === "zlib") return unpacked(openZlib(octets, allowance).chunks);
  if (kind !== "zip") return undefined;
  const [first, second] = readZip(octets, allowance);
  return second === undefined && first?.content.kind === "file" ? unpacked(first.content.chunks) : undefined;
}

async function unpacked(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

interface Seen {
  /** Anything but mails without a report. */
  readonly documents: boolean;
  readonly failures: boolean;
}

async function lookInto(octets: Buffer, { limits }: Place): Promise<Seen> {
  let documents = false;
  let failures = false;
  for await (const found of findDocuments(octets, new Allowance(limits))) {
    if (found.kind === "plain-mail")
      failures ||= [found.mail, ...found.inner].some((mail) => readTextFailure(mail) !== undefined);
    else documents = true;
    failures ||= found.kind === "feedback";
    // They have to be taken before the next one comes.
    if (found.kind === "xml") for await (const _ of found.chunks);
  }
  return { documents, failures };
}

async function reduceMail(octets: Buffer, place: Place): Promise<Reduction> {
  const mail = readMail(octets, new Allowance(place.limits), place.nested);
  if (mail.parts.some(({ type }) => type === "message/feedback-report"))
    return { kind: "reduced", octets: writtenFeedback(mail, place) };
  const parts = reportParts(mail);
  let holdsReports = false;
  for (const { octets: part } of parts) holdsReports ||= (await lookInto(part, place)).documents;
  if (!holdsReports && readTextFailure(mail) !== undefined)
    return { kind: "reduced", octets: writtenText(mail, place) };
  return reduceParts(mail, parts, place);
}

/** A mail in which others are: what somebody wrote to them goes, if a failure report is among them. */
async function reduceParts(mail: Mail, parts: readonly MailPart[], place: Place): Promise<Reduction> {
  const written: WrittenPart[] = [];
  let isReduced = false;
  for (const part of parts) {
    const inner = await reduce(part.octets, { ...place, depth: place.depth + 1, nested: true });
    if (inner.kind === "cannot") return inner;
    isReduced ||= inner.kind === "reduced";
    written.push(inner.kind === "reduced" ? { ...asMail(part), octets: inner.octets } : asFile(part));
  }
  return isReduced ? { kind: "reduced", octets: writeMultipart(fieldsOf(mail, place), written) } : asIs;
}

function asMail(part: MailPart): WrittenPart {
  return { ...asFile(part), type: "message/rfc822", encoding: "8bit" };
}

function asFile({ type, fileName, octets }: MailPart): WrittenPart {
  return {
    type: plainType.test(type) ? type : "application/octet-stream",
    ...(fileName !== undefined && { fileName }),
    encoding: "base64",
    octets,
  };
}

/** Types that a mail's structure does not hang on. */
const plainType = /^(?:message\/(?:rfc822|global)|(?:application|text|image)\/[a-z0-9.+-]{1,80})$/;

function fieldsOf({ octets, body }: Mail, { redact, leftOut }: Place): Buffer {
  const head = octets.subarray(0, octets.length - body.length);
  return Buffer.concat([keptMailFields(head, redact), leftOutField(leftOut)]);
}

/** RFC 5965 §2. */
function writtenFeedback(mail: Mail, place: Place): Buffer {
  const feedback = mail.parts.find(({ type }) => type === "message/feedback-report");
  const kept = keptFeedback(feedback?.octets ?? Buffer.alloc(0), place.redact);
  const beside = partsBeside(mail).map(asFile);
  const notice: WrittenPart = { type: "text/plain", encoding: "8bit", octets: noticeOf(place) };
  const report: WrittenPart = { type: "message/feedback-report", encoding: "8bit", octets: kept };
  const parts = [notice, report, ...reportedPart(mail, place), ...beside];
  return writeMultipart(fieldsOf(mail, place), parts, "multipart/report; report-type=feedback-report");
}

function noticeOf({ leftOut }: Place): Buffer {
  const redacted = leftOut === "body" ? "" : " Local parts of addresses were replaced.";
  return Buffer.from(`What was kept of a failure report, without the body of the message.${redacted}\r\n`);
}

function reportedPart({ parts }: Mail, { redact }: Place): readonly WrittenPart[] {
  const reported = parts.find(isReportedMessage);
  if (reported === undefined) return [];
  const { type, octets } = reported;
  const end = reportedHeaderEnd(octets);
  const header = keptReportedHeader(octets.subarray(0, end), redact);
  const hasBody = octets.subarray(end).toString("latin1").trim() !== "";
  const rest = hasBody && type !== "text/rfc822-headers" ? `\r\n\r\n${bodyPlaceholder}` : "";
  return [{ type, encoding: "8bit", octets: Buffer.concat([header, Buffer.from(rest)]) }];
}

/** A failure report in words; with a message that is attached, or stands in the text. */
function writtenText(mail: Mail, place: Place): Buffer {
  const { redact } = place;
  const cut = withoutQuotedBody(textOf(mail));
  const text = redact === undefined ? cut : redactLines(cut, redact);
  const fields = fieldsOf(mail, place);
  if (mail.parts.length === 1 && mail.parts[0]?.type.startsWith("text/plain")) return writeText(fields, text);
  const words: WrittenPart[] = mail.parts.some(({ type }) => type.startsWith("text/plain"))
    ? [{ type: "text/plain; charset=utf-8", encoding: "8bit", octets: Buffer.from(text, "utf8") }]
    : [];
  const parts = [...words, ...reportedPart(mail, place)];
  // That there was more than one part says what wrote it.
  const other: WrittenPart = { type: "text/html", encoding: "8bit", octets: Buffer.from(bodyPlaceholder) };
  return writeMultipart(fields, mail.parts.length > 1 && parts.length === 1 ? [...parts, other] : parts);
}

/** A quoted message ends with its header. */
function withoutQuotedBody(text: string): string {
  const at = quotedMessageAt(text);
  if (at < 0) return text;
  let lineAt = at;
  while (lineAt < text.length) {
    const next = text.indexOf("\n", lineAt);
    const lineEnd = next < 0 ? text.length : next + 1;
    const isEmpty = text.slice(lineAt, lineEnd).replace(/^> ?/, "").trim() === "";
    lineAt = lineEnd;
    if (isEmpty) break;
  }
  return text.slice(lineAt).trim() === "" ? text.slice(0, lineAt) : text.slice(0, lineAt) + bodyPlaceholder;
}
