import { type Command, decodeCommand, type MalformedCommand, type Offer } from "./command.ts";
import { type DroppedEdit, formatEdits } from "./edits.ts";
import { MacroTable } from "./macros.ts";
import {
  type Agreement,
  type AskedStage,
  agree,
  callbacksOf,
  defaultAnswers,
  type EditKind,
  formatNegotiation,
  type MilterWants,
  protocolBit,
  protocolFor,
  stageBits,
} from "./negotiate.ts";
import { type FramingProblem, type Packet, PacketReader } from "./packet.ts";
import { continuePacket, formatReply, progressPacket, tempfailPacket } from "./reply.ts";
import type { EndOfMessage, MilterReply, MilterSession, MilterStage } from "./types.ts";

/** Why a conversation was broken off by us. */
export type ProtocolProblem =
  | FramingProblem
  | MalformedCommand
  | "version-too-low"
  | "not-negotiated"
  | "negotiated-twice"
  /** `openSession` threw. */
  | "no-session";

/** What a session may know of its connection before the first event. */
export interface Negotiated {
  readonly version: number;
  /** Edits that the MTA will carry out; others are dropped. */
  readonly edits: ReadonlySet<EditKind>;
  /** Header values come with their leading white space exactly as received. */
  readonly leadingSpace: boolean;
  /** The MTA can be told to send no more of a body. */
  readonly skip: boolean;
}

export interface ConversationLimits {
  /** Largest length field of a packet (command and data). */
  readonly maxPacketOctets: number;
  /** Milliseconds that the callbacks of one message may take together. */
  readonly timeBudgetMs: number;
  /** Milliseconds that one callback before the end of a message may take, as no progress can be told there. */
  readonly stageBudgetMs: number;
  /** Milliseconds between two signs of life while the end of a message is pending. */
  readonly progressEveryMs: number;
}

export const defaultLimits: ConversationLimits = {
  maxPacketOctets: 1 << 20,
  timeBudgetMs: 25_000,
  stageBudgetMs: 8_000,
  progressEveryMs: 5_000,
};

/** What a conversation needs from outside; a socket on one side, the program above on the other. */
export interface ConversationHost {
  readonly limits: ConversationLimits;
  readonly wants: MilterWants;
  readonly answersAt?: ReadonlySet<MilterStage> | undefined;
  openSession(negotiated: Negotiated): MilterSession;
  /** Takes all answers to what has been received so far. */
  write(octets: Buffer): void;
  /** The conversation is over; nothing is written after this. Called once, not after `destroy`. */
  ended(reason: "quit" | ProtocolProblem): void;
  /** A callback has settled, so that more may be received. */
  ready(): void;
  negotiated(agreement: Agreement, protocol: number): void;
  messageEnded(): void;
  replied(stage: MilterStage, reply: MilterReply): void;
  fault(error: unknown, stage: MilterStage): void;
  editsDropped(edits: readonly DroppedEdit[]): void;
}

export type MilterFaultCode = "time-budget" | "unexpected-answer";

/** What `fault` of a session gets when it is not an error of its own. */
export class MilterFault extends Error {
  override readonly name = "MilterFault";
  readonly code: MilterFaultCode;

