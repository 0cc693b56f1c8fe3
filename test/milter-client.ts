import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { isDeepStrictEqual } from "node:util";

/** What the MTA offers; the newest protocol in full when left out. */
export interface Offer {
  readonly version?: number;
  readonly actions?: number;
  readonly protocol?: number;
}

export interface Agreed {
  readonly version: number;
  readonly actions: number;
  readonly protocol: number;
  /** Stage number to macro names. */
  readonly macroLists: ReadonlyMap<number, readonly string[]>;
}

export interface WirePacket {
  /** The command as a character. */
  readonly code: string;
  readonly data: Buffer;
}

/** Macros by the command of their event, e.g. `{ M: { "{mail_addr}": "a@example.jp" } }`. */
export type StageMacros = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface TestMessage {
  /** Head and body with CRLF. */
  readonly raw: string | Buffer;
  /** "a@example.jp", empty for the null sender. */
  readonly from?: string;
  readonly fromParameters?: readonly string[];
  readonly to?: readonly string[];
  readonly macros?: StageMacros;
  /** Octets of one body packet; 65,535 when left out. */
  readonly chunkOctets?: number;
}

export interface TestClient {
  readonly hostname?: string;
  readonly address?: string;
  readonly port?: number;
  readonly helo?: string;
  readonly macros?: StageMacros;
}

export type WireEdit =
  | { readonly kind: "add"; readonly name: string; readonly value: string }
  | {
      readonly kind: "insert" | "change";
      readonly index: number;
      readonly name: string;
      readonly value: string;
    }
  | { readonly kind: "body"; readonly octets: Buffer }
  | { readonly kind: "recipient" | "no-recipient" | "sender" | "quarantine"; readonly text: string };

export interface Outcome {
  /** The event whose answer was the last: `E`, or an earlier one when it was not "continue". */
  readonly stage: string;
  readonly verdict: WirePacket;
  /** Text of a `y` answer, "%%" undone. */
  readonly text: string;
  readonly edits: readonly WireEdit[];
  /** Answers to single recipients. */
  readonly recipients: readonly WirePacket[];
  readonly progress: number;
}

export type Target = { readonly path: string } | { readonly host?: string; readonly port: number };

const everything = { version: 6, actions: 0x1ff, protocol: 0x1fffff };

const bits: Readonly<
  Record<string, { readonly off: number; readonly noReply: number; readonly since: number }>
> = {
  C: { off: 0x01, noReply: 0x1000, since: 2 },
  H: { off: 0x02, noReply: 0x2000, since: 2 },
  M: { off: 0x04, noReply: 0x4000, since: 2 },
  R: { off: 0x08, noReply: 0x8000, since: 2 },
  T: { off: 0x200, noReply: 0x10000, since: 4 },
  L: { off: 0x20, noReply: 0x80, since: 2 },
  N: { off: 0x40, noReply: 0x40000, since: 2 },
  B: { off: 0x10, noReply: 0x80000, since: 2 },
  U: { off: 0x100, noReply: 0x20000, since: 3 },
};

const leadingSpaceBit = 0x100000;

/** One packet as octets. */
export function packet(code: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const data = Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part, "utf8") : part)),
  );
  const head = Buffer.alloc(5);
  head.writeUInt32BE(data.length + 1);
  head.write(code, 4, "latin1");
  return Buffer.concat([head, data]);
}

export function offerPacket(offer: Offer = {}): Buffer {
  const { version, actions, protocol } = { ...everything, ...offer };
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32BE(version, 0);
  numbers.writeUInt32BE(actions, 4);
  numbers.writeUInt32BE(protocol, 8);
  return packet("O", numbers);
}

export function macroPacket(stage: string, macros: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(macros).map(([name, value]) => {
    const onWire = name.length === 1 || name.startsWith("{") ? name : `{${name}}`;
    return `${onWire}\0${value}\0`;
  });
  return packet("D", stage, ...pairs);
}

export function connectPacket(hostname = "mail.example.jp", address = "192.0.2.25", port = 25025): Buffer {
  const portOctets = Buffer.alloc(2);
  portOctets.writeUInt16BE(port);
  return packet("C", `${hostname}\0`, address.includes(":") ? "6" : "4", portOctets, `${address}\0`);
}

