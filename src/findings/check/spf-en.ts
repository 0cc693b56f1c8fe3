import type { FindingText } from "../finding.ts";
import type { SpfFindings } from "./spf.ts";

export const spfEn: FindingText<SpfFindings> = {
  "spf.missing": {
    text: ({ domain }) => `${domain} publishes no SPF record: receivers cannot tell its servers from others.`,
  },
};
