/**
 * The MTA's `D` packets: macro names without braces, e.g. `i`, `client_addr`; the newest value of each name wins. Those
 * of connect and HELO stay for the connection, the others for the message. May be kept.
 */
export type Macros = ReadonlyMap<string, string>;

export type Peer =
  | { readonly family: 4 | 6; readonly address: string; readonly port: number }
  | { readonly family: "unix"; readonly path: string }
  | { readonly family: "unknown" };

export interface ConnectEvent {
  /** As the MTA writes it; `[192.0.2.1]` when the name is not known. */
  readonly hostname: string;
  /** The SMTP client. */
  readonly client: Peer;
}

export interface EnvelopeEvent {
  /** Between the angle brackets; empty for the null sender. Decoded as UTF-8 where it is UTF-8, else as latin1. */
  readonly address: string;
  /** ESMTP parameters as written, e.g. `SMTPUTF8`, `BODY=8BITMIME`. */
  readonly parameters: readonly string[];
}

/** What may be answered to an event. SMTP texts are ASCII; the server does the doubling of "%". */
export type MilterReply =
  | { readonly kind: "continue" | "accept" | "reject" | "tempfail" | "discard" }
  /** Body only: send no more of it. The server falls back to "continue" when the MTA does not know SKIP. */
  | { readonly kind: "skip" }
  | { readonly kind: "smtp"; readonly code: number; readonly enhanced: string; readonly text: string };

/**
 * Changes at end of message. Occurrences count in the message as received, whatever else is changed; what is inserted
 * or added goes in in this order; of several bodies the last one counts. The field becomes `Name: value`, the blank
 * included, in UTF-8; values use LF and white space for folds, no final line end. Edits are sent only with "continue" or
 * "accept".
 */
export type MessageEdit =
  /** `index` 0 is above the MTA's own Received field. */
  | { readonly kind: "insert-header"; readonly index: number; readonly name: string; readonly value: string }
  | { readonly kind: "add-header"; readonly name: string; readonly value: string }
  /** `occurrence` counts fields of that name from 1, in the message as received. */
  | {
      readonly kind: "change-header";
      readonly name: string;
      readonly occurrence: number;
      readonly value: string;
    }
  | { readonly kind: "delete-header"; readonly name: string; readonly occurrence: number }
  | { readonly kind: "quarantine"; readonly reason: string }
  | { readonly kind: "change-sender"; readonly address: string; readonly parameters?: string }
  | { readonly kind: "add-recipient" | "delete-recipient"; readonly address: string }
  | { readonly kind: "replace-body"; readonly body: Buffer };

export interface EndOfMessage {
  readonly edits: readonly MessageEdit[];
  readonly reply: MilterReply;
}

type MaybePromise<T> = T | Promise<T>;

/**
 * One MTA connection, as the program above sees it. Every callback may be left out: what is not there is not asked
 * for where the MTA lets one say so. Callbacks of one connection never overlap. A throw or rejection is a fault: the
 * server calls `fault` and gives its answer.
 */
export interface MilterSession {
  connect?(event: ConnectEvent, macros: Macros): MaybePromise<MilterReply>;
  helo?(name: string, macros: Macros): MaybePromise<MilterReply>;
  mail?(event: EnvelopeEvent, macros: Macros): MaybePromise<MilterReply>;
  recipient?(event: EnvelopeEvent, macros: Macros): MaybePromise<MilterReply>;
  data?(macros: Macros): MaybePromise<MilterReply>;
  /**
   * @param name Octets of the field name.
   * @param value Octets after the colon exactly as received (leading white space included when the MTA knows
   *   HDR_LEADSPC, else one blank put back, unless it begins with a TAB, which MTAs do not eat), lines divided by LF or
   *   CRLF as the MTA sent them. Both may be kept; they keep the octets they were received with in memory.
   */
  header?(name: Buffer, value: Buffer, macros: Macros): MaybePromise<MilterReply>;
  endOfHeaders?(macros: Macros): MaybePromise<MilterReply>;
  /** The chunk is only good until the callback has settled. */
  body?(chunk: Buffer): MaybePromise<MilterReply>;
  endOfMessage?(macros: Macros): MaybePromise<EndOfMessage>;
  unknown?(command: string, macros: Macros): MaybePromise<MilterReply>;
  /**
   * A message is over (answered, refused or given up). Called exactly once for each message that had begun, before the
   * next one begins and before `close`; also while a callback is pending whose answer is no longer wanted.
   */
  abort?(): void;
  /** The connection is over, for whatever reason. Called exactly once. */
  close?(): void;
  /**
   * A callback threw, overran its time or answered what cannot be answered; what to say instead. Where nothing (or only
   * "continue") can be said, the session gets no more events of this message, and this answer is given at its end,
   * with its edits; after a fault at connect or HELO so is every message of the connection. Without it: tempfail.
   */
  fault?(error: unknown, stage: MilterStage): EndOfMessage;
}

export type MilterStage =
  | "connect"
  | "helo"
  | "mail"
  | "recipient"
  | "data"
  | "header"
  | "end-of-headers"
  | "body"
  | "end-of-message"
  | "unknown";
