import type { Offer } from "./command.ts";
import { formatPacket } from "./packet.ts";
import type { MessageEdit, MilterSession, MilterStage } from "./types.ts";

/** The newest version of the protocol; there is no 7, and Postfix knows no 5. */
const ownVersion = 6;

/** Bits of the second number of a negotiation. */
const action = {
  addHeaders: 0x001,
  changeBody: 0x002,
  addRecipient: 0x004,
  deleteRecipient: 0x008,
  changeHeaders: 0x010,
  quarantine: 0x020,
  changeSender: 0x040,
  addRecipientWithParameters: 0x080,
  setMacroList: 0x100,
} as const;

/** Bits of the third number that belong to no stage. */
export const protocolBit = { skip: 0x400, recipientRejected: 0x800, leadingSpace: 0x100000 } as const;

/** A stage whose event can be turned off, or its reply. */
export type AskedStage = Exclude<MilterStage, "end-of-message">;

interface StageBits {
  /** Do not send the event. */
  readonly off: number;
  /** Send it and wait for no reply. */
  readonly noReply: number;
}

export const stageBits: Readonly<Record<AskedStage, StageBits>> = {
  connect: { off: 0x01, noReply: 0x1000 },
  helo: { off: 0x02, noReply: 0x2000 },
  mail: { off: 0x04, noReply: 0x4000 },
  recipient: { off: 0x08, noReply: 0x8000 },
  data: { off: 0x200, noReply: 0x10000 },
  header: { off: 0x20, noReply: 0x80 },
  "end-of-headers": { off: 0x40, noReply: 0x40000 },
  body: { off: 0x10, noReply: 0x80000 },
  unknown: { off: 0x100, noReply: 0x20000 },
};

/** What an MTA that offers nothing means: all of version 1. */
const version1Actions = 0x0f;
const version1Protocol = 0x3f;

export type EditKind = MessageEdit["kind"];

const editActions: Readonly<Record<EditKind, number>> = {
  "insert-header": action.addHeaders,
  "add-header": action.addHeaders,
  "change-header": action.changeHeaders,
  "delete-header": action.changeHeaders,
  quarantine: action.quarantine,
  "change-sender": action.changeSender,
  "add-recipient": action.addRecipient,
  "delete-recipient": action.deleteRecipient,
  "replace-body": action.changeBody,
};

export const allEdits: readonly EditKind[] = Object.keys(editActions) as EditKind[];

/** Stages that the MTA keeps a list of macros for, by their numbers on the wire. */
const macroStages = {
  connect: 0,
  helo: 1,
  mail: 2,
  recipient: 3,
  data: 4,
  "end-of-message": 5,
  "end-of-headers": 6,
} as const;

export type MacroStage = keyof typeof macroStages;

/**
 * Names, with or without braces, that the MTA should send at each stage instead of its own list. A stage left out
 * keeps the list of the MTA. At most 50 a stage are sent.
 */
export type MacroLists = Readonly<Partial<Record<MacroStage, readonly string[]>>>;

const maxMacrosPerStage = 50;

/** What a filter asks of the MTA. */
export interface MilterWants {
  /** The kinds of edits that may come; all when undefined. An MTA drops a filter that makes one it did not ask for. */
  readonly edits?: readonly EditKind[];
  readonly macros?: MacroLists;
}

/** What both sides agreed on before the protocol bits, which depend on the session. */
export interface Agreement {
  readonly version: number;
  readonly actions: number;
  /** Edits that the MTA will carry out. */
  readonly edits: ReadonlySet<EditKind>;
  /** Protocol bits offered. */
  readonly offered: number;
}

/**
 * The smaller version, and what the MTA offers of what the filter wants.
 * @returns undefined for a version below 2, which Sendmail refuses as well.
 */
export function agree(offer: Offer, wants: MilterWants): Agreement | undefined {
  if (offer.version < 2) return undefined;
  const offeredActions = offer.actions === 0 ? version1Actions : offer.actions;
  const offered = offer.protocol === 0 ? version1Protocol : offer.protocol;
  const edits = (wants.edits ?? allEdits).filter((kind) => (editActions[kind] & offeredActions) !== 0);
  let actions = 0;
  for (const kind of edits) actions |= editActions[kind];
  if (macroLists(wants.macros).length > 0) actions |= offeredActions & action.setMacroList;
  return { version: Math.min(ownVersion, offer.version), actions, edits: new Set(edits), offered };
}

