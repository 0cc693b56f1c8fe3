import { canonicalizedBody, readFeedbackFields } from "../../core/reports/failure-arf.ts";
import type { Redact } from "./redaction.ts";

/** Of the mail that brings a report: what says where it is from, where it came, and what others found about it. */
const ofMail: ReadonlySet<string> = new Set([
  "return-path",
  "delivered-to",
  "x-original-to",
  "envelope-to",
  "received",
  "authentication-results",
  "received-spf",
  "from",
  "sender",
  "reply-to",
  "to",
  "cc",
  "subject",
  "date",
  "message-id",
]);

/** Of the reported message, where local parts are taken out: other fields may have addresses in a form that nobody finds. */
const ofRedacted: ReadonlySet<string> = new Set([
  ...ofMail,
  "dkim-signature",
  "arc-authentication-results",
  "in-reply-to",
  "references",
  "list-id",
  "mime-version",
  "content-type",
  "content-transfer-encoding",
  "auto-submitted",
  "precedence",
  "user-agent",
  "x-mailer",
]);

/** Have the form of an address and are none. */
const noAddresses: ReadonlySet<string> = new Set([
  "message-id",
  "in-reply-to",
  "references",
  "content-id",
  "original-envelope-id",
]);

const lineEnd = "\r\n";
const maxHead = 1024 * 1024;

/** Header fields of a report mail that stay, octet by octet, in their order. */
export function keptMailFields(head: Buffer, redact: Redact | undefined): Buffer {
  const kept: Buffer[] = [];
  let keeps = false;
  for (const line of linesOf(head.subarray(0, maxHead))) {
    const text = line.toString("latin1");
    if (text === "") break;
    const isFold = /^[ \t]/.test(text);
    const name = isFold ? "" : nameIn(text);
    if (!isFold) keeps = ofMail.has(name) && !(redact !== undefined && name === "subject");
    if (keeps) kept.push(line, Buffer.from(lineEnd));
  }
  return Buffer.concat([...kept, ...(redact === undefined ? [] : [redactedSubject(head, redact)])]);
}

/** Reporters name the sender of the reported message there. */
function redactedSubject(head: Buffer, redact: Redact): Buffer {
  const subject = readFeedbackFields(head).find(([name]) => name.toLowerCase() === "subject");
  return Buffer.from(subject === undefined ? "" : fieldOf(subject, redact) + lineEnd);
}

/** Lines without their ends. */
function* linesOf(octets: Buffer): Iterable<Buffer> {
  for (let at = 0; at < octets.length; ) {
    const next = octets.indexOf(0x0a, at);
    const end = next < 0 ? octets.length : next;
    yield octets.subarray(at, octets[end - 1] === 0x0d && end > at ? end - 1 : end);
    at = end + 1;
  }
}

function nameIn(line: string): string {
  return line
    .slice(0, Math.max(0, line.indexOf(":")))
    .trim()
    .toLowerCase();
}

/** The fields of a message/feedback-report, without the body that one of them may hold. */
export function keptFeedback(octets: Buffer, redact: Redact | undefined): Buffer {
  return redact === undefined
    ? fieldLines(octets, (name) => name !== canonicalizedBody)
    : redactedFields(octets, redact, (name) => !canonicalized.has(name));
}

/** RFC 6591 §3.2.4: they are of no use when something is redacted, and must not be there. */
const canonicalized: ReadonlySet<string> = new Set([canonicalizedBody, "dkim-canonicalized-header"]);

/** The header of a reported message. */
export function keptReportedHeader(octets: Buffer, redact: Redact | undefined): Buffer {
  const header = octets.subarray(0, bodyBehindBlanks(octets));
  return redact === undefined
    ? fieldLines(header, () => true)
    : redactedFields(header, redact, (name) => ofRedacted.has(name));
}

/** A line of blanks goes on with a field (RFC 5322 §4.2), unless what follows is of no header: then somebody's empty line has blanks. */
function bodyBehindBlanks(octets: Buffer): number {
  let isBehindBlanks = false;
  let at = 0;
  for (const line of linesOf(octets)) {
    const text = line.toString("latin1", 0, 200);
    if (isBehindBlanks && text !== "" && !/^[ \t]/.test(text) && !isFieldName(nameIn(text))) return at;
    isBehindBlanks = text !== "" && text.trim() === "";
    at = line.byteOffset - octets.byteOffset + line.length;
  }
  return octets.length;
}

function isFieldName(name: string): boolean {
  return /^[!-9;-~]{1,100}$/.test(name);
}

/** Octets of one field: a value that is longer is not looked at to its end. */
const maxField = 16 * 1024;

