import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from "yaml";
import type { Config } from "./config.ts";
import { laterKeys } from "./later-keys.ts";
import { nearest } from "./nearest.ts";
import { type ConfigProblem, configProblem, type Place, type ProblemCode } from "./problem.ts";
import { checkConfigValue, keysAt, type SchemaIssue } from "./schema.ts";

type Path = readonly PropertyKey[];

export interface YamlReading {
  readonly config?: Config;
  /** In the order of the file; empty exactly when `config` is there. */
  readonly errors: readonly ConfigProblem[];
}

/** The configuration that a YAML text states, or all that is wrong with it. */
export function readYaml(text: string, hostname: string): YamlReading {
  const source = openSource(text);
  // After a syntax error the rest is guesswork: only what the YAML reader says is worth telling.
  const syntax = syntaxErrors(source);
  if (syntax.length > 0) return { errors: syntax };
  const value: unknown = withoutNulls(source.document.toJS() ?? {});
  if (!isRecord(value)) return { errors: [configProblem("not-a-map", "", {}, { line: 1, column: 1 })] };
  const result = checkConfigValue(value, hostname);
  if (result.ok) return { config: result.config, errors: [] };
  const errors = result.issues.flatMap((issue) => problemsOf(issue, source));
  return {
    errors: errors.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)),
  };
}

interface Source {
  readonly document: Document;
  readonly lines: LineCounter;
}

function openSource(text: string): Source {
  const lines = new LineCounter();
  return { document: parseDocument(text, { lineCounter: lines, prettyErrors: false }), lines };
}

function syntaxErrors(source: Source): ConfigProblem[] {
  const aliases: ConfigProblem[] = [];
  // An alias may lead nowhere, into itself, or into thousands of others; a configuration needs none.
  visit(source.document, {
    Alias: (_, alias) => {
      const reason = `an alias (*${alias.source}) cannot be used here`;
      aliases.push(configProblem("yaml-syntax", "", { fault: "ALIAS", reason }, placeOf(source, alias)));
    },
  });
  return [...syntaxProblems(source), ...aliases];
}

function syntaxProblems({ document, lines }: Source): ConfigProblem[] {
  return [...document.errors, ...document.warnings].map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    const place = { line, column: col };
    if (error.code === "DUPLICATE_KEY") return configProblem("duplicate-key", "", {}, place);
    return configProblem("yaml-syntax", "", { fault: error.code, reason: error.message }, place);
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A key without a value, as when all lines below it are commented out, counts as not written. */
function withoutNulls(value: unknown, depth = 0): unknown {
  if (!isRecord(value) || depth > 20) return value;
  const kept = Object.entries(value).filter(([, entry]) => entry !== null);
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutNulls(entry, depth + 1)]));
}

function problemsOf(issue: SchemaIssue, source: Source): ConfigProblem[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(issue.path, key, source));
  const path = formatPath(issue.path);
  const node = nodeAt(source, issue.path);
  if (node === undefined) return [missingKey(issue.path, source)];
  const place = placeOf(source, node);
  const found = describe(node, source);
  switch (issue.code) {
    case "invalid_type":
      if (isOurs(issue.message)) return [configProblem(issue.message, path, { found }, place)];
      return [configProblem("wrong-type", path, { expected: typeName(issue.expected), found }, place)];
    case "invalid_value":
      return [notOneOf(path, found, issue.values.map(String), place)];
    case "invalid_union":
      return (
        unionProblems(issue, node, source) ?? [
          isOurs(issue.message)
            ? configProblem(issue.message, path, { found }, place)
            : notOneOf(path, found, unionValues(issue), place),
        ]
      );
    case "too_small":
      if (isOurs(issue.message)) return [configProblem("empty-text", path, {}, place)];
      return [configProblem("out-of-range", path, { minimum: Number(issue.minimum), found }, place)];
    case "too_big":
      return [configProblem("out-of-range", path, { maximum: Number(issue.maximum), found }, place)];
    case "custom":
      if (issue.message === "out-of-range")
        return [configProblem("out-of-range", path, { ...issue.params, found }, place)];
      return [configProblem(isOurs(issue.message) ? issue.message : "invalid-value", path, { found }, place)];
    default:
      return [configProblem("invalid-value", path, { found }, place)];
  }
}

