import type { ImapFlow, SearchObject } from "imapflow";
import { reasonOf } from "../reason-of.ts";

export interface MailSize {
  readonly uid: number;
  readonly octets: number;
}

/** @throws Error when the server refuses: that is no empty folder. */
export async function searchUids(client: ImapFlow, query: SearchObject): Promise<readonly number[]> {
  const found = await client.search(query, { uid: true });
  if (Array.isArray(found)) return found;
  throw new Error(client.usable ? "the server refuses to search the folder" : "the connection was closed");
}

/** Servers bound the length of a command. */
export const uidsAtOnce: number = 500;

/** Those that are in the folder still. */
export async function stillThere(client: ImapFlow, uids: readonly number[]): Promise<ReadonlySet<number>> {
  const there = new Set<number>();
  for (let at = 0; at < uids.length; at += uidsAtOnce)
    for (const uid of await searchUids(client, { uid: uids.slice(at, at + uidsAtOnce).join(",") }))
      there.add(uid);
  return there;
}

/** Ascending. Where none is told it counts as 0: the fetch itself is bounded. */
export async function readSizes(client: ImapFlow, uids: readonly number[]): Promise<readonly MailSize[]> {
  const sizes = new Map(uids.map((uid) => [uid, 0]));
  try {
    for await (const { uid, size } of client.fetch([...uids], { uid: true, size: true }, { uid: true }))
      if (sizes.has(uid) && size !== undefined) sizes.set(uid, size);
  } catch (error) {
    // One odd mail is enough for a NO.
    if (isAboutConnection(client, error)) throw error;
  }
  return Array.from(sizes, ([uid, octets]) => ({ uid, octets })).toSorted((a, b) => a.uid - b.uid);
}

const throttleCodes = new Set(["LIMIT", "OVERQUOTA", "THROTTLED"]);

/** Whether what went wrong is no matter of the mails that were asked for. */
export function isAboutConnection(client: ImapFlow, error: unknown): boolean {
  const { code, serverResponseCode } = error as {
    readonly code?: unknown;
    readonly serverResponseCode?: unknown;
  };
  return !client.usable || code === "ETHROTTLE" || throttleCodes.has(String(serverResponseCode));
}

/** Moves mails to other folders, each of them copied once. */
export class MailMover {
  /** Where there is no MOVE: copied, and not yet deleted. */
  readonly #copied = new Set<number>();

  /** When UIDs mean other mails. */
  clear(): void {
    this.#copied.clear();
  }

  /** @throws Error when the server refuses. */
  async move(client: ImapFlow, uids: readonly number[], folder: string): Promise<void> {
    if (uids.length === 0) return;
    // Others may have moved them, and a server may copy them once more, or refuse what names no mail. It tells after a NOOP.
    await client.noop();
    const there = await stillThere(client, uids);
    const moved = uids.filter((uid) => there.has(uid));
    if (moved.length === 0) return;
    const target = onServer(client, folder);
    const isDone = hasMove(client)
      ? (await client.messageMove(moved, target, { uid: true })) !== false
      : await this.#copyAndDelete(client, moved, target);
    if (!isDone) throw new Error(`mails could not be moved to ${folder}`);
  }

  async #copyAndDelete(client: ImapFlow, uids: readonly number[], target: string): Promise<boolean> {
    const rest = uids.filter((uid) => !this.#copied.has(uid));
    if (rest.length > 0 && !(await client.messageCopy(rest, target, { uid: true }))) return false;
    for (const uid of rest) this.#copied.add(uid);
    // Without UIDPLUS an EXPUNGE would take all that anybody has marked as deleted: ours stay, marked.
    const isDone = client.capabilities.has("UIDPLUS")
      ? await client.messageDelete([...uids], { uid: true })
      : await client.messageFlagsAdd([...uids], ["\\Deleted"], { uid: true, silent: true });
    if (isDone) for (const uid of uids) this.#copied.delete(uid);
    return isDone;
  }
}

/** IMAP4rev2 has it without saying so. */
function hasMove({ capabilities }: ImapFlow): boolean {
  return capabilities.has("MOVE") || (capabilities.has("IMAP4rev2") && !capabilities.has("IMAP4rev1"));
}

/** A search for mails that do not have the flag. */
export function withoutFlag(flag: string): SearchObject {
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

export async function ensureFolder(client: ImapFlow, folder: string): Promise<void> {
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
export function onServer(client: ImapFlow, folder: string): string {
  const delimiter = client.namespace?.delimiter;
  return delimiter ? folder.replaceAll("/", delimiter) : folder;
}
