/** Something in a report that is not as the RFCs have it, and what was made of it. Ids are stable. */
export interface ReportWarning {
  readonly id: string;
  /** Where, e.g. `report_metadata/report_id`. */
  readonly at?: string;
  /** What stood there, cut to 100 characters. */
  readonly value?: string;
  /** How often, when it came several times; the first is told. */
  readonly times?: number;
}

const maxValue = 100;
const maxKinds = 100;

type Counted = { -readonly [Key in keyof ReportWarning]: ReportWarning[Key] };

/** Counts warnings: one of each id and place, however often it comes. */
export class WarningSink {
  readonly #found = new Map<string, Counted>();
  /** A broken report may give the same one a million times. */
  #last: Counted | undefined;

  add(id: string, at?: string, value?: string): void {
    const last = this.#last;
    if (last !== undefined && last.id === id && last.at === at) last.times = (last.times ?? 1) + 1;
    else this.#addOther(id, at, value);
  }

  #addOther(id: string, at: string | undefined, value: string | undefined): void {
    const key = `${id} ${at ?? ""}`;
    const known = this.#found.get(key);
    this.#last = known ?? this.#last;
    if (known !== undefined) known.times = (known.times ?? 1) + 1;
    else if (this.#found.size < maxKinds)
      this.#found.set(key, {
        id,
        ...(at !== undefined && { at }),
        ...(value !== undefined && { value: value.slice(0, maxValue) }),
      });
  }

  list(): readonly ReportWarning[] {
    return [...this.#found.values()];
  }
}
