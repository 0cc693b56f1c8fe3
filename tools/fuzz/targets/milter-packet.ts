import { Conversation, type ConversationHost, defaultLimits } from "../../../src/milter/assemble.ts";
import { stageBits } from "../../../src/milter/negotiate.ts";
import type {
  EndOfMessage,
  MessageEdit,
  MilterReply,
  MilterSession,
  MilterStage,
} from "../../../src/milter/types.ts";
import {
  connectPacket,
  macroPacket,
  offerPacket,
  packet,
  splitPackets,
} from "../../../test/milter-client.ts";
import type { FuzzTarget } from "../target.ts";

/** Octets at the head of an input that choose the session; the rest is the stream of the MTA. */
const choiceOctets = 4;
const maxStream = 200_000;
const maxEndingsWithEdits = 20;

const stages: readonly MilterStage[] = [
  "connect",
  "helo",
  "mail",
  "recipient",
  "data",
  "header",
  "end-of-headers",
  "body",
  "unknown",
];

const replies: readonly MilterReply[] = [
  { kind: "continue" },
  { kind: "accept" },
  { kind: "reject" },
  { kind: "tempfail" },
  { kind: "discard" },
  { kind: "skip" },
  { kind: "smtp", code: 550, enhanced: "5.7.1", text: "100 %\n\u00e9" },
  { kind: "smtp", code: 250, enhanced: "2.0.0", text: "no failure" },
];

const edits: readonly MessageEdit[] = [
  { kind: "delete-header", name: "X", occurrence: 1 },
  { kind: "insert-header", index: 0, name: "X", value: "a\nb" },
  { kind: "add-header", name: "X:", value: "bad name" },
  { kind: "replace-body", body: Buffer.alloc(70_000) },
];

/** A session whose callbacks, answers and throws follow from the choice alone. */
function sessionFor(choice: Buffer, note: (event: string) => void): MilterSession {
  const has = choice.readUInt16BE(0);
  const manner = choice.readUInt16BE(2);
  let calls = 0;
  const answer = (): MilterReply => {
    calls += 1;
    const turn = (calls * 7 + manner) % 64;
    if (turn === 63) throw new Error("broken");
    return turn < 40 ? { kind: "continue" } : (replies[turn % replies.length] as MilterReply);
  };
  // A stream of nothing but ends of messages would have each answered with a body of 70,000 octets.
  let endings = 0;
  const ending = (): EndOfMessage => {
    endings += 1;
    return { edits: manner % 3 === 0 && endings <= maxEndingsWithEdits ? edits : [], reply: answer() };
  };
  const all = {
    connect: answer,
    helo: answer,
    mail: answer,
    recipient: answer,
    data: answer,
    header: (name: Buffer, value: Buffer): MilterReply => {
      note(`${name.toString("latin1")}:${value.toString("latin1")}`);
      return answer();
    },
    endOfHeaders: answer,
    body: (chunk: Buffer): MilterReply => {
      note(chunk.toString("latin1"));
      return answer();
    },
    unknown: answer,
    endOfMessage: ending,
    fault: ending,
    abort: () => note("abort"),
    close: () => note("close"),
  };
  const chosen = Object.entries(all).filter((_, index) => (has & (1 << index)) !== 0 || index > 11);
  return Object.fromEntries(chosen);
}

interface Trial {
  readonly conversation: Conversation;
  readonly notes: string[];
  /** What has been written since the last call. */
  written(): Buffer;
  ended(): boolean;
  protocol(): number;
}

function newTrial(choice: Buffer): Trial {
  const notes: string[] = [];
  let octets: Buffer[] = [];
  let ended = false;
  let protocol = 0;
  const answersAt = new Set<MilterStage>(
    stages.filter((_, index) => ((choice[3] ?? 0) & (1 << (index % 8))) !== 0),
  );
  const host: ConversationHost = {
    limits: { ...defaultLimits, maxPacketOctets: 100_000 },
    wants: { macros: { "end-of-message": ["i"] } },
    answersAt: (choice[2] ?? 0) % 4 === 0 ? undefined : answersAt,
    openSession: () => sessionFor(choice, (event) => notes.push(event)),
    write: (part) => {
      if (ended) throw new Error("written after the end");
      octets.push(part);
    },
    ended: () => {
      if (ended) throw new Error("ended twice");
      ended = true;
    },
    ready: () => {},
    negotiated: (_, bits) => {
      protocol = bits;
    },
    messageEnded: () => {},
    replied: () => {},
    fault: () => {},
    editsDropped: () => {},
  };
  return {
    conversation: new Conversation(host),
    notes,
    written: () => {
      const all = Buffer.concat(octets);
      octets = [];
      return all;
    },
    ended: () => ended,
    protocol: () => protocol,
  };
}

const stageOf: Readonly<Record<string, keyof typeof stageBits>> = {
  C: "connect",
  H: "helo",
  M: "mail",
  R: "recipient",
  T: "data",
  L: "header",
  N: "end-of-headers",
  B: "body",
  U: "unknown",
};

