import { isDeepStrictEqual } from "node:util";
import { reportedHeaderEnd } from "../../core/reports/failure-arf.ts";
import { findDocuments, partsBeside, reportParts } from "../extract/find-documents.ts";
import { openGzip, openZlib } from "../extract/gzip.ts";
import { Allowance, type ExtractLimits } from "../extract/limits.ts";
import { mailboxMessages } from "../extract/mailbox.ts";
import { decodeBase64, type Mail, type MailPart, readMail } from "../extract/mime-part.ts";
import {
  type FailureParts,
  failuresIn,
  isFeedback,
  isReportedMessage,
  readTextFailure,
  textOf,
} from "../extract/read-failure.ts";
import { type Sniffed, sniff } from "../extract/sniff.ts";
import { readZip } from "../extract/zip.ts";
import { keptFeedback, keptMailFields, keptReportedHeader, redactLines } from "./kept-fields.ts";
import { bodyPlaceholder, type LeftOut, leftOutField } from "./left-out.ts";
import { withoutQuotedBody } from "./quoted-body.ts";
import type { Redact } from "./redaction.ts";
import { type WrittenPart, writeMultipart, writeText } from "./written-mail.ts";

export interface ReduceOptions {
  readonly limits: ExtractLimits;
  readonly leftOut: LeftOut;
  /** Left out: addresses stay whole. */
  readonly redact?: Redact;
}

/** `as-is`: no failure report is in it. `cannot`: one is, beside others in an archive or a mailbox. */
export type Reduction =
  | { readonly kind: "as-is" }
  | { readonly kind: "cannot" }
  | { readonly kind: "reduced"; readonly octets: Buffer };

interface Place extends ReduceOptions {
  /** Octets that may still be unpacked, again and again for each mail around them. */
  readonly unpacking: { left: number };
  readonly depth: number;
  readonly nested: boolean;
}

const asIs: Reduction = { kind: "as-is" };

/**
 * Writes a mail anew with what is kept of the failure reports in it: the report itself, and the header of the message that it is
 * about. Mails within each other stay so, since what a header says counts in the outermost alone; other reports stay octet by octet.
 */
export async function reduceArrival(octets: Buffer, options: ReduceOptions): Promise<Reduction> {
  const unpacking = { left: 2 * options.limits.maxOctets };
  const reduction = await reduce(octets, { ...options, unpacking, depth: 0, nested: false });
  return unpacking.left > 0 ? reduction : { kind: "cannot" };
}

async function reduce(octets: Buffer, place: Place): Promise<Reduction> {
  if (place.depth > place.limits.maxDepth) return asIs;
  const { kind, from } = sniff(octets);
  const content = octets.subarray(from);
  switch (kind) {
    case "mail":
      return reduceMail(content, place);
    case "mbox":
      return reduceMailbox(content, place);
    case "xml":
    case "json":
    case "empty":
    case "other":
      return asIs;
    default: {
      if (!(await lookInto(octets, place)).failures) return asIs;
      const only = await unpacking(place, (allowance) => onlyFileOf(kind, content, allowance));
      return only === undefined ? { kind: "cannot" } : reduce(only, { ...place, depth: place.depth + 1 });
    }
  }
}

/** A mailbox of one is that mail. */
async function reduceMailbox(octets: Buffer, place: Place): Promise<Reduction> {
  const [first, second] = mailboxMessages(octets);
  if (first !== undefined && second === undefined) return reduceMail(first, place);
  return (await lookInto(octets, place)).failures ? { kind: "cannot" } : asIs;
}

/** Works with what may still be unpacked. */
async function unpacking<T>(
  { limits, unpacking: all }: Place,
  work: (allowance: Allowance) => Promise<T>,
): Promise<T> {
  const maxOctets = Math.max(0, Math.min(limits.maxOctets, all.left));
  const allowance = new Allowance({ ...limits, maxOctets });
  try {
    return await work(allowance);
  } finally {
    all.left -= maxOctets - allowance.octetsLeft;
  }
}

