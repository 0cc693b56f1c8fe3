import { type DmarcDifference, dmarcDifferences } from "../core/dmarc/difference.ts";
import type { DmarcResult } from "../core/results.ts";
import type { DifferenceGroup, DifferenceQuery, DmarcDifferences, DmarcOutcome } from "./port.ts";

/** One message that both discoveries evaluated. */
export interface Comparison {
  /** ms since 1970. */
  readonly at: number;
  readonly queueId?: string;
  readonly dmarc: DmarcResult;
  readonly other: DmarcResult;
}

const defaultLimit = 50;
const maxLimit = 1000;
const examples = 3;

/** @param comparisons The newest first. */
export function groupDifferences(
  comparisons: Iterable<Comparison>,
  { limit = defaultLimit }: DifferenceQuery,
): DmarcDifferences {
  const groups = new Map<string, OpenGroup>();
  let compared = 0;
  let different = 0;
  for (const comparison of comparisons) {
    compared += 1;
    const differs = dmarcDifferences(comparison.dmarc, comparison.other);
    if (differs.length === 0) continue;
    different += 1;
    addTo(groups, comparison, differs);
  }
  const sorted = [...groups.values()].sort((a, b) => b.messages - a.messages || b.newest - a.newest);
  const shown = sorted.slice(0, Math.min(Math.max(1, Math.trunc(limit)), maxLimit));
  return { compared, different, groupCount: sorted.length, groups: shown.map(toGroup) };
}

interface OpenGroup extends Omit<DifferenceGroup, "newest"> {
  messages: number;
  readonly newest: number;
  readonly queueIds: string[];
}

function addTo(
  groups: Map<string, OpenGroup>,
  { at, queueId, dmarc, other }: Comparison,
  differs: readonly DmarcDifference[],
): void {
  const [applied, beside] = [outcomeOf(dmarc), outcomeOf(other)];
  const key = JSON.stringify([dmarc.domain, applied, beside]);
  let group = groups.get(key);
  if (group === undefined) {
    const domain = dmarc.domain === undefined ? {} : { domain: dmarc.domain };
    group = { ...domain, messages: 0, differs, applied, other: beside, newest: at, queueIds: [] };
    groups.set(key, group);
  }
  group.messages += 1;
  if (queueId !== undefined && group.queueIds.length < examples) group.queueIds.push(queueId);
}

function outcomeOf(dmarc: DmarcResult): DmarcOutcome {
  const { discovery, result, appliedPolicy, policyDomain, sampledOut, problem } = dmarc;
  return {
    discovery,
    result,
    ...(appliedPolicy !== undefined && { appliedPolicy }),
    ...(policyDomain !== undefined && { policyDomain }),
    ...(sampledOut && { sampledOut }),
    ...(problem !== undefined && { problem }),
  };
}

function toGroup({ newest, ...group }: OpenGroup): DifferenceGroup {
  return { ...group, newest: new Date(newest).toISOString() };
}
