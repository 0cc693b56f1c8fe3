import type { ListHostConfig } from "../config/list-config.ts";
import { inNetwork, parseIp } from "../core/ip.ts";
import type { ClientTrust } from "./classify-client.ts";

/** By what a message is known to have passed through a list. */
export type ListProof = "socket" | "network" | "list-id";

export interface ListPassage {
  readonly host: ListHostConfig;
  /** The strongest of what was asked for. Only "socket" and "network" name a host: List-Id anybody may write. */
  readonly by: ListProof;
}

export interface ListFacts {
  /** `listen` of the socket that the message came by. */
  readonly socket: string;
  readonly client: Pick<ClientTrust, "ip" | "maySign">;
  /** Of the message, in lower case (RFC 2919). */
  readonly listIds: readonly string[];
}

/** The list host of ours that a message has passed through: the first of which all holds that the operator named. Pure. */
export function listPassageOf(facts: ListFacts, hosts: readonly ListHostConfig[]): ListPassage | undefined {
  for (const host of hosts) {
    const by = proofOf(host, facts);
    if (by !== undefined) return { host, by };
  }
  return undefined;
}

function proofOf(
  { socket, networks, listId }: ListHostConfig,
  { socket: came, client, listIds }: ListFacts,
): ListProof | undefined {
  if (socket !== undefined && socket !== came) return undefined;
  if (networks.length > 0 && !isAmong(client.ip, networks)) return undefined;
  if (listId !== undefined && !listIds.includes(listId)) return undefined;
  if (socket !== undefined) return "socket";
  if (networks.length > 0) return "network";
  // From a stranger it would be a way to get a signature of ours.
  return client.maySign ? "list-id" : undefined;
}

function isAmong(ip: string | undefined, networks: ListHostConfig["networks"]): boolean {
  const address = ip === undefined ? undefined : parseIp(ip);
  return (
    address !== undefined && networks.some((network) => inNetwork(address, network.address, network.prefix))
  );
}

/**
 * What follows from it: the mail is ours on its way out. It is not judged as a stranger's, and may be signed, in the
 * name of the list or for an author who is proven otherwise.
 */
export function asListHost(client: ClientTrust, { host, by }: ListPassage): ClientTrust {
  const { spfClient: _, ...kept } = client;
  return { ...kept, verify: "none", maySign: true, why: [...client.why, `lists.${by} ${host.name}`] };
}