/** Fields of a head as an MTA divides them: LF within, no line end, the value with all that follows the colon. */
function fieldsOf(head: string): { readonly name: string; readonly value: string }[] {
  return head
    .replaceAll("\r\n", "\n")
    .replaceAll(/\n$/g, "")
    .split(/\n(?![ \t])/)
    .filter((line) => line !== "")
    .map((line) => {
      const colon = line.indexOf(":");
      return { name: line.slice(0, colon), value: line.slice(colon + 1) };
    });
}

/** Divides octets into whole packets; the rest is what is not whole yet, or is none. */
export function splitPackets(octets: Buffer): { readonly packets: WirePacket[]; readonly rest: Buffer } {
  const packets: WirePacket[] = [];
  let at = 0;
  while (octets.length - at >= 5) {
    const length = octets.readUInt32BE(at);
    if (length === 0 || octets.length - at < 4 + length) break;
    packets.push({
      code: String.fromCharCode(octets[at + 4] as number),
      data: octets.subarray(at + 5, at + 4 + length),
    });
    at += 4 + length;
  }
  return { packets, rest: octets.subarray(at) };
}

function strings(data: Buffer): string[] {
  const list = data.toString("utf8").split("\0");
  if (list.at(-1) === "") list.pop();
  return list;
}

function readAgreed(data: Buffer): Agreed {
  const macroLists = new Map<number, readonly string[]>();
  let at = 12;
  while (at + 4 < data.length) {
    const end = data.indexOf(0, at + 4);
    macroLists.set(data.readUInt32BE(at), data.toString("utf8", at + 4, end).split(" "));
    at = end + 1;
  }
  return {
    version: data.readUInt32BE(0),
    actions: data.readUInt32BE(4),
    protocol: data.readUInt32BE(8),
    macroLists,
  };
}

function readEdit({ code, data }: WirePacket): WireEdit | undefined {
  const indexed = (kind: "insert" | "change"): WireEdit => {
    const [name = "", value = ""] = strings(data.subarray(4));
    return { kind, index: data.readUInt32BE(0), name, value };
  };
  switch (code) {
    case "h": {
      const [name = "", value = ""] = strings(data);
      return { kind: "add", name, value };
    }
    case "i":
      return indexed("insert");
    case "m":
      return indexed("change");
    case "b":
      return { kind: "body", octets: data };
    case "+":
      return { kind: "recipient", text: strings(data).join(" ") };
    case "-":
      return { kind: "no-recipient", text: strings(data).join(" ") };
    case "e":
      return { kind: "sender", text: strings(data).join(" ") };
    case "q":
      return { kind: "quarantine", text: strings(data).join(" ") };
    default:
      return undefined;
  }
}

/**
 * The side of the MTA, for tests. It sends what was negotiated, waits for an answer exactly where one is due, and
 * throws when one comes out of turn.
 */
export class MilterClient {
  readonly agreed: Agreed;
  readonly #socket: Socket;
  readonly #inbox: Inbox;

  private constructor(socket: Socket, inbox: Inbox, agreed: Agreed) {
    this.#socket = socket;
    this.#inbox = inbox;
    this.agreed = agreed;
  }

  /** Connects and negotiates; rejects when the filter closes instead. */
  static async open(target: Target, offer: Offer = {}): Promise<MilterClient> {
    const socket = connect("path" in target ? { path: target.path } : { host: "127.0.0.1", ...target });
    const inbox = new Inbox(socket);
    await once(socket, "connect");
    socket.setNoDelay(true);
    socket.write(offerPacket(offer));
    const answer = await inbox.take();
    if (answer.code !== "O") throw new Error(`negotiation answered by ${answer.code}`);
    return new MilterClient(socket, inbox, readAgreed(answer.data));
  }

  /** Writes octets as they are. */
  write(octets: Buffer): void {
    this.#socket.write(octets);
  }

  /** The next packet of the filter. */
  take(): Promise<WirePacket> {
    return this.#inbox.take();
  }

  sends(code: string): boolean {
    const bit = bits[code];
    return bit === undefined || ((this.agreed.protocol & bit.off) === 0 && this.agreed.version >= bit.since);
  }

  awaits(code: string): boolean {
    const bit = bits[code];
    return code === "E" || (bit !== undefined && (this.agreed.protocol & bit.noReply) === 0);
  }

