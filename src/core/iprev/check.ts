import type { DnsResolver } from "../dns/resolver.ts";
import { formatIp, type IpAddress, reverseName, sameIp, unmapped } from "../ip.ts";
import type { IprevResult } from "../results.ts";

/** RFC 7601 §3 wants a limit and names that of SPF; further PTR records are ignored. */
const maxNames = 10;

export interface CheckIprevInput {
  readonly dns: DnsResolver;
  /** By the monotonic clock of the resolver. */
  readonly deadline?: number;
}

/** Checks that a name of the client leads back to its address: RFC 8601 §2.7.3, RFC 7601 §3. Never rejects. */
export async function checkIprev(
  client: IpAddress,
  { dns, deadline }: CheckIprevInput,
): Promise<IprevResult> {
  const ip = unmapped(client);
  const base = { method: "iprev", ip: formatIp(ip) } as const;
  const options = deadline === undefined ? {} : { deadline };
  const pointers = await dns.query(reverseName(ip), "PTR", options);
  if (pointers.kind === "failure") return { ...base, result: "temperror", problem: "dns-failure" };
  // §2.7.3: no PTR records, by NXDOMAIN or by an empty answer, are a permerror.
  if (pointers.kind !== "answer") return { ...base, result: "permerror", problem: "no-ptr" };
  const names = [...new Set(pointers.records)].slice(0, maxNames);
  let failed = false;
  for (const name of names) {
    const addresses = await dns.query(name, ip.family === 4 ? "A" : "AAAA", options);
    if (addresses.kind === "answer" && addresses.records.some((address) => sameIp(address, ip)))
      return { ...base, result: "pass", name };
    // A name that cannot be asked will not do better later.
    failed ||= addresses.kind === "failure" && addresses.reason !== "bad-name";
  }
  const first = names[0] === undefined ? {} : { name: names[0] };
  // §2.7.3: while a name could not be asked, nobody knows that none agrees.
  return failed
    ? { ...base, ...first, result: "temperror", problem: "dns-failure" }
    : { ...base, ...first, result: "fail", problem: "no-match" };
}
