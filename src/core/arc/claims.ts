import { formatIp, parseIp } from "../ip.ts";
import { parseAuthenticationResults } from "../message/authres-parse.ts";
import type { ArcSet } from "../results.ts";

const maxClaims = 16;

/**
 * What a sealer says in its ARC-Authentication-Results: RFC 8617 §4.1.1, §3.4. A text that cannot be read says nothing;
 * the chain stands or falls without it. Each claim once, in the order of the field.
 * @param payload The value after the instance and its semicolon.
 */
export function readClaims(payload: string): Pick<ArcSet, "claims" | "remoteIp"> {
  const parsed = parseAuthenticationResults(payload);
  if (parsed.kind !== "parsed") return { claims: [] };
  const claims = new Set(parsed.results.map(({ method, result }) => `${method}=${result}`));
  // §6, §10.2: the client that the sealer took the message from.
  const address = parsed.results
    .flatMap(({ properties }) => properties)
    .find(({ ptype, property }) => ptype === "smtp" && property === "remote-ip");
  const ip = address === undefined ? undefined : parseIp(address.value);
  return { claims: [...claims].slice(0, maxClaims), ...(ip !== undefined && { remoteIp: formatIp(ip) }) };
}
