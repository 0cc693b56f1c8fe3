import { isWithin } from "../core/domain-name.ts";
import type { Config } from "./config.ts";
import { type ConfigProblem, configProblem } from "./problem.ts";

type Part = Pick<Config, "lists" | "sign" | "verify">;

/** Domains of lists whose rewritten mail no key signs. */
export function unsignedLists({ lists, sign }: Part): readonly ConfigProblem[] {
  return listDomains(lists).flatMap(({ domain, path }) => {
    const signed = sign.keys.some(
      ({ from, includeSubdomains, anyDomain }) =>
        anyDomain ||
        from.some((one) => one.domain === domain || (includeSubdomains && isWithin(domain, one.domain))),
    );
    return signed ? [] : [configProblem("list-unsigned", path, { domain })];
  });
}

/**
 * Lists below a domain of ours, whose `sp=` reaches them while they have no DMARC record of their own (RFC 9989 §4.10).
 * What is published nobody knows here, so it is only said.
 */
export function listsBelowDomains({ lists, sign, verify }: Part): readonly ConfigProblem[] {
  const known = [...sign.keys.map(({ domain }) => domain), ...verify.policy.ownDomains];
  return listDomains(lists).flatMap(({ domain, path }) => {
    const above = known.filter((one) => one !== domain && isWithin(domain, one));
    const parent = above.toSorted((a, b) => b.length - a.length)[0];
    return parent === undefined ? [] : [configProblem("list-below", path, { domain, parent })];
  });
}

/** Each once, where From is rewritten at all. */
function listDomains({
  hosts,
}: Config["lists"]): readonly { readonly domain: string; readonly path: string }[] {
  const seen = new Set<string>();
  return hosts.flatMap(({ addresses, rewriteFrom }, host) =>
    addresses.flatMap(({ domain }, index) => {
      if (rewriteFrom === "never" || seen.has(domain)) return [];
      seen.add(domain);
      return [{ domain, path: `lists.hosts[${host}].addresses[${index}]` }];
    }),
  );
}