/** Fields as they stand. What is none is passed over by readers, and may be of a body. */
function fieldLines(octets: Buffer, keeps: (name: string) => boolean): Buffer {
  const kept: string[] = [];
  let room = 0;
  for (const line of octets.toString("latin1").split(/\r\n|\n|\r/)) {
    const isFold = /^[ \t]/.test(line);
    const name = isFold ? "" : nameIn(line);
    if (!isFold && !isFieldName(name)) continue;
    if (!isFold) room = keeps(name) ? maxField : 0;
    if (room > 0) kept.push(line.slice(0, room));
    room -= line.length;
  }
  return Buffer.from(kept.join(lineEnd), "latin1");
}

function redactedFields(octets: Buffer, redact: Redact, keeps: (name: string) => boolean): Buffer {
  const fields = readFeedbackFields(octets).filter(([name]) => keeps(name.toLowerCase()));
  return Buffer.from(fields.map((field) => fieldOf(field, redact)).join(lineEnd));
}

function fieldOf([name, value]: readonly [string, string], redact: Redact): string {
  return `${name}: ${plain(redactField(name, value, redact))}`;
}

/** @param name Of a field whose value may be no address, or have some in a form of its own. */
export function redactField(name: string, value: string, redact: Redact): string {
  const lowerName = name.toLowerCase();
  if (noAddresses.has(lowerName)) return value;
  const shown = withoutHidden(lowerName === "dkim-signature" ? withoutCopies(value) : value);
  return redact(withoutUsers(lowerName, shown, redact));
}

/** Of the host that reports, as a field or as a line of words: a mailbox there may be named without its domain. */
const ofHost: ReadonlySet<string> = new Set([
  "original-mail-from",
  "original-rcpt-to",
  "return-path",
  "x-original-to",
  "delivered-to",
  "envelope-to",
  "envelope to",
  "envelope from",
  "envelope sender",
  "mail from",
  "rcpt to",
  "recipient",
]);

/** Local parts that no domain follows: who has logged in (RFC 8601 §2.7.4), and mailboxes of the host itself. */
function withoutUsers(lowerName: string, value: string, redact: Redact): string {
  const word = (user: string): string => redact(`${user}@x`).slice(0, -"@x".length);
  if (ofHost.has(lowerName))
    return value.replace(/^<?([^\s<>@]{1,320})>?\s{0,9}$/, (whole, user: string) =>
      whole.replace(user, () => word(user)),
    );
  const redacted = (_: string, before: string, user: string): string => before + word(user);
  const known = value.replaceAll(loggedIn, redacted);
  return lowerName === "received" ? known.replaceAll(receivedFor, redacted) : known;
}

const loggedIn = /(Authenticated sender: |\bsmtp\.auth=)([^\s<>@();"]{1,320})(?=[\s();]|$)/g;
/** RFC 5321 §4.4: the For clause, before the date. */
const receivedFor = /(\bfor <?)([^\s<>@();"]{1,320})(?=>?;)/gi;

/** RFC 6376 §3.5 `z=`: copies of header fields, in an encoding of their own. */
function withoutCopies(signature: string): string {
  const tags = signature.split(";");
  return tags.filter((tag) => !/^\s*z\s*=/.test(tag)).join(";");
}

/** Readers cut values there, perhaps within an address. */
const maxRead = 4_096;

/** Addresses that nobody sees, and whoever decodes them does: what was encoded twice, or is cut off. */
function withoutHidden(value: string): string {
  let end = value.length;
  if (end >= maxRead) while (end > 0 && /[^\s,;<>]/.test(value[end - 1] ?? "")) end -= 1;
  return value.slice(0, end).replaceAll(/=\s?\?[\w*.:-]{1,60}\?[bq]\?\S*/gi, "(encoded)");
}

/** One field of a report, as it is kept without local parts; undefined for what is not. */
export function redactedOtherField<Field extends { readonly name: string; readonly value: string }>(
  field: Field,
  redact: Redact,
): Field | undefined {
  const { name, value } = field;
  return canonicalized.has(name.toLowerCase())
    ? undefined
    : { ...field, value: redactField(name, value, redact) };
}

/** Decoded once it is not to be decoded again, nor to be taken for another charset or another field. */
function plain(text: string): string {
  return Array.from(text.replaceAll("=?", "= ?"), (character) =>
    character < " " || character === "\u007f" ? " " : character,
  ).join("");
}

/** A text with a header in it, line by line. */
export function redactLines(text: string, redact: Redact): string {
  return text
    .split("\n")
    .map((line) => {
      const name = nameIn(line.replace(/^> ?/, ""));
      const decoded = line.includes("=?") ? decodedLine(line) : line;
      const label = ofHost.has(name) ? (/^[^:]*:[ \t]*/.exec(decoded)?.[0] ?? "") : "";
      return label + redactField(name, decoded.slice(label.length), redact);
    })
    .join("\n");
}

function decodedLine(line: string): string {
  const [field] = readFeedbackFields(Buffer.from(line, "utf8"));
  return field === undefined ? line : plain(`${field[0]}: ${field[1]}`);
}
