import { parseSpfRecord } from "../../core/spf/parse-record.ts";
import type {
  KnownModifier,
  SpfDirective,
  SpfQualifierWord,
  SpfRecord,
  SpfTerm,
} from "../../core/spf/record.ts";

/**
 * The one record that lets through whom any of several let through. Directives keep their order, each once; ip4 and ip6
 * come first where that changes nothing; the softest "all" that lets nobody through ends it.
 * @returns undefined when one of them cannot be read.
 */
export function mergeRecords(texts: readonly string[]): string | undefined {
  const records: SpfRecord[] = [];
  for (const text of texts) {
    const parsed = parseSpfRecord(text);
    if (parsed.kind === "error") return undefined;
    records.push(parsed.record);
  }
  const directives = records.flatMap(usedDirectives);
  const redirects = records.flatMap(({ redirect, directives: own }) =>
    redirect === undefined || own.some(isAll) ? [] : [redirect],
  );
  const ending = endOf(records, redirects);
  const words = [
    ...directives.map(({ text }) => text),
    ...redirects.filter(({ text }) => text !== ending).map(asInclude),
  ];
  const explanation = records.find((record) => record.explanation !== undefined)?.explanation?.text;
  const others = records.flatMap(({ terms }) => terms.filter(isOther).map(({ text }) => text));
  return [
    "v=spf1",
    ...ipFirst(unique(words)),
    ending,
    ...(explanation === undefined ? [] : [explanation]),
    ...unique(others),
  ].join(" ");
}

/** Those before "all". */
function usedDirectives({ directives }: SpfRecord): readonly SpfDirective[] {
  const all = directives.findIndex(isAll);
  return all < 0 ? directives : directives.slice(0, all);
}

function isAll({ mechanism }: SpfDirective): boolean {
  return mechanism.name === "all";
}

/** Modifiers that only somebody else knows; a second version is none worth keeping. */
function isOther(term: SpfTerm): boolean {
  return term.kind === "modifier" && term.name === "unknown" && term.written !== "v";
}

const softness: Readonly<Record<SpfQualifierWord, number>> = { neutral: 0, softfail: 1, fail: 2, pass: 3 };

/** "all" with the softest qualifier but "+"; the redirect, where no record has an "all" worth keeping. */
function endOf(records: readonly SpfRecord[], redirects: readonly KnownModifier[]): string {
  const alls = records.flatMap(({ directives }) => directives.find(isAll) ?? []);
  const [softest] = alls
    .filter(({ qualifier }) => qualifier === "softfail" || qualifier === "fail")
    .toSorted((a, b) => softness[a.qualifier] - softness[b.qualifier]);
  if (softest !== undefined) return softest.text;
  return redirects[0]?.text ?? "~all";
}

/** RFC 7208 §5.2: what the other record lets through passes here as well. */
function asInclude({ domain }: KnownModifier): string {
  return `include:${domain.text}`;
}

/** In any case of letters, a written "+" or none, and each but once. */
export function unique(words: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return words.filter((word) => {
    const key = word.toLowerCase().replace(/^\+/, "");
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/**
 * Puts ip4 and ip6 before the terms that ask DNS. Only terms with the same qualifier pass one another, so that no client
 * gets another result, but for the errors and limits that it no longer meets.
 */
export function ipFirst(words: readonly string[]): readonly string[] {
  const out: string[] = [];
  let run: string[] = [];
  let qualifier = "";
  for (const word of words) {
    const own = /^[-?~]/.exec(word)?.[0] ?? "+";
    if (own !== qualifier) {
      out.push(...sorted(run));
      run = [];
      qualifier = own;
    }
    run.push(word);
  }
  return [...out, ...sorted(run)];
}

function sorted(run: readonly string[]): readonly string[] {
  return [...run.filter(isIp), ...run.filter((word) => !isIp(word))];
}

function isIp(word: string): boolean {
  return /^[-+?~]?ip[46]:/i.test(word);
}

/** The one include of a record that has nothing else but an "all": what a service asked to put in. */
export function loneInclude(texts: readonly string[]): string | undefined {
  if (texts.length !== 2) return undefined;
  for (const text of texts) {
    const parsed = parseSpfRecord(text);
    if (parsed.kind === "error") return undefined;
    const [only, ...more] = parsed.record.directives.filter((directive) => !isAll(directive));
    if (only?.mechanism.name === "include" && more.length === 0 && parsed.record.redirect === undefined)
      return only.text;
  }
  return undefined;
}