/** Which events a session gets and which of them it may answer. */
export function callbacksOf(session: MilterSession): ReadonlySet<AskedStage> {
  const stages = new Set<AskedStage>();
  if (session.connect !== undefined) stages.add("connect");
  if (session.helo !== undefined) stages.add("helo");
  if (session.mail !== undefined) stages.add("mail");
  if (session.recipient !== undefined) stages.add("recipient");
  if (session.data !== undefined) stages.add("data");
  if (session.header !== undefined) stages.add("header");
  if (session.endOfHeaders !== undefined) stages.add("end-of-headers");
  if (session.body !== undefined) stages.add("body");
  if (session.unknown !== undefined) stages.add("unknown");
  return stages;
}

/** Stages that may be answered when nothing is said: the body only where that can spare the MTA the rest of it. */
export function defaultAnswers(offered: number): ReadonlySet<MilterStage> {
  return new Set((offered & protocolBit.skip) === 0 ? ["end-of-message"] : ["end-of-message", "body"]);
}

/**
 * The protocol bits to ask for, none that was not offered: events without a callback off, no reply to events that are
 * never answered, SKIP for the body, header values with their leading white space. The bits of Sendmail for larger
 * packets (MDS) are never asked for.
 */
export function protocolFor(
  offered: number,
  callbacks: ReadonlySet<AskedStage>,
  answersAt: ReadonlySet<MilterStage>,
): number {
  let wanted: number = protocolBit.leadingSpace;
  for (const stage of Object.keys(stageBits) as AskedStage[]) {
    if (!callbacks.has(stage)) wanted |= stageBits[stage].off;
    // Where an event cannot be turned off, no reply is the next best.
    if (!callbacks.has(stage) || !answersAt.has(stage)) wanted |= stageBits[stage].noReply;
  }
  if (callbacks.has("body") && answersAt.has("body")) wanted |= protocolBit.skip;
  return wanted & offered;
}

/** The filter's part of the negotiation, macro lists behind it when the MTA takes them. */
export function formatNegotiation(agreement: Agreement, protocol: number, lists?: MacroLists): Buffer {
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32BE(agreement.version, 0);
  numbers.writeUInt32BE(agreement.actions, 4);
  numbers.writeUInt32BE(protocol, 8);
  const macros = (agreement.actions & action.setMacroList) === 0 ? [] : macroLists(lists);
  return formatPacket(0x4f, Buffer.concat([numbers, ...macros]));
}

const noLists: MacroLists = {};
/** Every connection of a server asks for the same. */
const formattedLists = new WeakMap<MacroLists, readonly Buffer[]>();

function macroLists(lists: MacroLists = noLists): readonly Buffer[] {
  const known = formattedLists.get(lists);
  if (known !== undefined) return known;
  const formatted = formatMacroLists(lists);
  formattedLists.set(lists, formatted);
  return formatted;
}

function formatMacroLists(lists: MacroLists): readonly Buffer[] {
  // Sendmail 8.18 looks at the list for end of message only when there is one for end of headers.
  const complete: MacroLists = { "end-of-headers": lists["end-of-message"] ?? [], ...lists };
  const octets: Buffer[] = [];
  for (const stage of Object.keys(macroStages) as MacroStage[]) {
    const names = complete[stage] ?? [];
    // Postfix takes an empty list for its default; libmilter means "none" by it.
    if (names.length === 0) continue;
    const number = Buffer.alloc(4);
    number.writeUInt32BE(macroStages[stage]);
    octets.push(
      number,
      Buffer.from(`${names.slice(0, maxMacrosPerStage).map(onWire).join(" ")}\0`, "latin1"),
    );
  }
  return octets;
}

/** Names of more than one letter stand in braces. */
function onWire(name: string): string {
  return name.length === 1 || name.startsWith("{") ? name : `{${name}}`;
}
