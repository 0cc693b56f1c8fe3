import type { DmarcPolicy } from "../core/results.ts";

/** The weakest first. */
export const policies: readonly DmarcPolicy[] = ["none", "quarantine", "reject"];

export function isWeaker(policy: DmarcPolicy, than: DmarcPolicy): boolean {
  return policies.indexOf(policy) < policies.indexOf(than);
}
