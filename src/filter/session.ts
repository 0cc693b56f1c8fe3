import { randomBytes } from "node:crypto";
import { authservIdOf, type Config, type MilterSocketConfig } from "../config/config.ts";
import {
  type AuthenticationContext,
  type DmarcOptions,
  openAuthentication,
  startClientChecks,
} from "../core/authenticate.ts";
import { formatResultsField } from "../core/authentication-results.ts";
import type { BimiOptions } from "../core/bimi/evaluate.ts";
import type { Clock } from "../core/clock.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { formatIp } from "../core/ip.ts";
import type { MessageHead } from "../core/message/message.ts";
import type { AuthResults, BimiResult } from "../core/results.ts";
import type {
  ConnectEvent,
  EndOfMessage,
  EnvelopeEvent,
  Macros,
  MilterReply,
  MilterSession,
} from "../milter/types.ts";
import type { MessageRecord, RemovedField } from "../store/record.ts";
import { redact } from "../store/redact.ts";
import { type ClientTrust, classifyClient } from "../trust/classify-client.ts";
import { asListHost, listPassageOf } from "../trust/list-host.ts";
import { answerReserveMs, bimiWithinBudget, withinBudget } from "./budget.ts";
import type { CountMessage } from "./burst.ts";
import { composeRecord, type UnnumberedRecord } from "./compose-record.ts";
import { type Disposal, dispose, rulesOf } from "./dispose.ts";
import { verdictEdits } from "./edits.ts";
import { listSigns } from "./list-signs.ts";
import { BodyRules } from "./message-rules.ts";
import type { OpenOutgoingPart } from "./outgoing.ts";
import { OutgoingMail, type SentOff } from "./outgoing-mail.ts";
import type { AskShared } from "./shared-state.ts";
import type { SigningServices } from "./sign.ts";
import { heldFor, signingReply } from "./signing-answer.ts";
import { Transaction } from "./transaction.ts";

/** What the sessions of one socket share. A reload makes a new one; a message keeps the one that it began with. */
export interface FilterContext {
  readonly config: Config;
  readonly socket: MilterSocketConfig;
  readonly dns: DnsResolver;
  readonly clock: Clock;
  /** What `verify.dmarc` of `config` asks for, with the public suffixes at hand. */
  readonly dmarc: DmarcOptions;
  /** What `verify.bimi` asks for; undefined when it is off. */
  readonly bimi?: BimiOptions;
  /** Undefined: no keys, nothing is signed. */
  readonly signing?: SigningServices;
  /** What edits headers and seals. In their order. */
  readonly parts?: readonly OpenOutgoingPart[];
  /** Asks about what is one for all workers. */
  readonly ask?: AskShared;
  /** Counts outgoing mail by sender. */
  readonly countMessage?: CountMessage;
  /** Takes the record of a finished message, with no more in it than the operator wants kept. */
  keep(record: UnnumberedRecord): void;
  /** A record could not be made or kept; the message went on. */
  lost(error: unknown): void;
}

const go: MilterReply = { kind: "continue" };
const skip: MilterReply = { kind: "skip" };
/** Until the client is known, and when a fault keeps it from being known. */
const unclassified: ClientTrust = {
  origin: "stranger",
  verify: "none",
  mayTrustAuthres: false,
  maySign: false,
  authenticated: false,
  why: [],
};

/** One connection of the MTA: each message on it is authenticated, and gets our field in place of forged ones. */
export function openFilterSession(
  context: FilterContext,
  /** Asked at each MAIL: MTAs keep connections for long. */
  latest: () => FilterContext = () => context,
): MilterSession {
  return new FilterSession(context, latest);
}

const thisProcess = randomBytes(9).toString("base64url");
let connections = 0;

/** Unlike that of any other connection, of whatever process. */
function connectionName(): string {
  connections += 1;
  return `${thisProcess}.${connections}`;
}

class FilterSession implements MilterSession {
  #context: FilterContext;
  readonly #latest: () => FilterContext;
  #connect: ConnectEvent | undefined;
  readonly #name = connectionName();
  #helo = "";
  #macros: Macros = new Map();
  #transaction: Transaction | undefined;

  constructor(context: FilterContext, latest: () => FilterContext) {
    this.#context = context;
    this.#latest = latest;
  }

  connect(event: ConnectEvent): MilterReply {
    this.#connect = event;
    return go;
  }

  helo(name: string): MilterReply {
    this.#helo = name;
    return go;
  }

