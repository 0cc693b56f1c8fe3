import { authservIdOf } from "../config/config.ts";
import type { SealConfig } from "../config/sign-config.ts";
import { type ArcSealing, type HopResults, openArcSealing } from "../core/arc/sealing.ts";
import { formatResultsField } from "../core/authentication-results.ts";
import type { SigningKey } from "../core/dkim/signing-key.ts";
import type { MessageHead } from "../core/message/message.ts";
import type { ArcWord, AuthResults } from "../core/results.ts";
import type { Verification } from "../core/verification.ts";
import type { SigningKeys } from "../keys/signing-keys.ts";
import type { MessageRecord, RecordedSeal, UnsealedReason } from "../store/record.ts";
import type { EditedHead } from "./edited-head.ts";
import { isAddressed, readAddress } from "./list-address.ts";
import { chainDigest } from "./list-digests.ts";
import type { OutgoingFacts, OutgoingPart } from "./outgoing.ts";

/**
 * Stage 5 for mail that passes through to others: ARC, RFC 8617 §5.1. Mail of our own users is signed, not sealed: there
 * is nothing that was found out about it.
 */
export function openSealing(facts: OutgoingFacts): OutgoingPart | undefined {
  const { context, transaction } = facts;
  const { seal } = context.config;
  const { head } = transaction;
  if (seal === undefined || head === undefined || !isWanted(seal, facts)) return undefined;
  const key = sealingKey(seal, context.signing?.keys);
  if (key === undefined) return { needsBody: false, recorded: () => ({ seal: unsealed("no-key") }) };
  return new Sealing(facts, head, key);
}

function isWanted({ mode, recipients }: SealConfig, { transaction }: OutgoingFacts): boolean {
  if (mode === "off") return false;
  if (transaction.list !== undefined) return true;
  if (transaction.client.verify === "none") return false;
  if (mode === "all") return true;
  return transaction.recipients.some(({ address: text }) => {
    const address = readAddress(text);
    return address !== undefined && isAddressed(address, recipients);
  });
}

/** RSA first: verifiers of ARC know it for certain (RFC 8617 names no other). */
function sealingKey({ domain, selector }: SealConfig, keys: SigningKeys | undefined): SigningKey | undefined {
  const usable = (keys?.ofDomain(domain) ?? [])
    .map(({ key }) => key)
    .filter((key) => selector === undefined || key.selector === selector);
  return usable.find(({ algorithm }) => algorithm === "rsa-sha256") ?? usable[0];
}

function unsealed(reason: UnsealedReason): RecordedSeal {
  return { outcome: "unsealed", reason };
}

class Sealing implements OutgoingPart {
  readonly needsBody = true;
  readonly #facts: OutgoingFacts;
  readonly #key: SigningKey;
  readonly #results = Promise.withResolvers<HopResults>();
  readonly #sealing: Verification<ArcSealing>;
  #recorded: RecordedSeal | undefined;

  constructor(facts: OutgoingFacts, head: MessageHead, key: SigningKey) {
    this.#facts = facts;
    this.#key = key;
    this.#sealing = openArcSealing(head, {
      key,
      clock: facts.context.clock,
      results: () => this.#results.promise,
    });
  }

  body(chunk: Buffer): void {
    this.#sealing.body(chunk);
  }

  async seal(
    edited: EditedHead,
    results: AuthResults | undefined,
    authenticationResults: string,
  ): Promise<void> {
    const found = this.#hopResults(edited.received, results, authenticationResults);
    if (found === undefined) {
      this.#recorded = unsealed("chain-unknown");
      return;
    }
    this.#results.resolve({ payload: octets(found.payload), chain: found.chain, head: edited.head() });
    const outcome = await this.#sealing.finish();
    if (outcome.kind === "unsealed") {
      this.#recorded = unsealed(outcome.reason);
      return;
    }
    for (const { name, value } of outcome.fields.toReversed()) edited.insertOnTop(name, value);
    const { instance, chainValidation } = outcome;
    this.#facts.transaction.sealedChain = chainValidation;
    const { domain, selector } = this.#key;
    this.#recorded = {
      outcome: "sealed",
      domain,
      selector,
      instance,
      chainValidation,
      results: found.wayIn ? "way-in" : "now",
    };
  }

  recorded(): Partial<MessageRecord> {
    return this.#recorded === undefined ? {} : { seal: this.#recorded };
  }

  /** What the set is to say (RFC 8617 §4.1.1): of mail from a list what was found before the list had it. */
  #hopResults(
    head: MessageHead,
    results: AuthResults | undefined,
    authenticationResults: string,
  ): { readonly payload: string; readonly chain: ArcWord; readonly wayIn: boolean } | undefined {
    const { list } = this.#facts.transaction;
    const now = list === undefined ? results : list.now;
    const sets = chainDigest(head);
    // Sets that came to it since then are no part of what was remembered, and are judged as they are.
    const remembered = list?.wayIn?.sets === sets ? list.wayIn.chain : undefined;
    const chain = remembered ?? (sets === "" ? "none" : chainNow(now));
    if (chain === undefined) return undefined;
    if (list === undefined) return { payload: authenticationResults, chain, wayIn: false };
    if (list.wayIn !== undefined) return { payload: list.wayIn.payload, chain, wayIn: true };
    return { payload: this.#formatted(now, authenticationResults), chain, wayIn: false };
  }

  #formatted(now: AuthResults | undefined, otherwise: string): string {
    const { context, macros } = this.#facts;
    if (now === undefined) return otherwise;
    return formatResultsField(authservIdOf(context.config, macros.get("j")), now);
  }
}

/** A key that could not be asked for breaks no chain for ever: with cv=fail it would be (RFC 8617 §5.1.3). */
function chainNow(results: AuthResults | undefined): ArcWord | undefined {
  return results?.arc?.problem === "dns-failure" ? undefined : results?.arc?.result;
}

function octets(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
