import { openAuthentication } from "../core/authenticate.ts";
import { type BodyHasher, createBodyHasher } from "../core/dkim/body-hash.ts";
import { authorDomain } from "../core/dmarc/author-domain.ts";
import { fieldsNamed, type MessageHead, rawValue } from "../core/message/message.ts";
import type { AuthResults } from "../core/results.ts";
import type { Verification } from "../core/verification.ts";
import { authorOf } from "../keys/signing-table.ts";
import type { FromLeftReason, MessageRecord, RecordedList, RecordedListFrom } from "../store/record.ts";
import type { ListPassage } from "../trust/list-host.ts";
import { withinBudget } from "./budget.ts";
import type { EditedHead } from "./edited-head.ts";
import { addressText, listAddressOf, listSender, type PlainAddress } from "./list-address.ts";
import { contentDigest, messageIdDigest, textsDigest } from "./list-digests.ts";
import { chooseFrom, namesOnly } from "./list-from.ts";
import type { Redemption, WayIn } from "./list-memory.ts";
import { removeBrokenSignatures } from "./list-signatures.ts";
import { parseToken, tokenField, tokenKey } from "./list-token.ts";
import type { OutgoingFacts, OutgoingPart } from "./outgoing.ts";
import { cameInUnproven } from "./passing-through.ts";
import { placeAuthors, rewriteFrom } from "./rewrite-from.ts";

/** What is known of a message that came back from a list; other parts and the signing look at it. */
export interface ListFindings {
  readonly passage: ListPassage;
  /** The author domain that is proven by how the message came in, or the list's own: a key of ours may sign for it. */
  provenAuthor?: string;
  wayIn?: WayIn;
  /** As the message is now, by its signatures alone. */
  now?: AuthResults;
}

/** Stage 2 for mail that comes back from a list of ours: token, signatures, From. */
export function openListMode(facts: OutgoingFacts): OutgoingPart | undefined {
  const { list, head } = facts.transaction;
  return list === undefined || head === undefined ? undefined : new ListMode(facts, list, head);
}

class ListMode implements OutgoingPart {
  readonly needsBody = true;
  readonly #facts: OutgoingFacts;
  readonly #findings: ListFindings;
  readonly #head: MessageHead;
  readonly #verification: Verification<AuthResults>;
  readonly #body: BodyHasher = createBodyHasher("relaxed");
  #recorded: RecordedList | undefined;

  constructor(facts: OutgoingFacts, findings: ListFindings, head: MessageHead) {
    this.#facts = facts;
    this.#findings = findings;
    this.#head = head;
    this.#verification = openVerification(facts, head);
  }

  body(chunk: Buffer): void {
    this.#body.update(chunk);
    this.#verification.body(chunk);
  }