  mail(event: EnvelopeEvent, macros: Macros): MilterReply {
    this.#macros = macros;
    this.#context = this.#latest();
    const transaction = new Transaction(this.#context.clock.monotonic(), event, unclassified);
    transaction.connection = this.#name;
    this.#transaction = transaction;
    this.#guard("mail", () => {
      transaction.client = this.#classify();
      this.#startChecks(transaction);
    });
    return go;
  }

  recipient(event: EnvelopeEvent): MilterReply {
    this.#transaction?.addRecipient(event);
    return go;
  }

  data(): MilterReply {
    return go;
  }

  header(name: Buffer, value: Buffer): MilterReply {
    this.#guard("header", () => this.#transaction?.addField(name, value));
    return go;
  }

  endOfHeaders(macros: Macros): MilterReply {
    this.#macros = macros;
    this.#guard("end-of-headers", () => {
      this.#openVerification();
      this.#openOutgoing();
    });
    return go;
  }

  body(chunk: Buffer): MilterReply {
    const transaction = this.#transaction;
    if (transaction === undefined) return go;
    if (!needsBody(transaction)) {
      transaction.bodySkipped = true;
      return skip;
    }
    transaction.bodyOctets += chunk.length;
    this.#guard("body", () => {
      transaction.verification?.body(chunk);
      transaction.bodyRules?.body(chunk);
      transaction.outgoing?.body(chunk);
    });
    return go;
  }

  async endOfMessage(macros: Macros): Promise<EndOfMessage> {
    const transaction = this.#transaction;
    if (transaction === undefined) return { edits: [], reply: go };
    this.#macros = macros;
    const { clock, config } = this.#context;
    transaction.budget.deadline = clock.monotonic() + config.milter.timeBudgetMs - answerReserveMs;
    const results = await this.#finish(transaction);
    // The budget may have run out meanwhile; then the answer has been given by `fault`.
    if (this.#transaction !== transaction) return { edits: [], reply: go };
    const disposal = await this.#dispose(transaction, results);
    if (this.#transaction !== transaction) return { edits: [], reply: go };
    const sent = await this.#sendOff(transaction, results, disposal);
    if (this.#transaction !== transaction) return { edits: [], reply: go };
    return this.#conclude(transaction, results, disposal, sent);
  }

  abort(): void {
    this.#transaction = undefined;
  }

  close(): void {
    this.#transaction = undefined;
  }

  fault(error: unknown, stage: string): EndOfMessage {
    const transaction = this.#transaction;
    if (transaction !== undefined) transaction.fault ??= { stage, error };
    if (transaction !== undefined && stage === "end-of-message") return this.#conclude(transaction);
    // Before its end nothing more is heard of the message: RFC 8601 §5 cannot be kept, so it is not let through either.
    const { onFailure } = this.#context.socket;
    return { edits: [], reply: { kind: onFailure === "accept" ? "tempfail" : onFailure } };
  }

  /** A fault stops the evaluation, not the message: that is answered at its end, by `on_failure`. */
  #guard(stage: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (this.#transaction !== undefined) this.#transaction.fault ??= { stage, error };
    }
  }

  #classify(head?: MessageHead): ClientTrust {
    const { config, socket } = this.#context;
    const facts = {
      socket,
      connect: this.#connect,
      helo: this.#helo,
      macros: this.#macros,
      ...(head !== undefined && { head }),
    };
    return classifyClient(facts, config.networks);
  }

  /** iprev and SPF, as soon as the client is known: at MAIL, or behind a relay with the head. */
  #startChecks(transaction: Transaction): void {
    const { spfClient } = transaction.client;
    if (spfClient === undefined || transaction.checks !== undefined) return;
    const { ip, helo = "" } = spfClient;
    transaction.spfClient = formatIp(ip);
    const client = { ip, helo, mailFrom: transaction.sender.address };
    transaction.checks = startClientChecks(client, this.#evaluation(transaction));
  }

  #evaluation({ budget }: Transaction): AuthenticationContext {
    const { config, clock, dns, dmarc, bimi } = this.#context;
    const { spf, dkim, arc } = config.verify;
    return {
      dns: withinBudget(dns, budget),
      clock,
      options: {
        receiver: config.hostname,
        spf: { maxVoidLookups: spf.voidLookups, voidCounting: spf.voidCounting },
        dkim: { minRsaBits: dkim.minimumKeyBits, maxSignatures: dkim.maxSignatures },
        arc: arc.mode,
        dmarc,
        ...(bimi !== undefined && { bimi: bimiWithinBudget(bimi, budget) }),
      },
    };
  }

  #openVerification(): void {
    const transaction = this.#transaction;
    if (transaction === undefined) return;
    const head = transaction.headBuilder.head();
    transaction.head = head;
    if (transaction.client.origin === "relay") transaction.client = this.#classify(head);
    this.#notePassage(transaction, head);
    if (transaction.fault !== undefined || transaction.client.verify === "none") return;
    this.#startChecks(transaction);
    const verification = openAuthentication(head, {
      ...this.#evaluation(transaction),
      ...(transaction.checks !== undefined && { checks: transaction.checks }),
    });
    transaction.verification = verification;
    transaction.bodyRules = new BodyRules(rulesOf(this.#context.config.verify), verification.needsBody);
  }

  /** Mail that comes back from a list of ours is treated as what it is, whoever its client would be otherwise. */
  #notePassage(transaction: Transaction, head: MessageHead): void {
    const { config, socket } = this.#context;
    const { hosts } = config.lists;
    if (hosts.length === 0) return;
    const { client } = transaction;
    const passage = listPassageOf({ socket: socket.listen, client, listIds: listSigns(head).listIds }, hosts);
    if (passage === undefined) return;
    transaction.list = { passage };
    transaction.client = asListHost(client, passage);
  }

  #openOutgoing(): void {
    const transaction = this.#transaction;
    if (transaction === undefined || transaction.fault !== undefined) return;
    transaction.outgoing = OutgoingMail.open({ context: this.#context, transaction, macros: this.#macros });
  }

  async #finish(transaction: Transaction): Promise<AuthResults | undefined> {
    if (transaction.fault !== undefined) return undefined;
    try {
      return await transaction.verification?.finish();
    } catch (error) {
      transaction.fault ??= { stage: "end-of-message", error };
      return undefined;
    }
  }

  /** Edits and signatures of a message that goes on; undefined where there are none besides the verdict's. */
  async #sendOff(
    transaction: Transaction,
    results: AuthResults | undefined,
    disposal: Disposal | undefined,
  ): Promise<SentOff | undefined> {
    const { outgoing, fault } = transaction;
    if (outgoing === undefined || fault !== undefined || disposal?.decision.answer !== undefined)
      return undefined;
    const { authservId, bimi } = this.#verdictOf(transaction, results);
    transaction.removed = this.#forgedFields(transaction, authservId);
    const authenticationResults = this.#fieldValue(transaction, results, authservId);
    try {
      const { removed } = transaction;
      const decision = disposal?.decision;
      return await outgoing.finish({ removed, results, authenticationResults, decision, bimi });
    } catch (error) {
      transaction.fault ??= { stage: "end-of-message", error };
      return undefined;
    }
  }

  #verdictOf(
    { fault }: Transaction,
    results: AuthResults | undefined,
  ): { readonly authservId: string; readonly bimi: BimiResult | undefined } {
    return {
      authservId: authservIdOf(this.#context.config, this.#macros.get("j")),
      bimi: fault === undefined ? results?.bimi : undefined,
    };
  }

  /** The edits and the answer; whatever fails here, forged fields go and ours comes. */
  #conclude(
    transaction: Transaction,
    results?: AuthResults,
    given?: Disposal,
    sentOff?: SentOff,
  ): EndOfMessage {
    const sent = transaction.fault === undefined ? sentOff : undefined;
    const { authservId } = this.#verdictOf(transaction, results);
    if (sent === undefined) transaction.removed = this.#forgedFields(transaction, authservId);
    const value = sent?.authenticationResults ?? this.#fieldValue(transaction, results, authservId);
    // After a fault nothing is decided: `on_failure` says what is answered.
    const disposal = transaction.fault === undefined ? given : undefined;
    const reply = this.#reply(transaction, disposal, sent);
    this.#keep(transaction, {
      results,
      authenticationResults: value,
      disposal,
      sent:
        sent ?? (transaction.outgoing && { signing: undefined, recorded: transaction.outgoing.recorded() }),
      reply,
    });
    this.#transaction = undefined;
    const { bimi } = this.#verdictOf(transaction, results);
    const edits = sent?.edits ?? verdictEdits(transaction.removed, value, disposal?.decision, bimi);
    const hold = disposal?.decision.holdReason ?? heldFor(sent?.signing);
    return { edits: hold === undefined ? edits : [...edits, { kind: "quarantine", reason: hold }], reply };
  }

  async #dispose(transaction: Transaction, results: AuthResults | undefined): Promise<Disposal | undefined> {
    if (transaction.fault !== undefined) return undefined;
    const { head, client, smtputf8, bodyRules, budget } = transaction;
    const { config, dns, clock } = this.#context;
    try {
      const brokenBodyRules = bodyRules?.broken() ?? [];
      const mtaName = this.#macros.get("j");
      const facts = { results, head, client, smtputf8, brokenBodyRules, mtaName };
      return await dispose(facts, { config, dns: withinBudget(dns, budget), clock });
    } catch (error) {
      transaction.fault ??= { stage: "end-of-message", error };
      return undefined;
    }
  }

  #reply(transaction: Transaction, disposal: Disposal | undefined, sent: SentOff | undefined): MilterReply {
    if (transaction.fault !== undefined) return { kind: this.#onFailure(transaction) };
    const answer = disposal?.decision.answer ?? signingReply(sent?.signing);
    return answer === undefined ? { kind: "accept" } : { kind: "smtp", ...answer };
  }

  /** Mail that should be signed does not leave unsigned for a fault of ours, unless the operator wants it so. */
  #onFailure({ outgoing, client, verdictFields }: Transaction): MilterSocketConfig["onFailure"] {
    const { socket, signing, config } = this.#context;
    // RFC 8601 §5 cannot be kept; and what a stranger can bring about must lead around no policy.
    if (socket.onFailure === "accept" && verdictFields.oneStays) return "tempfail";
    if (socket.onFailure !== "accept" || config.sign.onFailure !== "tempfail") return socket.onFailure;
    const due = outgoing === undefined ? client.maySign && signing !== undefined : outgoing.signatureDue;
    return due ? "tempfail" : "accept";
  }

  #forgedFields(transaction: Transaction, authservId: string): readonly RemovedField[] {
    const { verdictFields, client } = transaction;
    const { config, bimi } = this.#context;
    try {
      const ids = [authservId, config.hostname, ...relayIds(config, client)];
      return verdictFields.forged(ids, client.origin !== "relay", bimi?.keepIndicator);
    } catch (error) {
      transaction.fault ??= { stage: "end-of-message", error };
      return verdictFields.all();
    }
  }

  #fieldValue(transaction: Transaction, results: AuthResults | undefined, authservId: string): string {
    try {
      if (results !== undefined && transaction.fault === undefined)
        return formatResultsField(authservId, results);
    } catch (error) {
      transaction.fault ??= { stage: "end-of-message", error };
    }
    // RFC 8601 §2.2: no-result. Nothing was authenticated, by right or by a fault.
    return `${authservId}; none`;
  }

  #keep(transaction: Transaction, outcome: Outcome): void {
    const { clock, socket, config, keep, lost } = this.#context;
    try {
      const record = composeRecord(transaction, {
        at: new Date(clock.now()),
        elapsedMs: clock.monotonic() - transaction.startedAt,
        socket: socket.listen,
        connect: this.#connect,
        helo: this.#helo,
        queueId: this.#macros.get("i"),
        ...outcome,
        reply: replyWord(outcome.reply),
        status: statusOf(outcome.reply),
      });
      keep(redact(record, config.record.fields));
    } catch (error) {
      lost(error);
    }
  }
}

