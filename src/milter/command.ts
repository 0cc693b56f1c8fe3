import { isUtf8 } from "node:buffer";
import { isIP } from "node:net";
import type { Packet } from "./packet.ts";
import type { ConnectEvent, EnvelopeEvent, Peer } from "./types.ts";

/** Command bytes that an MTA sends. */
export const commandCode = {
  abort: 0x41,
  body: 0x42,
  connect: 0x43,
  macros: 0x44,
  endOfMessage: 0x45,
  helo: 0x48,
  quitNewConnection: 0x4b,
  header: 0x4c,
  mail: 0x4d,
  endOfHeaders: 0x4e,
  negotiate: 0x4f,
  quit: 0x51,
  recipient: 0x52,
  data: 0x54,
  unknown: 0x55,
} as const;

/** What the MTA offers. */
export interface Offer {
  readonly version: number;
  readonly actions: number;
  readonly protocol: number;
}

export type MalformedCommand =
  | "malformed-negotiation"
  | "malformed-connect"
  | "malformed-mail"
  | "malformed-recipient"
  | "malformed-header";

/** A packet from the MTA, read. */
export type Command =
  | { readonly kind: "negotiate"; readonly offer: Offer }
  /** `stage` is the command byte that the macros belong to; `data` what follows it, see `parseMacros`. */
  | { readonly kind: "macros"; readonly stage: number; readonly data: Buffer }
  | { readonly kind: "connect"; readonly event: ConnectEvent }
  | { readonly kind: "helo"; readonly name: string }
  | { readonly kind: "mail"; readonly event: EnvelopeEvent }
  | { readonly kind: "recipient"; readonly event: EnvelopeEvent }
  | { readonly kind: "header"; readonly name: Buffer; readonly value: Buffer }
  | { readonly kind: "body"; readonly chunk: Buffer }
  | { readonly kind: "end-of-message"; readonly chunk: Buffer }
  | { readonly kind: "unknown"; readonly command: string }
  | { readonly kind: "data" }
  | { readonly kind: "end-of-headers" }
  | { readonly kind: "abort" }
  | { readonly kind: "quit" }
  | { readonly kind: "quit-new-connection" }
  | { readonly kind: "unrecognized"; readonly code: number }
  | { readonly kind: "malformed"; readonly problem: MalformedCommand };

/** More macros than this in one packet, or arguments to one envelope command, are left out. */
const maxMacros = 500;
const maxParameters = 100;

const data: Command = { kind: "data" };
const endOfHeaders: Command = { kind: "end-of-headers" };
const abort: Command = { kind: "abort" };
const quit: Command = { kind: "quit" };
const quitNewConnection: Command = { kind: "quit-new-connection" };

/**
 * Reads one packet. A string whose NUL is missing at the end of a packet is taken to end there.
 * @throws Never, whatever the octets.
 */
export function decodeCommand(packet: Packet): Command {
  const octets = packet.data;
  switch (packet.code) {
    case commandCode.header:
      return decodeHeader(octets);
    case commandCode.body:
      return { kind: "body", chunk: octets };
    case commandCode.macros:
      return octets.length === 0
        ? { kind: "unrecognized", code: packet.code }
        : { kind: "macros", stage: octets[0] as number, data: octets.subarray(1) };
    case commandCode.endOfMessage:
      return { kind: "end-of-message", chunk: octets };
    case commandCode.recipient:
      return decodeEnvelope("recipient", octets);
    case commandCode.mail:
      return decodeEnvelope("mail", octets);
    case commandCode.endOfHeaders:
      return endOfHeaders;
    case commandCode.data:
      return data;
    case commandCode.connect:
      return decodeConnect(octets);
    case commandCode.helo:
      return { kind: "helo", name: stringAt(octets, 0) };
    case commandCode.abort:
      return abort;
    case commandCode.quit:
      return quit;
    case commandCode.quitNewConnection:
      return quitNewConnection;
    case commandCode.unknown:
      return { kind: "unknown", command: stringAt(octets, 0) };
    case commandCode.negotiate:
      return decodeOffer(octets);
    default:
      return { kind: "unrecognized", code: packet.code };
  }
}

/** UTF-8 where it is UTF-8 (SMTPUTF8 writes it so), else one character an octet. */
function decodeText(octets: Buffer): string {
  return isUtf8(octets) ? octets.toString("utf8") : octets.toString("latin1");
}

