import type { SpfResult } from "../../src/core/results.ts";
import { parseMacroString } from "../../src/core/spf/macro-string.ts";
import { parseSpfRecord } from "../../src/core/spf/parse-record.ts";
import type { SpfSyntaxProblem } from "../../src/core/spf/record.ts";
import type { SpfDifferentialCase } from "./spf-cases.ts";
import {
  mapMacros,
  mapRecords,
  mapTexts,
  mapZone,
  recordsOf,
  syntaxErrors,
  textsOf,
  withoutCnames,
  withoutFailures,
  withoutTerms,
  withoutVoidPointers,
} from "./spf-repairs.ts";

export type SpfPeer = "pyspf" | "Mail::SPF";

export interface PeerAnswer {
  readonly id: number;
  /** A word of RFC 7208 §2.6, or "crash". */
  readonly result: string;
  readonly explanation?: string;
  readonly why?: string;
}

export interface SpfDisagreement {
  readonly test: SpfDifferentialCase;
  readonly ours: SpfResult;
  readonly theirs: PeerAnswer;
}

/**
 * A known way in which a peer differs. It explains a disagreement when it applies and when the case, repaired so that
 * what it is about is gone, makes both sides agree.
 */
export interface SpfClass {
  readonly id: string;
  readonly peer: SpfPeer;
  readonly right: "ours" | "theirs" | "either";
  /** The text that decides. */
  readonly clause: string;
  readonly reason: string;
  applies(disagreement: SpfDisagreement): boolean;
  repair(test: SpfDifferentialCase): SpfDifferentialCase;
}

function someRecord(test: SpfDifferentialCase, pattern: RegExp): boolean {
  return recordsOf(test).some((text) => pattern.test(text));
}

function hasCname(test: SpfDifferentialCase): boolean {
  return Object.values(test.zone).some((entries) =>
    entries.some((entry) => typeof entry !== "string" && "CNAME" in entry),
  );
}

function mentionsVoidLimit({ ours, theirs }: SpfDisagreement): boolean {
  return ours.problem === "void-lookup-limit" || /void/i.test(theirs.why ?? "");
}

function isV4(test: SpfDifferentialCase): boolean {
  return test.ip.includes(".");
}

