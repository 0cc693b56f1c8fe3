import type { Profile } from "../../checker/context.ts";
import type { DmarcPolicy } from "../../core/results.ts";
import type { RecordChange } from "../../findings/finding.ts";
import { newPolicy } from "./new-policy.ts";

/** What is left to show of a change after those that were shown above it. */
export interface ChangeToShow {
  /** "same": nothing, it stands above. "instead": it takes out what one above takes out, and puts in something else. */
  readonly kind: "new" | "same" | "instead";
  readonly remove: readonly RecordChange[];
  readonly add: readonly RecordChange[];
  /** The DMARC policy that begins to count with it, where mail of the domain could be hit. */
  readonly enforces?: DmarcPolicy;
}

/** The changes of one report in the order in which they are shown, so that nothing is said twice. */
export class ShownChanges {
  readonly #changes = new Set<string>();
  readonly #removed = new Set<string>();
  readonly #sends: boolean;

  constructor(profile: Profile) {
    this.#sends = profile === "sender";
  }

  next(change: readonly RecordChange[]): ChangeToShow {
    const key = JSON.stringify(change);
    if (this.#changes.has(key)) return { kind: "same", remove: [], add: [] };
    const remove = change.filter(({ action }) => action === "remove");
    const add = change.filter(({ action }) => action === "add");
    const isKnown = remove.length > 0 && remove.every((one) => this.#removed.has(JSON.stringify(one)));
    if (change.length > 0) this.#changes.add(key);
    for (const one of remove) this.#removed.add(JSON.stringify(one));
    const policy = this.#sends ? newPolicy(change) : undefined;
    const enforces = policy === undefined ? {} : { enforces: policy };
    return isKnown && add.length > 0
      ? { kind: "instead", remove: [], add, ...enforces }
      : { kind: "new", remove, add, ...enforces };
  }
}
