import type { KeyAlgorithm, RotatedDomain } from "../config/rotate-config.ts";
import type { AuthorPattern, SignConfig, SigningKeyConfig } from "../config/sign-config.ts";
import type { StateTransaction } from "../store/state.ts";
import type { RotatedKey } from "./rotation.ts";
import type { RotateRequest, WantedKey } from "./rotation-plan.ts";
import { typeOf } from "./rotation-plan.ts";

/** Keys and requests in the store. */

const keyKind = "dkim-key";
const requestKind = "dkim-rotate";

export function keyId({ domain, selector }: Pick<RotatedKey, "domain" | "selector">): string {
  return `${domain} ${selector}`;
}

export async function listKeys(tx: StateTransaction): Promise<readonly RotatedKey[]> {
  // What we have written ourselves; a later version reads every form that an earlier one wrote.
  return (await tx.list(keyKind)) as readonly RotatedKey[];
}

export async function readKey(
  tx: StateTransaction,
  key: Pick<RotatedKey, "domain" | "selector">,
): Promise<RotatedKey | undefined> {
  return (await tx.get(keyKind, keyId(key))) as RotatedKey | undefined;
}

export async function saveKey(tx: StateTransaction, key: RotatedKey): Promise<void> {
  await tx.put(keyKind, keyId(key), key);
}

export async function listRequests(tx: StateTransaction): Promise<readonly RotateRequest[]> {
  return (await tx.list(requestKind)) as readonly RotateRequest[];
}

function requestId({ domain, type }: Pick<RotateRequest, "domain" | "type">): string {
  return `${domain} ${type}`;
}

export async function saveRequest(tx: StateTransaction, request: RotateRequest): Promise<void> {
  await tx.put(requestKind, requestId(request), request);
}

export async function removeRequest(
  tx: StateTransaction,
  request: Pick<RotateRequest, "domain" | "type">,
): Promise<void> {
  await tx.remove(requestKind, requestId(request));
}

/** The domains whose keys rotate: those that are named, else those of `sign.keys`. */
export function rotatedDomains({ keys, rotate }: SignConfig): readonly RotatedDomain[] {
  if (rotate === undefined) return [];
  if (rotate.domains !== undefined) return rotate.domains;
  return [...new Set(keys.map(({ domain }) => domain))].map((domain) => ({
    domain,
    includeSubdomains: false,
    identity: "none",
  }));
}

/** Tells keys and rows of domains whose keys rotate from others. */
export function rotatesIn(sign: SignConfig): (of: Pick<RotatedDomain, "domain">) => boolean {
  const domains = new Set(rotatedDomains(sign).map(({ domain }) => domain));
  return ({ domain }) => domains.has(domain);
}

const usualAlgorithms: readonly KeyAlgorithm[] = ["rsa2048"];

/**
 * Which kinds of keys each domain is to have.
 * @param keys Those in the store: the types that `sign.keys` has for a domain are known from there.
 */
export function wantedKeys(sign: SignConfig, keys: readonly RotatedKey[]): readonly WantedKey[] {
  const adopted = Map.groupBy(
    keys.filter(({ origin }) => origin === "configuration"),
    ({ domain }) => domain,
  );
  return rotatedDomains(sign).flatMap(({ domain, algorithms }) => {
    const named = algorithms ?? sign.rotate?.algorithms ?? algorithmsOf(adopted.get(domain) ?? []);
    return named.map((algorithm) => ({ domain, algorithm }));
  });
}

/** Of the same kinds as the keys that a domain had. */
function algorithmsOf(adopted: readonly RotatedKey[]): readonly KeyAlgorithm[] {
  const types = new Set(adopted.map(({ type }) => type));
  if (types.size === 0) return usualAlgorithms;
  return [
    ...(types.has("rsa") ? usualAlgorithms : []),
    ...(types.has("ed25519") ? ["ed25519" as const] : []),
  ];
}

/**
 * The keys that sign now, as rows of `sign.keys`: those of the configuration that no rotated key has replaced, and the
 * active ones of the rotation.
 */
export function rowsInUse(sign: SignConfig, keys: readonly RotatedKey[]): readonly SigningKeyConfig[] {
  const domains = new Map(rotatedDomains(sign).map((one) => [one.domain, one]));
  const known = new Map(keys.map((key) => [keyId(key), key]));
  const byHand = sign.keys.filter((row) => {
    if (!domains.has(row.domain)) return true;
    const key = known.get(keyId(row));
    return key === undefined || (key.state === "active" && key.origin === "configuration");
  });
  const rows = Map.groupBy(sign.keys, ({ domain }) => domain);
  const rotated = keys.flatMap((key) => {
    const domain = domains.get(key.domain);
    if (domain === undefined || key.state !== "active" || key.origin !== "rotation") return [];
    return rulesOf(domain, rows.get(key.domain) ?? []).map((rule) => rowOf(key, rule));
  });
  return [...byHand, ...rotated];
}

type Rule = Pick<SigningKeyConfig, "from" | "includeSubdomains" | "anyDomain" | "thirdParty" | "identity">;

/** Whose mail a domain's rotated keys sign: as it is named, else as its rows of `sign.keys` do. */
function rulesOf(domain: RotatedDomain, rows: readonly SigningKeyConfig[]): readonly Rule[] {
  if (domain.from === undefined && rows.length > 0) {
    const rules = rows.map(({ from, includeSubdomains, anyDomain, thirdParty, identity }) => {
      return { from, includeSubdomains, anyDomain, thirdParty, identity };
    });
    return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()];
  }
  const from: readonly AuthorPattern[] = domain.from ?? [{ domain: domain.domain }];
  const { includeSubdomains, identity } = domain;
  return [{ from, includeSubdomains, anyDomain: false, thirdParty: false, identity }];
}

function rowOf({ domain, selector, file }: RotatedKey, rule: Rule): SigningKeyConfig {
  return { domain, selector, file, ...rule };
}

/** Whether two lists of rows make the same signatures. */
export function sameRows(a: readonly SigningKeyConfig[], b: readonly SigningKeyConfig[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The bits of an RSA key; undefined for Ed25519. */
export function bitsOf(algorithm: KeyAlgorithm): number | undefined {
  return typeOf(algorithm) === "rsa" ? Number(algorithm.slice("rsa".length)) : undefined;
}
