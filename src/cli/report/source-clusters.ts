import { providerName } from "../../collect/classify/provider.ts";
import type { SourceFacts, SourceGroup, SourceOwner } from "../../collect/classify/source.ts";
import type { Lang } from "../lang.ts";
import type { Advice } from "../text/source-text.ts";
import { adviceOf } from "./source-advice.ts";

/** A source with its place. */
export interface PlacedSource {
  readonly facts: SourceFacts;
  readonly place: SourceGroup;
}

/** Sources that are one thing for a person: the same group, the same owner, the same to do. */
export interface SourceCluster {
  readonly place: SourceGroup;
  readonly advice: Advice;
  /** Owner, provider or domain; absent for those that have nothing in common but the group. */
  readonly whose?: string;
  readonly sources: readonly PlacedSource[];
  readonly messages: number;
  readonly passed: number;
}

/** In the order of work, and among equals those with more messages first. */
export function clustersOf(sources: readonly PlacedSource[], lang: Lang): readonly SourceCluster[] {
  const clusters = new Map<string, PlacedSource[]>();
  for (const source of sources) {
    const { rank, group } = source.place;
    const key = JSON.stringify([rank, group, adviceOf(source.place), ...togetherBy(source, lang)]);
    const known = clusters.get(key);
    if (known === undefined) clusters.set(key, [source]);
    else known.push(source);
  }
  return Array.from(clusters.values(), (members) => clusterOf(members, lang)).sort(
    (a, b) => a.place.rank - b.place.rank || b.messages - a.messages,
  );
}

function clusterOf(members: readonly PlacedSource[], lang: Lang): SourceCluster {
  const sources = [...members].sort((a, b) => b.facts.sums.messages - a.facts.sums.messages);
  const first = sources[0] as PlacedSource;
  const everybody = new Set(sources.map((source) => whoseOf(source, lang)));
  const whose = everybody.size === 1 ? whoseOf(first, lang) : undefined;
  const sum = (of: (source: PlacedSource) => number): number =>
    sources.reduce((total, source) => total + of(source), 0);
  return {
    place: first.place,
    advice: adviceOf(first.place),
    ...(whose !== undefined && { whose }),
    sources,
    messages: sum(({ facts }) => facts.sums.messages),
    passed: sum(({ facts }) => facts.sums.passed),
  };
}

/**
 * Small forwarders are one thing for the reader if they are known by the same sign, however many they are; so is what nobody
 * knows anything of.
 */
function togetherBy(source: PlacedSource, lang: Lang): readonly (string | undefined)[] {
  const { group, owner, provider, reasons } = source.place;
  const isSmall = group === "forwarder" && ownerText(owner) === undefined && provider === undefined;
  const whose = isSmall ? undefined : whoseOf(source, lang);
  return isSmall || (group === "unknown" && whose === undefined) ? [whose, reasons[0]?.id] : [whose];
}

function whoseOf({ facts, place }: PlacedSource, lang: Lang): string | undefined {
  const owner = ownerText(place.owner);
  if (owner !== undefined) return owner;
  if (place.provider !== undefined) return providerName(place.provider, lang);
  const [reason] = place.reasons;
  if (reason?.id === "list-host") return reason.params.host;
  if (reason?.id === "own-space" || reason?.id === "own-signature") return reason.params.network;
  // Forgers have nothing to do with one another.
  return place.group === "spoofed" ? undefined : facts.name?.domain;
}

/** `Lab A <lab-a@example.jp>`. */
export function ownerText({ name, contact }: SourceOwner = {}): string | undefined {
  if (name === undefined) return contact;
  return contact === undefined ? name : `${name} <${contact}>`;
}
