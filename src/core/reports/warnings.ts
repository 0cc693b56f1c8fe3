/** Something in a report that is not as the RFCs have it, and what was made of it. Ids are stable. */
export interface ReportWarning {
  readonly id: string;
  /** Where, e.g. `report_metadata/report_id`, or the number of the record. */
  readonly at?: string;
  /** What stood there, cut to 100 characters. */
  readonly value?: string;
  /** How often, when it came several times; the first is told. */
  readonly times?: number;
}