/** What a message came to, as its record tells it. */
interface Outcome {
  readonly results: AuthResults | undefined;
  readonly authenticationResults: string;
  readonly disposal: Disposal | undefined;
  readonly sent: Pick<SentOff, "signing" | "recorded"> | undefined;
  readonly reply: MilterReply;
}

function needsBody({ fault, verification, bodyRules, outgoing }: Transaction): boolean {
  if (fault !== undefined) return false;
  if (outgoing?.needsBody === true) return true;
  return verification?.needsBody === true || bodyRules?.needsBody === true;
}

/** RFC 8601 §5: names of our other hosts are ours as well, but for that of the relay that brings the message. */
function relayIds({ networks }: Config, { trustedAuthservId }: ClientTrust): string[] {
  return networks.relays.flatMap(({ authservId }) =>
    authservId === undefined || authservId === trustedAuthservId ? [] : [authservId],
  );
}

function replyWord(reply: MilterReply): MessageRecord["reply"] {
  if (reply.kind === "smtp") return reply.code < 500 ? "tempfail" : "reject";
  return reply.kind === "tempfail" || reply.kind === "reject" ? reply.kind : "accept";
}

function statusOf(reply: MilterReply): string | undefined {
  return reply.kind === "smtp" ? `${reply.code} ${reply.enhanced}` : undefined;
}