  constructor(code: MilterFaultCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Order of the events of a message; `unknown` may come anywhere. */
const order = {
  mail: 1,
  recipient: 2,
  data: 3,
  header: 4,
  "end-of-headers": 5,
  body: 6,
  "end-of-message": 7,
} as const;
type MessageStage = keyof typeof order;
const outside = 0;

const repeatable: ReadonlySet<MilterStage> = new Set(["recipient", "header", "body"]);
const offMail = stageBits.mail.off;

const proceed: MilterReply = { kind: "continue" };
const tempfail: EndOfMessage = { edits: [], reply: { kind: "tempfail" } };
const blank = Buffer.from(" ");
const tab = 0x09;

type MaybePromise<T> = T | Promise<T>;
type AskedCommand = Extract<Command, { readonly kind: AskedStage }>;
type SessionCommand = Extract<Command, { readonly kind: MilterStage }>;

/** A callback that has not settled. */
interface Pending {
  readonly stage: MilterStage;
  /** Milliseconds of the clock that never jumps. */
  readonly since: number;
  work: Promise<unknown> | undefined;
  timer: NodeJS.Timeout | undefined;
}

/**
 * One conversation with an MTA: octets in, callbacks of a session, octets out. Knows no socket. Callbacks that return
 * at once are answered without a turn of the event loop; while one is pending, nothing more is read.
 */
export class Conversation {
  readonly #host: ConversationHost;
  readonly #reader: PacketReader;
  readonly #macros = new MacroTable();
  #session: MilterSession | undefined;
  #negotiated: Negotiated | undefined;
  #protocol = 0;
  #answersAt: ReadonlySet<MilterStage> = new Set();
  #packets = 0;
  #begun = false;
  #position: number = outside;
  #skipBody = false;
  /** What to answer at the end of message instead of asking the session: a fault came where nothing could be said. */
  #messageFault: EndOfMessage | undefined;
  #connectionFault: EndOfMessage | undefined;
  #spentMs = 0;
  #pending: Pending | undefined;
  /** A callback that overran its time; the next one waits for it. */
  #late: Promise<void> | undefined;
  #over = false;
  #out: Buffer[] = [];

  constructor(host: ConversationHost) {
    this.#host = host;
    this.#reader = new PacketReader(host.limits.maxPacketOctets);
  }

  /** Whether a callback is pending: what is received now is only kept. */
  get busy(): boolean {
    return this.#pending !== undefined;
  }

  /** Whether octets wait for a callback to settle. */
  get hasBacklog(): boolean {
    return this.#reader.hasMore;
  }

  /** Packets read so far. */
  get packets(): number {
    return this.#packets;
  }

  get inMessage(): boolean {
    return this.#position !== outside;
  }

  /** Whether a packet has begun and not ended. */
  get inPacket(): boolean {
    return this.#reader.inPacket;
  }

  get isNegotiated(): boolean {
    return this.#negotiated !== undefined;
  }

  receive(chunk: Buffer): void {
    if (this.#over) return;
    this.#reader.push(chunk);
    if (this.#pending === undefined) this.#run();
  }

  /** The connection is gone. What is pending is dropped; the session hears `abort`, if amid a message, and `close`. */
  destroy(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#pending !== undefined) clearTimeout(this.#pending.timer);
    this.#pending = undefined;
    this.#out = [];
    this.#closeSession();
  }

  #run(): void {
    while (!this.#over && this.#pending === undefined) {
      const step = this.#reader.next();
      if (step === undefined) break;
      if (typeof step === "string") this.#end(step);
      else {
        this.#packets += 1;
        this.#handle(step);
      }
    }
    this.#flush();
  }

  #flush(): void {
    if (this.#out.length === 0) return;
    const octets = this.#out.length === 1 ? (this.#out[0] as Buffer) : Buffer.concat(this.#out);
    this.#out = [];
    this.#host.write(octets);
  }

  #end(reason: "quit" | ProtocolProblem): void {
    this.#flush();
    this.destroy();
    this.#host.ended(reason);
  }

  #handle(packet: Packet): void {
    const command = decodeCommand(packet);
    switch (command.kind) {
      case "negotiate":
        this.#negotiate(command.offer);
        break;
      case "quit":
        this.#end("quit");
        break;
      case "malformed":
        this.#end(command.problem);
        break;
      case "macros":
        if (this.#session === undefined) this.#end("not-negotiated");
        else this.#macros.set(command.stage, command.data);
        break;
      case "abort":
        this.#endMessage();
        break;
      case "unrecognized":
        // Whether an answer is expected cannot be known; libmilter says nothing either.
        break;
      case "quit-new-connection":
        this.#newConnection();
        break;
      default:
        this.#event(command);
    }
  }

  #negotiate(offer: Offer): void {
    if (this.#negotiated !== undefined) {
      this.#end("negotiated-twice");
      return;
    }
    const agreement = agree(offer, this.#host.wants);
    if (agreement === undefined) {
      this.#end("version-too-low");
      return;
    }
    this.#negotiated = {
      version: agreement.version,
      edits: agreement.edits,
      leadingSpace: (agreement.offered & protocolBit.leadingSpace) !== 0,
      skip: (agreement.offered & protocolBit.skip) !== 0,
    };
    this.#openSession(this.#negotiated);
    if (this.#session === undefined) return;
    this.#answersAt = this.#host.answersAt ?? defaultAnswers(agreement.offered);
    this.#protocol = protocolFor(agreement.offered, callbacksOf(this.#session), this.#answersAt);
    this.#out.push(formatNegotiation(agreement, this.#protocol, this.#host.wants.macros));
    this.#host.negotiated(agreement, this.#protocol);
  }

  #openSession(negotiated: Negotiated): void {
    try {
      this.#session = this.#host.openSession(negotiated);
    } catch (error) {
      this.#host.fault(error, "connect");
      this.#end("no-session");
    }
  }

  /** `K`: the socket stays for another SMTP client; only the negotiation lives on. */
  #newConnection(): void {
    if (this.#negotiated === undefined) {
      this.#end("not-negotiated");
      return;
    }
    this.#closeSession();
    this.#macros.clear();
    this.#connectionFault = undefined;
    // What overran belongs to the session that was closed.
    this.#late = undefined;
    this.#begun = false;
    this.#openSession(this.#negotiated);
  }

