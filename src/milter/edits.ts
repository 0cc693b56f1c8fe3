import type { EditKind } from "./negotiate.ts";
import { formatPacket, maxReplyOctets } from "./packet.ts";
import type { MessageEdit } from "./types.ts";

export type EditProblem =
  /** The MTA did not offer it, or the filter did not ask for it. */
  | "not-negotiated"
  | "header-name"
  | "header-index"
  /** A line of 998 octets or more without white space to break it at. */
  | "header-line-too-long"
  | "too-long"
  | "address";

export interface DroppedEdit {
  readonly edit: EditKind;
  readonly problem: EditProblem;
}

/** What the encoding of edits depends on. */
export interface EditTerms {
  readonly edits: ReadonlySet<EditKind>;
  /** The MTA adds no blank after the colon itself. */
  readonly leadingSpace: boolean;
}

const code = {
  addHeader: 0x68,
  insertHeader: 0x69,
  changeHeader: 0x6d,
  quarantine: 0x71,
  changeSender: 0x65,
  addRecipient: 0x2b,
  deleteRecipient: 0x2d,
  replaceBody: 0x62,
} as const;

/** Data octets of one packet; the command counts to the limit as well. */
const maxDataOctets = maxReplyOctets - 1;
/** RFC 5322 §2.1.1: 998 at most without the line end; the MTA's rule is "less than". */
const maxLineOctets = 997;
const cr = 0x0d;
const lf = 0x0a;

type HeaderEdit = Extract<MessageEdit, { readonly name: string }>;
type Encoded = readonly Buffer[] | EditProblem;

/**
 * Edits as packets, in an order that means the same to every MTA. Those that cannot be sent are left out and named.
 */
export function formatEdits(
  edits: readonly MessageEdit[],
  terms: EditTerms,
): { readonly packets: readonly Buffer[]; readonly dropped: readonly DroppedEdit[] } {
  const packets: Buffer[] = [];
  const dropped: DroppedEdit[] = [];
  for (const edit of inWireOrder(edits)) {
    const encoded = terms.edits.has(edit.kind) ? formatEdit(edit, terms) : "not-negotiated";
    if (typeof encoded === "string") dropped.push({ edit: edit.kind, problem: encoded });
    else packets.push(...encoded);
  }
  return { packets, dropped };
}

/**
 * Changes first, then deletions from the highest occurrence down, then the rest as given, the new body last.
 * Occurrences count in the message as received; but in Postfix a deletion or an insertion shifts those behind it (in
 * Sendmail a deletion does not), and Postfix takes no other edit between two pieces of a body.
 */
function inWireOrder(edits: readonly MessageEdit[]): readonly MessageEdit[] {
  if (edits.length < 2) return edits;
  const changes = edits.filter((edit) => edit.kind === "change-header" && edit.value !== "");
  const deletions = edits.filter(isDeletion).sort((a, b) => b.occurrence - a.occurrence);
  const bodies = edits.filter((edit) => edit.kind === "replace-body");
  const rest = edits.filter(
    (edit) => edit.kind !== "change-header" && edit.kind !== "delete-header" && edit.kind !== "replace-body",
  );
  return [...changes, ...deletions, ...rest, ...bodies.slice(-1)];
}

/** On the wire a change to nothing is a deletion. */
function isDeletion(
  edit: MessageEdit,
): edit is Extract<MessageEdit, { readonly kind: "change-header" | "delete-header" }> {
  return edit.kind === "delete-header" || (edit.kind === "change-header" && edit.value === "");
}

function formatEdit(edit: MessageEdit, terms: EditTerms): Encoded {
  switch (edit.kind) {
    case "insert-header":
    case "add-header":
    case "change-header":
    case "delete-header":
      return formatHeaderEdit(edit, terms);
    case "quarantine":
      return withData(code.quarantine, Buffer.from(`${oneLine(edit.reason)}\0`, "utf8"));
    case "change-sender":
      return formatAddress(code.changeSender, edit.address, edit.parameters);
    case "add-recipient":
      return formatAddress(code.addRecipient, edit.address);
    case "delete-recipient":
      return formatAddress(code.deleteRecipient, edit.address);
    case "replace-body":
      return formatBody(edit.body);
  }
}

function formatHeaderEdit(edit: HeaderEdit, { leadingSpace }: EditTerms): Encoded {
  if (!isHeaderName(edit.name)) return "header-name";
  const value = "value" in edit ? sentHeaderValue(edit.name, edit.value) : "";
  if (value === undefined) return "header-line-too-long";
  const text = `${edit.name}\0${leadingSpace && value !== "" ? " " : ""}${value}\0`;
  switch (edit.kind) {
    case "add-header":
      return withData(code.addHeader, Buffer.from(text, "utf8"));
    case "insert-header":
      return withIndex(code.insertHeader, edit.index, 0, text);
    case "change-header":
    case "delete-header":
      return withIndex(code.changeHeader, edit.occurrence, 1, text);
  }
}

