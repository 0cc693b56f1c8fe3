import type { FindingRules } from "../finding.ts";
import { type SpfFindings, spfRules } from "./spf.ts";

/** What `sekisho check` can find in what a domain publishes, by subject. */
export interface CheckFindings extends SpfFindings {}

export const checkRules: FindingRules<CheckFindings> = { ...spfRules };
