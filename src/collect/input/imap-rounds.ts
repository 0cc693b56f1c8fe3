import type { ImapFlow, SearchObject } from "imapflow";
import type { MailboxConfig } from "../../config/collect-config.ts";
import type { IngestedDocument } from "../../store/reports/port.ts";
import { reasonOf } from "../reason-of.ts";
import type { Incoming } from "./arrival.ts";
import {
  ensureFolder,
  isAboutConnection,
  MailMover,
  type MailSize,
  onServer,
  readSizes,
  searchUids,
  stillThere,
  withoutFlag,
} from "./imap-commands.ts";
import { FailingMails } from "./imap-failing.ts";
import { MailFolderMemory } from "./imap-memory.ts";
import { eachOf, type WayInServices } from "./way-in.ts";

/** Mails whose sizes are asked for at once. */
const sizesAtOnce = 500;
/** Mails that are fetched at once, and their octets. */
const mailsAtOnce = 50;
const octetsAtOnce = 16 * 1024 * 1024;
/** What gives nothing so often in a row, without anything that came before, is no matter of single mails. */
const maxEmpty = 3;

interface Fetched {
  readonly arrivals: ReadonlyMap<number, Incoming>;
  /** Why there are not more. */
  readonly fault?: unknown;
}

/**
 * What is done in a folder once it is open: the mails that are not taken in yet are fetched group by group, committed, and then
 * moved or flagged. What has been committed and not yet moved is never fetched again in this process.
 */
export class MailFolderRounds {
  /** For people; without secrets. */
  readonly name: string;
  readonly #mailbox: MailboxConfig;
  readonly #folder: string;
  readonly #services: WayInServices;
  readonly #isClosing: () => boolean;
  readonly #memory: MailFolderMemory;
  /** Committed, and whether something in it could not be read; still to be moved or flagged. */
  readonly #committed = new Map<number, { readonly unread: boolean }>();
  /** Left where they are, until the next start. */
  readonly #left = new Set<number>();
  readonly #failing = new FailingMails();
  readonly #mover = new MailMover();
  /** Mails that came in this round. */
  #given = 0;
  arrivals = 0;

  constructor(mailbox: MailboxConfig, folder: string, services: WayInServices, isClosing: () => boolean) {
    this.#mailbox = mailbox;
    this.#folder = folder;
    this.#services = services;
    this.#isClosing = isClosing;
    const port = mailbox.port === 993 ? "" : `:${mailbox.port}`;
    this.name = `imap://${encodeURIComponent(mailbox.user)}@${mailbox.host}${port}/${encodeURI(folder)}`;
    this.#memory = new MailFolderMemory(services.state, this.name);
  }

  /** Mails that are left where they are. */
  get left(): number {
    return this.#left.size;
  }

  /** What keeps mails out that are tried again, in a few words. */
  get trouble(): string | undefined {
    return this.#failing.trouble;
  }

  /**
   * Opens the folder and makes those that mails are moved to.
   * @throws Error that names the folder and says why.
   */
  async open(client: ImapFlow): Promise<void> {
    const { after, unreadTo } = this.#mailbox;
    for (const target of [after.kind === "move" ? after.folder : undefined, unreadTo])
      if (target !== undefined) await ensureFolder(client, target);
    const opened = await client.mailboxOpen(onServer(client, this.#folder)).catch((cause: unknown) => {
      throw new Error(`the folder ${this.#folder} cannot be opened: ${reasonOf(cause)}`, { cause });
    });
    if (opened.readOnly === true && after.kind !== "leave")
      throw new Error(`the folder ${this.#folder} can only be read`);
    const { permanentFlags } = opened;
    const flags = after.kind === "flag" ? after.flags : [];
    const refused = flags.find((flag) => permanentFlags?.has("\\*") === false && !permanentFlags.has(flag));
    if (refused !== undefined) throw new Error(`the server does not keep the flag ${refused}`);
    // UIDs mean nothing under another UIDVALIDITY: everything is looked at again, and what is known is known by its content.
    const isSame = await this.#memory.open(opened.uidValidity, await this.#services.storeId());
    if (isSame) return;
    this.#committed.clear();
    this.#left.clear();
    this.#failing.clear();
    this.#mover.clear();
  }