/** RFC 5322 §2.2: printable US-ASCII without the colon. */
export function isHeaderName(name: string): boolean {
  return /^[!-9;-~]+$/.test(name);
}

function withIndex(command: number, index: number, least: number, text: string): Encoded {
  if (!Number.isInteger(index) || index < least || index > 0x7fff_ffff) return "header-index";
  const octets = Buffer.allocUnsafe(4 + Buffer.byteLength(text, "utf8"));
  octets.writeUInt32BE(index, 0);
  octets.write(text, 4, "utf8");
  return withData(command, octets);
}

function withData(command: number, data: Buffer): Encoded {
  return data.length > maxDataOctets ? "too-long" : [formatPacket(command, data)];
}

/**
 * The value of a field as it is sent to the MTA: lines divided by LF that cannot be taken for another field or the end
 * of the header. CR and NUL are taken out, a line without leading white space gets a TAB, an empty one goes. Too long
 * lines are broken at white space.
 * @returns undefined when a line is too long and has none: then the edit is not sent.
 */
export function sentHeaderValue(name: string, value: string): string | undefined {
  if (isPlain(value) && name.length + 2 + value.length <= maxLineOctets) return value;
  const folded: string[] = [];
  for (const [index, line] of value.split("\n").entries()) {
    const clean = removeControls(line);
    if (index > 0 && clean.trim() === "") continue;
    const start = index === 0 ? "" : startsBlank(clean) ? "" : "\t";
    const pieces = breakLine(start + clean, index === 0 ? name.length + 2 : 0);
    if (pieces === undefined) return undefined;
    folded.push(...pieces);
  }
  return folded.join("\n");
}

/** Nothing in it but printable ASCII and blanks. */
function isPlain(value: string): boolean {
  return /^[ -~]*$/.test(value);
}

function startsBlank(line: string): boolean {
  return line.startsWith(" ") || line.startsWith("\t");
}

function removeControls(line: string): string {
  return line.includes("\r") || line.includes("\0") ? line.replaceAll("\r", "").replaceAll("\0", "") : line;
}

/** Pieces of less than 998 octets, the first with `taken` octets before it, each but the first led by white space. */
function breakLine(line: string, taken: number): string[] | undefined {
  // Three octets for a character at most: short lines, as nearly all are, need not be counted.
  if (taken + 3 * line.length <= maxLineOctets) return [line];
  const pieces: string[] = [];
  let start = 0;
  let room = maxLineOctets - taken;
  let blank = -1;
  let octets = 0;
  let content = false;
  for (let i = 0; i < line.length; i++) {
    const unit = line.charCodeAt(i);
    // Three octets for half a surrogate pair is more than its share of four: the limit is never passed.
    octets += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    if (unit !== 0x20 && unit !== 0x09) content = true;
    else if (content) blank = i;
    if (octets <= room) continue;
    if (blank < 0) return undefined;
    pieces.push(line.slice(start, blank));
    start = blank;
    octets = Buffer.byteLength(line.slice(start, i + 1), "utf8");
    room = maxLineOctets;
    blank = -1;
  }
  pieces.push(line.slice(start));
  return pieces;
}

/** The form of RFC 5321 §4.1.2 with brackets, so that a deletion matches what the MTA sent. */
function formatAddress(command: number, address: string, parameters?: string): Encoded {
  if (hasControls(address) || address.includes("<") || address.includes(">")) return "address";
  if (parameters !== undefined && hasControls(parameters)) return "address";
  const rest = parameters === undefined || parameters === "" ? "" : `${parameters}\0`;
  return withData(command, Buffer.from(`<${address}>\0${rest}`, "utf8"));
}

function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}

function oneLine(text: string): string {
  let line = "";
  for (const character of text) line += character < " " || character === "\x7f" ? " " : character;
  return line;
}

/** A body in packets that do not part a CR from its LF. */
function formatBody(body: Buffer): readonly Buffer[] {
  const packets: Buffer[] = [];
  let start = 0;
  do {
    let end = Math.min(start + maxDataOctets, body.length);
    if (end < body.length && body[end - 1] === cr && body[end] === lf) end -= 1;
    packets.push(formatPacket(code.replaceBody, body.subarray(start, end)));
    start = end;
  } while (start < body.length);
  return packets;
}
