import type { AuthResults, BimiResult, SpfResult } from "../core/results.ts";
import type { ConnectEvent } from "../milter/types.ts";
import {
  type Disposition,
  type MessageRecord,
  type RecordedResults,
  type RecordedSpf,
  recordVersion,
} from "../store/record.ts";
import type { Disposal } from "./dispose.ts";
import type { SentOff } from "./outgoing-mail.ts";
import type { Decision } from "./policy/decision.ts";
import { withSigningAction } from "./signing-answer.ts";
import type { Fault, Transaction } from "./transaction.ts";

/** A record before its writer has numbered it. */
export type UnnumberedRecord = Omit<MessageRecord, "id">;

/** What is known when the verdict stands, beyond the transaction itself. */
export interface Verdict {
  readonly at: Date;
  readonly elapsedMs: number;
  readonly socket: string;
  readonly connect: ConnectEvent | undefined;
  readonly helo: string;
  readonly queueId: string | undefined;
  readonly results: AuthResults | undefined;
  readonly authenticationResults: string | undefined;
  /** Undefined after a fault. */
  readonly disposal: Disposal | undefined;
  /** What was done on its way out, or was under way at a fault. */
  readonly sent: Pick<SentOff, "signing" | "recorded"> | undefined;
  readonly reply: MessageRecord["reply"];
  readonly status: string | undefined;
}

const maxRecipientsRecorded = 20;

/** The record of one message, before the operator's choice of fields is applied to it (`redact`). */
export function composeRecord(transaction: Transaction, verdict: Verdict): UnnumberedRecord {
  const { head } = transaction;
  const messageId = head === undefined ? undefined : firstValue(transaction, "message-id");
  const subject = head === undefined ? undefined : firstValue(transaction, "subject");
  return {
    version: recordVersion,
    at: verdict.at.toISOString(),
    elapsedMs: Math.round(verdict.elapsedMs),
    ...defined({ queueId: verdict.queueId, messageId, subject }),
    socket: verdict.socket,
    client: composeClient(transaction, verdict),
    envelope: {
      from: transaction.sender.address,
      to: [...new Set(transaction.recipients.map(({ address }) => address))].slice(0, maxRecipientsRecorded),
      recipients: transaction.recipientCount,
      smtputf8: transaction.smtputf8,
    },
    size: {
      headerOctets: transaction.headerOctets,
      ...defined({ bodyOctets: transaction.bodySkipped ? undefined : transaction.bodyOctets }),
    },
    ...defined({ results: verdict.results && recordedResults(verdict.results, verdict.disposal) }),
    ...recordedDisposal(verdict),
    ...verdict.sent?.recorded,
    ...defined({ signing: verdict.sent?.signing }),
    removed: transaction.removed,
    ...defined({ authenticationResults: verdict.authenticationResults }),
    reply: verdict.reply,
    ...defined({ status: verdict.status }),
    ...defined({ fault: transaction.fault && composeFault(transaction.fault, verdict.reply) }),
  };
}

function recordedDisposal({
  disposal,
  sent,
}: Pick<Verdict, "disposal" | "sent">): Pick<MessageRecord, "disposition" | "shadow" | "rules"> {
  if (disposal === undefined) return { disposition: { action: "none", reasons: [] } };
  const { decision, shadow, broken } = disposal;
  return {
    disposition: withSigningAction(recordedDisposition(decision), sent?.signing),
    ...(shadow !== undefined && { shadow: recordedDisposition(shadow) }),
    ...(broken.length > 0 && { rules: broken }),
  };
}

/** What is kept of a decision. */
export function recordedDisposition({ action, reasons, why }: Decision): Disposition {
  return { action, reasons, ...(why.length > 0 && { why }) };
}

function composeClient(transaction: Transaction, verdict: Verdict): MessageRecord["client"] {
  const { origin, why, ip, authenticated } = transaction.client;
  const spfClient = transaction.spfClient === ip ? undefined : transaction.spfClient;
  return {
    origin,
    why,
    ...defined({ ip, name: verdict.connect?.hostname, spfClient }),
    ...(verdict.helo !== "" && { helo: verdict.helo }),
    ...(authenticated && { authenticated: true }),
  };
}

function composeFault({ stage, error }: Fault, answered: MessageRecord["reply"]): MessageRecord["fault"] {
  return { stage, message: error instanceof Error ? error.message : String(error), answered };
}

function firstValue({ head }: Transaction, lowerName: string): string | undefined {
  const field = head?.fields.find((one) => one.lowerName === lowerName);
  if (head === undefined || field === undefined) return undefined;
  return head.octets
    .toString("utf8", field.valueStart, field.end - 2)
    .trim()
    .slice(0, 998);
}

function recordedResults(
  { spf, spfHelo, bimi, ...others }: AuthResults,
  disposal: Disposal | undefined,
): RecordedResults {
  return {
    ...others,
    dns: [...others.dns, ...(disposal?.asked ?? [])],
    ...(spf !== undefined && { spf: recordedSpf(spf) }),
    ...(spfHelo !== undefined && { spfHelo: recordedSpf(spfHelo) }),
    ...(bimi !== undefined && { bimi: recordedBimi(bimi) }),
  };
}

/** Without the picture. */
function recordedBimi({ indicator: _, ...kept }: BimiResult): BimiResult {
  return kept;
}

/** The trace is long and repeats the DNS answers; of its records only the first is the domain's own. */
function recordedSpf({ trace, ...kept }: SpfResult): RecordedSpf {
  const first = trace.find((step) => step.kind === "record");
  return first === undefined ? kept : { ...kept, record: first.record };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the properties that are undefined. */
function defined<T extends object>(properties: T): Defined<T> {
  const kept: Partial<T> = {};
  for (const key in properties) if (properties[key] !== undefined) kept[key] = properties[key];
  return kept as Defined<T>;
}
