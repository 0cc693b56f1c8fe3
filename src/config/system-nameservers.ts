import { readFileSync } from "node:fs";
import { parseServerAddress, type ServerAddress } from "../core/dns/server-address.ts";

/** resolv.conf(5): a host without `nameserver` lines asks itself. */
const localServer: ServerAddress = { address: "127.0.0.1", port: 53 };

/**
 * The name servers of the system's resolver, in order; the local host when the file names none or cannot be read.
 * @param file Another file in the format of resolv.conf(5).
 */
export function systemNameservers(file = "/etc/resolv.conf"): readonly ServerAddress[] {
  const servers = parseResolvConf(readIfThere(file));
  return servers.length > 0 ? servers : [localServer];
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** The `nameserver` lines of resolv.conf(5), each address once; lines that hold no address are passed over. */
export function parseResolvConf(text: string): readonly ServerAddress[] {
  const servers = new Map<string, ServerAddress>();
  for (const line of text.split("\n")) {
    const [keyword, address] = line.trim().split(/\s+/, 2);
    if (keyword !== "nameserver" || address === undefined) continue;
    const server = parseServerAddress(address);
    if (server !== undefined) servers.set(`${server.address} ${server.port}`, server);
  }
  return [...servers.values()];
}