/** The string that begins at `start`, up to its NUL or the end. */
function stringAt(octets: Buffer, start: number): string {
  const end = octets.indexOf(0, start);
  return decodeText(octets.subarray(start, end < 0 ? octets.length : end));
}

/** The NUL-terminated strings of a packet, at most `limit`. */
function strings(octets: Buffer, limit: number): string[] {
  const list: string[] = [];
  let start = 0;
  while (start < octets.length && list.length < limit) {
    const end = octets.indexOf(0, start);
    const stop = end < 0 ? octets.length : end;
    list.push(decodeText(octets.subarray(start, stop)));
    start = stop + 1;
  }
  return list;
}

function decodeOffer(octets: Buffer): Command {
  if (octets.length < 12) return { kind: "malformed", problem: "malformed-negotiation" };
  const offer = {
    version: octets.readUInt32BE(0),
    actions: octets.readUInt32BE(4),
    protocol: octets.readUInt32BE(8),
  };
  return { kind: "negotiate", offer };
}

function decodeHeader(octets: Buffer): Command {
  const split = octets.indexOf(0);
  if (split <= 0) return { kind: "malformed", problem: "malformed-header" };
  const end = octets.indexOf(0, split + 1);
  return {
    kind: "header",
    name: octets.subarray(0, split),
    value: octets.subarray(split + 1, end < 0 ? octets.length : end),
  };
}

function decodeConnect(octets: Buffer): Command {
  const split = octets.indexOf(0);
  if (split < 0 || split + 1 >= octets.length) return { kind: "malformed", problem: "malformed-connect" };
  const hostname = decodeText(octets.subarray(0, split));
  const client = decodeClient(octets, split + 1);
  return client === undefined
    ? { kind: "malformed", problem: "malformed-connect" }
    : { kind: "connect", event: { hostname, client } };
}

/** Family, and unless that is unknown port and address; undefined when the port is cut off. */
function decodeClient(octets: Buffer, at: number): Peer | undefined {
  const family = String.fromCharCode(octets[at] as number);
  if (family !== "4" && family !== "6" && family !== "L") return { family: "unknown" };
  if (octets.length < at + 3) return undefined;
  const port = octets.readUInt16BE(at + 1);
  const text = stringAt(octets, at + 3);
  if (family === "L") return { family: "unix", path: text };
  // Sendmail may write the tag of an RFC 5321 §4.1.3 address literal; Postfix writes the bare address.
  const address = /^ipv6:/i.test(text) ? text.slice(5) : text;
  const version = isIP(address);
  return version === 4 || version === 6 ? { family: version, address, port } : { family: "unknown" };
}

function decodeEnvelope(kind: "mail" | "recipient", octets: Buffer): Command {
  const [first, ...parameters] = strings(octets, maxParameters);
  if (first === undefined) return { kind: "malformed", problem: `malformed-${kind}` };
  const { address, rest } = splitAddress(first);
  return { kind, event: { address, parameters: [...rest, ...parameters] } };
}

/** Divides `<address> PARAMETER ...`: Sendmail before 8.17.2 writes both into one argument when SMTPUTF8 is used. */
function splitAddress(text: string): { address: string; rest: string[] } {
  const bracketed = text.startsWith("<");
  const end = endOfAddress(text, bracketed);
  const address = bracketed ? text.slice(1, end) : text.slice(0, end);
  const rest = text.slice(bracketed ? end + 1 : end).split(" ", maxParameters);
  return { address, rest: rest.filter((parameter) => parameter !== "") };
}

/** Index of the closing bracket, or of the blank where there are no brackets, outside quoted strings. */
function endOfAddress(text: string, bracketed: boolean): number {
  const closing = bracketed ? ">" : " ";
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '"') quoted = !quoted;
    else if (quoted && character === "\\") i++;
    else if (!quoted && character === closing) return i;
  }
  // A quote that never closes: the last bracket ends the address all the same.
  const last = bracketed ? text.lastIndexOf(">") : -1;
  return last < 0 ? text.length : last;
}

/**
 * Names and values of a `D` packet, as written after its stage byte. Names of more than one letter stand in braces on
 * the wire; they are taken off. A name without a value is left out.
 */
export function parseMacros(octets: Buffer): ReadonlyMap<string, string> {
  const list = strings(octets, 2 * maxMacros);
  const macros = new Map<string, string>();
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] as string;
    const bare = name.startsWith("{") && name.endsWith("}") ? name.slice(1, -1) : name;
    if (bare !== "") macros.set(bare, list[i + 1] as string);
  }
  return macros;
}
