import type { LoginMap } from "../config/login-map.ts";
import type { SignConfig } from "../config/sign-config.ts";
import { type LateSigning, openLateSigning } from "../core/dkim/late-signing.ts";
import type { SignedField } from "../core/dkim/sign.ts";
import { authorDomain } from "../core/dmarc/author-domain.ts";
import type { MessageHead } from "../core/message/message.ts";
import type { LoadedKey } from "../keys/load-keys.ts";
import { signatureRequests } from "../keys/signature-requests.ts";
import type { KeyChoice, SigningKeys } from "../keys/signing-keys.ts";
import { type Author, authorOf } from "../keys/signing-table.ts";
import type { RecordedSigning, SigningFailure, UnsignedReason } from "../store/record.ts";
import type { CountMessage } from "./burst.ts";
import type { EditedHead } from "./edited-head.ts";
import {
  type AuthorAddress,
  apparentAddresses,
  authorAddresses,
  checkLogin,
  readsEveryAuthor,
} from "./login-guard.ts";
import type { OutgoingFacts } from "./outgoing.ts";
import { passesThrough } from "./passing-through.ts";
import { Preflight } from "./preflight.ts";

/** What signing needs besides the configuration. */
export interface SigningServices {
  readonly keys: SigningKeys;
  /** There when `sign.logins` is set. */
  readonly logins?: LoginMap | "unreadable";
}

/** Signing of one message; opened at the end of its header. */
export interface MessageSigning {
  readonly needsBody: boolean;
  /** A message that should be signed: it must not leave unsigned because of a fault. */
  readonly due: boolean;
  body(chunk: Buffer): void;
  /**
   * Puts the signatures on top of the header. Never rejects.
   * @param edited With every edit that a signature could cover.
   * @returns Undefined where there is nothing to tell.
   */
  finish(edited: EditedHead): Promise<RecordedSigning | undefined>;
}

/**
 * Decides whether a message is signed, and signs it: RFC 6376 §5. A signature needs both a right of the client
 * (`ClientTrust.maySign`) and a From domain that a key is for; then come the rules of docs/signing.md, in their order.
 * @param changesHead Whether some part may still give the message another From.
 */
export function openSigning(facts: OutgoingFacts, changesHead: boolean): MessageSigning | undefined {
  const { context, transaction } = facts;
  const { signing } = context;
  const { head, client } = transaction;
  if (signing === undefined || head === undefined || context.socket.role === "verify") return undefined;
  const author = authorOf(head);
  const choice = author.kind === "author" ? signing.keys.keysFor(author.author) : nobody;
  if (client.maySign)
    return new Signing(facts, signing, head, { author, choice }, changesHead || isOurs(choice));
  // That a host of ours uses our From without the right to is worth a record; that strangers do is DMARC's matter.
  return isOurs(choice) && client.origin === "own" ? unsignedOnly(author) : undefined;
}

const nobody: KeyChoice = { keys: [], unusable: [] };

function isOurs({ keys, unusable }: KeyChoice): boolean {
  return keys.length > 0 || unusable.length > 0;
}

type FoundAuthor = ReturnType<typeof authorOf>;

function unsignedOnly(author: FoundAuthor): MessageSigning {
  const domain = author.kind === "author" ? { domain: author.author.domain } : {};
  return {
    needsBody: false,
    due: false,
    body() {},
    finish: async () => ({ outcome: "unsigned", reason: "no-right", ...domain, signatures: [] }),
  };
}

/** What came of the decisions so far. */
type Plan =
  | { readonly kind: "sign"; readonly author: Author; readonly choice: KeyChoice }
  | { readonly kind: "unsigned"; readonly reason: UnsignedReason; readonly hold?: boolean }
  | { readonly kind: "failed"; readonly reason: SigningFailure };

