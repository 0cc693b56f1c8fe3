import type { SigningKeyConfig } from "../../config/sign-config.ts";

/** One row for each key, however many rules it has. */
export function distinctKeys(rows: readonly SigningKeyConfig[]): readonly SigningKeyConfig[] {
  return rows.filter(
    (row, index) =>
      rows.findIndex(({ domain, selector }) => domain === row.domain && selector === row.selector) === index,
  );
}
