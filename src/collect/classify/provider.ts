import { parentDomain } from "../../core/domain-name.ts";
import catalogue from "./providers.json" with { type: "json" };

export const providerClasses = [
  "mail-host",
  "esp",
  "saas",
  "gateway",
  "forwarder",
  "list",
  "hosting",
  "isp",
] as const;
export type ProviderClass = (typeof providerClasses)[number];

/** Somebody whose hosts are known. A domain stands for all names below it. */
export interface Provider {
  readonly id: string;
  readonly name: string;
  /** What it is called in Japanese, where that differs. */
  readonly ja?: string;
  readonly class: ProviderClass;
  /** For names of hosts, signatures and envelopes alike. */
  readonly domains?: readonly string[];
  /** Of its hosts' names. */
  readonly ptr?: readonly string[];
  /** That it signs with (`d=`) where its customer has no key of his own. */
  readonly dkim?: readonly string[];
  /** Of the envelopes that it sends with where its customer has none of his own. */
  readonly spf?: readonly string[];
  readonly asn?: readonly number[];
}

/** What a provider is known by. */
export type ProviderEvidence = "ptr" | "dkim" | "spf";

/** As it stands in the file; a test holds every entry against the type. */
export const providers: readonly Provider[] = catalogue as readonly Provider[];

const byId = new Map(providers.map((provider) => [provider.id, provider]));
const byAsn = new Map(providers.flatMap((provider) => (provider.asn ?? []).map((asn) => [asn, provider])));
const byDomain: Readonly<Record<ProviderEvidence, ReadonlyMap<string, Provider>>> = {
  ptr: index("ptr"),
  dkim: index("dkim"),
  spf: index("spf"),
};

function index(evidence: ProviderEvidence): ReadonlyMap<string, Provider> {
  return new Map(
    providers.flatMap((provider) =>
      [...(provider.domains ?? []), ...(provider[evidence] ?? [])].map(
        (domain) => [domain, provider] as const,
      ),
    ),
  );
}

/** @param domain A-labels in lower case, without a final dot. The longest domain of the catalogue that it ends in decides. */
export function providerOfDomain(domain: string, evidence: ProviderEvidence): Provider | undefined {
  for (let name: string | undefined = domain; name !== undefined; name = parentDomain(name)) {
    const provider = byDomain[evidence].get(name);
    if (provider !== undefined) return provider;
  }
  return undefined;
}

export function providerOfAsn(asn: number): Provider | undefined {
  return byAsn.get(asn);
}

export function providerById(id: string): Provider | undefined {
  return byId.get(id);
}

/** @returns The id itself where the catalogue has lost it. */
export function providerName(id: string, lang: "en" | "ja"): string {
  const provider = providerById(id);
  return (lang === "ja" ? provider?.ja : undefined) ?? provider?.name ?? id;
}
