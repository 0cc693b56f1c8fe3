import { type MacroString, parseMacroString } from "./macro-string.ts";

/** A domain-spec of RFC 7208 §7.1. */
export interface DomainSpec {
  /** As published. */
  readonly text: string;
  readonly parts: MacroString;
  /** The name it stands for when it holds no macro (§4.8 target-name): lower case, no final dot. */
  readonly fixed?: string;
}

export type DomainSpecParse =
  | { readonly kind: "domain-spec"; readonly spec: DomainSpec }
  | { readonly kind: "error"; readonly problem: "macro" | "domain-spec"; readonly at: number };

/** Reads a domain-spec: RFC 7208 §7.1. Positions are characters from the start of the text. */
export function parseDomainSpec(text: string): DomainSpecParse {
  const parsed = parseMacroString(text, false);
  if (parsed.kind === "error") return { kind: "error", problem: "macro", at: parsed.at };
  const { parts, lastMacroEnd } = parsed;
  if (!isDomainEnd(text.slice(lastMacroEnd), lastMacroEnd > 0))
    return { kind: "error", problem: "domain-spec", at: 0 };
  const [only] = parts;
  if (parts.length === 1 && typeof only === "string")
    return { kind: "domain-spec", spec: { text, parts, fixed: expandedName(only) } };
  return { kind: "domain-spec", spec: { text, parts } };
}

/** §7.1 domain-end: what stands behind the last macro is nothing, or ends in a dot and a toplabel. */
function isDomainEnd(tail: string, afterMacro: boolean): boolean {
  if (tail === "") return afterMacro;
  const name = tail.endsWith(".") ? tail.slice(0, -1) : tail;
  const dot = name.lastIndexOf(".");
  return dot >= 0 && isToplabel(name.slice(dot + 1));
}

/** §7.1 toplabel: letters, digits and inner hyphens, not digits alone. */
function isToplabel(label: string): boolean {
  return (
    /^[A-Za-z0-9-]+$/.test(label) && /[^0-9]/.test(label) && !label.startsWith("-") && !label.endsWith("-")
  );
}

const maxNameLength = 253;
const maxLabelLength = 63;

/** The target-name of an expanded domain-spec, in the escaped form that resolvers take (RFC 1035 §5.1). */
export function expandedName(expanded: string): string {
  // §4.8: what was expanded is not subject to escaping, so that a backslash stands for itself.
  return targetName(expanded).replaceAll("\\", "\\\\");
}

/**
 * Makes a name to ask of a domain: lower case, no final dot, cut to 253 characters by dropping labels
 * from the left. RFC 7208 §7.3.
 */
export function targetName(expanded: string): string {
  const name = (expanded.endsWith(".") ? expanded.slice(0, -1) : expanded).toLowerCase();
  if (name.length <= maxNameLength) return name;
  const dot = name.indexOf(".", name.length - maxNameLength - 1);
  return dot < 0 ? name : name.slice(dot + 1);
}

/**
 * Whether a target-name can be asked at all. RFC 7208 §4.8 leaves open what a name with empty or overlong labels
 * does; here it is a name that does not exist, and nothing is asked. The same goes for characters that are not ASCII.
 */
export function isAskable(escaped: string): boolean {
  // RFC 1035 §5.1: an escape stands for one octet.
  const name = escaped.includes("\\") ? escaped.replace(/\\(?:[0-9]{3}|.)/g, "x") : escaped;
  if (name === "" || name.length > maxNameLength || !isPrintable(name)) return false;
  let start = 0;
  for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", start)) {
    if (dot === start || dot - start > maxLabelLength) return false;
    start = dot + 1;
  }
  const last = name.length - start;
  return last > 0 && last <= maxLabelLength;
}

/** Whether a text is printable ASCII throughout, spaces allowed. */
export function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!isPrintableCode(text.charCodeAt(i))) return false;
  return true;
}

export function isPrintableCode(code: number): boolean {
  return code >= 0x20 && code <= 0x7e;
}
