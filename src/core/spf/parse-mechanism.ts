import { parseIp } from "../ip.ts";
import { parseDomainSpec } from "./domain-spec.ts";
import type { HostMechanism, IpMechanism, SpfMechanism, SpfSyntaxProblem } from "./record.ts";

export type MechanismParse =
  | { readonly kind: "mechanism"; readonly mechanism: SpfMechanism }
  /** `at` in characters from the start of the text given. */
  | { readonly kind: "error"; readonly problem: SpfSyntaxProblem; readonly at: number };

/** What stands behind a mechanism's name: its ":" or "/" and the rest, and where that begins. */
interface Argument {
  readonly text: string;
  readonly at: number;
}

/** Reads a mechanism without its qualifier: RFC 7208 §4.6.1 and §5. */
export function parseMechanism(text: string): MechanismParse {
  const nameEnd = text.search(/[:/]/);
  const at = nameEnd < 0 ? text.length : nameEnd;
  const argument = { text: text.slice(at), at };
  // §4.6.1: names are case-insensitive.
  const name = text.slice(0, at).toLowerCase();
  switch (name) {
    case "all":
      return argument.text === ""
        ? { kind: "mechanism", mechanism: { name } }
        : fault("argument-not-allowed", at);
    case "include":
    case "exists":
      return parseWithDomain(name, argument);
    case "a":
    case "mx":
      return parseHost(name, argument);
    case "ptr":
      return argument.text === ""
        ? { kind: "mechanism", mechanism: { name } }
        : parseWithDomain(name, argument);
    case "ip4":
    case "ip6":
      return parseNetwork(name, argument);
    default:
      return fault("unknown-mechanism", 0);
  }
}

function fault(problem: SpfSyntaxProblem, at: number): MechanismParse {
  return { kind: "error", problem, at };
}

/** §5.2 include, §5.5 ptr, §5.7 exists: a domain-spec behind a colon. */
function parseWithDomain(name: "include" | "exists" | "ptr", argument: Argument): MechanismParse {
  if (argument.text.length < 2) return fault("argument-missing", argument.at);
  if (!argument.text.startsWith(":")) return fault("argument-not-allowed", argument.at);
  const parsed = parseDomainSpec(argument.text.slice(1));
  if (parsed.kind === "error") return fault(parsed.problem, argument.at + 1 + parsed.at);
  return { kind: "mechanism", mechanism: { name, domain: parsed.spec } };
}

/** §5.3 a, §5.4 mx: a domain-spec that may be missing, and a dual-cidr-length. */
function parseHost(name: "a" | "mx", argument: Argument): MechanismParse {
  const cidr = splitDualCidr(argument.text);
  const prefixes = readPrefixes(cidr.prefix4, cidr.prefix6);
  if (prefixes === undefined) return fault("prefix-length", argument.at + cidr.rest.length);
  if (cidr.rest === "") return { kind: "mechanism", mechanism: { name, ...prefixes } };
  if (!cidr.rest.startsWith(":")) return fault("prefix-length", argument.at);
  if (cidr.rest.length === 1) return fault("argument-missing", argument.at);
  const parsed = parseDomainSpec(cidr.rest.slice(1));
  if (parsed.kind === "error") return fault(parsed.problem, argument.at + 1 + parsed.at);
  return { kind: "mechanism", mechanism: { name, domain: parsed.spec, ...prefixes } };
}

interface DualCidr {
  readonly rest: string;
  readonly prefix4?: string;
  readonly prefix6?: string;
}

/** Takes `/digits`, `//digits` or both off the end; a domain-spec cannot end like that (§7.1 toplabel). */
function splitDualCidr(text: string): DualCidr {
  const six = splitDigits(text);
  if (six === undefined) return { rest: text };
  if (!six.before.endsWith("/")) return { rest: six.before, prefix4: six.digits };
  const before = six.before.slice(0, -1);
  const four = splitDigits(before);
  return four === undefined
    ? { rest: before, prefix6: six.digits }
    : { rest: four.before, prefix4: four.digits, prefix6: six.digits };
}

/** Text before a last "/" that only digits follow, and these digits. */
function splitDigits(text: string): { before: string; digits: string } | undefined {
  let start = text.length;
  while (start > 0 && isDigit(text.charCodeAt(start - 1))) start -= 1;
  if (start === text.length || text[start - 1] !== "/") return undefined;
  return { before: text.slice(0, start - 1), digits: text.slice(start) };
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function readPrefixes(
  written4: string | undefined,
  written6: string | undefined,
): Pick<HostMechanism, "prefix4" | "prefix6"> | undefined {
  const prefix4 = written4 === undefined ? 32 : readPrefix(written4, 32);
  const prefix6 = written6 === undefined ? 128 : readPrefix(written6, 128);
  return prefix4 === undefined || prefix6 === undefined ? undefined : { prefix4, prefix6 };
}

/** §5.6 ip4-cidr-length, ip6-cidr-length: no leading zero, at most the bits of the family. */
function readPrefix(digits: string, bits: number): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(digits)) return undefined;
  const prefix = Number(digits);
  return prefix <= bits ? prefix : undefined;
}

/** §5.6: an address of that family, and a prefix length of its own. */
function parseNetwork(name: "ip4" | "ip6", argument: Argument): MechanismParse {
  if (argument.text.length < 2) return fault("argument-missing", argument.at);
  if (!argument.text.startsWith(":")) return fault(`${name}-network`, argument.at);
  const slash = argument.text.indexOf("/");
  const address = parseIp(slash < 0 ? argument.text.slice(1) : argument.text.slice(1, slash));
  const family: IpMechanism["address"]["family"] = name === "ip4" ? 4 : 6;
  if (address?.family !== family) return fault(`${name}-network`, argument.at + 1);
  const bits = address.octets.length * 8;
  const prefix = slash < 0 ? bits : readPrefix(argument.text.slice(slash + 1), bits);
  if (prefix === undefined) return fault("prefix-length", argument.at + slash);
  return { kind: "mechanism", mechanism: { name, address, prefix } };
}
