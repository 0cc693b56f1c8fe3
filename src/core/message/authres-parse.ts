import type {
  AuthResDefect,
  AuthResProperty,
  AuthResUnparsable,
  MethodResult,
  ParsedAuthRes,
} from "./authres.ts";
import { decodeOctets, FieldScanner, isKeyword } from "./authres-scanner.ts";
import { authservIdReadings } from "./authserv-id.ts";

const maxFieldOctets = 65_536;
const maxResults = 100;
const maxProperties = 50;

interface Statements {
  readonly scanner: FieldScanner;
  readonly results: MethodResult[];
  readonly defects: Set<AuthResDefect>;
}

/**
 * Reads the value of an Authentication-Results field, as RFC 8601 §2.2 writes it and as the world does: without an
 * authserv-id, with empty values, with properties that have no ptype. What cannot be made out is left out and named
 * among the defects; a statement is never put together from parts of two.
 * @param value Octets after the colon, one per character, folds included.
 * @throws Never. Linear in the length of `value`, which beyond 64 KiB is not read.
 */
export function parseAuthenticationResults(value: string): ParsedAuthRes {
  if (value.length > maxFieldOctets) return unparsable("too-long", value);
  const scanner = new FieldScanner(decodeOctets(value));
  const defects = new Set<AuthResDefect>();
  scanner.skipCfws();
  if (scanner.unterminatedComment) return unparsable("unterminated-comment", value);
  if (scanner.done) return unparsable("empty", value);
  const authservId = readAuthservId(scanner);
  if (scanner.unterminatedQuote) return unparsable("unterminated-quoted-string", value);
  if (authservId === undefined) defects.add("no-authserv-id");
  const version = authservId === undefined ? undefined : readVersion(scanner);
  // §2.6: after a version that is not known nothing can be relied on.
  if (authservId !== undefined && version !== undefined && !/^0*1$/.test(version)) {
    return { kind: "unsupported-version", authservId, version };
  }
  if (authservId !== undefined) skipToStatements(scanner, defects);
  const statements: Statements = { scanner, results: [], defects };
  const read = readStatements(statements);
  if (scanner.unterminatedComment) defects.add("unterminated-comment");
  if (scanner.unterminatedQuote) defects.add("unterminated-quoted-string");
  if (read === 0 && authservId === undefined) return unparsable("no-statement", value);
  if (read === 0) defects.add("no-statement");
  return {
    kind: "parsed",
    ...(authservId !== undefined && { authservId }),
    ...(version !== undefined && { version: 1 }),
    results: statements.results,
    defects: [...defects],
  };
}

function unparsable(reason: AuthResUnparsable, value: string): ParsedAuthRes {
  const [authservIdGuess] = authservIdReadings(value);
  return { kind: "unparsable", reason, ...(authservIdGuess !== undefined && { authservIdGuess }) };
}

/** The authserv-id; undefined, and nothing consumed, when the field begins with a statement. */
function readAuthservId(scanner: FieldScanner): string | undefined {
  if (scanner.next === '"') return scanner.readQuotedString();
  const start = scanner.at;
  const word = scanner.readRun("=");
  const end = scanner.at;
  scanner.skipCfws();
  const found = word !== "" && scanner.next !== "=";
  scanner.at = found ? end : start;
  return found ? word : undefined;
}

function readVersion(scanner: FieldScanner): string | undefined {
  scanner.skipCfws();
  const start = scanner.at;
  const word = scanner.readRun("");
  if (/^\d+$/.test(word)) return word.slice(0, 20);
  scanner.at = start;
  return undefined;
}

function skipToStatements(scanner: FieldScanner, defects: Set<AuthResDefect>): void {
  scanner.skipCfws();
  if (scanner.done || scanner.next === ";") return;
  defects.add("text-after-authserv-id");
  scanner.skipStatement();
}

/** Reads every statement; how many there were, `none` and broken ones included. */
function readStatements(statements: Statements): number {
  const { scanner, results, defects } = statements;
  let count = 0;
  for (;;) {
    scanner.skipCfws();
    if (scanner.done) return count;
    if (scanner.take(";")) continue;
    if (results.length >= maxResults) {
      defects.add("too-many-results");
      return count;
    }
    count += 1;
    const result = readStatement(statements);
    if (result !== undefined) results.push(result);
    scanner.skipStatement();
  }
}