  /**
   * Takes in everything that is there, or what it can until the program ends. Mails that the server does not give are asked for
   * once more, each alone, when all others are in; they do not hold up anything.
   * @throws Error when it is not about single mails.
   */
  async takeAll(client: ImapFlow): Promise<void> {
    this.#given = 0;
    await this.#settle(client);
    const uids = await this.#candidates(client);
    this.#forgetGone(new Set(uids));
    const others = uids.filter((uid) => !this.#failing.has(uid));
    for (let at = 0; at < others.length && !this.#isClosing(); at += sizesAtOnce)
      await this.#takeSome(client, others.slice(at, at + sizesAtOnce));
    await this.#askAgain(client);
  }

  /** UIDs that are not taken in, ascending. */
  async #candidates(client: ImapFlow): Promise<readonly number[]> {
    const found = new Set<number>();
    for (const query of this.#queries()) for (const uid of await searchUids(client, query)) found.add(uid);
    const isNew = (uid: number): boolean =>
      !this.#committed.has(uid) &&
      !this.#left.has(uid) &&
      (this.#mailbox.after.kind !== "leave" || this.#memory.isNew(uid));
    return [...found].filter(isNew).toSorted((a, b) => a - b);
  }

  #queries(): readonly SearchObject[] {
    const { after } = this.#mailbox;
    switch (after.kind) {
      case "leave":
        return this.#memory.ranges().map((uid) => ({ uid }));
      case "move":
        // A move that broke off between its copy and its end leaves such ones where there is no MOVE.
        return [{ deleted: false }];
      case "flag": {
        const missing = after.flags.map(withoutFlag);
        return [missing.length === 1 ? (missing[0] ?? {}) : { or: missing }];
      }
    }
  }

  async #takeSome(client: ImapFlow, uids: readonly number[]): Promise<void> {
    const sizes = await readSizes(client, uids);
    const isTooLarge = ({ octets }: MailSize): boolean => octets > this.#mailbox.maxSize;
    for (const { uid, octets } of sizes.filter(isTooLarge))
      await this.#leave(uid, "larger than max_size", octets);
    let empty = 0;
    for (const group of groupsOf(sizes.filter((mail) => !isTooLarge(mail)))) {
      if (this.#isClosing()) return;
      const { arrivals, fault } = await this.#take(client, group);
      empty = arrivals.size > 0 ? 0 : empty + 1;
      if (fault !== undefined && (empty >= maxEmpty || isAboutConnection(client, fault))) throw fault;
    }
  }

  async #leave(uid: number, reason: string, octets?: number): Promise<void> {
    const mail = this.#via(uid);
    await this.#services.take(eachOf([{ kind: "lost", lost: { via: mail, reason } }]));
    this.#left.add(uid);
    this.#memory.left(uid);
    this.#services.log.error("collect: a mail is left where it is", { mail, reason, octets });
  }

  #via(uid: number): string {
    return `${this.name};UID=${uid}`;
  }

