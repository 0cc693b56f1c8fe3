import type { CheckedZone, KnownSelector } from "./context.ts";

/** Selectors in wide use, of services and of the defaults of programs. Few, since each costs a question. */
const common =
  `default selector1 selector2 google s1 s2 k1 k2 k3 dkim mail smtp key1 key2 mx sig1 20230601 zoho protonmail
amazonses mandrill pm everlytickey1 litesrv fm1 fm2 fm3 x default1 s1024 s2048 rsa ed25519`.split(/\s+/);

/** Those of the common ones that services have as aliases of names of their own. */
export const delegatedSelectors: ReadonlySet<string> = new Set(
  "selector1 selector2 s1 s2 k1 k2 k3 sig1 mandrill everlytickey1 fm1 fm2 fm3 protonmail".split(" "),
);

/** The selectors of a domain, each once and with the best that is known of it; common ones last. */
export function gatherSelectors(
  domain: string,
  known: readonly KnownSelector[],
  zones: readonly CheckedZone[],
): readonly KnownSelector[] {
  const guesses = common.map((selector): KnownSelector => ({ selector, from: "guess" }));
  const found = new Map<string, KnownSelector>();
  for (const one of [...known, ...zones.flatMap((zone) => zoneSelectors(domain, zone)), ...guesses])
    if (!found.has(one.selector)) found.set(one.selector, one);
  return [...found.values()];
}

/**
 * Names below `_domainkey` in a zone file; a wildcard is none, and neither is `_adsp`, a policy: no label of a
 * selector begins with "_" (RFC 6376 §3.1).
 */
function zoneSelectors(domain: string, { zone }: CheckedZone): KnownSelector[] {
  const ending = `._domainkey.${domain}`;
  const names = [...zone.records.map(({ name }) => name), ...zone.otherNames];
  return names
    .flatMap((name) => (name.endsWith(ending) ? [name.slice(0, -ending.length)] : []))
    .filter((selector) => !/^\*|(?:^|\.)_/.test(selector))
    .map((selector) => ({ selector, from: "zone" }));
}
