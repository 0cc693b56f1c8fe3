import type { ClientChecks } from "../core/authenticate.ts";
import { HeadBuilder } from "../core/message/head-builder.ts";
import type { MessageHead } from "../core/message/message.ts";
import type { ArcWord, AuthResults } from "../core/results.ts";
import type { Verification } from "../core/verification.ts";
import type { EnvelopeEvent } from "../milter/types.ts";
import type { RemovedField } from "../store/record.ts";
import type { ClientTrust } from "../trust/classify-client.ts";
import type { TimeBudget } from "./budget.ts";
import type { ListFindings } from "./list-mode.ts";
import type { BodyRules } from "./message-rules.ts";
import type { OutgoingMail } from "./outgoing-mail.ts";
import { VerdictFields } from "./verdict-fields.ts";

/** What happened inside while the message was handled; the first one counts. */
export interface Fault {
  readonly stage: string;
  readonly error: unknown;
}

/** One message between MAIL and the verdict. */
export class Transaction {
  readonly startedAt: number;
  readonly sender: EnvelopeEvent;
  client: ClientTrust;
  readonly budget: TimeBudget = { deadline: undefined };
  readonly recipients: EnvelopeEvent[] = [];
  recipientCount = 0;
  readonly headBuilder: HeadBuilder = new HeadBuilder();
  readonly verdictFields: VerdictFields = new VerdictFields();
  headerOctets = 0;
  bodyOctets = 0;
  bodySkipped = false;
  head: MessageHead | undefined;
  /** Started at MAIL, when client and envelope are known. */
  checks: ClientChecks | undefined;
  /** The client that SPF and iprev were asked about, when it is not the one that connected. */
  spfClient: string | undefined;
  verification: Verification<AuthResults> | undefined;
  /** There when the message is verified. */
  bodyRules: BodyRules | undefined;
  /** There when its header is edited or signed. */
  outgoing: OutgoingMail | undefined;
  /** One word for each connection of the MTA. */
  connection = "";
  /** It came back from a list of ours. */
  list: ListFindings | undefined;
  /** `cv=` of our own seal. */
  sealedChain: ArcWord | undefined;
  removed: readonly RemovedField[] = [];
  fault: Fault | undefined;

  constructor(startedAt: number, sender: EnvelopeEvent, client: ClientTrust) {
    this.startedAt = startedAt;
    this.sender = sender;
    this.client = client;
  }

  /** RFC 6531: whether the client said that addresses or header hold UTF-8. */
  get smtputf8(): boolean {
    return this.sender.parameters.some((parameter) => parameter.toUpperCase() === "SMTPUTF8");
  }

  addRecipient(recipient: EnvelopeEvent): void {
    this.recipientCount += 1;
    if (this.recipients.length < maxRecipientsKept) this.recipients.push(recipient);
  }

  addField(name: Buffer, value: Buffer): void {
    this.headerOctets += name.length + value.length + 3;
    this.headBuilder.add(name, value);
    this.verdictFields.add(name, value);
  }
}

/** As many as Postfix takes in one message by itself (`smtpd_recipient_limit`); a list may be the last of them. */
const maxRecipientsKept = 1000;
