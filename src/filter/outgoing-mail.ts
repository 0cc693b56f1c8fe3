import type { AuthResults, BimiResult } from "../core/results.ts";
import type { MessageEdit } from "../milter/types.ts";
import type { MessageRecord, RecordedSigning, RemovedField } from "../store/record.ts";
import { EditedHead, type NewField } from "./edited-head.ts";
import { ownFields } from "./edits.ts";
import { deletionsFor } from "./forged-fields.ts";
import type { OutgoingFacts, OutgoingPart } from "./outgoing.ts";
import type { Decision } from "./policy/decision.ts";
import { type MessageSigning, openSigning } from "./sign.ts";

/** What is decided about a message before its header is edited. */
export interface Judged {
  readonly removed: readonly RemovedField[];
  readonly results: AuthResults | undefined;
  /** Value of our Authentication-Results field. */
  readonly authenticationResults: string;
  readonly decision: Decision | undefined;
  readonly bimi: BimiResult | undefined;
}

/** The header edits of a message, and what is recorded of them. */
export interface SentOff {
  readonly authenticationResults: string;
  readonly edits: readonly MessageEdit[];
  readonly signing: RecordedSigning | undefined;
  readonly recorded: Partial<MessageRecord>;
}

/** The stages of `OutgoingPart` over one message. */
export class OutgoingMail {
  readonly #facts: OutgoingFacts;
  readonly #parts: readonly OutgoingPart[];
  readonly #signing: MessageSigning | undefined;

  /** @returns Undefined where nobody but the verdict has anything to do with the message. */
  static open(facts: OutgoingFacts): OutgoingMail | undefined {
    const parts = (facts.context.parts ?? []).flatMap((open) => open(facts) ?? []);
    const signing = openSigning(
      facts,
      parts.some(({ editHead }) => editHead !== undefined),
    );
    return parts.length === 0 && signing === undefined ? undefined : new OutgoingMail(facts, parts, signing);
  }

  private constructor(
    facts: OutgoingFacts,
    parts: readonly OutgoingPart[],
    signing: MessageSigning | undefined,
  ) {
    this.#facts = facts;
    this.#parts = parts;
    this.#signing = signing;
  }

  get needsBody(): boolean {
    return this.#signing?.needsBody === true || this.#parts.some(({ needsBody }) => needsBody);
  }

  /** Whether it must not leave as it is because of a fault of ours. */
  get signatureDue(): boolean {
    return this.#signing?.due === true;
  }

  body(chunk: Buffer): void {
    this.#signing?.body(chunk);
    for (const part of this.#parts) if (part.needsBody) part.body?.(chunk);
  }

  async finish({ removed, results, authenticationResults, decision, bimi }: Judged): Promise<SentOff> {
    const { head } = this.#facts.transaction;
    const edited = new EditedHead(head ?? { octets: Buffer.alloc(0), fields: [] });
    for (const edit of deletionsFor(removed))
      if (edit.kind === "delete-header") edited.delete(edit.name, edit.occurrence);
    for (const part of this.#parts) await part.editHead?.(edited, results);
    const signing = await this.#signing?.finish(edited);
    const written: readonly NewField[] = ownFields(authenticationResults, decision, bimi);
    for (const { name, value } of written) edited.insertOnTop(name, value);
    for (const part of this.#parts) await part.seal?.(edited, results, authenticationResults, signing);
    return { edits: edited.edits(), authenticationResults, signing, recorded: this.recorded() };
  }

  recorded(): Partial<MessageRecord> {
    return Object.assign({}, ...this.#parts.map((part) => part.recorded?.() ?? {})) as Partial<MessageRecord>;
  }
}
