import { formatIp, type IpAddress } from "../ip.ts";
import { type DomainSpec, expandedName, isPrintable } from "./domain-spec.ts";
import { type Evaluation, type Frame, noMatch, type SpfStop } from "./evaluation.ts";
import type { Macro, MacroString } from "./macro-string.ts";
import { validatedNameFor } from "./mechanism-ptr.ts";

/** The name that a domain-spec stands for; "no-match" for a term that RFC 8616 §4 keeps from matching anything. */
export type TargetName =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "no-match" }
  | SpfStop;

/** RFC 7208 §7.3: longer names are cut from the left, so what stands before is never part of the name. */
const enoughForName = 512;
/** More parts than that are macros that expand to next to nothing; a hostile record has room for thousands. */
const maxParts = 512;

/** Expands a domain-spec to its target-name; the <domain> itself when there is none. RFC 7208 §4.8, §7.3. */
export function expandDomain(
  evaluation: Evaluation,
  frame: Frame,
  spec: DomainSpec | undefined,
): TargetName | Promise<TargetName> {
  const fixed = spec === undefined ? frame.domain : spec.fixed;
  if (spec === undefined || fixed !== undefined) return { kind: "name", name: fixed ?? frame.domain };
  return expandTarget(evaluation, frame, spec.parts);
}

/**
 * The name that a domain-spec stands for when the client, its HELO and the local part have no part in it: without
 * macros, or with %{d} and %{o} only. For programs that look at a record before any client comes.
 * @param sender The domain of the sender.
 */
export function fixedTarget(
  spec: DomainSpec | undefined,
  domain: string,
  sender: string,
): string | undefined {
  if (spec === undefined) return domain;
  if (spec.fixed !== undefined) return spec.fixed;
  if (spec.parts.length > maxParts) return undefined;
  let expanded = "";
  for (const part of spec.parts) {
    if (typeof part === "string") expanded += part;
    else if (part.letter === "d") expanded += transform(domain, part);
    else if (part.letter === "o") expanded += transform(sender, part);
    else return undefined;
  }
  return expandedName(expanded);
}

async function expandTarget(evaluation: Evaluation, frame: Frame, parts: MacroString): Promise<TargetName> {
  if (isUnmatchable(evaluation, parts)) return noMatch;
  let expanded = "";
  // From the right, as only the end of it can become part of the name.
  for (const part of parts.slice(-maxParts).reverse()) {
    if (expanded.length >= enoughForName) break;
    const value = await expandPart(evaluation, frame, part);
    if (typeof value !== "string") return value;
    expanded = value + expanded;
  }
  return { kind: "name", name: expandedName(expanded) };
}

/** RFC 8616 §4: a term with %{s} or %{l} matches nothing when the sender's local part is not ASCII. */
function isUnmatchable({ sender }: Evaluation, parts: MacroString): boolean {
  return (
    parts.some((part) => typeof part !== "string" && (part.letter === "s" || part.letter === "l")) &&
    /\P{ASCII}/u.test(sender.localPart)
  );
}

/**
 * Expands the text of an explanation: RFC 7208 §6.2.
 * @returns undefined when it would grow longer than `maxLength` or hold anything but printable ASCII.
 */
export async function expandText(
  evaluation: Evaluation,
  frame: Frame,
  parts: MacroString,
  maxLength: number,
): Promise<string | undefined> {
  let expanded = "";
  if (parts.length > maxParts) return undefined;
  for (const part of parts) {
    const value = await expandPart(evaluation, frame, part);
    if (typeof value !== "string" || !isPrintable(value)) return undefined;
    expanded += value;
    if (expanded.length > maxLength) return undefined;
  }
  return expanded;
}

/** §7.3. */
async function expandPart(
  evaluation: Evaluation,
  frame: Frame,
  part: string | Macro,
): Promise<string | SpfStop> {
  if (typeof part === "string") return part;
  const value =
    part.letter === "p" ? await validatedNameFor(evaluation, frame) : macroValue(evaluation, frame, part);
  if (typeof value !== "string") return value;
  const transformed = transform(value, part);
  return part.escape ? escapeUrl(transformed) : transformed;
}

/** §7.2. */
function macroValue(
  { sender, ip, helo, receiver, clock }: Evaluation,
  frame: Frame,
  { letter }: Macro,
): string {
  switch (letter) {
    case "s":
      return `${sender.localPart}@${sender.domain}`;
    case "l":
      return sender.localPart;
    case "o":
      return sender.domain;
    case "d":
      return frame.domain;
    case "i":
      return dotted(ip);
    case "h":
      return helo;
    case "c":
      return formatIp(ip);
    case "r":
      return receiver;
    case "t":
      return String(Math.floor(clock.now() / 1000));
    case "v":
      return ip.family === 4 ? "in-addr" : "ip6";
    case "p":
      return "unknown";
  }
}

/** §7.3 "i": the dotted quad, or the 32 hexadecimal digits of an IPv6 address with dots between. */
function dotted(ip: IpAddress): string {
  if (ip.family === 4) return formatIp(ip);
  return [...Buffer.from(ip.octets).toString("hex").toUpperCase()].join(".");
}

/** §7.3: split, reverse, keep the right-hand parts, join with dots. */
function transform(value: string, { delimiters, reverse, keep }: Macro): string {
  if (delimiters === "." && !reverse && keep === undefined) return value;
  const parts = splitAtAny(value, delimiters);
  if (reverse) parts.reverse();
  return (keep === undefined ? parts : parts.slice(-keep)).join(".");
}

function splitAtAny(value: string, delimiters: string): string[] {
  if (delimiters.length === 1) return value.split(delimiters);
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < value.length; i++) {
    if (!delimiters.includes(value[i] as string)) continue;
    parts.push(value.slice(start, i));
    start = i + 1;
  }
  parts.push(value.slice(start));
  return parts;
}

/** §7.3: every octet but the unreserved ones of RFC 3986 §2.3. */
function escapeUrl(value: string): string {
  return value.replace(/[^A-Za-z0-9._~-]/gu, (character) =>
    [...Buffer.from(character)]
      .map((octet) => `%${octet.toString(16).toUpperCase().padStart(2, "0")}`)
      .join(""),
  );
}
