import type { Socket } from "node:net";
import {
  Conversation,
  type ConversationHost,
  type ConversationLimits,
  type Negotiated,
  type ProtocolProblem,
} from "./assemble.ts";
import type { DroppedEdit } from "./edits.ts";
import type { Agreement, MilterWants } from "./negotiate.ts";
import type { CloseReason, MilterEvent, MilterServerOptions } from "./server.ts";
import type { MilterReply, MilterSession, MilterStage, Peer } from "./types.ts";

const hasSaidItsLast: ReadonlySet<CloseReason> = new Set(["quit", "mta-closed"]);

type Count<K extends string> = Partial<Record<K, number>>;

interface Counters {
  accepted: number;
  refusedPeers: number;
  refusedTooMany: number;
  messages: number;
  faults: number;
  editsDropped: number;
  receivedOctets: number;
  readonly replies: Count<MilterReply["kind"]>;
  readonly closed: Count<CloseReason>;
}

/** What the connections of one server share. */
export interface Shared {
  options: MilterServerOptions;
  limits: ConversationLimits;
  readonly negotiationTimeoutMs: number;
  readonly packetTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly connections: Set<Connection>;
  readonly counters: Counters;
  draining: boolean;
}

/** An observer that throws must not touch the mail. */
export function emit({ options }: Shared, event: MilterEvent): void {
  try {
    options.onEvent?.(event);
  } catch {
    // Nowhere to report it: the observer itself is what failed.
  }
}

function increment<K extends string>(counts: Count<K>, key: K): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

/** One socket and its conversation. */
export class Connection implements ConversationHost {
  readonly wants: MilterWants;
  readonly answersAt: ReadonlySet<MilterStage> | undefined;
  readonly #shared: Shared;
  readonly #socket: Socket;
  readonly #id: number;
  readonly #remote: Peer;
  readonly #conversation: Conversation;
  /** Milliseconds when the time limit that applies began to run. */
  #since: number = performance.now();
  #packets = 0;
  #paused = false;
  #blocked = false;
  #inputEnded = false;
  #closed = false;

  constructor(shared: Shared, socket: Socket, id: number, remote: Peer) {
    this.#shared = shared;
    this.#socket = socket;
    this.#id = id;
    this.#remote = remote;
    this.wants = shared.options.wants ?? {};
    this.answersAt = shared.options.answersAt;
    this.#conversation = new Conversation(this);
  }

  get limits(): ConversationLimits {
    return this.#shared.limits;
  }

  start(): void {
    this.#shared.connections.add(this);
    this.#shared.counters.accepted += 1;
    emit(this.#shared, { kind: "connected", id: this.#id, remote: this.#remote });
    const socket = this.#socket;
    socket.on("data", (chunk: Buffer) => this.#data(chunk));
    socket.on("end", () => this.#end());
    socket.on("drain", () => this.#drained());
    socket.on("error", () => this.close("socket-error"));
    socket.on("close", () => {
      this.close("mta-closed");
      this.#shared.connections.delete(this);
    });
  }

  #data(chunk: Buffer): void {
    this.#shared.counters.receivedOctets += chunk.length;
    this.#conversation.receive(chunk);
    this.#settled();
  }

  #end(): void {
    this.#inputEnded = true;
    this.#settled();
  }

  #drained(): void {
    this.#blocked = false;
    this.#settled();
  }

  /** After each step: how the connection stands now. */
  #settled(): void {
    if (this.#closed) return;
    const { busy, inMessage, hasBacklog, inPacket, packets } = this.#conversation;
    if (!busy && this.#inputEnded) this.close("mta-closed");
    else if (!busy && this.#shared.draining && !inMessage) this.close("shutdown");
    else this.#pause(this.#blocked || (busy && hasBacklog));
    // A packet has a fixed time: octets that trickle in do not prolong it.
    if (!inPacket || packets !== this.#packets) this.#restartTime();
    this.#packets = packets;
  }

  #restartTime(): void {
    if (this.#conversation.isNegotiated) this.#since = performance.now();
  }

  #pause(wanted: boolean): void {
    if (wanted === this.#paused) return;
    this.#paused = wanted;
    if (wanted) this.#socket.pause();
    else this.#socket.resume();
  }

  checkTime(now: number): void {
    const passed = now - this.#since;
    if (this.#closed) {
      // The MTA does not take what was written before the end.
      if (passed > this.#shared.packetTimeoutMs) this.#socket.destroy();
      return;
    }
    if (this.#conversation.busy) return;
    const { reason, afterMs } = this.#timeLimit();
    if (passed > afterMs) this.close(reason);
  }

  #timeLimit(): { readonly reason: CloseReason; readonly afterMs: number } {
    const { negotiationTimeoutMs, packetTimeoutMs, idleTimeoutMs } = this.#shared;
    if (!this.#conversation.isNegotiated)
      return { reason: "negotiation-timeout", afterMs: negotiationTimeoutMs };
    if (this.#blocked) return { reason: "write-timeout", afterMs: packetTimeoutMs };
    if (this.#conversation.inPacket) return { reason: "packet-timeout", afterMs: packetTimeoutMs };
    return { reason: "idle-timeout", afterMs: idleTimeoutMs };
  }

  closeWhenIdle(): void {
    if (!this.#conversation.busy && !this.#conversation.inMessage) this.close("shutdown");
  }

  /** Ends it at once; what has been written still goes out. */
  close(reason: CloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#since = performance.now();
    increment(this.#shared.counters.closed, reason);
    this.#conversation.destroy();
    // The MTA has closed or is about to: where nothing waits to be written, there is nothing to say goodbye to.
    if (hasSaidItsLast.has(reason) && this.#socket.writableLength === 0) this.#socket.destroy();
    else this.#socket.destroySoon();
    emit(this.#shared, { kind: "closed", id: this.#id, reason });
  }

  destroy(): void {
    const { busy, inMessage } = this.#conversation;
    this.close(busy || inMessage ? "cut-off" : "shutdown");
    this.#socket.destroy();
  }

  /** Settles when the socket has closed. */
  gone(): Promise<void> {
    return new Promise((resolve) => this.#socket.once("close", () => resolve()));
  }

  openSession(negotiated: Negotiated): MilterSession {
    return this.#shared.options.openSession({ ...negotiated, id: this.#id, remote: this.#remote });
  }

  write(octets: Buffer): void {
    if (!this.#closed && !this.#socket.write(octets)) this.#blocked = true;
  }

  ended(reason: "quit" | ProtocolProblem): void {
    this.close(reason);
  }

  ready(): void {
    this.#settled();
  }

  negotiated({ version, actions }: Agreement, protocol: number): void {
    emit(this.#shared, { kind: "negotiated", id: this.#id, version, actions, protocol });
  }

  messageEnded(): void {
    this.#shared.counters.messages += 1;
  }

  replied(stage: MilterStage, reply: MilterReply): void {
    increment(this.#shared.counters.replies, reply.kind);
    emit(this.#shared, { kind: "replied", id: this.#id, stage, reply });
  }

  fault(error: unknown, stage: MilterStage): void {
    this.#shared.counters.faults += 1;
    emit(this.#shared, { kind: "fault", id: this.#id, stage, error });
  }

  editsDropped(edits: readonly DroppedEdit[]): void {
    this.#shared.counters.editsDropped += edits.length;
    emit(this.#shared, { kind: "edits-dropped", id: this.#id, edits });
  }
}
