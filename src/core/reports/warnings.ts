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

/** Counts warnings: one of each id and place, however often it comes. */
export class WarningSink {
  readonly #found = new Map<string, { -readonly [Key in keyof ReportWarning]: ReportWarning[Key] }>();

  add(id: string, at?: string, value?: string): void {
    const key = `${id} ${at ?? ""}`;
    const known = this.#found.get(key);
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
