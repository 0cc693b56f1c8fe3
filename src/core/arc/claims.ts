import { toAsciiDomain } from "../domain-name.ts";
import { formatIp, parseIp } from "../ip.ts";
import type { MethodResult } from "../message/authres.ts";
import { parseAuthenticationResults } from "../message/authres-parse.ts";
import type { ArcSet } from "../results.ts";

const maxClaims = 16;
const maxAuthors = 4;

/**
 * What a sealer says in its ARC-Authentication-Results: RFC 8617 §4.1.1, §3.4. A text that cannot be read says nothing;
 * the chain stands or falls without it. Each claim once, in the order of the field.
 * @param payload The value after the instance and its semicolon.
 */
export function readClaims(payload: string): Pick<ArcSet, "claims" | "remoteIp" | "authors"> {
  const parsed = parseAuthenticationResults(payload);
  if (parsed.kind !== "parsed") return { claims: [] };
  const claims = new Set(parsed.results.map(({ method, result }) => `${method}=${result}`));
  // §6, §10.2: the client that the sealer took the message from.
  const address = parsed.results
    .flatMap(({ properties }) => properties)
    .find(({ ptype, property }) => ptype === "smtp" && property === "remote-ip");
  const ip = address === undefined ? undefined : parseIp(address.value);
  const authors = authorsOf(parsed.results);
  return {
    claims: [...claims].slice(0, maxClaims),
    ...(ip !== undefined && { remoteIp: formatIp(ip) }),
    ...(authors.length > 0 && { authors }),
  };
}

/** RFC 9989 §9.1 has the domain in `header.from`; some write the address. */
function authorsOf(results: readonly MethodResult[]): readonly string[] {
  const named = results
    .filter(({ method }) => method === "dmarc")
    .flatMap(({ properties }) => properties)
    .filter(({ ptype, property }) => ptype === "header" && property === "from")
    .map(({ value }) => toAsciiDomain(value.slice(value.lastIndexOf("@") + 1)) ?? "");
  return [...new Set(named)].slice(0, maxAuthors);
}
