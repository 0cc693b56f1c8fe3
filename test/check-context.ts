import type { CheckContext } from "../src/checker/context.ts";
import { fixedClock } from "../src/core/clock.ts";
import type { DnsAnswer, DnsRecordOf, DnsResolver, DnsType } from "../src/core/dns/resolver.ts";
import { zoneResolver } from "../src/core/dns/zone.ts";
import { parseZone } from "../src/core/dns/zone-parse.ts";

/** What a check gets, for tests of one check alone: a sender whose zone is the text. */
export function checkContext(zoneText: string, more: Partial<CheckContext> = {}): CheckContext {
  return {
    domain: "example.jp",
    profile: "sender",
    profileGuessed: false,
    dns: zoneResolver([parseZone(zoneText)]),
    zones: [],
    clock: fixedClock(Date.parse("2026-10-31T09:00:00Z")),
    selectors: [],
    ownClients: [],
    heloNames: [],
    offline: false,
    ownKeys: [],
    resolverAddresses: [],
    blocklists: [],
    ownMx: [],
    ...more,
  };
}

/** The answers of a validating resolver: authentic but for names within `unsigned`, and failing where `failing` says. */
export function validatingResolver(
  zoneText: string,
  {
    unsigned = [],
    failing = {},
    validates = true,
  }: {
    readonly unsigned?: readonly string[];
    readonly failing?: Readonly<Record<string, "servfail" | "bogus" | "timeout">>;
    readonly validates?: boolean;
  } = {},
): DnsResolver {
  const inner = zoneResolver([parseZone(`${zoneText}\n. SOA a. b. 1 2 3 4 5\n`)]);
  const isSigned = (name: string): boolean =>
    validates && !unsigned.some((one) => name === one || name.endsWith(`.${one}`));
  return {
    async query<T extends DnsType>(name: string, type: T): Promise<DnsAnswer<DnsRecordOf[T]>> {
      const reason = failing[`${name} ${type}`];
      if (reason !== undefined) return { kind: "failure", reason };
      const answer = await inner.query(name, type);
      return answer.kind === "failure" ? answer : { ...answer, authentic: isSigned(name) };
    },
  };
}
