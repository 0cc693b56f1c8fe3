import { readFile } from "node:fs/promises";
import { toAsciiDomain } from "../core/domain-name.ts";
import { codeOf } from "./file-fault.ts";
import { type ConfigProblem, configProblem } from "./problem.ts";
import { parseAuthorPattern } from "./sign-names.ts";

/** A From that a login may use. */
export type FromPattern =
  | { readonly kind: "any" }
  | { readonly kind: "address"; readonly localPart: string; readonly domain: string }
  | { readonly kind: "domain"; readonly domain: string }
  /** Domains below it, not the domain itself. */
  | { readonly kind: "below"; readonly domain: string };

/** By login in lower case. */
export type LoginMap = ReadonlyMap<string, readonly FromPattern[]>;

export type LoadedLoginMap =
  | { readonly ok: true; readonly logins: LoginMap }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

export type LoginLineProblem =
  | "no-colon"
  | "bad-login"
  | "twice"
  | "bad-from"
  | "group-in-group"
  | "no-such-group";

/** One line that cannot be read. */
export interface LoginLineFault {
  /** From 1. */
  readonly line: number;
  readonly problem: LoginLineProblem;
  /** What stands there, cut short. */
  readonly found: string;
}

const path = "sign.logins.file";
const maxOctets = 20_000_000;
const maxProblems = 20;

/** Reads the file that `sign.logins.file` names. Never rejects; at most 20 problems. */
export async function loadLoginMap(file: string): Promise<LoadedLoginMap> {
  const unreadable = (reason: string): LoadedLoginMap => {
    return { ok: false, problems: [configProblem("bad-login-file", path, { file, reason })] };
  };
  let text: string;
  try {
    const octets = await readFile(file);
    if (octets.length > maxOctets) return unreadable(`> ${maxOctets} octets`);
    text = new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch (error) {
    return unreadable(error instanceof TypeError ? "not UTF-8" : codeOf(error));
  }
  const { logins, faults } = parseLoginMap(text);
  if (faults.length === 0) return { ok: true, logins };
  const told = faults.slice(0, maxProblems);
  return {
    ok: false,
    problems: told.map((fault) => configProblem("bad-login-line", path, { file, ...fault })),
  };
}

interface Entry {
  readonly line: number;
  readonly name: string;
  readonly values: readonly string[];
}

/**
 * Reads such a file: lines `login: From, From`, continued by lines that begin with white space; `#` begins a comment at
 * the start of a line or after white space. A From is an address, a domain, `.domain` (those below it), `*` (any) or
 * `$group`; lines `$group: From, From` say what a group stands for. Logins and addresses in any letter case.
 */
export function parseLoginMap(text: string): {
  readonly logins: LoginMap;
  readonly faults: readonly LoginLineFault[];
} {
  const faults: LoginLineFault[] = [];
  const entries = entriesOf(text, faults);
  const groups = new Map<string, readonly FromPattern[]>();
  const logins = new Map<string, readonly FromPattern[]>();
  const fault = ({ line }: Entry, problem: LoginLineProblem, found: string): void =>
    void faults.push({ line, problem, found: found.slice(0, 100) });
  for (const entry of entries.filter(isGroup)) {
    if (groups.has(entry.name)) fault(entry, "twice", entry.name);
    groups.set(entry.name, patternsOf(entry, undefined, fault));
  }
  for (const entry of entries) {
    if (isGroup(entry)) continue;
    if (logins.has(entry.name)) fault(entry, "twice", entry.name);
    logins.set(entry.name, patternsOf(entry, groups, fault));
  }
  return { logins, faults: faults.toSorted((a, b) => a.line - b.line) };
}

function isGroup({ name }: Entry): boolean {
  return name.startsWith("$");
}

function entriesOf(text: string, faults: LoginLineFault[]): Entry[] {
  const entries: { line: number; name: string; values: string[] }[] = [];
  for (const [index, written] of text.split("\n").entries()) {
    const line = withoutComment(written);
    if (line.trim() === "") continue;
    const last = entries.at(-1);
    if (/^[ \t]/.test(line) && last !== undefined) {
      last.values.push(...listed(line));
      continue;
    }
    // Before white space: a login may have colons of its own.
    const colon = line.search(/:(?:[ \t\r]|$)/);
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    const fault = (problem: LoginLineProblem): void =>
      void faults.push({ line: index + 1, problem, found: line.trim().slice(0, 100) });
    if (colon < 0) fault("no-colon");
    else if (name === "" || name === "$" || /\s/.test(name)) fault("bad-login");
    else entries.push({ line: index + 1, name, values: listed(line.slice(colon + 1)) });
  }
  return entries;
}

function withoutComment(line: string): string {
  if (line.startsWith("#")) return "";
  const at = line.search(/[ \t]#/);
  return at < 0 ? line : line.slice(0, at);
}

function listed(text: string): string[] {
  return text.split(/[,\s]/).filter((word) => word !== "");
}

/** @param groups Undefined where no group may stand. */
function patternsOf(
  entry: Entry,
  groups: ReadonlyMap<string, readonly FromPattern[]> | undefined,
  fault: (entry: Entry, problem: LoginLineProblem, found: string) => void,
): readonly FromPattern[] {
  return entry.values.flatMap((value) => {
    if (value.startsWith("$")) {
      const group = groups?.get(value.toLowerCase());
      if (group === undefined) fault(entry, groups === undefined ? "group-in-group" : "no-such-group", value);
      return group ?? [];
    }
    const pattern = readFrom(value);
    if (pattern === undefined) fault(entry, "bad-from", value);
    return pattern ?? [];
  });
}

function readFrom(text: string): FromPattern | undefined {
  if (text === "*") return { kind: "any" };
  if (text.startsWith(".")) {
    const domain = text.endsWith(".") ? undefined : toAsciiDomain(text.slice(1));
    return domain === undefined ? undefined : { kind: "below", domain };
  }
  const pattern = parseAuthorPattern(text);
  if (pattern === undefined) return undefined;
  const { domain, localPart } = pattern;
  return localPart === undefined ? { kind: "domain", domain } : { kind: "address", domain, localPart };
}
