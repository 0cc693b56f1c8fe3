import { isAscii } from "node:buffer";
import {
  type BodyRule,
  bodyRules,
  type HeaderRule,
  headerRules,
  type PolicyConfig,
  type RuleId,
  type RuleSetting,
} from "../config/policy-config.ts";
import type { MessageHead } from "../core/message/message.ts";
import type { DmarcProblem } from "../core/results.ts";

/** What a rule asks for and where that is written, for SMTP replies: ASCII, without a final period. */
export interface RuleText {
  /** What is wrong with a message that breaks it. */
  readonly breach: string;
  readonly basis: string;
}

const repeated = (field: string): RuleText => {
  return { breach: `more than one ${field} field`, basis: "RFC 5322 section 3.6" };
};

/** Every rule. A missing one does not compile. */
export const ruleTexts: Readonly<Record<RuleId, RuleText>> = {
  "repeated-from": repeated("From"),
  "repeated-sender": repeated("Sender"),
  "repeated-reply-to": repeated("Reply-To"),
  "repeated-to": repeated("To"),
  "repeated-cc": repeated("Cc"),
  "repeated-date": repeated("Date"),
  "repeated-message-id": repeated("Message-ID"),
  "repeated-subject": repeated("Subject"),
  "missing-from": { breach: "no From field", basis: "RFC 5322 section 3.6" },
  "missing-date": { breach: "no Date field", basis: "RFC 5322 section 3.6" },
  "several-author-domains": {
    breach: "authors in more than one domain in From",
    basis: "RFC 9989 section 11.5",
  },
  "unreadable-from": { breach: "no readable address in From", basis: "RFC 5322 section 3.6.2" },
  "raw-8bit-header": {
    breach: "octets beyond US-ASCII in the header without SMTPUTF8",
    basis: "RFC 5322 section 2.2",
  },
  "nul-header": { breach: "NUL in the header", basis: "RFC 5322 section 2.2" },
  "bare-cr-header": { breach: "CR without LF in the header", basis: "RFC 5322 section 2.2" },
  "bare-lf-header": { breach: "LF without CR in the header", basis: "RFC 5322 section 2.2" },
  "long-header-line": {
    breach: "a line of more than 998 octets in the header",
    basis: "RFC 5322 section 2.1.1",
  },
  "nul-body": { breach: "NUL in the body", basis: "RFC 5322 section 2.3" },
  "bare-cr-body": { breach: "CR without LF in the body", basis: "RFC 5322 section 2.3" },
  "bare-lf-body": { breach: "LF without CR in the body", basis: "RFC 5322 section 2.3" },
  "long-body-line": {
    breach: "a line of more than 998 octets in the body",
    basis: "RFC 5322 section 2.1.1",
  },
};

type Rules = PolicyConfig["rules"];

/** The rules that one of several settings looks at. */
export interface WatchedRules {
  readonly ids: ReadonlySet<RuleId>;
  /** Whether one of them is worth having the body read for its sake. */
  readonly needBody: boolean;
}

export function watchedRules(settings: readonly Rules[]): WatchedRules {
  const all: readonly RuleId[] = [...headerRules, ...bodyRules];
  const set = (id: RuleId, without: readonly RuleSetting[]): boolean =>
    settings.some((rules) => !without.includes(rules[id]));
  return {
    ids: new Set(all.filter((id) => set(id, ["off"]))),
    needBody: bodyRules.some((id) => set(id, ["off", "seen"])),
  };
}

// ---------------------------------------------------------------- header

export interface HeaderFacts {
  /** RFC 6531: the message may hold UTF-8 in its header. */
  readonly smtputf8: boolean;
  /** What DMARC said of From. */
  readonly fromProblem: DmarcProblem | undefined;
}

/** RFC 5322 §3.6: fields that may stand there once. */
const onceOnly: ReadonlyMap<string, HeaderRule> = new Map([
  ["from", "repeated-from"],
  ["sender", "repeated-sender"],
  ["reply-to", "repeated-reply-to"],
  ["to", "repeated-to"],
  ["cc", "repeated-cc"],
  ["date", "repeated-date"],
  ["message-id", "repeated-message-id"],
  ["subject", "repeated-subject"],
]);

const ofFrom: Readonly<Partial<Record<DmarcProblem, HeaderRule>>> = {
  "from-multiple-fields": "repeated-from",
  "from-missing": "missing-from",
  "from-multiple-domains": "several-author-domains",
  "from-syntax": "unreadable-from",
  "from-no-address": "unreadable-from",
  "from-domain-invalid": "unreadable-from",
};

/** RFC 5322 §2.1.1: octets of a line without its CRLF. */
const maxLineOctets = 998;
const cr = 0x0d;
const lf = 0x0a;

/** The rules about the header that a message breaks, each once, in the order of the table. Linear; never throws. */
export function brokenHeaderRules(
  head: MessageHead,
  { smtputf8, fromProblem }: HeaderFacts,
  watched: ReadonlySet<RuleId>,
): HeaderRule[] {
  const broken = new Set<HeaderRule>(fieldRules(head));
  const ofAuthor = fromProblem && ofFrom[fromProblem];
  if (ofAuthor !== undefined) broken.add(ofAuthor);
  const { octets } = head;
  if (!smtputf8 && !isAscii(octets)) broken.add("raw-8bit-header");
  if (octets.includes(0)) broken.add("nul-header");
  for (const found of lineRules(octets)) broken.add(found);
  return headerRules.filter((id) => broken.has(id) && watched.has(id));
}

