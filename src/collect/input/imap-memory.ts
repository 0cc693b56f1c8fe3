import type { StateStore } from "../../store/state.ts";
import { uidsAtOnce } from "./imap-commands.ts";

const stateKind = "collect-mail-folder";
/** UIDs below the mark that are to be tried again at the next start. */
const maxLeft = 1_000;

/** How far a folder has been read into a store, where nothing in the mailbox itself tells. */
export class MailFolderMemory {
  readonly #state: StateStore;
  readonly #name: string;
  #id = "";
  #uidValidity = "";
  /** Everything up to it is taken in, but for what was left. */
  #uid = 0;
  /** As of the last start. */
  #again: ReadonlySet<number> = new Set();
  readonly #left = new Set<number>();

  constructor(state: StateStore, name: string) {
    this.#state = state;
    this.#name = name;
  }

  /** @param storeId Into another store everything is read. @returns Whether the UIDs mean what they meant when it was last opened in this process. */
  async open(uidValidity: bigint, storeId: string): Promise<boolean> {
    const id = `${storeId} ${this.#name}`;
    if (this.#uidValidity === String(uidValidity) && this.#id === id) return true;
    // Where it fails nothing has changed: the next try must not find UIDs of before under the new UIDVALIDITY.
    const known = memoryOf(await this.#state.tx((tx) => tx.get(stateKind, id)));
    this.#uidValidity = String(uidValidity);
    this.#id = id;
    const isSame = known.uidValidity === this.#uidValidity;
    this.#uid = isSame ? known.uid : 0;
    this.#left.clear();
    this.#again = new Set(isSame ? known.left : []);
    return false;
  }

  /** For one search each; that of the last also finds the last mail when that is below. */
  ranges(): readonly string[] {
    const again = [...this.#again];
    const ranges: string[] = [];
    for (let at = 0; at < again.length; at += uidsAtOnce)
      ranges.push(again.slice(at, at + uidsAtOnce).join(","));
    return [...ranges, `${this.#uid + 1}:*`];
  }

  isNew(uid: number): boolean {
    return uid > this.#uid || this.#again.has(uid);
  }

  /** It is not taken in yet, whatever is taken above it. @throws Error when there are too many. */
  again(uid: number): void {
    if (this.#again.has(uid)) return;
    if (this.#again.size >= 2 * maxLeft) throw new Error("too many mails cannot be fetched");
    this.#again = new Set([...this.#again, uid]);
  }

  /** It is not in the folder any more. */
  gone(uid: number): void {
    this.#again = new Set([...this.#again].filter((one) => one !== uid));
  }

  left(uid: number): void {
    if (this.#left.size < maxLeft) this.#left.add(uid);
  }

  /** They are committed, and everything below them is, or was left. */
  async taken(uids: readonly number[]): Promise<void> {
    if (uids.length === 0) return;
    this.#uid = Math.max(this.#uid, ...uids);
    this.#again = new Set([...this.#again].filter((uid) => !uids.includes(uid)));
    const left = [...new Set([...this.#again, ...this.#left])];
    await this.#state.tx((tx) =>
      tx.put(stateKind, this.#id, { uidValidity: this.#uidValidity, uid: this.#uid, left }),
    );
  }
}

interface Memory {
  readonly uidValidity: string;
  readonly uid: number;
  readonly left: readonly number[];
}

/** What was written may be of an earlier version, or edited by hand. */
function memoryOf(value: unknown): Memory {
  const { uidValidity, uid, left } = (value ?? {}) as Partial<Record<keyof Memory, unknown>>;
  if (typeof uidValidity !== "string" || typeof uid !== "number")
    return { uidValidity: "", uid: 0, left: [] };
  const numbers = Array.isArray(left) ? left.filter((one) => Number.isSafeInteger(one)) : [];
  return { uidValidity, uid, left: numbers.map(Number) };
}
