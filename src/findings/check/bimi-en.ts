import type { FindingText } from "../finding.ts";
import type { BimiFindings } from "./bimi.ts";

const gaps: Readonly<Record<BimiFindings["bimi.dmarc"]["gap"], (name: string) => string>> = {
  "policy-none": (name) => `the policy at ${name} is p=none`,
  "subdomain-policy-none": (name) => `${name} says sp=none`,
  "policy-partial": (name) => `the policy quarantine at ${name} is not for all mail (pct under 100, or t=y)`,
  "no-policy": (name) => `there is no DMARC policy at ${name}`,
  "organization-policy-missing": (name) => `the organizational domain has no DMARC policy at ${name}`,
};

export const bimiEn: FindingText<BimiFindings> = {
  "bimi.record": {
    text: (p) => {
      switch (p.fault) {
        case "missing":
          return `There is no BIMI record at ${p.name}, so mailboxes show no logo of yours.`;
        case "several":
          return `There are ${p.count} BIMI records at ${p.name}; with more than one no logo is shown.`;
        case "wrong-place":
          return `The BIMI record stands at ${p.found}, where nobody looks; it belongs at ${p.name}.`;
        case "record-syntax":
          return `The BIMI record at ${p.name} cannot be read: a tag is malformed or there twice.`;
        case "location-missing":
          return `The BIMI record at ${p.name} names no logo (l=).`;
        case "location-not-https":
          return `The logo address (l=) at ${p.name} is no https URI with a full host name.`;
        case "location-format":
          return `The logo address (l=) at ${p.name} names another format than SVG.`;
        case "authority-not-https":
          return `The certificate address (a=) at ${p.name} is no https URI with a full host name.`;
      }
    },
    fix: ({ fault }) =>
      fault === "missing"
        ? "Nothing is to be done unless you want one: v=BIMI1; l=https://...svg; a=https://...pem"
        : fault === "wrong-place"
          ? "Move it."
          : fault === "several"
            ? "Leave one."
            : "Write v=BIMI1; l=https://...svg; a=https://...pem",
  },
  "bimi.dmarc": {
    text: ({ domain, name, gap }) =>
      `${domain} publishes BIMI, but no logo is shown: ${gaps[gap](name)}. BIMI needs quarantine or reject for all mail, in the domain and in its organization.`,
    fix: () => "Enforce DMARC first, as far as the reports allow it.",
  },
};
