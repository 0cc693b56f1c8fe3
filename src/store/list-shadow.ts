import { readSpool } from "./ingest.ts";
import type { ShadowClient, ShadowDomain, ShadowQuery, ShadowSummary } from "./port.ts";
import type { Action, Disposition, MessageRecord, RecordId } from "./record.ts";
import type { RecordDatabase } from "./sqlite.ts";

/** One message that the shadow would have treated otherwise. */
export interface ShadowedMessage {
  readonly id: RecordId;
  /** ms since 1970. */
  readonly at: number;
  readonly queueId?: string;
  readonly domain?: string;
  readonly ip?: string;
  readonly name?: string;
  readonly shadow: Disposition;
}

const defaultLimit = 50;
const maxLimit = 1000;
/** Strangers choose domains and addresses: beyond these, messages are counted and not listed. */
const maxDomains = 20_000;
const maxClients = 200;
const maxWhy = 50;
const examples = 3;

/** What the shadow would have done since a time, by the records of the spool and the database. */
export function listShadow(
  folder: string,
  db: RecordDatabase | undefined,
  query: ShadowQuery,
): ShadowSummary {
  // The spool first: a segment that the store takes between the two readings is then in the database.
  const waiting = readSpool(folder).filter(({ at }) => Date.parse(at) >= query.since);
  const known = new Set(waiting.map(({ id }) => keyOf(id)));
  const summary = new Summary();
  for (const record of waiting.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))) {
    summary.messages += 1;
    const shadowed = shadowedMessage(record);
    if (shadowed !== undefined) summary.add(shadowed);
  }
  summary.messages += db?.countSince(query.since) ?? 0;
  for (const shadowed of db?.shadowed(query.since) ?? []) {
    if (known.has(keyOf(shadowed.id))) summary.messages -= 1;
    else summary.add(shadowed);
  }
  return summary.close(query.limit ?? defaultLimit);
}

function keyOf({ host, boot, sequence }: RecordId): string {
  return `${host} ${boot} ${sequence}`;
}

/** What of a record the list needs; undefined when the shadow would have done the same. */
export function shadowedMessage(record: MessageRecord): ShadowedMessage | undefined {
  const { id, at, queueId, client, results, shadow } = record;
  if (shadow === undefined) return undefined;
  const ip = client.spfClient ?? client.ip;
  const name = results?.iprev?.result === "pass" ? results.iprev.name : undefined;
  const domain = results?.dmarc.domain;
  return {
    id,
    at: Date.parse(at),
    ...(queueId !== undefined && { queueId }),
    ...(domain !== undefined && { domain }),
    ...(ip !== undefined && { ip }),
    ...(name !== undefined && { name }),
    shadow,
  };
}

/** Messages that are counted together. */
class Tally {
  messages = 0;
  newest = 0;
  /** Of the newest messages: they come newest first from each source. */
  readonly queueIds: string[] = [];

  add({ at, queueId }: ShadowedMessage): void {
    this.messages += 1;
    this.newest = Math.max(this.newest, at);
    if (queueId !== undefined && this.queueIds.length < examples) this.queueIds.push(queueId);
  }
}

class ActionTally extends Tally {
  readonly #why = new Map<string, number>();

  override add(message: ShadowedMessage): void {
    super.add(message);
    for (const entry of message.shadow.why ?? [])
      if (this.#why.size < maxWhy || this.#why.has(entry)) count(this.#why, entry);
  }

  get why(): ShadowDomain["why"] {
    return byCount(this.#why).map(([entry, messages]) => ({ entry, messages }));
  }
}

class ClientTally extends Tally {
  readonly #ip: string | undefined;
  #name: string | undefined;
  readonly #actions = new Map<Action, ActionTally>();

  constructor({ ip }: ShadowedMessage) {
    super();
    this.#ip = ip;
  }

  override add(message: ShadowedMessage): void {
    super.add(message);
    this.#name ??= message.name;
    entryOf(this.#actions, message.shadow.action, () => new ActionTally())?.add(message);
  }

  close(): ShadowClient {
    return {
      ...(this.#ip !== undefined && { ip: this.#ip }),
      ...(this.#name !== undefined && { name: this.#name }),
      messages: this.messages,
      actions: inOrder(this.#actions, ({ messages }) => messages).map(
        ([action, { messages, why, queueIds }]) => ({ action, messages, why, queueIds }),
      ),
      newest: new Date(this.newest).toISOString(),
      queueIds: this.queueIds,
    };
  }
}

class DomainTally extends ActionTally {
  readonly #domain: string | undefined;
  readonly #actions = new Map<Action, number>();
  readonly #clients = new Map<string, ClientTally>();

  constructor({ domain }: ShadowedMessage) {
    super();
    this.#domain = domain;
  }

  override add(message: ShadowedMessage): void {
    super.add(message);
    count(this.#actions, message.shadow.action);
    entryOf(this.#clients, message.ip ?? "", () => new ClientTally(message), maxClients)?.add(message);
  }

  close(): ShadowDomain {
    return {
      ...(this.#domain !== undefined && { domain: this.#domain }),
      messages: this.messages,
      actions: inOrder(this.#actions, (messages) => messages).map(([action, messages]) => {
        return { action, messages };
      }),
      why: this.why,
      clients: byMessages(this.#clients).map(([, client]) => client.close()),
      newest: new Date(this.newest).toISOString(),
      queueIds: this.queueIds,
    };
  }
}

class Summary {
  messages = 0;
  #different = 0;
  readonly #domains = new Map<string, DomainTally>();

  add(message: ShadowedMessage): void {
    this.#different += 1;
    entryOf(this.#domains, message.domain ?? "", () => new DomainTally(message), maxDomains)?.add(message);
  }

  close(limit: number): ShadowSummary {
    const sorted = byMessages(this.#domains);
    const shown = sorted.slice(0, Math.min(Math.max(1, Math.trunc(limit)), maxLimit));
    return {
      messages: this.messages,
      different: this.#different,
      domainCount: sorted.length,
      domains: shown.map(([, domain]) => domain.close()),
    };
  }
}

/** The entry of a key, made when there is none and room for it. */
function entryOf<Key, T>(
  entries: Map<Key, T>,
  key: Key,
  make: () => T,
  most = Number.POSITIVE_INFINITY,
): T | undefined {
  const known = entries.get(key);
  if (known !== undefined || entries.size >= most) return known;
  const made = make();
  entries.set(key, made);
  return made;
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function byCount<Key>(counts: ReadonlyMap<Key, number>): (readonly [Key, number])[] {
  return [...counts].sort((a, b) => b[1] - a[1]);
}

const harshFirst: readonly Action[] = ["reject", "defer", "hold", "quarantine", "header", "none"];

/** The most frequent first; of equally frequent ones the harshest. */
function inOrder<T>(
  actions: ReadonlyMap<Action, T>,
  messages: (value: T) => number,
): (readonly [Action, T])[] {
  return [...actions].sort(
    ([a, one], [b, other]) =>
      messages(other) - messages(one) || harshFirst.indexOf(a) - harshFirst.indexOf(b),
  );
}

function byMessages<Key, T extends Tally>(tallies: ReadonlyMap<Key, T>): (readonly [Key, T])[] {
  return [...tallies].sort(([, a], [, b]) => b.messages - a.messages || b.newest - a.newest);
}
