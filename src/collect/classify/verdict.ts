import type { SourceFacts, SourceGroup, SourceName } from "./source.ts";

/** What a rule comes to. */
export type Verdict = Omit<SourceGroup, "state" | "rank">;

/** The name of a source, if it leads back to its address: anybody may claim any other. */
export function confirmedName({ name }: Pick<SourceFacts, "name">): string | undefined {
  return name?.result === "pass" ? name.name : undefined;
}

/** @returns Whether blocklists that the operator named hold it. */
export function isListed(name: SourceName | undefined): boolean {
  return (name?.listed.length ?? 0) > 0;
}
