import type { AggregateRecord } from "../../core/reports/aggregate.ts";

type RecordDetail = Pick<AggregateRecord, "dkim" | "spf" | "overrides">;

/** As it stands in the store: short, since it is the most of a record. Absent is null; what is absent at the end is left out. */
type Written = readonly (readonly (string | null)[])[];

/** What of a record only its page asks for; few different ones come again and again. */
export function recordDetail({ dkim, spf, overrides }: RecordDetail): string {
  return JSON.stringify([
    dkim.map((one) => cut([one.domain, one.result, one.selector, one.humanResult])),
    spf.map((one) => cut([one.domain, one.result, one.scope, one.humanResult])),
    overrides.map((one) => cut([one.type, one.comment])),
  ]);
}

/** @throws SyntaxError or TypeError for what `recordDetail` has not written. */
export function readDetail(json: string): RecordDetail {
  const [dkim, spf, overrides] = JSON.parse(json) as readonly [Written, Written, Written];
  return {
    dkim: dkim.map(([domain, result, selector, humanResult]) => ({
      domain: domain ?? "",
      ...present("selector", selector),
      result: result ?? "",
      ...present("humanResult", humanResult),
    })),
    spf: spf.map(([domain, result, scope, humanResult]) => ({
      domain: domain ?? "",
      ...present("scope", scope),
      result: result ?? "",
      ...present("humanResult", humanResult),
    })),
    overrides: overrides.map(([type, comment]) => ({ type: type ?? "", ...present("comment", comment) })),
  };
}

function cut(values: readonly (string | undefined)[]): readonly (string | undefined)[] {
  return values.slice(0, values.findLastIndex((value) => value !== undefined) + 1);
}

function present<Key extends string>(
  key: Key,
  value: string | null | undefined,
): Partial<Record<Key, string>> {
  return value === null || value === undefined ? {} : ({ [key]: value } as Record<Key, string>);
}