const badName = /[^ .:=]{64}|\.\./;
const upperR = /(%\{[A-Za-z][0-9]*)R/;
const slashName = /^[+?~-]?[a-z0-9]+\/.*[a-z]/i;
const wholeName = /^([+?~-]?[a-z0-9]+[:=])[^ ]{254,}$/i;

function hasFault(test: SpfDifferentialCase, problem: SpfSyntaxProblem): boolean {
  return syntaxErrors(test).some((error) => error.problem === problem);
}

function withoutFaults(test: SpfDifferentialCase, problem: SpfSyntaxProblem): SpfDifferentialCase {
  return withoutTerms(test, (term) => {
    const parsed = parseSpfRecord(`v=spf1 ${term}`);
    return parsed.kind === "error" && parsed.errors.some((error) => error.problem === problem);
  });
}

/** The text without what looks like a macro and is none, not even in an explanation. */
function withoutFaultyMacros(text: string): string {
  return text.replace(/%\{[^{}]*\}/g, (macro) =>
    parseMacroString(macro, true).kind === "error" ? "" : macro,
  );
}

function withLocalPart(test: SpfDifferentialCase): SpfDifferentialCase {
  return test.mailFrom.startsWith("@") ? { ...test, mailFrom: `postmaster${test.mailFrom}` } : test;
}

function includesItself(term: string, name: string): boolean {
  const target = term.toLowerCase().split("include:")[1]?.replace(/\.$/, "");
  return target !== undefined && (target === name || /^%\{[doh][0-9]*\}$/.test(target));
}

/** The disagreements that are known, each with the text that decides it. */
export const spfClasses: readonly SpfClass[] = [
  {
    id: "pyspf-include-itself",
    peer: "pyspf",
    right: "ours",
    clause: "RFC 7208 §4.6.2, §4.6.4",
    reason:
      "An include of the very domain is refused before anything is evaluated. Terms are evaluated from left to right and the first match ends it; a loop runs into the limit of ten terms.",
    applies: ({ theirs }) => theirs.why?.includes("trivial recursion") === true,
    repair: (test) => withoutTerms(withoutCnames(test), includesItself),
  },
  {
    id: "pyspf-modifier-case",
    peer: "pyspf",
    right: "ours",
    clause: "RFC 7208 §4.6.1",
    reason: "EXP= and Redirect= are taken for unknown modifiers, but names are case-insensitive.",
    applies: ({ test }) => someRecord(test, /(?:EXP|Redirect|REDIRECT)=/),
    repair: (test) =>
      mapRecords(test, (text) => text.replace(/ (?:exp|redirect)=/gi, (name) => name.toLowerCase())),
  },
  {
    id: "pyspf-unknown-modifier-twice",
    peer: "pyspf",
    right: "ours",
    clause: "RFC 7208 §6",
    reason:
      "An unknown modifier that stands twice is a permerror there; it is to be ignored however often it appears.",
    applies: ({ test }) => someRecord(test, / (?:moo|x|ra)=.* (?:moo|x|ra)=/),
    repair: (test) => withoutTerms(test, (term) => /^(?:moo|x|ra)=/.test(term)),
  },
  {
    id: "pyspf-unknown-modifier-letters",
    peer: "pyspf",
    right: "either",
    clause: "RFC 7208 §4.6.1, §6, §7.2",
    reason:
      "%{c}, %{r} and %{t} in an unknown modifier are a permerror there, as §7.2 allows them in explanations only; the grammar has them in every macro-string, and §6 wants such a modifier ignored.",
    applies: ({ test, theirs }) => theirs.result === "permerror" && someRecord(test, / x=%\{c\}/),
    repair: (test) => withoutTerms(test, (term) => term === "x=%{c}"),
  },
  {
    id: "pyspf-ptr-dns-error",
    peer: "pyspf",
    right: "ours",
    clause: "RFC 7208 §5.5, §7.3",
    reason:
      "A DNS error with the PTR records or an address of theirs is a temperror there; it makes ptr not match, skips the name, or leaves %{p} unknown.",
    applies: ({ test, theirs }) => theirs.result === "temperror" && someRecord(test, /ptr|%\{p/i),
    repair: withoutFailures,
  },
  {
    id: "pyspf-macros-before-evaluation",
    peer: "pyspf",
    right: "ours",
    clause: "RFC 7208 §4.6.2, §4.6.4",
    reason:
      "All macros of a record are expanded before its first term is evaluated, so that %{p} costs void lookups for terms that are never reached, and for exp=, which counts for nothing; it is also looked up once for all domains.",
    applies: ({ test }) => textsOf(test).some((text) => /%\{p/i.test(text)),
    repair: (test) => mapMacros(test, (macro) => (/^%\{p/i.test(macro) ? "unknown" : macro), true),
  },
  {
    id: "pyspf-void-cname-twice",
    peer: "pyspf",
    right: "ours",
    clause: "RFC 7208 §4.6.4",
    reason:
      "A CNAME that leads to nothing counts as two void lookups or more, one for each link, and so does the first query of all; it is one query with an empty answer, and that for the sender's own record is no term's.",
    applies: (one) => mentionsVoidLimit(one) && hasCname(one.test),
    repair: withoutCnames,
  },
  {
    id: "pyspf-mx-all-hosts",
    peer: "pyspf",
    right: "either",
    clause: "RFC 7208 §5.4, §4.6.4",
    reason:
      "The addresses of all MX hosts are looked up before any is compared, so that hosts behind the one that matches cost void lookups or a temperror; the text does not fix the order, and fewer queries are better.",
    applies: ({ test, theirs }) => /error/.test(theirs.result) && someRecord(test, /mx/i),
    repair: (test) =>
      mapZone(test, (entries) => {
        const first = entries.find((entry) => typeof entry !== "string" && "MX" in entry);
        return entries.filter((entry) => typeof entry === "string" || !("MX" in entry) || entry === first);
      }),
  },
  {
    id: "pyspf-redirect-counted",
    peer: "pyspf",
    right: "ours",
    clause: "RFC 7208 §6.1, §4.6.4",
    reason: "redirect= is counted when the record is read, though it may never be followed.",
    applies: ({ theirs, test }) =>
      theirs.why?.includes("Too many DNS lookups") === true && someRecord(test, /redirect=/i),
    repair: (test) => withoutTerms(test, (term) => /^redirect=/i.test(term)),
  },
  {
    id: "pyspf-truncation",
    peer: "pyspf",
    right: "ours",
    clause: "RFC 7208 §7.3",
    reason: "Of a name over 253 characters one label is dropped, not as many as it takes.",
    applies: ({ test }) =>
      recordsOf(test).some((text) => text.split(" ").some((term) => wholeName.test(term))),
    repair: (test) => withoutTerms(test, (term) => wholeName.test(term)),
  },
  {
    id: "pyspf-explanation-truncated",
    peer: "pyspf",
    right: "ours",
    clause: "RFC 7208 §6.2, §7.3",
    reason:
      "An explanation over 253 characters loses what stands before its first dot; the limit is for names.",
    applies: ({ ours }) => (ours.explanation?.length ?? 0) > 253,
    repair: (test) => withoutTerms(test, (term) => /^exp=/i.test(term)),
  },
  {
    id: "pyspf-macro-syntax",
    peer: "pyspf",
    right: "ours",
    clause: "RFC 7208 §7.1, §7.3",
    reason:
      "Macros outside the grammar are accepted or refused by chance: digits behind r, a zero, other delimiters.",
    applies: ({ test }) =>
      hasFault(test, "macro") || textsOf(test).some((text) => withoutFaultyMacros(text) !== text),
    repair: (test) => mapTexts(withoutFaults(test, "macro"), withoutFaultyMacros),
  },
  {
    id: "pyspf-character",
    peer: "pyspf",
    right: "ours",
    clause: "RFC 7208 §4.6.1, §7.1",
    reason: "Control characters are accepted in a domain-spec, which is made of visible characters.",
    applies: ({ test }) => hasFault(test, "character"),
    repair: (test) => withoutFaults(test, "character"),
  },
  {
    id: "pyspf-upper-case-r",
    peer: "pyspf",
    right: "ours",
    clause: "RFC 7208 §7.1, RFC 5234 §2.3",
    reason:
      "An upper-case R in a macro does not reverse there, but literals of a grammar are case-insensitive.",
    applies: ({ test }) => textsOf(test).some((text) => upperR.test(text)),
    repair: (test) => mapMacros(test, (macro) => macro.replace(upperR, "$1r"), true),
  },
  {
    id: "pyspf-percent-pair",
    peer: "pyspf",
    right: "ours",
    clause: "RFC 7208 §7.1",
    reason: "%% is taken for a lone % in some places and refused, though it stands for one.",
    applies: ({ test }) => textsOf(test).some((text) => text.includes("%%")),
    repair: (test) => mapTexts(test, (text) => text.replaceAll("%%", "_")),
  },
  {
    id: "pyspf-empty-local-part",
    peer: "pyspf",
    right: "ours",
    clause: "RFC 7208 §4.3",
    reason: "%{s} of a sender without a local part begins with @ there; postmaster stands in for it.",
    applies: ({ test }) => test.mailFrom.startsWith("@"),
    repair: withLocalPart,
  },
  {
    id: "mail-spf-mx-over-ten",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §4.6.4",
    reason: "The first ten of more MX records are used, as RFC 4408 had it; RFC 7208 makes that a permerror.",
    applies: ({ ours }) => ours.problem === "mx-limit",
    repair: (test) =>
      mapZone(test, (entries) => {
        const kept = entries.filter((entry) => typeof entry !== "string" && "MX" in entry).slice(0, 10);
        return entries.filter(
          (entry) => typeof entry === "string" || !("MX" in entry) || kept.includes(entry),
        );
      }),
  },
  {
    id: "mail-spf-ptr-target-only",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §5.5, §4.6.4",
    reason:
      "Only names within the target are looked up, which spares void lookups, and the search stops at the first; the text looks up each record returned and then compares.",
    applies: (one) => mentionsVoidLimit(one) && someRecord(one.test, /ptr|%\{p/i),
    repair: withoutVoidPointers,
  },
  {
    id: "mail-spf-other-family",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §5, §5.6",
    reason:
      "Networks are compared in one space of 128 bits, so that a short ip6 prefix holds every IPv4 client.",
    applies: ({ test }) => isV4(test) && someRecord(test, /ip6:/i),
    repair: (test) => withoutTerms(test, (term) => /^[+?~-]?ip6:/i.test(term)),
  },
  {
    id: "mail-spf-cname-not-void",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §4.6.4",
    reason: "A CNAME in an answer without the record that was asked for keeps it from counting as void.",
    applies: (one) => mentionsVoidLimit(one) && hasCname(one.test),
    repair: withoutCnames,
  },
  {
    id: "mail-spf-upper-case-macro",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §7.3",
    reason:
      "A domain-spec is put into lower case with its macros, so that none is URL-escaped; an upper-case R is refused.",
    applies: ({ test }) => someRecord(test, /%\{[^}]*[A-Z]/),
    repair: (test) => mapMacros(test, (macro) => macro.toLowerCase()),
  },
  {
    id: "mail-spf-delimiters-alone",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §7.3",
    reason: "Delimiters without digits or r do not split there; the text splits when either is given.",
    applies: ({ test }) => textsOf(test).some((text) => /%\{[a-z][^0-9a-z}]+\}/i.test(text)),
    repair: (test) => mapMacros(test, (macro) => macro.replace(/^(%\{[a-z])[^0-9a-z}]+\}$/i, "$1}"), true),
  },
  {
    id: "mail-spf-ptr-dns-error",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §5.5",
    reason: "A DNS error with the PTR records is a temperror there; it makes ptr not match.",
    applies: ({ test, theirs }) => /temperror|crash/.test(theirs.result) && someRecord(test, /ptr/i),
    repair: withoutFailures,
  },
  {
    id: "mail-spf-bad-name",
    peer: "Mail::SPF",
    right: "either",
    clause: "RFC 7208 §4.8",
    reason:
      "Labels over 63 characters are cut, as RFC 4408 had it, and names with empty labels are asked, which costs a void lookup. RFC 7208 leaves open what such names do; here they do not exist and nothing is asked.",
    applies: ({ test }) => someRecord(test, badName) || badName.test(test.helo),
    repair: (test) => ({
      ...withoutTerms(test, (term) => badName.test(term)),
      helo: badName.test(test.helo) ? "localhost" : test.helo,
    }),
  },
  {
    id: "mail-spf-macro-letters-late",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §4.6, §7.2",
    reason:
      "Letters that no macro has are found only when the term is reached; syntax errors come before evaluation.",
    applies: ({ test }) => hasFault(test, "macro"),
    repair: (test) => withoutFaults(test, "macro"),
  },
  {
    id: "mail-spf-percent-at-end",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §7.3, §6.2",
    reason:
      "A lone % at the end of an explanation is kept; it is a syntax error, so that there is no explanation.",
    applies: ({ test }) => textsOf(test).some((text) => text.endsWith("%")),
    repair: (test) => mapTexts(test, (text) => text.replace(/%+$/, "")),
  },
  {
    id: "mail-spf-explanation-octets",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §6.2",
    reason: "An explanation with octets outside ASCII is returned, though it must be limited to ASCII.",
    applies: ({ theirs }) => /\P{ASCII}/u.test(theirs.explanation ?? ""),
    repair: (test) => mapTexts(test, (text) => text.replace(/\P{ASCII}/gu, "")),
  },
  {
    id: "mail-spf-character",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §3.1, §7.1",
    reason: "Letters outside ASCII are accepted in a domain-spec; a record is ASCII.",
    applies: ({ test }) => hasFault(test, "character"),
    repair: (test) => withoutFaults(test, "character"),
  },
  {
    id: "mail-spf-redirect-counted",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §5.1, §6.1",
    reason:
      "redirect= is counted as the eleventh term though an all stands in the record, which makes it ignored.",
    applies: ({ theirs, test }) =>
      theirs.why?.includes("DNS-interactive terms limit") === true && someRecord(test, /redirect=/i),
    repair: (test) => withoutTerms(test, (term) => /^redirect=/i.test(term)),
  },
  {
    id: "mail-spf-slash-domain",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §5.3, §5.5",
    reason: "A name right behind a slash is taken for a domain-spec; only a colon leads one in.",
    applies: ({ test }) =>
      recordsOf(test).some((text) => text.split(" ").some((term) => slashName.test(term))),
    repair: (test) => withoutTerms(test, (term) => slashName.test(term)),
  },
  {
    id: "mail-spf-empty-local-part",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §4.3",
    reason: "%{s} of a sender without a local part begins with @ there; postmaster stands in for it.",
    applies: ({ test }) => test.mailFrom.startsWith("@"),
    repair: withLocalPart,
  },
  {
    id: "mail-spf-helo-sender",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §2.4, §4.3",
    reason: "For the HELO identity %{s} is the bare name there; postmaster stands in for the local part.",
    applies: ({ test }) => test.mailFrom === "",
    repair: (test) => ({ ...test, mailFrom: `postmaster@${test.helo}` }),
  },
  {
    id: "mail-spf-explanation-counted",
    peer: "Mail::SPF",
    right: "ours",
    clause: "RFC 7208 §4.6.4, §6.2",
    reason:
      "Void lookups by %{p} for an explanation count, that of an included record too, and end the evaluation or crash it.",
    applies: (one) => mentionsVoidLimit(one) && textsOf(one.test).some((text) => /%\{p/i.test(text)),
    repair: (test) => mapMacros(test, (macro) => (/^%\{p/i.test(macro) ? "unknown" : macro), true),
  },
];
