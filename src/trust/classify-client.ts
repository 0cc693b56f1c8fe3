import type { NamedNetwork, NetworksConfig, OwnNetwork, RelayNetwork, SocketRole } from "../config/config.ts";
import { formatIp, type IpAddress, inNetwork, parseIp, unmapped } from "../core/ip.ts";
import type { MessageHead } from "../core/message/message.ts";
import { type KnownRelay, type RelayClient, relayClient } from "./relay-received.ts";

export type Origin = "stranger" | "relay" | "own" | "submitter" | "local";

/** The address of an SMTP client or of an MTA, as the milter protocol tells it. */
export type ClientAddress =
  | { readonly family: 4 | 6; readonly address: string; readonly port?: number }
  | { readonly family: "unix" }
  | { readonly family: "unknown" };

/** All that the classification looks at. */
export interface ClientFacts {
  /** The MTA that speaks to us. Who may is decided at the socket (`milter.peers`); it gives no right here. */
  readonly peer?: ClientAddress;
  /** The socket that the MTA came by. */
  readonly socket: { readonly role: SocketRole; readonly listen: string };
  /** The MTA's connect event; undefined when it sent none. */
  readonly connect: { readonly hostname: string; readonly client: ClientAddress } | undefined;
  /** Of the SMTP client. */
  readonly helo: string | undefined;
  /** Names without braces: `auth_type` and, without a connect event, `client_addr` and `client_name` are read. */
  readonly macros: ReadonlyMap<string, string>;
  /** Needed only behind a relay, for the Received field that the relay wrote. */
  readonly head?: MessageHead;
}

/** Who an SMTP client is to us, and what follows from it. */
export interface ClientTrust {
  readonly origin: Origin;
  /** The SMTP client's address in canonical text; an IPv4-mapped one as IPv4. */
  readonly ip?: string;
  /** There exactly when `verify` is "full": the client that iprev and SPF are to be evaluated for. */
  readonly spfClient?: { readonly ip: IpAddress; readonly helo?: string };
  /** "no-spf": DKIM and DMARC without iprev and SPF. "none": the message is not verified. */
  readonly verify: "full" | "no-spf" | "none";
  /** The client is a relay whose authserv-id we know: fields with `trustedAuthservId` are its word. */
  readonly mayTrustAuthres: boolean;
  readonly trustedAuthservId?: string;
  readonly maySign: boolean;
  readonly authenticated: boolean;
  /** The network of the configuration that decided. */
  readonly network?: { readonly text: string; readonly name?: string; readonly contact?: string };
  /** Rule ids with their parameters, the one that decided the origin first, e.g. `networks.own 192.0.2.64/28 研究室A`. */
  readonly why: readonly string[];
}

/**
 * Decides who the client of one message is. The only code that reads networks or `{auth_type}`; pure.
 *
 * In this order: local (no network client at all), relay, authenticated login, then the networks. Where networks
 * overlap the longest prefix decides; between equal ones submitters go before relays and relays before own. A login
 * from a relay's address stays a relay: what a gateway hands on is not our users' mail.
 *
 * Call it when the head is known: `{auth_type}` comes with MAIL, the relay's Received field with the head.
 */
export function classifyClient(facts: ClientFacts, networks: NetworksConfig): ClientTrust {
  const client = clientOf(facts);
  const authenticated = (facts.macros.get("auth_type") ?? "") !== "";
  const standing = standingOf(client, authenticated, networks);
  const checks = checksOf(standing, client, facts, networks);
  const { role } = facts.socket;
  const relay = standing.origin === "relay" ? standing.network : undefined;
  const sign = signRight(standing.origin, role);
  return {
    origin: standing.origin,
    ...(client.ip !== undefined && { ip: formatIp(client.ip) }),
    ...(checks.spfClient !== undefined && { spfClient: checks.spfClient }),
    verify: checks.verify,
    mayTrustAuthres: relay?.authservId !== undefined,
    ...(relay?.authservId !== undefined && { trustedAuthservId: relay.authservId }),
    maySign: sign !== undefined,
    authenticated,
    ...(standing.network !== undefined && { network: described(standing.network) }),
    why: [...standing.why, ...checks.why, ...(sign === undefined ? [] : [sign])],
  };
}

// ---------------------------------------------------------------- the client

interface Client {
  readonly ip?: IpAddress;
  readonly hostname: string;
  /** The MTA itself or a program on its machine, not somebody over the network. */
  readonly local?: "client.unix" | "client.simulated" | "client.none";
}

function clientOf({ connect, macros }: ClientFacts): Client {
  if (connect === undefined)
    return addressClient(macros.get("client_name") ?? "", macros.get("client_addr") ?? "");
  const { hostname, client } = connect;
  if (client.family === "unix") return { hostname, local: "client.unix" };
  // Sendmail's local submission has no address and is named localhost; an SMTP client whose address Postfix could not
  // learn ("unknown") is somebody over the network all the same.
  if (client.family === "unknown")
    return { hostname, ...(hostname === "localhost" && { local: "client.none" }) };
  const known = addressClient(hostname, client.address);
  // Postfix's local mail comes as a simulated session from localhost, with a loopback address and no port.
  const simulated = hostname === "localhost" && client.port === 0 && isLoopback(known.ip);
  return simulated ? { ...known, local: "client.simulated" } : known;
}

function addressClient(hostname: string, address: string): Client {
  const ip = parseIp(/^ipv6:/i.test(address) ? address.slice("IPv6:".length) : address);
  return ip === undefined ? { hostname } : { hostname, ip: unmapped(ip) };
}