  #closeSession(): void {
    this.#endMessage();
    const session = this.#session;
    this.#session = undefined;
    try {
      session?.close?.();
    } catch (error) {
      this.#host.fault(error, "connect");
    }
  }

  /** After HELO again. The session hears of it if a message had begun. */
  #endMessage(byEarlyEvent = false): void {
    const begun = this.#position !== outside;
    this.#position = outside;
    this.#skipBody = false;
    this.#messageFault = undefined;
    this.#spentMs = 0;
    this.#macros.endMessage(byEarlyEvent);
    if (!begun) return;
    try {
      this.#session?.abort?.();
    } catch (error) {
      this.#host.fault(error, "end-of-message");
    }
    this.#host.messageEnded();
  }

  #event(command: SessionCommand): void {
    const session = this.#session;
    if (session === undefined) this.#end("not-negotiated");
    else if (command.kind === "end-of-message") this.#endOfMessage(command.chunk, session);
    else if (this.#enter(command.kind) && !this.#passesOver(command.kind)) this.#ask(command, session);
    else this.#proceed(command.kind);
    this.#macros.eventDone();
  }

  /** Whether the session does not want this event any more. */
  #passesOver(stage: AskedStage): boolean {
    return this.#heldFault !== undefined || (stage === "body" && this.#skipBody);
  }

  #ask(command: AskedCommand, session: MilterSession): void {
    this.#settle(
      command.kind,
      () => this.#call(command, session),
      (reply) => this.#answered(command.kind, reply),
    );
  }

  /** Whether the event has its place here; when it has not, the session does not hear of it. */
  #enter(stage: MilterStage): boolean {
    const first = !this.#begun;
    if (stage === "unknown") return true;
    this.#begun = true;
    // Only at the beginning: a new client on the same socket is told by `K`.
    if (stage === "connect") return first;
    if (stage === "helo") {
      this.#endMessage(true);
      return true;
    }
    return this.#enterMessage(stage);
  }

  /** As libmilter: an event out of order ends the message, and is then tried as one that follows HELO. */
  #enterMessage(stage: MessageStage): boolean {
    const place = order[stage];
    if (this.#position !== outside) {
      if (place > this.#position || (place === this.#position && repeatable.has(stage))) {
        this.#position = place;
        return true;
      }
      this.#endMessage(true);
    }
    if (!this.#mayBegin(stage)) return false;
    this.#position = place;
    return true;
  }

  /** A message begins with MAIL, or later where the events before that were turned off. */
  #mayBegin(stage: MessageStage): boolean {
    const needed = stage === "mail" ? 0 : stage === "recipient" ? offMail : offMail | stageBits.recipient.off;
    return (this.#protocol & needed) === needed;
  }

  get #heldFault(): EndOfMessage | undefined {
    return this.#messageFault ?? this.#connectionFault;
  }

  #call(command: AskedCommand, session: MilterSession): MaybePromise<MilterReply> {
    switch (command.kind) {
      case "connect":
        return session.connect?.(command.event, this.#macros.all()) ?? proceed;
      case "helo":
        return session.helo?.(command.name, this.#macros.all()) ?? proceed;
      case "mail":
        return session.mail?.(command.event, this.#macros.all()) ?? proceed;
      case "recipient":
        return session.recipient?.(command.event, this.#macros.all()) ?? proceed;
      case "data":
        return session.data?.(this.#macros.all()) ?? proceed;
      case "header":
        return session.header?.(command.name, this.#exactValue(command.value), this.#macros.all()) ?? proceed;
      case "end-of-headers":
        return session.endOfHeaders?.(this.#macros.all()) ?? proceed;
      case "body":
        return session.body?.(command.chunk) ?? proceed;
      case "unknown":
        return session.unknown?.(command.command, this.#macros.all()) ?? proceed;
    }
  }

  /**
   * Without HDR_LEADSPC the MTA has eaten one blank after the colon, but never a TAB: a value that begins with one is
   * whole.
   */
  #exactValue(value: Buffer): Buffer {
    const whole = this.#negotiated?.leadingSpace === true || value[0] === tab;
    return whole ? value : Buffer.concat([blank, value]);
  }

  /** Runs a callback and hands its result on: at once where it is no promise. */
  #settle<T>(stage: MilterStage, call: () => MaybePromise<T>, done: (value: T) => void): void {
    const pending: Pending = { stage, since: performance.now(), work: undefined, timer: undefined };
    let result: MaybePromise<T>;
    try {
      result = this.#late === undefined ? call() : this.#afterLate(this.#late, pending, call);
    } catch (error) {
      this.#faulted(stage, error);
      return;
    }
    if (!isPromise(result)) {
      this.#done(stage, result, done);
      return;
    }
    pending.work = result;
    this.#pending = pending;
    this.#startTimer(pending);
    result.then(
      (value) => this.#resume(pending, () => this.#done(stage, value, done)),
      (error: unknown) => this.#resume(pending, () => this.#faulted(stage, error)),
    );
  }

  /** From JavaScript a value may be nothing of its type. */
  #done<T>(stage: MilterStage, value: T, done: (value: T) => void): void {
    try {
      done(value);
    } catch (error) {
      this.#faulted(stage, error);
    }
  }

  async #afterLate<T>(late: Promise<void>, pending: Pending, call: () => MaybePromise<T>): Promise<T> {
    await late;
    if (this.#pending !== pending)
      throw new MilterFault("time-budget", "not called: an earlier callback overran");
    return call();
  }

  /** Goes on after `pending`, unless its answer is no longer wanted. */
  #resume(pending: Pending, then: () => void): void {
    if (this.#pending !== pending) return;
    clearTimeout(pending.timer);
    this.#pending = undefined;
    if (this.inMessage) this.#spentMs += performance.now() - pending.since;
    then();
    this.#run();
    if (!this.#over) this.#host.ready();
  }

  #remainingMs({ stage, since }: Pending): number {
    const { timeBudgetMs, stageBudgetMs } = this.#host.limits;
    const ofMessage = Math.max(0, timeBudgetMs - this.#spentMs);
    const whole = stage === "end-of-message" ? ofMessage : Math.min(stageBudgetMs, ofMessage);
    return whole - (performance.now() - since);
  }

  #startTimer(pending: Pending): void {
    const remaining = this.#remainingMs(pending);
    const { progressEveryMs } = this.#host.limits;
    const progress = pending.stage === "end-of-message" && progressEveryMs < remaining;
    pending.timer = progress
      ? setTimeout(() => this.#progress(pending), progressEveryMs)
      : setTimeout(() => this.#overrun(pending), Math.max(1, remaining));
  }

  #progress(pending: Pending): void {
    this.#host.write(progressPacket);
    this.#startTimer(pending);
  }

  #overrun(pending: Pending): void {
    this.#keepLate(pending.work);
    const error = new MilterFault("time-budget", `no answer in time at ${pending.stage}`);
    this.#resume(pending, () => this.#faulted(pending.stage, error));
  }

  /** Callbacks of one connection never overlap: the next waits, within its own time, for the one that overran. */
  #keepLate(work: Promise<unknown> | undefined): void {
    const late: Promise<void> = Promise.allSettled([work]).then(() => {
      if (this.#late === late) this.#late = undefined;
    });
    this.#late = late;
  }

  /** Tells the MTA to go on, where it waits for an answer. */
  #proceed(stage: AskedStage): void {
    if ((this.#protocol & stageBits[stage].noReply) === 0) this.#send(continuePacket);
  }

  #send(octets: Buffer): void {
    this.#out.push(octets);
  }

  #answered(stage: AskedStage, reply: MilterReply): void {
    if (reply.kind === "continue") this.#proceed(stage);
    else if (reply.kind === "skip" && stage === "body") this.#skip(reply);
    else if (!this.#answer(stage, reply)) this.#faulted(stage, unexpected(reply, stage));
  }

  #skip(reply: MilterReply): void {
    this.#skipBody = true;
    const known = (this.#protocol & protocolBit.skip) !== 0;
    const octets = known ? formatReply(reply) : undefined;
    if (octets === undefined) this.#proceed("body");
    else this.#send(octets);
  }

  /** Sends an answer other than "continue" before the end of message; false where it has no right or no form. */
  #answer(stage: AskedStage, reply: MilterReply): boolean {
    const early = stage === "connect" || stage === "helo";
    if (!this.#answersAt.has(stage) || reply.kind === "skip" || (early && reply.kind === "discard"))
      return false;
    const octets = formatReply(reply);
    if (octets === undefined) return false;
    this.#send(octets);
    this.#host.replied(stage, reply);
    if (endsMessage(stage, reply)) this.#endMessage();
    return true;
  }

  /** A callback failed. Its message is answered by `fault` of the session, now or where that is next possible. */
  #faulted(stage: MilterStage, error: unknown): void {
    this.#host.fault(error, stage);
    const answer = this.#faultAnswer(error, stage);
    if (stage === "end-of-message") this.#verdict(answer);
    else if (answer.reply.kind === "continue" || !this.#answer(stage, answer.reply)) {
      this.#hold(stage, answer);
      this.#proceed(stage);
    }
  }

  #hold(stage: AskedStage, answer: EndOfMessage): void {
    if (stage === "connect" || stage === "helo") this.#connectionFault = answer;
    else if (stage !== "unknown") this.#messageFault = answer;
  }

  /** Always an answer that can be sent at the end of a message. */
  #faultAnswer(error: unknown, stage: MilterStage): EndOfMessage {
    try {
      const answer = this.#session?.fault?.(error, stage) ?? tempfail;
      return isVerdict(answer.reply) ? answer : tempfail;
    } catch (second) {
      this.#host.fault(second, stage);
      return tempfail;
    }
  }

  #endOfMessage(chunk: Buffer, session: MilterSession): void {
    // Where nothing of a message was seen it must not pass as if it had been looked at.
    const held = this.#enter("end-of-message") ? this.#heldFault : tempfail;
    if (held !== undefined) {
      this.#verdict(held);
      return;
    }
    this.#settle(
      "end-of-message",
      () => this.#finish(chunk, session),
      (answer) => {
        if (isVerdict(answer.reply)) this.#verdict(answer);
        else this.#faulted("end-of-message", unexpected(answer.reply, "end-of-message"));
      },
    );
  }

  /** `E` with data is the last body chunk and the end, with one answer for both. */
  #finish(chunk: Buffer, session: MilterSession): MaybePromise<EndOfMessage> {
    const end = (): MaybePromise<EndOfMessage> =>
      session.endOfMessage?.(this.#macros.all()) ?? { edits: [], reply: proceed };
    if (chunk.length === 0 || session.body === undefined || this.#skipBody) return end();
    const after = (reply: MilterReply): MaybePromise<EndOfMessage> =>
      reply.kind === "continue" || reply.kind === "skip" ? end() : { edits: [], reply };
    const reply = session.body(chunk);
    return isPromise(reply) ? reply.then(after) : after(reply);
  }

  /** Edits and the final answer, in one write. */
  #verdict(answer: EndOfMessage): void {
    const reply = this.#edit(answer) ? answer.reply : tempfail.reply;
    this.#send(formatReply(reply) ?? tempfailPacket);
    this.#host.replied("end-of-message", reply);
    this.#endMessage();
  }

  /** Sends the edits where the message goes on; false when they are nothing of their type (from JavaScript). */
  #edit({ edits, reply }: EndOfMessage): boolean {
    if (edits.length === 0 || (reply.kind !== "continue" && reply.kind !== "accept")) return true;
    if (this.#negotiated === undefined) return false;
    try {
      const { packets, dropped } = formatEdits(edits, this.#negotiated);
      this.#out.push(...packets);
      if (dropped.length > 0) this.#host.editsDropped(dropped);
      return true;
    } catch (error) {
      this.#host.fault(error, "end-of-message");
      return false;
    }
  }
}

function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as { readonly then?: unknown }).then === "function";
}

function unexpected(reply: MilterReply, stage: MilterStage): MilterFault {
  return new MilterFault("unexpected-answer", `"${reply.kind}" cannot be answered at ${stage}`);
}

/** Whether the reply can end a message: no "skip", and a code that is one of failure. */
function isVerdict(reply: MilterReply): boolean {
  return reply.kind !== "skip" && formatReply(reply) !== undefined;
}

/** A refused recipient leaves the transaction standing; what is said before MAIL belongs to no message. */
function endsMessage(stage: AskedStage, reply: MilterReply): boolean {
  if (stage === "connect" || stage === "helo" || stage === "unknown") return false;
  return stage !== "recipient" || reply.kind === "accept" || reply.kind === "discard";
}
