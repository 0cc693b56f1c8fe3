import type { Config } from "../../config/config.ts";
import { builtInList } from "../../config/dmarc-options.ts";
import type { Clock } from "../../core/clock.ts";
import { organizationalDomainBelow } from "../../core/dmarc/public-suffix.ts";
import type { DnsResolver } from "../../core/dns/resolver.ts";
import type { Log } from "../../log.ts";
import type { ReportStore } from "../../store/reports/port.ts";
import { openSharedNames } from "../../store/shared.ts";
import { reasonOf } from "../reason-of.ts";
import { openGeo } from "./geo.ts";
import { type NamingRound, nameSources, namingLimits } from "./name-sources.ts";
import type { OrganizationalDomain } from "./way.ts";

/** The organizational domain by the list that the program brings: no question of the DNS, as it is asked of all sources. */
export async function organizationalDomains(): Promise<OrganizationalDomain> {
  const publicSuffix = await builtInList();
  const known = new Map<string, string>();
  return (domain) => {
    const found = known.get(domain) ?? organizationalDomainBelow(domain, publicSuffix);
    if (known.size >= maxKnown) known.clear();
    known.set(domain, found);
    return found;
  };
}

const maxKnown = 10_000;

export interface NamingOptions {
  /** As they are at the time of a round. */
  readonly config: () => Pick<Config, "dataDir" | "collect" | "store"> | undefined;
  readonly reports: () => Promise<Pick<ReportStore, "sources">>;
  /** Does the work unless another process with the same store is at it: two would ask everything twice. */
  readonly alone: (work: () => Promise<void>) => Promise<unknown>;
  readonly dns: DnsResolver;
  readonly clock: Clock;
  readonly log: Log;
}

/** What goes on in the background until it is closed. */
export interface Naming {
  close(): Promise<void>;
}

const firstRoundMs = 30_000;
const everyMs = 600_000;

/** Names sources in the background: a round now and then, for as long as the program runs. */
export function startNaming(options: NamingOptions): Naming {
  let timer = later(firstRoundMs);
  let work: Promise<void> = Promise.resolve();
  let isClosed = false;

  function later(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      work = nameNow(options, () => isClosed).then(() => {
        if (!isClosed) timer = later(everyMs);
      });
    }, ms).unref();
  }

  return {
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await work;
    },
  };
}

/** One round, told to the log. Never rejects. */
async function nameNow(options: NamingOptions, isStopped: () => boolean): Promise<void> {
  try {
    const config = options.config();
    if (config !== undefined) await options.alone(() => nameAll(options, config, isStopped));
  } catch (error) {
    options.log.warn("collect: sources could not be named", { reason: reasonOf(error) });
  }
}

async function nameAll(
  { reports, dns, clock, log }: NamingOptions,
  config: Pick<Config, "dataDir" | "collect" | "store">,
  isStopped: () => boolean,
): Promise<void> {
  const names = await openSharedNames(config);
  try {
    const organizational = await organizationalDomains();
    const { geo, blocklists } = config.collect;
    const services = { reports: await reports(), names, dns, clock, organizational, blocklists, isStopped };
    tell(await nameSources({ ...services, geo: () => openGeo(geo) }, namingLimits), log);
  } finally {
    await names.close();
  }
}

function tell({ asked, unanswered, left, unusableLists, problems }: NamingRound, log: Log): void {
  for (const list of unusableLists) log.warn("collect: the blocklist cannot be used", { list });
  for (const { file, reason } of problems) log.warn("collect: the database cannot be used", { file, reason });
  if (asked > 0) log.info("collect: sources named", { asked, unanswered, left });
}