/** Of a section that may also be written as a word or as a list of such: what is wrong in what is written. */
function unionProblems(
  issue: Extract<SchemaIssue, { code: "invalid_union" }>,
  node: Node,
  source: Source,
): ConfigProblem[] | undefined {
  if (!isMap(node) && !isSeq(node)) return undefined;
  const [ofSection, another] = issue.errors.filter((issues) => !issues.some(isWrongType));
  // Several forms of lists: which one was meant cannot be told.
  if (another !== undefined && isSeq(node)) return undefined;
  return ofSection?.flatMap((inner) =>
    problemsOf({ ...inner, path: [...issue.path, ...inner.path] }, source),
  );
}

/** The form as a whole does not fit, not something in it. */
function isWrongType({ code, path }: SchemaIssue): boolean {
  return path.length === 0 && (code === "invalid_type" || code === "invalid_value");
}

/** The words that a union knows; what its lists may hold are the same words. */
function unionValues({ errors }: Extract<SchemaIssue, { code: "invalid_union" }>): string[] {
  const values = errors.flat().flatMap((issue) => (issue.code === "invalid_value" ? issue.values : []));
  return [...new Set(values.map(String))];
}

type FoundProblem = Extract<
  ProblemCode,
  `bad-${string}` | "duplicate-listen" | "peers-needed" | "web-beyond-loopback" | "mark-roots-needed"
>;

/** Whether the schema gave the message: then it is one of our codes, which only take `found`. */
function isOurs(message: string): message is FoundProblem {
  return /^(?:bad-[a-z-]+|duplicate-listen|peers-needed|web-beyond-loopback|mark-roots-needed|empty-text)$/.test(
    message,
  );
}

function typeName(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    string: "text",
    int: "integer",
    array: "list",
    object: "map",
    record: "map",
  };
  return names[expected] ?? expected;
}

/** Values that are planned: only the first of them works now. */
const plannedValues: Readonly<Record<string, readonly string[]>> = {};

function notOneOf(path: string, found: string, allowed: readonly string[], place: Place): ConfigProblem {
  if (plannedValues[path]?.includes(found) === true)
    return configProblem("later-value", path, { found, allowed }, place);
  const suggestion = nearest(found, allowed);
  return configProblem("not-one-of", path, { found, allowed, ...(suggestion && { suggestion }) }, place);
}

function unknownKey(section: Path, key: string, source: Source): ConfigProblem {
  const path = formatPath([...section, key]);
  const place = placeOf(source, keyNodeAt(source, section, key) ?? nodeAt(source, section));
  if (laterKeys.has(path)) return configProblem("later-key", path, { key: path }, place);
  const suggestion = nearest(key, keysAt(section));
  return configProblem("unknown-key", path, { key, ...(suggestion && { suggestion }) }, place);
}

/** A key that must be there: told at the section that lacks it. */
function missingKey(path: Path, source: Source): ConfigProblem {
  const key = String(path.at(-1) ?? "");
  return configProblem(
    "missing-key",
    formatPath(path),
    { key },
    placeOf(source, nodeAt(source, path.slice(0, -1))),
  );
}

function nodeAt({ document }: Source, path: Path): Node | undefined {
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  return isNode(node) ? node : undefined;
}

function keyNodeAt(source: Source, section: Path, key: string): Node | undefined {
  const map = nodeAt(source, section);
  if (!isMap(map)) return undefined;
  const pair = map.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === key);
  return isNode(pair?.key) ? pair.key : undefined;
}

function placeOf({ lines }: Source, node: Node | undefined): Place {
  const { line, col } = lines.linePos(node?.range?.[0] ?? 0);
  return { line, column: col };
}

const maxFoundLength = 60;

/** The value as written, in one short line. */
function describe(node: Node, { document }: Source): string {
  const text = isScalar(node) ? (node.source ?? String(node.value)) : JSON.stringify(node.toJS(document));
  const plain = text.replaceAll(/\s+/g, " ");
  return plain.length <= maxFoundLength ? plain : `${plain.slice(0, maxFoundLength)}…`;
}

/** `milter.sockets[0].listen` */
function formatPath(path: Path): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
    .join("")
    .replace(/^\./, "");
}
