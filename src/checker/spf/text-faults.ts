import type { TxtRecord } from "../../core/dns/resolver.ts";
import { nearest } from "../../core/nearest.ts";
import { isSpfRecord, parseSpfRecord } from "../../core/spf/parse-record.ts";
import type { SpfModifier, SpfSyntaxError, SpfTermPosition } from "../../core/spf/record.ts";
import type { Finding } from "../../findings/finding.ts";
import { finding } from "../../findings/table.ts";
import { readable } from "../txt.ts";
import { isValid, suggestTerm } from "./suggest-term.ts";

/** Something wrong with the text of a record, and what would mend it. */
export interface TextFault {
  readonly finding: Finding;
  /** Replaces the characters from `start` to before `end`. */
  readonly edit?: TextEdit;
}
interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Of each kind; a hostile record has room for thousands. */
const maxFaults = 10;

/** The faults of an SPF record as text: what is no term, and strings that run together. */
export function textFaults(name: string, record: TxtRecord): readonly TextFault[] {
  if (!isSpfRecord(record.text)) return [];
  const glued = gluedPlaces(record);
  const reader = new FaultReader(name, record.text, glued);
  return [
    ...glued.slice(0, maxFaults).map((place) => gluedFault(name, record.text, place)),
    ...reader.read(),
  ];
}

/** The text with the edits of faults made. */
export function mendText(text: string, faults: readonly TextFault[]): string {
  const edits = faults.flatMap(({ edit }) => edit ?? []).sort((a, b) => b.start - a.start);
  let mended = text;
  let before = Number.POSITIVE_INFINITY;
  for (const { start, end, text: replacement } of edits) {
    if (end > before) continue;
    mended = mended.slice(0, start) + replacement + mended.slice(end);
    before = start;
  }
  return mended;
}

// ---------------------------------------------------------------- strings without a blank between

/** Where two strings of a TXT record meet in what should have been two terms: RFC 7208 §3.3 adds no blank. */
interface GluedPlace {
  readonly at: number;
  readonly left: string;
  readonly right: string;
}

/** @returns In order. Words longer than a term ever is are left alone. */
export function gluedPlaces({ strings, text }: TxtRecord): readonly GluedPlace[] {
  const places: GluedPlace[] = [];
  let at = 0;
  /** Where the word begins that the first of two strings ends with. */
  let wordStart = 0;
  for (const [index, string] of strings.slice(0, -1).slice(0, maxStrings).entries()) {
    const blank = string.lastIndexOf(" ");
    if (blank >= 0) wordStart = at + blank + 1;
    at += string.length;
    const left = text.slice(wordStart, at);
    if (left.length > maxWord) continue;
    const next = (strings[index + 1] ?? "").slice(0, maxWord).split(" ", 1)[0] ?? "";
    // The next word may go on in a third string, or a third term begin there.
    const rights = [next, text.slice(at, at + maxWord).split(" ", 1)[0] ?? ""];
    const right = rights.find((one) => isGlued(left, one));
    if (right === undefined) continue;
    places.push({ at, left, right });
    wordStart = at;
  }
  return places;
}

const maxWord = 300;
/** 64 KB hold no more full strings than that. */
const maxStrings = 260;

function isGlued(left: string, right: string): boolean {
  if (left === "" || right === "" || !isTermLike(right)) return false;
  if (left.toLowerCase() === "v=spf1") return true;
  if (!isTermLike(left)) return false;
  // A name may be cut anywhere, and "a" or "mx" be the rest of one; a mechanism with its colon is none.
  return /[:=]|^[-+?~]/.test(right) || !isValid(left + right);
}

/** Whether a word is a term by itself, of a known name. */
function isTermLike(word: string): boolean {
  const parsed = parseSpfRecord(`v=spf1 ${word}`);
  if (parsed.kind === "error") return false;
  const [term] = parsed.record.terms;
  return term !== undefined && (term.kind === "directive" || term.name !== "unknown");
}

function gluedFault(name: string, text: string, { at, left, right }: GluedPlace): TextFault {
  const silent = isSpfRecord(text) && isValid(left + right);
  return {
    finding: finding("spf.glued-strings", name, { name, left, right, silent }),
    edit: { start: at, end: at, text: " " },
  };
}

// ---------------------------------------------------------------- terms

const unknownModifiers = ["redirect", "exp"];
const mechanismNames = new Set(["all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"]);

class FaultReader {
  readonly #name: string;
  readonly #text: string;
  readonly #glued: readonly GluedPlace[];
  readonly #faults: TextFault[] = [];
  /** Characters up to here belong to a fault already told. */
  #readTo = 0;

  constructor(name: string, text: string, glued: readonly GluedPlace[]) {
    this.#name = name;
    this.#text = text;
    this.#glued = glued;
  }

