import type { RecordChange } from "../../findings/finding.ts";

/** What is left to show of a change after those that were shown above it. */
export interface ChangeToShow {
  /** "same": nothing, it stands above. "instead": it takes out what one above takes out, and puts in something else. */
  readonly kind: "new" | "same" | "instead";
  readonly remove: readonly RecordChange[];
  readonly add: readonly RecordChange[];
}

/** The changes of one report in the order in which they are shown, so that nothing is said twice. */
export class ShownChanges {
  readonly #changes = new Set<string>();
  readonly #removed = new Set<string>();

  next(change: readonly RecordChange[]): ChangeToShow {
    const key = JSON.stringify(change);
    if (this.#changes.has(key)) return { kind: "same", remove: [], add: [] };
    const remove = change.filter(({ action }) => action === "remove");
    const add = change.filter(({ action }) => action === "add");
    const isKnown = remove.length > 0 && remove.every((one) => this.#removed.has(JSON.stringify(one)));
    if (change.length > 0) this.#changes.add(key);
    for (const one of remove) this.#removed.add(JSON.stringify(one));
    return isKnown && add.length > 0 ? { kind: "instead", remove: [], add } : { kind: "new", remove, add };
  }
}
