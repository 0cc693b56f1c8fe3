import type { ReportHints } from "../../core/reports/aggregate-head.ts";
import { type GzipFile, openGzip, openZlib } from "./gzip.ts";
import type { InflateEnd } from "./inflate.ts";
import { type Allowance, maxTextOctets, type RefusedReason } from "./limits.ts";
import { mailboxMessages } from "./mailbox.ts";
import { decodeBase64, type Mail, type MailPart, readMail } from "./mime-part.ts";
import { isNoReport } from "./no-report.ts";
import { type FailureParts, failuresIn } from "./read-failure.ts";
import { type Sniffed, sniff } from "./sniff.ts";
import { readTar } from "./tar.ts";
import { readZip } from "./zip.ts";

/** Something in an arrival that is, or may be, a report. Chunks are to be taken before the next one is asked for. */
export type FoundDocument =
  | {
      readonly kind: "xml";
      readonly chunks: AsyncIterable<Buffer>;
      readonly end: Pick<InflateEnd, "outcome">;
      readonly hints: ReportHints;
      readonly mail?: Mail;
    }
  | { readonly kind: "json"; readonly octets: Buffer; readonly hints: ReportHints; readonly mail?: Mail }
  /** A part message/feedback-report of a mail, and what belongs to it. */
  | { readonly kind: "feedback"; readonly mail: Mail; readonly failure: FailureParts }
  /** A mail in which nothing of these was found, and mails in it of which that is true, too. */
  | { readonly kind: "plain-mail"; readonly mail: Mail; readonly inner: readonly Mail[] }
  | { readonly kind: "refused"; readonly reason: RefusedReason; readonly hints: ReportHints }
  | { readonly kind: "empty"; readonly hints: ReportHints }
  | { readonly kind: "unknown"; readonly octets: Buffer; readonly hints: ReportHints };

/** Where something was found. */
interface Place {
  readonly allowance: Allowance;
  readonly depth: number;
  readonly hints: ReportHints;
  readonly mail?: Mail;
}

/**
 * Everything in an arrival, by what the octets are and never by what they are called: a mail, an archive, a report, one
 * within another. Stops at the limits of `allowance`, with a document that names the limit.
 */
export function findDocuments(
  octets: Buffer,
  allowance: Allowance,
  fileName?: string,
): AsyncIterable<FoundDocument> {
  return find(octets, { allowance, depth: 0, hints: fileName === undefined ? {} : { fileName } });
}

async function* find(octets: Buffer, place: Place): AsyncIterable<FoundDocument> {
  const { allowance, depth, hints } = place;
  if (depth > allowance.limits.maxDepth) return yield { kind: "refused", reason: "too-deep", hints };
  if (!allowance.enter()) return yield { kind: "refused", reason: "too-many-entries", hints };
  const { kind, from } = sniff(octets);
  const content = octets.subarray(from);
  if (kind === "gzip") yield* findInStream(openGzip(content, allowance), place);
  else if (kind === "zlib") yield* findInStream(openZlib(content, allowance), place);
  else if (kind === "zip") yield* findInZip(content, place);
  else if (kind === "tar") yield* findInTar(content, place);
  else if (kind === "base64") yield* findInBase64(content, place);
  else if (kind === "mail") yield* findInMail(content, place);
  else if (kind === "mbox") yield* findInMailbox(content, place);
  else yield* plainDocument(kind, octets, place);
}

async function* plainDocument(
  kind: "xml" | "json" | "empty" | "other",
  octets: Buffer,
  { hints, mail }: Place,
): AsyncIterable<FoundDocument> {
  const around = { hints, ...(mail !== undefined && { mail }) };
  if (kind === "xml") yield { kind, chunks: single(octets), end: { outcome: "whole" }, ...around };
  else if (kind === "json") yield { kind, octets, ...around };
  else if (kind === "empty" || isUnused(octets)) yield { kind: "empty", hints };
  else yield { kind: "unknown", octets, hints };
}

/** What one provider sends in place of a report when there is nothing to tell. */
function isUnused(octets: Buffer): boolean {
  return octets.length < 40 && octets.toString("latin1").trim().toLowerCase() === "unused";
}

const pieceOctets = 256 * 1024;

/** In pieces, since text takes more room than octets. */
async function* single(octets: Buffer): AsyncIterable<Buffer> {
  for (let at = 0; at < octets.length; at += pieceOctets) yield octets.subarray(at, at + pieceOctets);
}

function deeper(place: Place, fileName?: string): Place {
  return { ...named(place, fileName), depth: place.depth + 1 };
}

/** More than any file system has. */
const maxFileName = 1_000;

/** Of a name that is too long the end tells more. */
function named(place: Place, fileName: string | undefined): Place {
  if (fileName === undefined) return place;
  return { ...place, hints: { ...place.hints, fileName: fileName.slice(-maxFileName).toWellFormed() } };
}

