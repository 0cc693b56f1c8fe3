import type { CheckDeps, CheckRequest } from "../../checker/check-domain.ts";
import type { KnownSelector } from "../../checker/context.ts";
import { inSteadyOrder } from "../../checker/steady-order.ts";
import type { Config } from "../../config/config.ts";
import { builtInList } from "../../config/dmarc-options.ts";
import type { Clock } from "../../core/clock.ts";
import { authoritativeServers } from "../../core/dns/authoritative.ts";
import type { DnsClient } from "../../core/dns/client.ts";
import { zoneResolver } from "../../core/dns/zone.ts";
import { toAsciiDomain } from "../../core/domain-name.ts";
import { usageError } from "../command.ts";
import { nameservers, openDnsClient, readOffline } from "../dns-options.ts";
import { readIp } from "../input.ts";
import type { Io } from "../io.ts";
import { messageSelectors, readMessage } from "./message-file.ts";
import { type CheckValues, readProfile } from "./options.ts";
import { loadOwnKeys } from "./own-keys.ts";
import { type OwnServer, ownServer } from "./own-server.ts";
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
  /** The server of the file of `--config`, if it is that of the domain and no option says otherwise. */
  ownServer(domain: string): Promise<OwnServer | undefined>;
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
  readOffline(values, io);
  const request = await sharedRequest(values, domains, config, io);
  const given = values.selector.map((text) => givenSelector(text, io));
  const client = values.offline ? undefined : openDnsClient(values, config.dns, io);
  const remembered = openRemembered(config.dataDir, domains.length, clock.now());
  const deps = openDeps(request, client, config, clock);
  const isSilent = values.config === undefined || values.client.length + values.helo.length > 0;
  return {
    ...deps,
    request: async (domain) => {
      const found = request.message === undefined ? [] : messageSelectors(request.message.head, domain);
      const selectors = [...given, ...found, ...(await remembered.selectors(domain))];
      return { domain, ...request, selectors };
    },
    ownServer: async (domain) => (isSilent ? undefined : ownServer(config, domain, deps.deps.dns)),
    close: () => {
      client?.close();
      remembered.close();
    },
  };
}

/** What is the same for every domain. */
async function sharedRequest(
  values: CheckValues,
  domains: readonly string[],
  config: Config,
  io: Io,
): Promise<Omit<CheckRequest, "domain" | "selectors">> {
  const { offline, add, drop, "from-message": file } = values;
  const profile = readProfile(values.profile, io);
  return {
    zones: readCheckedZones(values.zone, domains, io),
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
    ...(file === undefined ? {} : { message: await readMessage(file, io) }),
    ...(add.length + drop.length === 0 ? {} : { spfChange: { add, drop } }),
  };
}

/** DNS with the zone files over it, and without. */
function openDeps(
  { zones, publicSuffix }: Pick<CheckRequest, "zones" | "publicSuffix">,
  client: DnsClient | undefined,
  config: Config,
  clock: Clock,
): Pick<OpenCheck, "deps" | "liveDeps"> {
  const parsed = zones.map(({ zone }) => zone);
  const live = client === undefined ? undefined : inSteadyOrder(client);
  const dns = live ?? zoneResolver([]);
  const named = config.dns.authoritative;
  const servers =
    live === undefined
      ? {}
      : {
          live,
          servers: authoritativeServers({ dns: live, clock, timeoutMs: serverTimeoutMs, named }),
        };
  const overlay =
    zones.length === 0
      ? dns
      : zoneResolver(parsed, live, {
          asPublished: true,
          ...(publicSuffix !== undefined && { isRegistry: (domain) => publicSuffix(domain) === domain }),
        });
  return { deps: { dns: overlay, clock, ...servers }, liveDeps: { dns, clock, ...servers } };
}

function givenSelector(text: string, io: Io): KnownSelector {
  const selector = toAsciiDomain(text);
  if (selector === undefined) throw usageError(checkText(io.lang).usage.badSelector(text));
  return { selector, from: "option" };
}