/** What is alone in its wrapping needs none. @returns undefined where there is more, or none that can be read. */
async function onlyFileOf(
  kind: Sniffed["kind"],
  octets: Buffer,
  allowance: Allowance,
): Promise<Buffer | undefined> {
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

function lookInto(octets: Buffer, place: Place): Promise<Seen> {
  return unpacking(place, (allowance) => see(octets, allowance));
}

async function see(octets: Buffer, allowance: Allowance): Promise<Seen> {
  let documents = false;
  let failures = false;
  for await (const found of findDocuments(octets, allowance)) {
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
  const failures = failuresIn(mail);
  if (failures.length > 0) return reduceFeedback(mail, failures, place);
  const parts = reportParts(mail);
  let holdsReports = false;
  for (const { octets: part } of parts) holdsReports ||= (await lookInto(part, place)).documents;
  if (!holdsReports && readTextFailure(mail) !== undefined)
    return { kind: "reduced", octets: writtenText(mail, place) };
  return reduceParts(mail, parts, place);
}

/** A mail in which others are: what somebody wrote to them goes, if a failure report is among them. */
async function reduceParts(mail: Mail, parts: readonly MailPart[], place: Place): Promise<Reduction> {
  const inner = await reduceEach(parts, place);
  if (inner === undefined) return { kind: "cannot" };
  if (inner.every((octets) => octets === undefined)) return asIs;
  const written = parts.map((part, at) => {
    const octets = inner[at];
    return octets === undefined ? asFile(part) : { ...asMail(part, place), octets };
  });
  return { kind: "reduced", octets: writeMultipart(fieldsOf(mail, place), written) };
}

/** @returns For each what is kept of it, or undefined where it stays as it is; undefined when one of them cannot be reduced. */
async function reduceEach(
  parts: readonly MailPart[],
  place: Place,
): Promise<readonly (Buffer | undefined)[] | undefined> {
  const inner: (Buffer | undefined)[] = [];
  for (const part of parts) {
    const reduction = await reduce(part.octets, { ...place, depth: place.depth + 1, nested: true });
    if (reduction.kind === "cannot") return undefined;
    inner.push(reduction.kind === "reduced" ? reduction.octets : undefined);
  }
  return inner;
}

/** Programs name a mail that is passed on by its subject or its author. */
function asMail({ fileName, ...part }: MailPart, { redact }: Place): WrittenPart {
  const name = fileName === undefined ? {} : { fileName: redact?.(fileName) ?? fileName };
  return { ...asFile({ ...part, ...name }), type: "message/rfc822", encoding: "8bit" };
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

/** RFC 5965 §2; others may be beside it. */
async function reduceFeedback(
  mail: Mail,
  failures: readonly FailureParts[],
  place: Place,
): Promise<Reduction> {
  const beside = partsBeside(mail);
  const inner = await reduceEach(beside, place);
  if (inner === undefined) return { kind: "cannot" };
  const notice: WrittenPart = { type: "text/plain", encoding: "8bit", octets: noticeOf(place) };
  const parts = [
    notice,
    ...failures.flatMap((failure) => failureParts(failure, place)),
    // Not as a mail: that would be what is reported.
    ...beside.map((part, at) => asFile({ ...part, octets: inner[at] ?? part.octets })),
  ];
  const type = "multipart/report; report-type=feedback-report";
  return { kind: "reduced", octets: writeMultipart(fieldsOf(mail, place), parts, type) };
}

function failureParts(failure: FailureParts, place: Place): readonly WrittenPart[] {
  const feedback = failure.parts.find(isFeedback);
  const octets = keptFeedback(feedback?.octets ?? Buffer.alloc(0), place.redact);
  return [{ type: "message/feedback-report", encoding: "8bit", octets }, ...reportedPart(failure, place)];
}

function noticeOf({ leftOut }: Place): Buffer {
  const redacted = leftOut === "body" ? "" : " Local parts of addresses were replaced.";
  return Buffer.from(`What was kept of a failure report, without the body of the message.${redacted}\r\n`);
}

function reportedPart({ parts }: FailureParts, { redact }: Place): readonly WrittenPart[] {
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
  const cut = withoutQuotedBody(textOf(mail), (text) => tellsTheSame(mail, text));
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

/** @param text In place of all that the mail says as text. */
function tellsTheSame(mail: Mail, text: string): boolean {
  const words = mail.parts.find(({ type }) => type.startsWith("text/plain"));
  const parts = mail.parts.flatMap((part) => {
    if (part === words) return [{ ...part, octets: Buffer.from(text, "utf8") }];
    return part.type.startsWith("text/plain") ? [] : [part];
  });
  const told = { ...readTextFailure({ ...mail, parts }), form: undefined };
  return isDeepStrictEqual(told, { ...readTextFailure(mail), form: undefined });
}