/** Enough of the beginning to tell what it is, also of a mail with a long header behind blank space. */
const sniffOctets = 40 * 1024;

/** XML is handed on as it unpacks, and what is nothing is let go; anything else is unpacked whole, since it must be looked into. */
async function* findInStream(file: GzipFile, place: Place): AsyncIterable<FoundDocument> {
  const inner = deeper(
    place,
    file.name !== undefined && place.hints.fileName === undefined ? file.name : undefined,
  );
  const iterator = file.chunks[Symbol.asyncIterator]();
  const start = await take(iterator, sniffOctets);
  const { hints, mail } = inner;
  const around = { hints, ...(mail !== undefined && { mail }) };
  if (sniff(start).kind === "xml") {
    yield { kind: "xml", chunks: continued(start, iterator), end: file.end, ...around };
    return;
  }
  const isNothing = start.length >= sniffOctets && sniff(start).kind === "other";
  const all = isNothing
    ? await startOnly(iterator, start)
    : await take(iterator, Number.POSITIVE_INFINITY, start);
  if (file.end.outcome === "bomb") yield { kind: "refused", reason: "bomb", hints };
  else if (all.length === 0 && file.end.outcome !== "whole")
    yield { kind: "refused", reason: "damaged", hints };
  else yield* find(all, inner);
}

