import type { SigningKeyConfig } from "../config/sign-config.ts";
import type { SigningKey } from "../core/dkim/signing-key.ts";
import type { LoadedKey } from "./load-keys.ts";
import { type Author, signingTable } from "./signing-table.ts";

/** The keys that sign now. What is behind it may change between two calls (rotation). */
export interface SigningKeys {
  /** Those for mail of an author. */
  keysFor(author: Author): KeyChoice;
  /** Those of a domain (d=), whoever's mail they are for. */
  ofDomain(domain: string): readonly LoadedKey[];
  /** Domains (d=) of all keys. */
  domains(): ReadonlySet<string>;
}

export interface KeyChoice {
  /** They sign, all of them. */
  readonly keys: readonly LoadedKey[];
  /** They should, and cannot be used. Both empty: nobody may sign for the author. */
  readonly unusable: readonly SigningKeyConfig[];
}

/** The keys as the configuration has them. @param loaded Those of `rows` that could be read. */
export function configuredKeys(rows: readonly SigningKeyConfig[], loaded: readonly LoadedKey[]): SigningKeys {
  const keyOf = new Map(loaded.map((one) => [nameOf(one), one.key]));
  const all = rows.map((row): SigningKeyConfig & { readonly key?: SigningKey } => {
    const key = keyOf.get(nameOf(row));
    return key === undefined ? row : { ...row, key };
  });
  const table = signingTable(all);
  const ofDomain = Map.groupBy(loaded, ({ domain }) => domain);
  const domains = new Set(rows.map(({ domain }) => domain));
  return {
    keysFor(author) {
      const chosen = table(author);
      return {
        keys: chosen.filter((row): row is LoadedKey => row.key !== undefined),
        unusable: chosen.filter(({ key }) => key === undefined),
      };
    },
    ofDomain: (domain) => ofDomain.get(domain) ?? [],
    domains: () => domains,
  };
}

/** A key may stand in several rows, with one file (`bad-second-selector`). */
function nameOf({ selector, domain }: SigningKeyConfig): string {
  return `${selector} ${domain}`;
}
