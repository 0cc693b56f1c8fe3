import type { ListHostConfig } from "../config/list-config.ts";
import { authorDomain } from "../core/dmarc/author-domain.ts";
import type { MessageHead } from "../core/message/message.ts";
import type { ArcWord, AuthResults } from "../core/results.ts";
import type { EnvelopeEvent } from "../milter/types.ts";
import type { MessageRecord, RecordedSigning } from "../store/record.ts";
import type { EditedHead } from "./edited-head.ts";
import { addressText, isAddressed, readAddress } from "./list-address.ts";
import { chainDigest, messageIdDigest } from "./list-digests.ts";
import { namesOnly } from "./list-from.ts";
import type { WayIn } from "./list-memory.ts";
import { createToken, tokenField, tokenKey } from "./list-token.ts";
import type { OutgoingFacts, OutgoingPart } from "./outgoing.ts";

/** Of the lists that a message goes to. */
const maxLists = 20;
const maxPayload = 8_192;

/**
 * Mail that goes in to a list of ours gets a token, and what was found out about it is remembered. A stranger's with the
 * name of a list in From gets one whomever it is for, as by an alias it may come to the list all the same.
 */
export function openWayIn(facts: OutgoingFacts): OutgoingPart | undefined {
  const { context, transaction } = facts;
  const { lists } = context.config;
  if (lists.rememberMs === 0 || transaction.head === undefined || context.ask === undefined) return undefined;
  const among = listsAmong(transaction.recipients, lists.hosts);
  const wanted = among.length > 0 || mayReachList(transaction.head, facts);
  return wanted ? new WayInPart(facts, among) : undefined;
}

function mayReachList(head: MessageHead, { context, transaction }: OutgoingFacts): boolean {
  if (transaction.list !== undefined || transaction.client.maySign) return false;
  return namedHosts(context.config.lists.hosts).some(({ addresses }) => namesOnly(head, addresses));
}

/** Those named by a socket or a network: only from there a token can come back. */
function namedHosts(hosts: readonly ListHostConfig[]): readonly ListHostConfig[] {
  return hosts.filter(({ socket, networks }) => socket !== undefined || networks.length > 0);
}

/** `name address` of each list of such a host. */
function listsAmong(
  recipients: readonly EnvelopeEvent[],
  hosts: readonly ListHostConfig[],
): readonly string[] {
  const found = new Set<string>();
  const named = namedHosts(hosts);
  if (named.length === 0) return [];
  for (const { address: text } of recipients) {
    const address = readAddress(text);
    if (address === undefined) continue;
    for (const { name, addresses } of named)
      if (isAddressed(address, addresses)) found.add(`${name} ${addressText(address)}`);
    if (found.size >= maxLists) break;
  }
  return [...found].slice(0, maxLists);
}

class WayInPart implements OutgoingPart {
  readonly needsBody = false;
  readonly #facts: OutgoingFacts;
  readonly #lists: readonly string[];
  readonly #token = createToken();
  /** Undefined: nobody was asked, as the message does not go on. */
  #remembered: boolean | undefined;

  constructor(facts: OutgoingFacts, lists: readonly string[]) {
    this.#facts = facts;
    this.#lists = lists;
  }

  /** Here, and not when it is remembered: the seal comes last of all edits. */
  editHead(edited: EditedHead): void {
    edited.insertOnTop(tokenField, this.#token);
  }

  async seal(
    edited: EditedHead,
    results: AuthResults | undefined,
    authenticationResults: string,
    signing: RecordedSigning | undefined,
  ): Promise<void> {
    // A token that nobody knows says enough: it came in from outside. Forgeries shall not fill the memory.
    if (this.#lists.length === 0) return;
    const { ask, config, clock } = this.#facts.context;
    const head = edited.head();
    const messageId = messageIdDigest(head);
    const { rememberMs: keepMs, batchesMs } = config.lists;
    const answer = await ask?.("list.remember", {
      key: tokenKey(this.#token),
      wayIn: {
        at: clock.now(),
        lists: this.#lists,
        ...(messageId !== undefined && { messageId }),
        ...this.#found(head, results, authenticationResults, signing),
      },
      terms: { keepMs, batchesMs },
    });
    this.#remembered = answer === true;
  }

  recorded(): Partial<MessageRecord> {
    return this.#remembered === undefined ? {} : { remembered: this.#remembered };
  }

  #found(
    head: MessageHead,
    results: AuthResults | undefined,
    authenticationResults: string,
    signing: RecordedSigning | undefined,
  ): Pick<WayIn, "payload" | "chain" | "sets" | "author" | "claimsList"> {
    const { list, sealedChain } = this.#facts.transaction;
    // From one list of ours in to another: what was known before the first one stays known.
    const before = list?.wayIn;
    const payload = before?.payload ?? wholeStatements(authenticationResults);
    const author = provenAuthor(head, results, signing) ?? list?.provenAuthor;
    return {
      payload,
      ...chainOf(head, results, sealedChain),
      ...(author !== undefined && { author }),
      ...(author === undefined && this.#claimsList(head) && { claimsList: true }),
    };
  }

  #claimsList(head: MessageHead): boolean {
    return this.#facts.context.config.lists.hosts.some(({ addresses }) => namesOnly(head, addresses));
  }
}

/** No more than `maxPayload`; a statement that would be cut is left out. */
function wholeStatements(payload: string): string {
  return payload.length <= maxPayload ? payload : payload.slice(0, payload.lastIndexOf(";", maxPayload));
}

/**
 * Who wrote it for certain: the domain that passed DMARC, or one of ours for which a client with the right to has sent it
 * and we have signed.
 */
function provenAuthor(
  head: MessageHead,
  results: AuthResults | undefined,
  signing: RecordedSigning | undefined,
): string | undefined {
  if (results?.dmarc.result === "pass") return results.dmarc.domain;
  const signed = signing?.outcome === "signed" || signing?.reason === "already-signed";
  const author = authorDomain(head);
  return signed && author.kind === "domain" ? author.domain : undefined;
}

/** The state of the chain as the message leaves; one that is not known is bound to no sets, and so never believed. */
function chainOf(
  head: MessageHead,
  results: AuthResults | undefined,
  sealed: ArcWord | undefined,
): Pick<WayIn, "chain" | "sets"> {
  const sets = chainDigest(head);
  if (sealed !== undefined) return { chain: sealed === "fail" ? "fail" : "pass", sets };
  if (sets === "") return { chain: "none", sets };
  const chain = results?.arc?.problem === "dns-failure" ? undefined : results?.arc?.result;
  return chain === undefined ? { chain: "none", sets: "unknown" } : { chain, sets };
}