async function take(iterator: AsyncIterator<Buffer>, atLeast: number, first?: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = first === undefined ? [] : [first];
  let length = first?.length ?? 0;
  while (length < atLeast) {
    const { value, done } = await iterator.next();
    if (done === true) break;
    chunks.push(value);
    length += value.length;
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

/** To its end, where a bomb is known. */
async function startOnly(iterator: AsyncIterator<Buffer>, start: Buffer): Promise<Buffer> {
  for (let next = await iterator.next(); next.done !== true; ) next = await iterator.next();
  return start;
}

async function* continued(start: Buffer, iterator: AsyncIterator<Buffer>): AsyncIterable<Buffer> {
  if (start.length > 0) yield start;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
}

async function* findInZip(octets: Buffer, place: Place): AsyncIterable<FoundDocument> {
  let entries = 0;
  for (const { name, content } of readZip(octets, place.allowance)) {
    entries += 1;
    const inside = deeper(place, name);
    if (!place.allowance.enter())
      return yield { kind: "refused", reason: "too-many-entries", hints: inside.hints };
    if (content.kind === "refused") {
      yield { kind: "refused", reason: content.reason, hints: inside.hints };
      // The allowance is used up, for all that follows, too.
      if (content.reason === "bomb") return;
    } else
      yield* findInStream({ chunks: content.chunks, end: content.end }, { ...inside, depth: place.depth });
  }
  if (entries === 0) yield { kind: "refused", reason: "damaged", hints: place.hints };
}

async function* findInTar(octets: Buffer, place: Place): AsyncIterable<FoundDocument> {
  let entries = 0;
  for await (const { name, octets: file, state } of readTar(single(octets), octets.length)) {
    if (state !== "damaged" && isNoReport(name)) continue;
    entries += 1;
    const inside = deeper(place, name === "" ? undefined : name);
    if (state === "damaged" || (state === "cut-off" && file.length === 0))
      yield { kind: "refused", reason: "damaged", hints: inside.hints };
    else yield* find(file, inside);
    if (place.allowance.entriesLeft < 0) return;
  }
  if (entries === 0) yield { kind: "refused", reason: "damaged", hints: place.hints };
}

async function* findInBase64(octets: Buffer, place: Place): AsyncIterable<FoundDocument> {
  if (octets.length > maxTextOctets) yield { kind: "refused", reason: "too-large", hints: place.hints };
  else yield* find(decodeBase64(octets), deeper(place));
}

/** A mail as some programs pipe it on, or several mails. Only the first one can have a header that the site has written. */
async function* findInMailbox(octets: Buffer, place: Place): AsyncIterable<FoundDocument> {
  let nested = place.mail !== undefined;
  for (const message of mailboxMessages(octets)) {
    if (!place.allowance.enter())
      return yield { kind: "refused", reason: "too-many-entries", hints: place.hints };
    yield* findInMail(message, place, nested);
    nested = true;
  }
}

async function* findInMail(
  octets: Buffer,
  place: Place,
  nested = place.mail !== undefined,
): AsyncIterable<FoundDocument> {
  if (octets.length > maxTextOctets)
    return yield { kind: "refused", reason: "too-large", hints: place.hints };
  const mail = readMail(octets, place.allowance, nested);
  const failures = failuresIn(mail);
  if (failures.length > 0) {
    for (const failure of failures) yield { kind: "feedback", mail, failure };
    return yield* documentsBeside(mail, place);
  }
  const inside = deeper({ ...place, mail, hints: mailHints(mail, place.hints) });
  const plain: Mail[] = [];
  let found = 0;
  for (const part of reportParts(mail)) {
    for await (const document of find(part.octets, named(inside, part.fileName))) {
      if (document.kind === "plain-mail") plain.push(document.mail, ...document.inner);
      else {
        found += 1;
        yield document;
      }
    }
  }
  if (found === 0) yield { kind: "plain-mail", mail, inner: plain };
}

/** Other reports may be attached to a failure report. What is reported is no report to us. */
async function* documentsBeside(mail: Mail, place: Place): AsyncIterable<FoundDocument> {
  const inside = deeper({ ...place, mail, hints: mailHints(mail, place.hints) });
  for (const part of partsBeside(mail))
    for await (const document of find(part.octets, named(inside, part.fileName)))
      if (document.kind !== "plain-mail") yield document;
}

/** Parts of a mail with a failure report that hold others, or were meant to. */
export function partsBeside({ parts }: Mail): readonly MailPart[] {
  const beside = parts.filter(({ type }) => !/^(?:message\/|text\/rfc822)/.test(type));
  return [...beside.filter(isReportPart), ...beside.filter(isMeantAsReport)];
}

function mailHints(mail: Mail, outer: ReportHints): ReportHints {
  const from = (mail.head.get("from") ?? "").slice(0, 1_000);
  // The name before an address may look like one.
  const mailFrom =
    /<([^\s<>"]{1,320}@[^\s<>",;]{1,255})>/.exec(from)?.[1] ?? /[^\s<>"]+@[^\s<>",;]+/.exec(from)?.[0];
  const subject = mail.head.get("subject");
  return { ...outer, ...(mailFrom !== undefined && { mailFrom }), ...(subject !== undefined && { subject }) };
}

/** Parts that look like reports; if there is none, reports that somebody left undecoded in the text. */
export function reportParts(mail: Mail): readonly MailPart[] {
  const parts = mail.parts.filter(isReportPart);
  const meant = mail.parts.filter(isMeantAsReport);
  if (parts.length > 0) return [...parts, ...meant];
  const undecoded = undecodedReports(mail.body).map((octets) => ({ head: new Map(), type: "", octets }));
  return undecoded.length > 0 ? undecoded : meant;
}

const reportKinds: ReadonlySet<Sniffed["kind"]> = new Set(["gzip", "zip", "tar", "zlib", "base64", "json"]);

function isReportPart({ octets, type, fileName }: MailPart): boolean {
  const { kind, from } = sniff(octets);
  if (type === "message/rfc822" || type === "message/global" || reportKinds.has(kind)) return true;
  if (kind === "xml") return isReportXml(octets.toString("latin1", from, from + 2_048));
  // A text may quote a mail; a mail that was attached as a file has a name.
  if (kind === "mail" || kind === "mbox") return fileName !== undefined && !type.startsWith("text/");
  return isUnused(octets);
}

/** Damaged, encrypted or wrapped: nothing to read, and nothing to pass over in silence. */
function isMeantAsReport({ octets, type, fileName = "" }: MailPart): boolean {
  const isCalledReport =
    reportTypes.has(type) ||
    /\.(?:xml|gz|zip|7z|tgz|rar|xz|txz|bz2|zst|lzma|lzh|cab|p7m|gpg|pgp)$/i.test(fileName) ||
    /^[^!]{1,255}![^!]{1,255}!\d{9,16}!\d{9,16}/.test(fileName);
  return isCalledReport && sniff(octets).kind === "other" && !isUnused(octets);
}

const reportTypes: ReadonlySet<string> = new Set([
  "application/gzip",
  "application/x-gzip",
  "application/zip",
  "application/x-zip-compressed",
  "application/tlsrpt+gzip",
  "application/tlsrpt+json",
  "application/pkcs7-mime",
  "application/pgp-encrypted",
  "application/ms-tnef",
  "application/vnd.ms-tnef",
]);

/** HTML begins with "<", too. */
function isReportXml(start: string): boolean {
  if (/<(?:!doctype\s{1,20})?html/i.test(start)) return false;
  // UTF-16 has a NUL beside each character.
  return /<\?xml|<(?:[\w.-]{1,40}:)?feedback|&lt;\?xml|&lt;feedback/i.test(start.replaceAll("\0", ""));
}

const maxUndecoded = 20;

/** Runs of base64 that begin as gzip, ZIP, XML or JSON do. */
function undecodedReports(body: Buffer): Buffer[] {
  const text = body.toString("latin1");
  const found: Buffer[] = [];
  const start = /(?:^|\n)(?:H4sI|UEsD|PD94|PGZl|eyJ|ewo)/g;
  for (
    let match = start.exec(text);
    match !== null && found.length < maxUndecoded;
    match = start.exec(text)
  ) {
    const run = /^[A-Za-z0-9+/=\r\n]*/.exec(text.slice(match.index).trimStart())?.[0] ?? "";
    if (run.length > 60) found.push(Buffer.from(run, "base64"));
    start.lastIndex = match.index + Math.max(run.length, 4);
  }
  return found;
}