class Signing implements MessageSigning {
  readonly #facts: OutgoingFacts;
  readonly #services: SigningServices;
  readonly #late: LateSigning | undefined;
  readonly #preflight: Preflight;
  readonly #author: FoundAuthor;
  readonly #burst: ReturnType<CountMessage> | undefined;
  readonly due: boolean;

  /** @param due From is ours, or may become so. */
  constructor(
    facts: OutgoingFacts,
    services: SigningServices,
    head: MessageHead,
    { author, choice }: { readonly author: FoundAuthor; readonly choice: KeyChoice },
    due: boolean,
  ) {
    const { context, transaction } = facts;
    this.#facts = facts;
    this.#services = services;
    this.#author = author;
    this.due = due;
    if (due)
      this.#late = openLateSigning(head, {
        clock: context.clock,
        bodyCanonicalization: context.config.sign.canonicalization.body,
        ownDomains: services.keys.domains(),
      });
    const { smtputf8, sender } = transaction;
    const eightBit = sender.parameters.some((parameter) => parameter.toUpperCase() === "BODY=8BITMIME");
    this.#preflight = new Preflight({ smtputf8, eightBit });
    this.#burst = this.#count(choice);
  }

  get needsBody(): boolean {
    return this.#late !== undefined;
  }

  body(chunk: Buffer): void {
    if (this.#late === undefined) return;
    this.#late.body(chunk);
    this.#preflight.body(chunk);
  }

  async finish(edited: EditedHead): Promise<RecordedSigning | undefined> {
    // A From that is only removed, since another field hides in it, was written all the same.
    const author = edited.hasRewritten("From") ? authorOf(edited.head()) : this.#author;
    const login = this.#login;
    const common = {
      ...(author.kind === "author" && { domain: author.author.domain }),
      ...(login !== undefined && { login }),
    };
    try {
      const plan = this.#plan(edited, author);
      const done = await this.#carryOut(edited, plan);
      return { ...common, ...withBurst(done, await this.#burst, this.#config) };
    } catch {
      return { ...common, ...this.#failed("fault") };
    }
  }

  #carryOut(edited: EditedHead, plan: Plan): RecordedSigning | Promise<RecordedSigning> {
    switch (plan.kind) {
      case "sign":
        return this.#sign(edited, plan);
      case "unsigned":
        return notSigned(plan);
      case "failed":
        return this.#failed(plan.reason);
    }
  }

  get #config(): SignConfig {
    return this.#facts.context.config.sign;
  }

  get #login(): string | undefined {
    return this.#facts.macros.get("auth_authen") || undefined;
  }

  /**
   * The login that has to have a right to From: one that the MTA does not tell is one that is not in the file. Clients without a
   * login (addresses of networks.submitters, this host, a signing socket) have no entry there.
   */
  get #guarded(): string | undefined {
    if (this.#config.logins === undefined || this.#services.logins === undefined) return undefined;
    return this.#login ?? (this.#facts.transaction.client.authenticated ? "" : undefined);
  }

  /** The rules in their order; the first that says no decides. */
  #plan(edited: EditedHead, found: FoundAuthor): Plan {
    const lister = this.#checkLister(edited);
    if (found.kind === "problem")
      return lister ?? this.#checkUnclear(edited) ?? { kind: "unsigned", reason: "no-author" };
    const { author } = found;
    const choice = this.#services.keys.keysFor(author);
    if (!isOurs(choice)) return { kind: "unsigned", reason: "not-ours" };
    // First of all, as what the writer chooses himself (a null sender, a field of ours) must not keep it from being asked.
    const foreign = this.#isAsWritten(edited)
      ? this.#checkLogin(() => authorAddresses(edited.received))
      : lister;
    if (foreign !== undefined) return foreign;
    if (!this.#nullSenderMaySign()) return { kind: "unsigned", reason: "null-sender" };
    const refused = this.#checkSender(edited, author);
    return refused ?? { kind: "sign", author, choice };
  }

  #checkSender(edited: EditedHead, author: Author): Plan | undefined {
    const { list } = this.#facts.transaction;
    if (list !== undefined && !edited.hasRewritten("From") && list.provenAuthor !== author.domain)
      return { kind: "unsigned", reason: "list-unproven" };
    if (this.#isAsWritten(edited) && passesThrough(edited.received, this.#facts))
      return { kind: "unsigned", reason: "passing-through" };
    // Every user can write a List-Id: who logged in to do so may still be only himself.
    return list?.passage.by === "list-id"
      ? this.#checkLogin(() => authorAddresses(edited.head()))
      : undefined;
  }

  /**
   * Every user can write a List-Id: a login that may not write as that list gains nothing by it, and may be only himself.
   * Of a domain of lists nobody knows which address to ask for.
   */
  #checkLister({ received }: EditedHead): Plan | undefined {
    const { passage } = this.#facts.transaction.list ?? {};
    if (passage?.by !== "list-id") return undefined;
    const mayList = passage.host.addresses.some(
      ({ localPart, domain }) =>
        localPart === undefined || this.#checkLogin(() => [{ localPart, domain }]) === undefined,
    );
    return mayList ? undefined : this.#checkLogin(() => authorAddresses(received));
  }

  /** A From that a part has written is its own deed: whoever wrote the old one does not matter any more. */
  #isAsWritten(edited: EditedHead): boolean {
    return this.#facts.transaction.list === undefined && !edited.hasRewritten("From");
  }

  /**
   * A From that can be read in several ways is signed for nobody; but some reader may see an address of ours in it, so the
   * login must have a right to each, and to any address of ours where they cannot all be read.
   */
  #checkUnclear(edited: EditedHead): Plan | undefined {
    if (!this.#isAsWritten(edited) || this.#guarded === undefined) return undefined;
    const found = authorDomain(edited.received);
    if (found.kind === "domain") return undefined;
    const isDamaged = found.problem !== "from-multiple-domains";
    const unread = !isDamaged || readsEveryAuthor(edited.received) ? [] : found.domains;
    const named = [
      ...authorAddresses(edited.received),
      ...(isDamaged ? apparentAddresses(edited.received) : []),
      ...unread.map((domain) => ({ localPart: "", domain })),
    ].filter(
      ({ localPart, domain }) =>
        domain !== undefined && isOurs(this.#services.keys.keysFor({ localPart, domain })),
    );
    return named.length === 0 ? undefined : this.#checkLogin(() => named);
  }

  #nullSenderMaySign(): boolean {
    const { sender, client } = this.#facts.transaction;
    if (sender.address !== "") return true;
    const { nullSender } = this.#config;
    return nullSender === "sign" || (nullSender === "local" && client.origin === "local");
  }

  /** @param addresses Read only where a login is guarded. */
  #checkLogin(addresses: () => readonly AuthorAddress[]): Plan | undefined {
    const login = this.#guarded;
    const { logins: settings } = this.#config;
    const { logins } = this.#services;
    if (login === undefined || settings === undefined || logins === undefined) return undefined;
    if (logins === "unreadable") return { kind: "failed", reason: "logins-unreadable" };
    const verdict = checkLogin(login, addresses(), logins, settings.unlisted);
    if (verdict === "allowed") return undefined;
    return { kind: "unsigned", reason: verdict, hold: settings.onMismatch === "hold" };
  }

  async #sign(
    edited: EditedHead,
    { author, choice }: Extract<Plan, { kind: "sign" }>,
  ): Promise<RecordedSigning> {
    const late = this.#late;
    if (late === undefined) return this.#failed("fault");
    const { onFragile } = this.#config;
    const fragile = this.#preflight.problems(edited.head());
    const told = fragile.length === 0 ? {} : { fragile };
    if (fragile.length > 0 && onFragile === "unsigned") return { ...unsigned("fragile"), ...told };
    const good = late.goodKeys(
      edited.head(),
      choice.keys.map(({ key }) => key),
    );
    const wanted = choice.keys.filter(({ key }) => !good.has(key));
    if (choice.keys.length === 0) return { ...this.#failed("key-unusable"), ...told };
    if (wanted.length === 0) return { ...unsigned("already-signed"), ...told };
    const made = await late.sign(edited.head(), signatureRequests(author, wanted, this.#config));
    if (made.kind === "problem") return { ...unsigned(made.problem), ...told };
    const failure = this.#checkOwn(edited, late, wanted, made.fields);
    if (failure !== undefined) return { ...this.#failed(failure), ...told };
    for (const { name, value } of made.fields.toReversed()) edited.insertOnTop(name, value);
    return {
      outcome: "signed",
      signatures: wanted.map(({ key: { domain, selector, algorithm } }) => ({ domain, selector, algorithm })),
      ...told,
      ...(fragile.length > 0 && onFragile === "hold" && { action: "hold" }),
    };
  }

  /** Verifies what was made over the header as the MTA will have it: RFC 6376 §6.1.3. */
  #checkOwn(
    edited: EditedHead,
    late: LateSigning,
    wanted: readonly LoadedKey[],
    fields: readonly SignedField[],
  ): SigningFailure | undefined {
    if (fields.length < wanted.length) return "signature-failed";
    const leaving = edited.headWith(fields);
    const keys = wanted.map(({ key }) => key);
    return leaving !== undefined && late.goodKeys(leaving, keys).size === new Set(keys).size
      ? undefined
      : "self-check";
  }

  #failed(reason: SigningFailure): RecordedSigning {
    return {
      outcome: "failed",
      reason,
      signatures: [],
      ...(this.#config.onFailure === "tempfail" && { action: "tempfail" }),
    };
  }

  /** Asked early, so that the answer is there when the message ends. */
  #count(choice: KeyChoice): ReturnType<CountMessage> | undefined {
    const { burst } = this.#config;
    if (burst === undefined) return undefined;
    const from = this.#countedDomain(choice);
    const who = this.#login?.toLowerCase() ?? `[${this.#facts.transaction.client.ip ?? "local"}]`;
    return this.#facts.context.countMessage?.(`${from} ${who}`, burst);
  }

  /**
   * The From domain where the configuration names it. All others together count as one of the key that is for them, or of
   * none: a thief who makes up new ones must not begin anew each time.
   */
  #countedDomain(choice: KeyChoice): string {
    if (this.#author.kind !== "author") return "other";
    const { author } = this.#author;
    if (isNamed(choice, author.domain)) return author.domain;
    const [first] = [...choice.keys, ...choice.unusable];
    return first === undefined ? "other" : `*.${first.domain}`;
  }
}

function isNamed({ keys, unusable }: KeyChoice, asked: string): boolean {
  return [...keys, ...unusable].some(({ from }) => from.some(({ domain }) => domain === asked));
}

function unsigned(reason: UnsignedReason): RecordedSigning {
  return { outcome: "unsigned", reason, signatures: [] };
}

function notSigned({ reason, hold }: Extract<Plan, { kind: "unsigned" }>): RecordedSigning {
  return { ...unsigned(reason), ...(hold === true && { action: "hold" }) };
}

/** When the supervisor is silent the message goes on: a burst is a reason to look, not one to stop mail unseen. */
function withBurst(
  done: RecordedSigning,
  answer: Awaited<ReturnType<CountMessage>>,
  { burst }: Pick<SignConfig, "burst">,
): RecordedSigning {
  if (burst === undefined || answer === undefined || answer.count <= burst.messages) return done;
  const { messages, perMs, action } = burst;
  return {
    ...done,
    burst: { count: answer.count, messages, perMs, ...(answer.first && { first: true as const }) },
    ...(action === "hold" && done.action === undefined && { action: "hold" }),
  };
}