  async editHead(edited: EditedHead): Promise<void> {
    const { host, by } = this.#findings.passage;
    const [now, token] = await Promise.all([this.#verification.finish(), this.#redeem()]);
    this.#findings.now = now;
    if (token.wayIn !== undefined) this.#findings.wayIn = token.wayIn;
    this.#findProvenAuthor(token);
    const from = this.#rewrite(edited, now, this.#listAddress());
    const author = this.#findings.provenAuthor;
    this.#recorded = {
      host: host.name,
      by,
      token: token.outcome,
      ...(author !== undefined && { author }),
      from,
      // After the rewriting, which breaks what was whole until then.
      broken: removeBrokenSignatures(edited, now.dkim, host.brokenSignatures),
    };
  }

  recorded(): Partial<MessageRecord> {
    return this.#recorded === undefined ? {} : { list: this.#recorded };
  }

  // ---------------------------------------------------------------- the token

  async #redeem(): Promise<Redeemed> {
    const { host, by } = this.#findings.passage;
    const fields = fieldsNamed(this.#head, tokenField.toLowerCase());
    const [field] = fields;
    if (field === undefined) return { outcome: "none" };
    if (by === "list-id") return { outcome: "not-from-host" };
    const token = fields.length > 1 ? undefined : parseToken(rawValue(this.#head, field));
    if (token === undefined) return { outcome: "unreadable", mayBeList: false };
    const { ask, config } = this.#facts.context;
    const messageId = messageIdDigest(this.#head);
    const address = this.#listAddress();
    const answer = await ask?.("list.redeem", {
      key: tokenKey(token),
      use: {
        host: host.name,
        list: address === undefined ? "" : addressText(address),
        ...(messageId !== undefined && { messageId }),
        connection: this.#facts.transaction.connection,
        content: contentDigest(this.#head, this.#body.digest().hash),
        recipients: textsDigest(this.#facts.transaction.recipients.map((one) => one.address)),
      },
      terms: { keepMs: config.lists.rememberMs, batchesMs: config.lists.batchesMs },
    });
    return outcomeOf(answer);
  }

  /** The way in speaks of one author, and under another name the message is not his any more; a list speaks for itself. */
  #findProvenAuthor({ wayIn, mayBeList }: Redeemed): void {
    const author = authorDomain(this.#head);
    if (author.kind !== "domain") return;
    const isList =
      mayBeList !== false &&
      namesOnly(this.#head, this.#findings.passage.host.addresses) &&
      (wayIn !== undefined || !cameInUnproven(author.domain, this.#head, this.#facts));
    if (author.domain === wayIn?.author || isList) this.#findings.provenAuthor = author.domain;
  }

  // ---------------------------------------------------------------- From

  #listAddress(): PlainAddress | undefined {
    const { host } = this.#findings.passage;
    const wentTo = (this.#findings.wayIn?.lists ?? []).flatMap((list) =>
      list.startsWith(`${host.name} `) ? [list.slice(host.name.length + 1)] : [],
    );
    return listAddressOf(this.#head, host, wentTo);
  }

  #rewrite(edited: EditedHead, now: AuthResults, address: PlainAddress | undefined): RecordedListFrom {
    const { host } = this.#findings.passage;
    const choice = chooseFrom({ head: this.#head, dmarc: now.dmarc, ownAuthor: this.#isOwnAuthor() }, host);
    if (choice.kind !== "rewrite")
      return { outcome: choice.kind === "keep" ? "kept" : "left", reason: choice.reason };
    if (address === undefined) return left("no-list-address");
    const rewriting = rewriteFrom(this.#head, listSender(address, host));
    if (rewriting.kind === "left") return left(rewriting.reason);
    if (!edited.change("From", 1, rewriting.value)) return left("not-sent");
    const author = placeAuthors(edited, rewriting.authors, host.author);
    return { outcome: "rewritten", reason: choice.reason, author };
  }

  #isOwnAuthor(): boolean {
    const { provenAuthor } = this.#findings;
    const { signing } = this.#facts.context;
    const found = authorOf(this.#head);
    if (provenAuthor === undefined || signing === undefined || found.kind === "problem") return false;
    return signing.keys.keysFor(found.author).keys.length > 0;
  }
}

function left(reason: FromLeftReason): RecordedListFrom {
  return { outcome: "left", reason };
}

/** What became of the token. */
interface Redeemed {
  readonly outcome: RecordedList["token"];
  readonly wayIn?: WayIn;
  /** False: it came in from outside, and for all that is known with the name of the list in From already. */
  readonly mayBeList?: boolean;
}

function outcomeOf(answer: Redemption | undefined): Redeemed {
  if (answer === undefined) return { outcome: "unanswered", mayBeList: false };
  if (answer.kind === "refused") {
    const { reason, claimsList } = answer;
    return { outcome: `refused-${reason}`, mayBeList: reason !== "unknown" && claimsList !== true };
  }
  const { wayIn, again } = answer;
  return { outcome: again ? "again" : "used", wayIn, mayBeList: wayIn.claimsList !== true };
}

/** DKIM, ARC and what the author domain asks for. SPF would look at the list host, and says nothing about the author. */
function openVerification(
  { context, transaction }: OutgoingFacts,
  head: MessageHead,
): Verification<AuthResults> {
  const { clock, config, dmarc, dns } = context;
  const { dkim, arc } = config.verify;
  return openAuthentication(head, {
    dns: withinBudget(dns, transaction.budget),
    clock,
    options: {
      dkim: { minRsaBits: dkim.minimumKeyBits, maxSignatures: dkim.maxSignatures },
      arc: arc.mode,
      dmarc,
    },
  });
}