function isLoopback(ip: IpAddress | undefined): boolean {
  if (ip === undefined) return false;
  const text = formatIp(ip);
  return text === "::1" || text.startsWith("127.");
}

// ---------------------------------------------------------------- who it is

type Standing =
  | { readonly origin: "stranger" | "local"; readonly network?: undefined; readonly why: readonly string[] }
  | { readonly origin: "submitter"; readonly network?: NamedNetwork; readonly why: readonly string[] }
  | { readonly origin: "own"; readonly network: OwnNetwork; readonly why: readonly string[] }
  | { readonly origin: "relay"; readonly network: RelayNetwork; readonly why: readonly string[] };

function standingOf(client: Client, authenticated: boolean, networks: NetworksConfig): Standing {
  if (client.local !== undefined) return { origin: "local", why: [client.local] };
  const inNetworks = client.ip === undefined ? undefined : networkStanding(client.ip, networks);
  if (inNetworks?.origin === "relay")
    return authenticated ? { ...inNetworks, why: [...inNetworks.why, "auth.relay"] } : inNetworks;
  if (authenticated) return { origin: "submitter", why: ["auth.login"] };
  if (inNetworks !== undefined) return inNetworks;
  return { origin: "stranger", why: [client.ip === undefined ? "client.no-address" : "networks.none"] };
}

function networkStanding(ip: IpAddress, { submitters, relays, own }: NetworksConfig): Standing | undefined {
  const [submitter, relay, ours] = [longest(ip, submitters), longest(ip, relays), longest(ip, own)];
  const prefix = Math.max(submitter?.prefix ?? -1, relay?.prefix ?? -1, ours?.prefix ?? -1);
  if (submitter?.prefix === prefix)
    return { origin: "submitter", network: submitter, why: [`networks.submitters ${submitter.text}`] };
  if (relay?.prefix === prefix)
    return { origin: "relay", network: relay, why: [`networks.relays ${relay.text}`] };
  if (ours === undefined) return undefined;
  const name = ours.name === undefined ? "" : ` ${ours.name}`;
  return { origin: "own", network: ours, why: [`networks.own ${ours.text}${name}`] };
}

function longest<Network extends NamedNetwork>(
  ip: IpAddress,
  networks: readonly Network[],
): Network | undefined {
  let best: Network | undefined;
  for (const network of networks)
    if (inNetwork(ip, network.address, network.prefix) && network.prefix > (best?.prefix ?? -1))
      best = network;
  return best;
}

function described({ text, name, contact }: OwnNetwork): NonNullable<ClientTrust["network"]> {
  return { text, ...(name !== undefined && { name }), ...(contact !== undefined && { contact }) };
}

// ---------------------------------------------------------------- what is verified

interface Checks {
  readonly verify: ClientTrust["verify"];
  readonly spfClient?: NonNullable<ClientTrust["spfClient"]>;
  readonly why: readonly string[];
}

function checksOf(standing: Standing, client: Client, facts: ClientFacts, networks: NetworksConfig): Checks {
  if (facts.socket.role === "sign") return { verify: "none", why: ["socket.sign"] };
  switch (standing.origin) {
    case "local":
    case "submitter":
      // Our own mail on its way out, mostly not signed yet: there is nothing to authenticate it against, and a
      // "dmarc=fail" on it would mislead the filters behind us.
      return { verify: "none", why: [`unverified.${standing.origin}`] };
    case "relay":
      return behindRelay(standing.network, client, facts, networks);
    case "own":
    case "stranger":
      return client.ip === undefined
        ? { verify: "no-spf", why: ["spf.no-address"] }
        : full(client.ip, facts.helo);
  }
}

function full(ip: IpAddress, helo: string | undefined, why: readonly string[] = []): Checks {
  return { verify: "full", spfClient: { ip, ...(helo && { helo }) }, why };
}

function behindRelay(
  relay: RelayNetwork,
  client: Client,
  facts: ClientFacts,
  networks: NetworksConfig,
): Checks {
  if (facts.head === undefined) return { verify: "no-spf", why: ["relay.no-head"] };
  const names = [...namesOf(relay), client.hostname, facts.helo ?? ""];
  const found = relayClient(facts.head, { names }, networks.relays.map(knownRelay));
  if (found.kind === "local") return { verify: "none", why: ["relay.local"] };
  if (found.kind !== "client") return { verify: "no-spf", why: [unreadRule(found)] };
  const address = formatIp(found.ip);
  if (networkStanding(found.ip, networks)?.origin === "submitter")
    return { verify: "none", why: [`relay.submitter ${address}`] };
  return full(found.ip, found.helo, [`relay.received ${address}`]);
}

function unreadRule(found: Extract<RelayClient, { kind: "unread" }>): string {
  if (found.reason === "unknown-by") return `relay.unknown-by ${found.by.slice(0, 255)}`;
  return `relay.${found.reason}`;
}

function namesOf({ authservId, receivedBy }: RelayNetwork): string[] {
  return [...receivedBy, ...(authservId === undefined ? [] : [authservId])];
}

function knownRelay(relay: RelayNetwork): KnownRelay {
  return { address: relay.address, prefix: relay.prefix, names: namesOf(relay) };
}

// ---------------------------------------------------------------- what may be signed

/** The rule that gives the right to sign; undefined when none does. */
function signRight(origin: Origin, role: SocketRole): string | undefined {
  // The MTA's configuration sends only what is to be signed to a socket of that role.
  if (role === "sign") return "sign.socket";
  if (role === "both" && (origin === "submitter" || origin === "local")) return `sign.${origin}`;
  return undefined;
}