/** How the answers to one packet must look, as commands in a row. */
function expected(code: string, protocol: number): RegExp {
  if (code === "O") return /^O$/;
  if (code === "E") return /^([hqe+-]|m|i|b)*[cartdy]$/;
  const stage = stageOf[code];
  if (stage === undefined || (protocol & stageBits[stage].noReply) !== 0) return /^$/;
  return code === "B" ? /^[cartdys]$/ : /^[cartdy]$/;
}

/** Packet by packet: exactly the answers that are due, nothing out of turn. */
function inTurn(stream: Buffer, choice: Buffer): { readonly answers: Buffer; readonly notes: string[] } {
  const trial = newTrial(choice);
  const answers: Buffer[] = [];
  const { packets, rest } = splitPackets(stream);
  for (const { code, data } of [...packets, undefined].map((each) => each ?? { code: "", data: rest })) {
    trial.conversation.receive(code === "" ? data : packet("x", data).fill(code, 4, 5, "latin1"));
    const written = trial.written();
    answers.push(written);
    const { packets: sent, rest: part } = splitPackets(written);
    const codes = sent.map((each) => each.code).join("");
    if (part.length > 0) throw new Error("half a packet written");
    if (trial.ended() && written.length === 0) break;
    if (code !== "" && !expected(code, trial.protocol()).test(codes))
      throw new Error(`${code} answered by "${codes}"`);
  }
  trial.conversation.destroy();
  return { answers: Buffer.concat(answers), notes: trial.notes };
}

/** The same stream cut at places that follow from its octets. */
function cut(stream: Buffer, choice: Buffer): { readonly answers: Buffer; readonly notes: string[] } {
  const trial = newTrial(choice);
  let at = 0;
  let step = choice.readUInt32BE(0);
  while (at < stream.length) {
    step = (Math.imul(step, 1_103_515_245) + 12_345) >>> 0;
    const to = Math.min(stream.length, at + 1 + ((step >>> 16) % (step % 5 === 0 ? 5000 : 11)));
    trial.conversation.receive(Buffer.from(stream.subarray(at, to)));
    at = to;
  }
  trial.conversation.destroy();
  return { answers: trial.written(), notes: trial.notes };
}

const full = Buffer.from([0xff, 0xff, 1, 0xff]);
const message = [
  macroPacket("M", { i: "4A2B", "{mail_addr}": "a@example.jp" }),
  packet("M", "<a@example.jp>\0SIZE=100\0"),
  packet("R", "<b@example.org>\0"),
  packet("T"),
  packet("L", "From\0 a@example.jp\0"),
  packet("L", "Subject\0 folded\n\tvalue\0"),
  packet("N"),
  packet("B", "hello\r\n"),
  packet("E"),
];

/** Streams of an MTA, cut anywhere: never throws, answers exactly what is due, and the same however it is cut. */
export const target: FuzzTarget = {
  name: "milter-packet",
  seeds: [
    Buffer.concat([full, offerPacket(), connectPacket(), packet("H", "h\0"), ...message, packet("Q")]),
    Buffer.concat([
      Buffer.from([0xff, 0xff, 1, 0]),
      offerPacket(),
      connectPacket("[192.0.2.1]", "2001:db8::1"),
      ...message,
      ...message,
    ]),
    Buffer.concat([
      full,
      offerPacket({ version: 2, actions: 0x3f, protocol: 0x7f }),
      ...message,
      packet("A"),
      ...message,
    ]),
    Buffer.concat([
      full,
      offerPacket({ actions: 0, protocol: 0 }),
      packet("M", "<u@e> SMTPUTF8\0"),
      packet("E", "rest"),
    ]),
    Buffer.concat([
      Buffer.from([0, 0, 3, 0]),
      offerPacket(),
      ...message,
      packet("K"),
      connectPacket(),
      ...message,
    ]),
    Buffer.concat([
      Buffer.from([0x0f, 0xa0, 9, 0x33]),
      offerPacket(),
      packet("U", "FOO\0"),
      packet("C", "local\0U"),
      ...message,
    ]),
    Buffer.concat([
      full,
      offerPacket(),
      packet("D"),
      packet("Z"),
      packet("E"),
      packet("L", "x"),
      packet("Q"),
    ]),
  ],
  run(input) {
    if (input.length < choiceOctets || input.length > maxStream) return;
    const choice = Buffer.from(input.subarray(0, choiceOctets));
    const stream = Buffer.from(input.subarray(choiceOctets));
    const whole = inTurn(stream, choice);
    const pieces = cut(stream, choice);
    if (!whole.answers.equals(pieces.answers)) throw new Error("cutting the stream changes the answers");
    if (whole.notes.join("\0") !== pieces.notes.join("\0"))
      throw new Error("cutting the stream changes the events");
  },
};