  /** What does not come is noted, and what comes is committed, even when it all ends with an error. */
  async #take(client: ImapFlow, uids: readonly number[]): Promise<Fetched> {
    const fetched = await this.#fetch(client, uids);
    const { arrivals, fault } = fetched;
    for (const uid of uids) if (!arrivals.has(uid)) this.#noteFailing(uid, faultOf(fault));
    // In the order of their UIDs, since what was read is remembered by the last one.
    const ordered = uids.flatMap((uid) => arrivals.get(uid) ?? []);
    if (ordered.length === 0) return fetched;
    this.#given += ordered.length;
    try {
      await this.#services.take(eachOf(ordered));
    } catch (error) {
      // Of what came before the fault, so that it is not fetched again.
      if (client.usable) await this.#settle(client).catch(() => {});
      throw error;
    }
    if (client.usable) await this.#settle(client);
    return fetched;
  }

  async #fetch(client: ImapFlow, uids: readonly number[]): Promise<Fetched> {
    const arrivals = new Map<number, Incoming>();
    const query = { uid: true, source: true, internalDate: true };
    const most = octetsAtOnce + this.#mailbox.maxSize;
    let octets = 0;
    try {
      for await (const { uid, source, internalDate } of client.fetch([...uids], query, { uid: true })) {
        // NIL is no mail.
        if (!Buffer.isBuffer(source)) continue;
        octets += source.length;
        // The sizes were not true, or it sends what nobody asked for; one alone may have all of it.
        if (octets > most && uids.length > 1) client.close();
        else if (octets > 2 * most) client.close();
        else if (uids.includes(uid))
          arrivals.set(uid, { kind: "arrival", arrival: this.#arrival(uid, source, internalDate) });
      }
      return { arrivals };
    } catch (fault) {
      return { arrivals, fault };
    }
  }

  #noteFailing(uid: number, reason: string): void {
    if (this.#mailbox.after.kind === "leave") this.#memory.again(uid);
    this.#failing.note(uid, reason);
  }

  /** Somebody has deleted them, or moved them away. */
  #forgetGone(there: ReadonlySet<number>): void {
    for (const uid of this.#failing.inOrder())
      if (!there.has(uid)) {
        this.#failing.forget(uid);
        this.#memory.gone(uid);
      }
  }

  /** For what did not come with others. */
  async #askAgain(client: ImapFlow): Promise<void> {
    if (this.#failing.size === 0) return;
    this.#forgetGone(await stillThere(client, this.#failing.inOrder()));
    const failed: number[] = [];
    for (const uid of this.#failing.inOrder()) {
      if (this.#isClosing()) return;
      const { arrivals, fault } = await this.#take(client, [uid]);
      if (arrivals.size > 0) {
        this.#failing.forget(uid);
        continue;
      }
      failed.push(uid);
      this.#failing.tried(uid, faultOf(fault));
      if (!client.usable) await this.#blame(failed);
      const isDry = failed.length >= maxEmpty && this.#given === 0;
      if (isDry || (fault !== undefined && isAboutConnection(client, fault)))
        throw fault ?? new Error(faultOf(fault));
    }
    await this.#blame(failed);
  }

  async #blame(uids: readonly number[]): Promise<void> {
    for (const uid of uids)
      if (this.#failing.blame(uid, this.#given > 0)) {
        await this.#leave(uid, "it cannot be fetched");
        this.#failing.forget(uid);
      }
  }

  #arrival(
    uid: number,
    octets: Buffer,
    date: Date | string | undefined,
  ): Extract<Incoming, { readonly kind: "arrival" }>["arrival"] {
    const receivedAt = date instanceof Date ? date.getTime() : Date.parse(date ?? "");
    return {
      octets,
      via: this.#via(uid),
      receivedAt: Number.isFinite(receivedAt) ? receivedAt : Date.now(),
      done: (documents) => Promise.resolve(this.#done(uid, documents)),
    };
  }

  #done(uid: number, documents: readonly IngestedDocument[]): void {
    this.arrivals += 1;
    this.#committed.set(uid, { unread: documents.some(({ outcome }) => outcome === "unread") });
  }

  /** Moves and flags what is committed. */
  async #settle(client: ImapFlow): Promise<void> {
    const { after, unreadTo } = this.#mailbox;
    const all = [...this.#committed];
    const aside = all.filter(([, { unread }]) => unread && unreadTo !== undefined).map(([uid]) => uid);
    const rest = all.map(([uid]) => uid).filter((uid) => !aside.includes(uid));
    if (unreadTo !== undefined) await this.#moveTo(client, aside, unreadTo);
    if (after.kind === "move") await this.#moveTo(client, rest, after.folder);
    if (after.kind === "flag") await this.#flag(client, rest, after.flags);
    if (after.kind === "leave") await this.#memory.taken([...aside, ...rest]);
    for (const [uid] of all) this.#committed.delete(uid);
  }

  async #moveTo(client: ImapFlow, uids: readonly number[], folder: string): Promise<void> {
    await this.#mover.move(client, uids, folder);
    for (const uid of uids) if (this.#mailbox.after.kind !== "leave") this.#committed.delete(uid);
  }

  async #flag(client: ImapFlow, uids: readonly number[], flags: readonly string[]): Promise<void> {
    if (uids.length === 0) return;
    const flagged = await client.messageFlagsAdd([...uids], [...flags], { uid: true, silent: true });
    if (!flagged) throw new Error(`mails could not be given the flags ${flags.join(" ")}`);
  }
}

/** What is fetched at once. */
function* groupsOf(sizes: readonly MailSize[]): Generator<readonly number[]> {
  let group: number[] = [];
  let octets = 0;
  for (const mail of sizes) {
    if (group.length >= mailsAtOnce || (group.length > 0 && octets + mail.octets > octetsAtOnce)) {
      yield group;
      group = [];
      octets = 0;
    }
    group.push(mail.uid);
    octets += mail.octets;
  }
  if (group.length > 0) yield group;
}

function faultOf(fault: unknown): string {
  return fault === undefined ? "it is missing in the answer" : reasonOf(fault);
}
