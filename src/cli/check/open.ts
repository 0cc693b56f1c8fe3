import type { CheckDeps, CheckRequest } from "../../checker/check-domain.ts";
import type { KnownSelector } from "../../checker/context.ts";
import type { Config } from "../../config/config.ts";
import { builtInList } from "../../config/dmarc-options.ts";
import type { Clock } from "../../core/clock.ts";
import { authoritativeServers } from "../../core/dns/authoritative.ts";
import { zoneResolver } from "../../core/dns/zone.ts";
import { toAsciiDomain } from "../../core/domain-name.ts";
import { usageError } from "../command.ts";
import { nameservers, openDnsClient } from "../dns-options.ts";
import { readIp } from "../input.ts";
import type { Io } from "../io.ts";
import { messageSelectors, readMessage } from "./message-file.ts";
import { type CheckValues, readProfile } from "./options.ts";
import { loadOwnKeys } from "./own-keys.ts";
import { openRemembered } from "./remembered.ts";
import { checkText } from "./text.ts";
import { readCheckedZones } from "./zone-files.ts";

/** For one question to one authoritative server. */
const serverTimeoutMs = 3000;

/** Everything that the checks of all domains share. */
export interface OpenCheck {
  readonly deps: CheckDeps;
  /** Without the zone files. */
  readonly liveDeps: CheckDeps;
  request(domain: string): Promise<CheckRequest>;
  close(): void;
}

/** Turns options and configuration into what the checks take. @throws SekishoError for what cannot be read. */
export async function openCheck(
  values: CheckValues,
  domains: readonly string[],
  config: Config,
  clock: Clock,
  io: Io,
): Promise<OpenCheck> {
  const { offline } = values;
  if (offline && values.zone.length === 0) throw usageError(io.text.usage.offlineNeedsZone);
  const zones = readCheckedZones(values.zone, domains, io);
  const message =
    values["from-message"] === undefined ? undefined : await readMessage(values["from-message"], io);
  const client = offline ? undefined : openDnsClient(values, config.dns, io);
  const overlay =
    zones.length === 0
      ? client
      : zoneResolver(
          zones.map(({ zone }) => zone),
          client,
          { asPublished: true },
        );
  const live = client ?? zoneResolver([]);
  const servers =
    client === undefined
      ? {}
      : { live: client, servers: authoritativeServers({ dns: client, clock, timeoutMs: serverTimeoutMs }) };
  const profile = readProfile(values.profile, io);
  const common = {
    zones,
    offline,
    ownClients: values.client.map((text) => readIp("--client", text, io)),
    heloNames: values.helo,
    ownKeys: await loadOwnKeys(config),
    resolverAddresses: offline ? [] : nameservers(values, config.dns, io),
    blocklists: values.blocklist,
    ownMx: values.mx.map((name) => name.toLowerCase()),
    publicSuffix: await builtInList(),
    otherDomains: domains,
    ...(profile === undefined ? {} : { profile }),
    ...(message === undefined ? {} : { message }),
    ...(values.add.length + values.drop.length === 0
      ? {}
      : { spfChange: { add: values.add, drop: values.drop } }),
  };
  const remembered = openRemembered(config.dataDir, domains.length, clock.now());
  const given = values.selector.map((text) => givenSelector(text, io));
  return {
    deps: { dns: overlay ?? live, clock, ...servers },
    liveDeps: { dns: live, clock, ...servers },
    request: async (domain) => {
      const found = message === undefined ? [] : messageSelectors(message.head, domain);
      return { domain, ...common, selectors: [...given, ...found, ...(await remembered.selectors(domain))] };
    },
    close: () => {
      client?.close();
      remembered.close();
    },
  };
}

function givenSelector(text: string, io: Io): KnownSelector {
  const selector = toAsciiDomain(text);
  if (selector === undefined) throw usageError(checkText(io.lang).usage.badSelector(text));
  return { selector, from: "option" };
}
