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
  for (const record of waiting.toReversed()) {
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

interface OpenDomain {
  readonly domain: string | undefined;
  messages: number;
  newest: number;
  readonly actions: Map<Action, number>;
  readonly why: Map<string, number>;
  readonly clients: Map<string, OpenClient>;
  readonly queueIds: string[];
}
interface OpenClient {
  readonly ip: string | undefined;
  readonly name: string | undefined;
  messages: number;
  readonly queueIds: string[];
}

/** Messages as they are counted, newest first within each source. */
class Summary {
  messages = 0;
  #different = 0;
  readonly #domains = new Map<string, OpenDomain>();

  add(message: ShadowedMessage): void {
    this.#different += 1;
    const open = this.#domain(message.domain);
    if (open === undefined) return;
    const { shadow, queueId } = message;
    open.messages += 1;
    open.newest = Math.max(open.newest, message.at);
    count(open.actions, shadow.action);
    for (const entry of shadow.why ?? [])
      if (open.why.size < maxWhy || open.why.has(entry)) count(open.why, entry);
    if (queueId !== undefined && open.queueIds.length < examples) open.queueIds.push(queueId);
    addClient(open.clients, message);
  }

  #domain(domain: string | undefined): OpenDomain | undefined {
    const key = domain ?? "";
    const found = this.#domains.get(key);
    if (found !== undefined || this.#domains.size >= maxDomains) return found;
    const open = {
      domain,
      messages: 0,
      newest: 0,
      actions: new Map(),
      why: new Map(),
      clients: new Map(),
      queueIds: [],
    };
    this.#domains.set(key, open);
    return open;
  }

  close(limit: number): ShadowSummary {
    const sorted = [...this.#domains.values()].sort((a, b) => b.messages - a.messages || b.newest - a.newest);
    const shown = sorted.slice(0, Math.min(Math.max(1, Math.trunc(limit)), maxLimit));
    return {
      messages: this.messages,
      different: this.#different,
      domainCount: sorted.length,
      domains: shown.map(toDomain),
    };
  }
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function addClient(clients: Map<string, OpenClient>, { ip, name, queueId }: ShadowedMessage): void {
  const key = ip ?? "";
  let client = clients.get(key);
  if (client === undefined) {
    if (clients.size >= maxClients) return;
    client = { ip, name, messages: 0, queueIds: [] };
    clients.set(key, client);
  }
  client.messages += 1;
  if (queueId !== undefined && client.queueIds.length < examples) client.queueIds.push(queueId);
}

function toDomain({ domain, newest, ...open }: OpenDomain): ShadowDomain {
  return {
    ...(domain !== undefined && { domain }),
    messages: open.messages,
    actions: byCount(open.actions).map(([action, messages]) => ({ action, messages })),
    why: byCount(open.why).map(([entry, messages]) => ({ entry, messages })),
    clients: [...open.clients.values()].sort((a, b) => b.messages - a.messages).map(toClient),
    newest: new Date(newest).toISOString(),
    queueIds: open.queueIds,
  };
}

function byCount<Key>(counts: ReadonlyMap<Key, number>): (readonly [Key, number])[] {
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function toClient({ ip, name, messages, queueIds }: OpenClient): ShadowClient {
  return {
    ...(ip !== undefined && { ip }),
    ...(name !== undefined && { name }),
    messages,
    queueIds,
  };
}
