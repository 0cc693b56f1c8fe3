import type { ImapFlow, SearchObject } from "imapflow";
import type { MailboxConfig } from "../../config/collect-config.ts";
import type { IngestedDocument } from "../../store/reports/port.ts";
import type { Incoming } from "./arrival.ts";
import { reasonOf } from "./imap-client.ts";
import { MailFolderMemory } from "./imap-memory.ts";
import { eachOf, type WayInServices } from "./way-in.ts";

/** Mails whose sizes are asked for at once. */
const sizesAtOnce = 500;
/** Mails that are fetched at once, and their octets. */
const mailsAtOnce = 50;
const octetsAtOnce = 16 * 1024 * 1024;
/** How often the connection may break over one mail before it is left alone until the next start. */
const maxBreaks = 5;

interface MailSize {
  readonly uid: number;
  readonly octets: number;
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
  readonly #breaks = new Map<number, number>();
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
    this.#breaks.clear();
  }

  /** Takes in everything that is there, or what it can until the program ends. */
  async takeAll(client: ImapFlow): Promise<void> {
    await this.#settle(client);
    const uids = await this.#candidates(client);
    for (let at = 0; at < uids.length && !this.#isClosing(); at += sizesAtOnce) {
      const sizes = await readSizes(client, uids.slice(at, at + sizesAtOnce));
      for (const group of this.#groups(sizes)) {
        if (this.#isClosing()) return;
        await this.#take(client, group);
      }
    }
  }

  /** UIDs that are not taken in, ascending. */
  async #candidates(client: ImapFlow): Promise<readonly number[]> {
    const found = (await client.search(this.#query(), { uid: true })) || [];
    const isNew = (uid: number): boolean =>
      !this.#committed.has(uid) &&
      !this.#left.has(uid) &&
      (this.#mailbox.after.kind !== "leave" || this.#memory.isNew(uid));
    return found.filter(isNew).toSorted((a, b) => a - b);
  }

  #query(): SearchObject {
    const { after } = this.#mailbox;
    switch (after.kind) {
      case "leave":
        return { uid: this.#memory.range() };
      case "move":
        // A move that broke off between its copy and its end leaves such ones where there is no MOVE.
        return { deleted: false };
      case "flag": {
        const missing = after.flags.map(withoutFlag);
        return missing.length === 1 ? (missing[0] ?? {}) : { or: missing };
      }
    }
  }

  /** What is fetched at once. What is too large is left, and what broke the connection before comes alone. */
  *#groups(sizes: readonly MailSize[]): Generator<readonly MailSize[]> {
    let group: MailSize[] = [];
    let octets = 0;
    for (const mail of sizes) {
      if (mail.octets > this.#mailbox.maxSize) {
        this.#leave(mail.uid, "larger than max_size", mail.octets);
        continue;
      }
      const alone = this.#breaks.has(mail.uid);
      const full = group.length >= mailsAtOnce || octets + mail.octets > octetsAtOnce;
      if (group.length > 0 && (full || alone)) {
        yield group;
        group = [];
        octets = 0;
      }
      group.push(mail);
      octets += mail.octets;
      if (!alone) continue;
      yield group;
      group = [];
      octets = 0;
    }
    if (group.length > 0) yield group;
  }

  #leave(uid: number, reason: string, octets?: number): void {
    this.#left.add(uid);
    this.#memory.left(uid);
    this.#services.log.error("collect: a mail is left where it is", {
      mail: this.#via(uid),
      reason,
      octets,
    });
  }

  #via(uid: number): string {
    return `${this.name};UID=${uid}`;
  }

  async #take(client: ImapFlow, group: readonly MailSize[]): Promise<void> {
    const arrivals = await this.#fetch(client, group);
    try {
      await this.#services.take(eachOf(arrivals));
    } catch (error) {
      // Of what came before the fault, so that it is not fetched again.
      if (client.usable) await this.#settle(client).catch(() => {});
      throw error;
    }
    await this.#settle(client);
  }

  /** In the order of their UIDs, since what was read is remembered by the last one. */
  async #fetch(client: ImapFlow, group: readonly MailSize[]): Promise<readonly Incoming[]> {
    const arrivals = new Map<number, Incoming>();
    const uids = group.map(({ uid }) => uid);
    const query = { uid: true, source: true, internalDate: true };
    try {
      for await (const { uid, source, internalDate } of client.fetch(uids, query, { uid: true }))
        if (source !== undefined)
          arrivals.set(uid, { kind: "arrival", arrival: this.#arrival(uid, source, internalDate) });
    } catch (error) {
      if (!client.usable) this.#noteBreak(uids);
      throw error;
    }
    for (const uid of uids) this.#breaks.delete(uid);
    return uids.flatMap((uid) => arrivals.get(uid) ?? []);
  }

  #noteBreak(uids: readonly number[]): void {
    for (const uid of uids) {
      const breaks = (this.#breaks.get(uid) ?? 0) + 1;
      this.#breaks.set(uid, breaks);
      if (uids.length === 1 && breaks >= maxBreaks) this.#leave(uid, "the connection breaks over it");
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
    if (uids.length === 0) return;
    const moved = await client.messageMove([...uids], onServer(client, folder), { uid: true });
    if (!moved) throw new Error(`mails could not be moved to ${folder}`);
    for (const uid of uids) if (this.#mailbox.after.kind !== "leave") this.#committed.delete(uid);
  }

  async #flag(client: ImapFlow, uids: readonly number[], flags: readonly string[]): Promise<void> {
    if (uids.length === 0) return;
    const flagged = await client.messageFlagsAdd([...uids], [...flags], { uid: true, silent: true });
    if (!flagged) throw new Error(`mails could not be given the flags ${flags.join(" ")}`);
  }
}

async function readSizes(client: ImapFlow, uids: readonly number[]): Promise<readonly MailSize[]> {
  const sizes: MailSize[] = [];
  for await (const { uid, size } of client.fetch([...uids], { uid: true, size: true }, { uid: true }))
    if (uids.includes(uid)) sizes.push({ uid, octets: size ?? 0 });
  return sizes.toSorted((a, b) => a.uid - b.uid);
}

/** A search for mails that do not have the flag. */
function withoutFlag(flag: string): SearchObject {
  switch (flag) {
    case "\\Seen":
      return { seen: false };
    case "\\Flagged":
      return { flagged: false };
    case "\\Answered":
      return { answered: false };
    case "\\Deleted":
      return { deleted: false };
    case "\\Draft":
      return { draft: false };
    default:
      return { unKeyword: flag };
  }
}

async function ensureFolder(client: ImapFlow, folder: string): Promise<void> {
  const folders = await client.list({ listOnly: true });
  const name = folder.toUpperCase() === "INBOX" ? "INBOX" : onServer(client, folder);
  // A server may want all personal folders below a prefix.
  const prefixed = `${client.namespace?.prefix ?? ""}${name}`;
  if (folders.some(({ path }) => path === name || path === prefixed)) return;
  await client.mailboxCreate(name).catch((cause: unknown) => {
    throw new Error(`the folder ${folder} cannot be made: ${reasonOf(cause)}`, { cause });
  });
}

/** In the configuration `/` stands between levels, whatever the server has there. */
function onServer(client: ImapFlow, folder: string): string {
  const delimiter = client.namespace?.delimiter;
  return delimiter ? folder.replaceAll("/", delimiter) : folder;
}