function fieldRules({ fields, truncated }: MessageHead): readonly HeaderRule[] {
  const seen = new Set<string>();
  const broken = new Set<HeaderRule>();
  for (const { lowerName } of fields) {
    const rule = onceOnly.get(lowerName);
    if (rule !== undefined && seen.has(lowerName)) broken.add(rule);
    seen.add(lowerName);
  }
  // They may stand in the part that was too long to be read.
  if (truncated === true) return [...broken];
  if (!seen.has("from")) broken.add("missing-from");
  if (!seen.has("date")) broken.add("missing-date");
  return [...broken];
}

function lineRules(octets: Buffer): readonly HeaderRule[] {
  const scan = new LineScan();
  scan.take(octets);
  scan.end();
  return [
    ...(scan.bareCr ? ["bare-cr-header" as const] : []),
    ...(scan.bareLf ? ["bare-lf-header" as const] : []),
    ...(scan.longLine ? ["long-header-line" as const] : []),
  ];
}

// ---------------------------------------------------------------- lines

/** Line ends and lengths of octets that come in pieces, cut anywhere. */
class LineScan {
  bareCr = false;
  bareLf = false;
  longLine = false;
  /** Octets since the last LF, of pieces before this one. */
  #column = 0;
  #afterCr = false;

  take(octets: Buffer): void {
    if (octets.length === 0) return;
    // Searching in a string costs a third of searching in a Buffer: each search of the latter is a call out of V8.
    const text = octets.toString("latin1");
    const start = this.#afterCr || this.#column > 0 ? this.#rest(text) : 0;
    this.#lines(text, start);
    this.#afterCr = octets[octets.length - 1] === cr;
  }

  end(): void {
    if (this.#afterCr) this.bareCr = true;
    if (this.#column > maxLineOctets) this.longLine = true;
  }

  /** The end of a line that began in a piece before this one. @returns Where the next line begins. */
  #rest(text: string): number {
    if (this.#afterCr && text.charCodeAt(0) !== lf) this.bareCr = true;
    const end = text.indexOf("\n");
    if (end < 0) return 0;
    const crBefore = end === 0 ? this.#afterCr : text.charCodeAt(end - 1) === cr;
    if (!crBefore) this.bareLf = true;
    this.#tooLong(this.#column + end - (crBefore ? 1 : 0));
    if (hasCr(text, 0, end - 1)) this.bareCr = true;
    this.#column = 0;
    return end + 1;
  }

  /** Lines from `start` on, where one begins unless a piece had no line end at all. */
  #lines(text: string, from: number): void {
    let start = from;
    let firstCr = text.indexOf("\r", start);
    for (let end = text.indexOf("\n", start); end >= 0; end = text.indexOf("\n", start)) {
      // Searched for only when it was passed: lines without any must not each look to the end.
      if (firstCr >= 0 && firstCr < start) firstCr = text.indexOf("\r", start);
      if (firstCr === end - 1 && end > start) this.#tooLong(end - 1 - start);
      else {
        // Off the usual way: a CR elsewhere in the line, or none before its LF.
        const crBefore = end > start && text.charCodeAt(end - 1) === cr;
        if (!crBefore) this.bareLf = true;
        if (firstCr >= 0 && firstCr < end - 1) this.bareCr = true;
        this.#tooLong(end - start - (crBefore ? 1 : 0));
      }
      start = end + 1;
    }
    if (hasCr(text, start, text.length - 1)) this.bareCr = true;
    this.#column += text.length - start;
  }

  #tooLong(octets: number): void {
    if (octets > maxLineOctets) this.longLine = true;
  }
}

/** A CR that ends a piece is judged with the next one. */
function hasCr(text: string, from: number, end: number): boolean {
  const at = text.indexOf("\r", from);
  return at >= 0 && at < end;
}

// ---------------------------------------------------------------- body

/** Looks at the body as it comes in, when a rule asks for it or it is read in any case. */
export class BodyRules {
  readonly #watched: ReadonlySet<RuleId>;
  readonly #looks: boolean;
  readonly #lines = new LineScan();
  #nul = false;
  /** False when no rule needs the body: it may be skipped, if nobody else reads it. */
  readonly needsBody: boolean;

  /** @param bodyIsRead Whether the whole body comes by, whatever the rules want. */
  constructor({ ids, needBody }: WatchedRules, bodyIsRead: boolean) {
    this.#watched = ids;
    this.needsBody = needBody;
    this.#looks = needBody || (bodyIsRead && bodyRules.some((id) => ids.has(id)));
  }

  /** @param chunk Cut anywhere; not kept. */
  body(chunk: Buffer): void {
    if (!this.#looks) return;
    this.#nul ||= chunk.includes(0);
    this.#lines.take(chunk);
  }

  /** The rules that the body broke. Call after its last chunk. */
  broken(): BodyRule[] {
    this.#lines.end();
    const found: Readonly<Record<BodyRule, boolean>> = {
      "nul-body": this.#nul,
      "bare-cr-body": this.#lines.bareCr,
      "bare-lf-body": this.#lines.bareLf,
      "long-body-line": this.#lines.longLine,
    };
    return bodyRules.filter((id) => found[id] && this.#watched.has(id));
  }
}