  read(): readonly TextFault[] {
    const parsed = parseSpfRecord(this.#text);
    const terms = parsed.kind === "record" ? parsed.record.terms : parsed.terms;
    const errors = parsed.kind === "record" ? [] : parsed.errors.toSorted((a, b) => a.start - b.start);
    for (const error of errors) {
      if (this.#faults.length >= maxFaults) break;
      if (error.start >= this.#readTo && !this.#isGlued(error)) this.#faults.push(this.#faultOf(error));
    }
    for (const term of terms)
      if (term.kind === "modifier" && term.name === "unknown" && this.#faults.length < maxFaults)
        this.#readUnknown(term);
    return this.#faults;
  }

  #isGlued({ start, end }: SpfTermPosition): boolean {
    return this.#glued.some(({ at }) => at > start && at < end);
  }

  #faultOf(error: SpfSyntaxError): TextFault {
    const { text, start, end, problem } = error;
    const at = error.at + 1;
    const base = { name: this.#name, term: readable(text), at };
    const replaced = (replacement: string): TextEdit => ({ start, end, text: replacement });
    const joined = this.#joined(error);
    if (joined !== undefined)
      return {
        finding: finding("spf.space-after-colon", this.#name, { ...base, mended: joined }),
        edit: { start, end: this.#readTo, text: joined },
      };
    const bare = withoutSemicolons(text);
    if (bare !== text && (bare === "" || isValid(bare)))
      return { finding: finding("spf.trailing-semicolon", this.#name, base), edit: replaced(bare) };
    const swapped = swappedFamily(error);
    if (swapped !== undefined)
      return {
        finding: finding("spf.family-mixup", this.#name, { ...base, mended: swapped }),
        edit: replaced(swapped),
      };
    if (problem === "macro") return { finding: finding("spf.macro-syntax", this.#name, base) };
    return this.#syntaxFault(error, problem);
  }

  #syntaxFault(
    { text, start, end, at }: SpfSyntaxError | (SpfTermPosition & { readonly at: number }),
    problem: SpfSyntaxError["problem"] | "ignored-modifier",
  ): TextFault {
    // Of two equal modifiers one is enough.
    const suggestion = problem === "duplicate-modifier" ? undefined : this.#besideAll(suggestTerm(text));
    return {
      finding: finding("spf.syntax", this.#name, {
        name: this.#name,
        term: readable(text),
        problem,
        at: at + 1,
        ...(suggestion === undefined ? {} : { suggestion }),
      }),
      ...(suggestion === undefined ? {} : { edit: { start, end, text: suggestion } }),
    };
  }

  /** RFC 7208 §5.1: a redirect "MUST be ignored" when there is an "all" anywhere; then an include is meant. */
  #besideAll(suggestion: string | undefined): string | undefined {
    if (suggestion?.startsWith("redirect=") !== true || !/ [-+?~]?all(?: |$)/i.test(this.#text))
      return suggestion;
    return suggestion.replace("redirect=", "include:");
  }

  /** `ip4: 192.0.2.1`, or `ip4 :192.0.2.1`: the two words as one, when that is a term. */
  #joined({ text, end }: SpfSyntaxError): string | undefined {
    let next = end;
    while (this.#text[next] === " ") next += 1;
    if (next === end || next === this.#text.length) return undefined;
    const word = this.#text.slice(next, next + maxWord).split(" ", 1)[0] ?? "";
    const together = text + withoutSemicolons(word);
    if (!(/[:=]$/.test(text) || word.startsWith(":")) || !isValid(together)) return undefined;
    this.#readTo = next + word.length;
    return together;
  }

  /** RFC 7208 §6: unknown modifiers are ignored, so that a slip goes unnoticed. */
  #readUnknown(term: Extract<SpfModifier, { readonly name: "unknown" }>): void {
    const { written, text, start } = term;
    if (written === "v" && term.value.toLowerCase().startsWith("spf1")) {
      this.#faults.push({
        finding: {
          ...finding("spf.version", this.#name, {
            name: this.#name,
            record: this.#text,
            problem: "twice",
          }),
          // RFC 7208 §12: a name, "=" and a macro-string, hence an unknown modifier and no error.
          severity: "notice",
        },
        edit: { start: start - 1, end: term.end, text: "" },
      });
      return;
    }
    if (!mechanismNames.has(written) && nearest(written, unknownModifiers, 2) === undefined) return;
    const fault = this.#syntaxFault({ ...term, text, at: start }, "ignored-modifier");
    this.#faults.push({ ...fault, finding: { ...fault.finding, severity: "warning" } });
  }
}

function withoutSemicolons(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === ";") end -= 1;
  return text.slice(0, end);
}

function swappedFamily({ text, problem }: SpfSyntaxError): string | undefined {
  if (problem !== "ip4-network" && problem !== "ip6-network") return undefined;
  const swapped = text.replace(/^([-+?~]?)ip[46]:/i, `$1${problem === "ip4-network" ? "ip6" : "ip4"}:`);
  return swapped !== text && isValid(swapped) ? swapped : undefined;
}