  /** Sends one event, its macros before it; the answer, or undefined where none is due. */
  async event(
    code: string,
    data: string | Buffer = "",
    macros?: Readonly<Record<string, string>>,
  ): Promise<WirePacket | undefined> {
    this.#inbox.mustBeEmpty(code);
    const before = macros === undefined ? [] : [macroPacket(code, macros)];
    // Like Postfix, macros are sent even for an event that is turned off.
    this.#socket.write(Buffer.concat(this.sends(code) ? [...before, packet(code, data)] : before));
    return this.sends(code) && this.awaits(code) ? this.take() : undefined;
  }

  async connect(client: TestClient = {}): Promise<WirePacket | undefined> {
    const data = connectPacket(client.hostname, client.address, client.port).subarray(5);
    return this.event("C", data, client.macros?.["C"]);
  }

  async helo(client: TestClient = {}): Promise<WirePacket | undefined> {
    return this.event("H", `${client.helo ?? client.hostname ?? "mail.example.jp"}\0`, client.macros?.["H"]);
  }

  /** One message from MAIL to its last answer. Ends early when an answer before that is not "continue". */
  async message(message: TestMessage): Promise<Outcome> {
    const recipients: WirePacket[] = [];
    const early = await this.#untilEnd(message, recipients);
    if (early !== undefined) {
      return { ...early, text: replyText(early.verdict), edits: [], recipients, progress: 0 };
    }
    const edits: WireEdit[] = [];
    let progress = 0;
    this.#inbox.mustBeEmpty("E");
    const macros = message.macros?.["E"];
    this.#socket.write(
      Buffer.concat([...(macros === undefined ? [] : [macroPacket("E", macros)]), packet("E")]),
    );
    for (;;) {
      const answer = await this.take();
      const edit = readEdit(answer);
      if (answer.code === "p") progress += 1;
      else if (edit !== undefined) edits.push(edit);
      else return { stage: "E", verdict: answer, text: replyText(answer), edits, recipients, progress };
    }
  }

  async #untilEnd(
    message: TestMessage,
    recipients: WirePacket[],
  ): Promise<{ stage: string; verdict: WirePacket } | undefined> {
    const raw = typeof message.raw === "string" ? Buffer.from(message.raw, "utf8") : message.raw;
    const split = raw.indexOf("\r\n\r\n");
    const head = split < 0 ? raw : raw.subarray(0, split + 2);
    const body = split < 0 ? Buffer.alloc(0) : raw.subarray(split + 4);
    const steps: [string, string | Buffer][] = [
      [
        "M",
        [`<${message.from ?? ""}>`, ...(message.fromParameters ?? [])].map((text) => `${text}\0`).join(""),
      ],
    ];
    for (const to of message.to ?? ["to@example.org"]) steps.push(["R", `<${to}>\0`]);
    steps.push(["T", ""]);
    for (const { name, value } of fieldsOf(head.toString("latin1"))) {
      const exact = (this.agreed.protocol & leadingSpaceBit) !== 0 ? value : value.replace(/^ /, "");
      steps.push(["L", Buffer.from(`${name}\0${exact}\0`, "latin1")]);
    }
    steps.push(["N", ""]);
    const size = message.chunkOctets ?? 65_535;
    for (let at = 0; at < body.length; at += size) steps.push(["B", body.subarray(at, at + size)]);
    let skip = "";
    for (const [code, data] of steps) {
      if (code === skip) continue;
      const answer = await this.event(code, data, message.macros?.[code]);
      if (answer === undefined || answer.code === "c") {
        if (code === "R" && answer !== undefined) recipients.push(answer);
      } else if (answer.code === "s") skip = code;
      else if (code === "R" && "rty".includes(answer.code)) recipients.push(answer);
      else return { stage: code, verdict: answer };
    }
    return undefined;
  }

  abort(): void {
    this.#socket.write(packet("A"));
  }

  /** `K`: the socket stays, another SMTP client follows. */
  quitNewConnection(): void {
    this.#socket.write(packet("K"));
  }

  /** `Q`, and waits until the filter has closed. */
  async quit(): Promise<void> {
    this.#socket.write(packet("Q"));
    await this.closed();
  }

  async closed(): Promise<void> {
    this.#socket.end();
    if (!this.#socket.closed) await once(this.#socket, "close");
    this.#inbox.mustBeEmpty("the end");
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

function replyText({ code, data }: WirePacket): string {
  return code === "y" ? (strings(data)[0] ?? "").replaceAll("%%", "%") : "";
}

class Inbox {
  #octets: Buffer = Buffer.alloc(0);
  readonly #packets: WirePacket[] = [];
  #ended = false;
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    socket.on("data", (chunk: Buffer) => {
      const { packets, rest } = splitPackets(Buffer.concat([this.#octets, chunk]));
      this.#octets = rest;
      this.#packets.push(...packets);
      this.#wake();
    });
    const ended = (): void => {
      this.#ended = true;
      this.#wake();
    };
    socket.on("end", ended).on("close", ended).on("error", ended);
  }

  mustBeEmpty(before: string): void {
    const first = this.#packets[0];
    if (first !== undefined) throw new Error(`answer ${first.code} out of turn, before ${before}`);
  }

  async take(): Promise<WirePacket> {
    for (;;) {
      const first = this.#packets.shift();
      if (first !== undefined) return first;
      if (this.#ended) throw new Error("the filter closed the connection");
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

interface Entry {
  readonly name: string;
  readonly text: string;
  /** Sendmail keeps what was deleted in its list. */
  readonly deleted?: boolean;
}

/** The field that the MTA itself has put on top; hidden from filters when it comes to counting. */
export const ownReceived = "Received: from mail.example.jp by mx.example.org; Thu, 1 Jan 2026 00:00:00 +0000";

/**
 * The message as Postfix delivers it: index 0 of an insertion is above its own Received, a change counts fields of the
 * name as they are now, so that a deletion shifts those behind it.
 */
export function applyLikePostfix(raw: string | Buffer, edits: readonly WireEdit[], agreed: Agreed): string {
  return apply(raw, edits, agreed, (entries, at) => void entries.splice(at, 1));
}

/** The message as Sendmail delivers it: what was deleted still counts. */
export function applyLikeSendmail(raw: string | Buffer, edits: readonly WireEdit[], agreed: Agreed): string {
  return apply(raw, edits, agreed, (entries, at) => {
    entries[at] = { ...(entries[at] as Entry), deleted: true };
  });
}

function apply(
  raw: string | Buffer,
  edits: readonly WireEdit[],
  agreed: Agreed,
  remove: (entries: Entry[], at: number) => void,
): string {
  const text = raw.toString("latin1");
  const split = text.indexOf("\r\n\r\n");
  const head = split < 0 ? text : text.slice(0, split + 2);
  const colon = (agreed.protocol & leadingSpaceBit) === 0 ? ": " : ":";
  const toField = (name: string, value: string): Entry => ({ name, text: `${name}${colon}${value}` });
  const own: Entry = { name: "Received", text: ownReceived };
  const entries: Entry[] = [own];
  for (const { name, value } of fieldsOf(head)) entries.push({ name, text: `${name}:${value}` });
  let hidden = true;
  for (const edit of edits) {
    if (edit.kind === "add") entries.push(toField(edit.name, edit.value));
    else if (edit.kind === "insert") {
      entries.splice(edit.index, 0, toField(edit.name, edit.value));
      if (edit.index === 0) hidden = false;
    } else if (edit.kind === "change") {
      const at = find(entries, edit.name, edit.index, hidden ? own : undefined);
      if (at < 0) {
        if (edit.value !== "") entries.push(toField(edit.name, edit.value));
      } else if (edit.value === "") remove(entries, at);
      else entries[at] = toField(edit.name, edit.value);
    }
  }
  const bodies = edits.filter((edit) => edit.kind === "body");
  const body =
    bodies.length === 0
      ? split < 0
        ? ""
        : text.slice(split + 4)
      : Buffer.concat(bodies.map((edit) => edit.octets)).toString("latin1");
  const lines = entries.filter((entry) => entry.deleted !== true).map((entry) => entry.text);
  return `${lines.join("\r\n").replaceAll(/\r?\n/g, "\r\n")}\r\n\r\n${body}`;
}

function find(entries: readonly Entry[], name: string, index: number, hidden: Entry | undefined): number {
  let left = Math.max(1, index);
  for (const [at, entry] of entries.entries()) {
    if (entry.name.toLowerCase() !== name.toLowerCase()) continue;
    if (hidden !== undefined && isDeepStrictEqual(entry, hidden)) continue;
    left -= 1;
    if (left === 0) return at;
  }
  return -1;
}
