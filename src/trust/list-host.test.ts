import { expect, test } from "vitest";
import type { ListHostConfig } from "../config/list-config.ts";
import { parseNetwork } from "../core/ip.ts";
import type { ClientTrust } from "./classify-client.ts";
import { asListHost, type ListFacts, listPassageOf } from "./list-host.ts";

function host(
  name: string,
  proof: Partial<Pick<ListHostConfig, "socket" | "listId">> & { network?: string },
): ListHostConfig {
  const { network, ...rest } = proof;
  const parsed = network === undefined ? undefined : parseNetwork(network);
  return {
    name,
    addresses: [{ domain: "lists.example" }],
    networks: parsed === undefined ? [] : [{ ...parsed, text: network ?? "" }],
    brokenSignatures: "remove",
    rewriteFrom: "policy",
    author: "auto",
    ...rest,
  };
}

const hosts = [
  host("both", { socket: "inet:127.0.0.1:3", listId: "lab.lists.example" }),
  host("socket", { socket: "inet:127.0.0.1:2" }),
  host("network", { network: "192.0.2.30" }),
  host("v6", { network: "2001:db8::/64" }),
  host("id", { listId: "staff.lists.example" }),
];
const facts: ListFacts = {
  socket: "inet:127.0.0.1:1",
  client: { ip: "203.0.113.5", maySign: false },
  listIds: [],
};

test.each<{ name: string; facts: Partial<ListFacts>; is: string | undefined }>([
  { name: "by its socket", facts: { socket: "inet:127.0.0.1:2" }, is: "socket socket" },
  { name: "by its address", facts: { client: { ip: "192.0.2.30", maySign: false } }, is: "network network" },
  {
    name: "by its address, IPv6",
    facts: { client: { ip: "2001:db8::1", maySign: false } },
    is: "v6 network",
  },
  {
    name: "by socket and List-Id",
    facts: { socket: "inet:127.0.0.1:3", listIds: ["lab.lists.example"] },
    is: "both socket",
  },
  { name: "the socket without the List-Id", facts: { socket: "inet:127.0.0.1:3" }, is: undefined },
  {
    name: "by List-Id, of a client that may sign",
    facts: { client: { ip: "198.51.100.10", maySign: true }, listIds: ["staff.lists.example"] },
    is: "id list-id",
  },
  {
    name: "a stranger's List-Id",
    facts: { listIds: ["staff.lists.example", "lab.lists.example"] },
    is: undefined,
  },
  { name: "nobody", facts: {}, is: undefined },
  { name: "a client without an address", facts: { client: { maySign: true } }, is: undefined },
])("$name", ({ facts: given, is }) => {
  const passage = listPassageOf({ ...facts, ...given }, hosts);
  expect(passage && `${passage.host.name} ${passage.by}`).toBe(is);
});

test("mail from a list host is ours: not judged, and it may be signed", () => {
  const client: ClientTrust = {
    origin: "own",
    ip: "192.0.2.30",
    spfClient: { ip: { family: 4, octets: Uint8Array.of(192, 0, 2, 30) } },
    verify: "full",
    mayTrustAuthres: false,
    maySign: false,
    authenticated: false,
    why: ["networks.own 192.0.2.0/24"],
  };
  const passage = listPassageOf({ ...facts, client }, hosts);
  if (passage === undefined) throw new Error("no list");
  const { spfClient: _, ...rest } = client;
  expect(asListHost(client, passage)).toEqual({
    ...rest,
    verify: "none",
    maySign: true,
    why: ["networks.own 192.0.2.0/24", "lists.network network"],
  });
});
