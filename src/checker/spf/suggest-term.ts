import { toAsciiDomain } from "../../core/domain-name.ts";
import { parseIp, parseNetwork } from "../../core/ip.ts";
import { nearest } from "../../core/nearest.ts";
import { parseSpfRecord } from "../../core/spf/parse-record.ts";

const mechanisms = ["all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"];
const modifiers = ["redirect", "exp"];
const maxTermLength = 512;

/**
 * What a term that cannot be read was probably meant to be: the first of some guesses that is free of errors.
 * @param term As published, one octet a character.
 */
export function suggestTerm(term: string): string | undefined {
  if (term.length > maxTermLength) return undefined;
  for (const guess of guesses(term)) if (guess !== term && isValid(guess)) return guess;
  return undefined;
}

/** Whether a text is one or more terms without errors. */
export function isValid(terms: string): boolean {
  return parseSpfRecord(`v=spf1 ${terms}`).kind === "record";
}

function* guesses(term: string): Generator<string> {
  const plain = trimmed(unfolded(term));
  yield plain;
  yield withALabels(plain);
  const qualifier = /^[-+?~]/.exec(plain)?.[0] ?? "";
  const rest = plain.slice(qualifier.length);
  yield* namedGuesses(qualifier, rest);
  yield* addressGuesses(qualifier, rest);
}

/** Full-width characters, as Japanese keyboards type them, in their ASCII form. */
function unfolded(term: string): string {
  const text = Buffer.from(term, "latin1").toString("utf8");
  return text.includes("\ufffd") ? term : text.normalize("NFKC").replaceAll(/[\u2010-\u2015\u2212]/g, "-");
}

/** `mx:日本語.example`: the domain as DNS has it. */
function withALabels(term: string): string {
  const start = term.search(/[:=]/) + 1;
  const end = term.indexOf("/", start) < 0 ? term.length : term.indexOf("/", start);
  const domain = toAsciiDomain(term.slice(start, end));
  return start === 0 || domain === undefined ? term : term.slice(0, start) + domain + term.slice(end);
}

/** Without quotes, commas and the like around it. */
function trimmed(term: string): string {
  let start = 0;
  let end = term.length;
  while (start < end && "\"'\\,; \t\u00a0".includes(term[start] as string)) start += 1;
  while (end > start && "\"'\\,;: \t\u00a0".includes(term[end - 1] as string)) end -= 1;
  return term.slice(start, end);
}

/** A name with a letter wrong, or with the sign of a modifier behind a mechanism and the other way round. */
function* namedGuesses(qualifier: string, rest: string): Generator<string> {
  const at = rest.search(/[:=/]/);
  const name = (at < 0 ? rest : rest.slice(0, at)).toLowerCase();
  const value = at < 0 ? "" : rest.slice(at);
  const modifier = modifiers.includes(name) ? name : at < 0 ? undefined : nearest(name, modifiers, 2);
  if (modifier !== undefined) yield `${modifier}=${value.slice(1)}`;
  const mechanism = mechanisms.includes(name) ? name : nearest(name, mechanisms, 2);
  if (mechanism === undefined) return;
  const argument = value.startsWith("=") ? `:${value.slice(1)}` : value;
  yield `${qualifier}${mechanism}${argument.replace(/^:+/, ":")}`;
  if (mechanism === "ip4" || mechanism === "ip6") yield* networkGuesses(qualifier, argument.slice(1));
}

const ipNames = ["ip", "ipv4", "ipv6", "ip4", "ip6", "a", "include", "v4", "v6"];

/** An address without its mechanism, or behind the wrong one. */
function* addressGuesses(qualifier: string, rest: string): Generator<string> {
  const at = rest.search(/[:=]/);
  const name = rest.slice(0, Math.max(0, at)).toLowerCase();
  yield* networkGuesses(qualifier, rest);
  if (ipNames.includes(name)) yield* networkGuesses(qualifier, rest.slice(at + 1));
}

function* networkGuesses(qualifier: string, text: string): Generator<string> {
  const slash = text.indexOf("/");
  const address = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) {
    if (slash < 0 && /^[A-Za-z0-9_.-]+\.[A-Za-z][A-Za-z0-9-]*$/.test(text)) yield `${qualifier}a:${text}`;
    return;
  }
  const name = address.family === 4 ? "ip4" : "ip6";
  if (parseNetwork(text) !== undefined) yield `${qualifier}${name}:${text}`;
  const prefix = slash < 0 ? undefined : readMask(text.slice(slash + 1));
  if (prefix !== undefined) yield `${qualifier}${name}:${text.slice(0, slash)}/${prefix}`;
}

/** The bits of `255.255.255.0`, or of a prefix length with leading zeros. */
function readMask(mask: string): number | undefined {
  if (/^0+[0-9]{1,3}$/.test(mask)) return Number(mask);
  const address = parseIp(mask);
  if (address?.family !== 4) return undefined;
  const bits = [...address.octets].map((octet) => octet.toString(2).padStart(8, "0")).join("");
  const ones = bits.indexOf("0");
  if (ones < 0) return 32;
  return bits.includes("1", ones) ? undefined : ones;
}
