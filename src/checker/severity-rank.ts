import type { Severity } from "../findings/finding.ts";

/** The gravest first. */
export const severityRank: Readonly<Record<Severity, number>> = { error: 0, warning: 1, notice: 2, info: 3 };