function readStatement({ scanner, defects }: Statements): MethodResult | undefined {
  const method = scanner.readRun("=/");
  const methodVersion = readMethodVersion(scanner);
  scanner.skipCfws();
  if (!scanner.take("=")) {
    // §2.2 no-result: "none" alone says that nothing was checked.
    const nothingChecked = method.toLowerCase() === "none" && (scanner.done || scanner.next === ";");
    if (!nothingChecked) defects.add("no-equals-sign");
    return undefined;
  }
  scanner.skipCfws();
  const result = scanner.readRun("");
  const { reason, properties } = readProperties(scanner, defects);
  const defect = statementDefect(method, methodVersion, result);
  if (defect !== undefined) {
    defects.add(defect);
    return undefined;
  }
  return {
    method: method.toLowerCase(),
    result: result.toLowerCase(),
    ...(reason !== undefined && { reason }),
    properties,
  };
}

/** `/ 1` after a method; undefined when there is none. */
function readMethodVersion(scanner: FieldScanner): string | undefined {
  scanner.skipCfws();
  if (!scanner.take("/")) return undefined;
  scanner.skipCfws();
  return scanner.readRun("=");
}

function statementDefect(
  method: string,
  version: string | undefined,
  result: string,
): AuthResDefect | undefined {
  if (method === "") return "no-method";
  if (result === "") return "no-result";
  if (!isKeyword(method) || !isKeyword(result)) return "not-a-keyword";
  if (version !== undefined && !/^0*1$/.test(version)) return "unsupported-method-version";
  return undefined;
}

function readProperties(
  scanner: FieldScanner,
  defects: Set<AuthResDefect>,
): { reason: string | undefined; properties: AuthResProperty[] } {
  const properties: AuthResProperty[] = [];
  let reason: string | undefined;
  for (;;) {
    scanner.skipCfws();
    if (scanner.done || scanner.next === ";") return { reason, properties };
    if (properties.length >= maxProperties) {
      defects.add("too-many-properties");
      return { reason, properties };
    }
    const found = readProperty(scanner, defects);
    if (found === undefined) continue;
    // The grammar wants the reason first; elsewhere it means the same.
    if (found.ptype === "") reason ??= found.value;
    else properties.push(found);
  }
}

/** One property, or a reason, whose ptype is empty. Consumes something in any case. */
function readProperty(scanner: FieldScanner, defects: Set<AuthResDefect>): AuthResProperty | undefined {
  const start = scanner.at;
  const first = scanner.readRun("=.").toLowerCase();
  scanner.skipCfws();
  const dotted = scanner.take(".");
  if (dotted) scanner.skipCfws();
  const property = dotted ? scanner.readRun("=").toLowerCase() : "";
  scanner.skipCfws();
  if (!scanner.take("=")) {
    defects.add("stray-text");
    if (scanner.next === '"') scanner.readQuotedString();
    else if (scanner.at === start) scanner.at += 1;
    return undefined;
  }
  const value = readPvalue(scanner, defects);
  if (value === undefined) return undefined;
  if (!dotted && first === "reason") return { ptype: "", property: "", value };
  if (!dotted) defects.add("no-ptype");
  else if (isKeyword(first) && isKeyword(property)) return { ptype: first, property, value };
  else defects.add("not-a-keyword");
  return undefined;
}

/** The value after `=`; undefined when a quoted string in it is not closed, as nobody knows where it was to end. */
function readPvalue(scanner: FieldScanner, defects: Set<AuthResDefect>): string | undefined {
  const afterEquals = scanner.at;
  scanner.skipCfws();
  if (scanner.at > afterEquals && beginsProperty(scanner)) {
    // "smtp.mailfrom= header.from=example.jp": the value is missing.
    defects.add("no-value");
    return "";
  }
  const pieces: string[] = [];
  let quoted: string | undefined;
  for (;;) {
    const start = scanner.at;
    if (scanner.next === '"') {
      quoted = scanner.readQuotedString();
      if (quoted === undefined) return undefined;
    } else scanner.readRun("");
    if (scanner.at > start) {
      pieces.push(scanner.text.slice(start, scanner.at));
      continue;
    }
    // §2.2 pvalue: CFWS may stand between a local part and its "@".
    scanner.skipCfws();
    if (scanner.next !== "@" || pieces.length === 0 || scanner.at === start) break;
  }
  if (pieces.length === 0) defects.add("no-value");
  return pieces.length === 1 && quoted !== undefined ? quoted : pieces.join("").replaceAll(/[\r\n]/g, "");
}

/** Whether a property with a registered ptype begins here. Looks ahead by a bounded length. */
function beginsProperty(scanner: FieldScanner): boolean {
  const ahead = scanner.text.slice(scanner.at, scanner.at + 80);
  return /^(?:smtp|header|policy|body|dns)\.[a-z0-9-]{1,63}=/i.test(ahead);
}
