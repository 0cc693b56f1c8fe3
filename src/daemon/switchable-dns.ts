import type { Config } from "../config/config.ts";
import { systemNameservers } from "../config/system-nameservers.ts";
import { createDnsClient, type DnsClient, type DnsClientStats } from "../core/dns/client.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import { questionTimeout } from "../filter/budget.ts";

export type DnsCounts = Pick<DnsClientStats, "asked" | "queries" | "timeouts" | "cacheHits" | "coalesced">;

/** DNS whose servers and limits may change while everybody holds on to it. */
export interface SwitchableDns extends DnsResolver {
  /** Takes a new client, with an empty cache, only where something has changed; the system's resolver file included. */
  use(config: Config): void;
  /** Since the start, over all clients. */
  counts(): DnsCounts;
  cacheEntries(): number;
  /** Different questions in a row, up to now, that have had no answer, and the time between the first and the last. */
  unanswered(): Pick<DnsClientStats, "unanswered" | "unansweredMs">;
  close(): void;
}

/** Beyond its own timeout, what a client that has been replaced gets to finish. */
const graceMs = 1_000;

export function createSwitchableDns(): SwitchableDns {
  return new Switch();
}

class Switch implements SwitchableDns {
  #client: DnsClient | undefined;
  #shape = "";
  /** Replaced, and still to answer what they were asked. */
  readonly #leaving = new Set<DnsClient>();
  #gone: DnsCounts = { asked: 0, queries: 0, timeouts: 0, cacheHits: 0, coalesced: 0 };

  readonly query: DnsResolver["query"] = (...question) => {
    if (this.#client === undefined) return Promise.resolve({ kind: "failure", reason: "timeout" });
    return this.#client.query(...question);
  };

  use({ dns, milter }: Config): void {
    const { nameservers, timeoutMs, cacheSize } = dns;
    const options = {
      servers: nameservers ?? systemNameservers(),
      timeoutMs: questionTimeout(timeoutMs, milter.timeBudgetMs),
      cache: { maxEntries: cacheSize },
    };
    const shape = JSON.stringify(options);
    if (shape === this.#shape) return;
    const before = this.#client;
    this.#client = createDnsClient(options);
    this.#shape = shape;
    if (before === undefined) return;
    this.#leaving.add(before);
    setTimeout(() => this.#end(before), timeoutMs + graceMs).unref();
  }

  counts(): DnsCounts {
    const clients = [...this.#leaving, ...(this.#client === undefined ? [] : [this.#client])];
    return clients.map((client) => client.stats()).reduce<DnsCounts>(added, this.#gone);
  }

  cacheEntries(): number {
    return this.#client?.stats().cacheEntries ?? 0;
  }

  unanswered(): Pick<DnsClientStats, "unanswered" | "unansweredMs"> {
    return this.#client?.stats() ?? { unanswered: 0, unansweredMs: 0 };
  }

  close(): void {
    for (const client of this.#leaving) this.#end(client);
    this.#client?.close();
  }

  #end(client: DnsClient): void {
    if (!this.#leaving.delete(client)) return;
    this.#gone = added(this.#gone, client.stats());
    client.close();
  }
}

function added(a: DnsCounts, b: DnsCounts): DnsCounts {
  return {
    asked: a.asked + b.asked,
    queries: a.queries + b.queries,
    timeouts: a.timeouts + b.timeouts,
    cacheHits: a.cacheHits + b.cacheHits,
    coalesced: a.coalesced + b.coalesced,
  };
}
