import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** What one folder of src may import from. `types` only with `import type`; `files` are single files of a folder. */
interface Rule {
  readonly folders?: readonly string[];
  readonly types?: readonly string[];
  /** Paths under src without `.ts`, or the beginning of such paths with `*` at the end. */
  readonly files?: readonly string[];
  readonly typeFiles?: readonly string[];
  /** Names of node: modules, with `*` at the end for all that begin so; every one when left out. */
  readonly builtins?: readonly string[];
  /** Whether packages may be imported; true when left out. */
  readonly packages?: boolean;
}

const topFiles = ["errors", "log"];
const everything = [
  ..."core milter findings config trust store keys transport maillog checker watch collect report filter".split(
    " ",
  ),
  ..."web daemon cli".split(" "),
];
const upTo = (...left: readonly string[]): string[] => everything.filter((folder) => !left.includes(folder));

/** The import table of ARCHITECTURE.md. A folder may always import from itself. */
export const table: Readonly<Record<string, Rule>> = {
  core: {
    builtins: ["crypto", "url", "dgram", "net", "buffer", "events", "timers*", "zlib"],
    packages: false,
  },
  milter: { packages: false },
  findings: { types: ["core"], files: topFiles },
  config: { folders: ["core"], files: topFiles },
  trust: { folders: ["core", "config"], files: topFiles },
  // A record holds what trust said of a client, as a type.
  store: { folders: ["core", "config"], types: ["trust"], files: topFiles },
  keys: { folders: ["core", "findings", "config", "store"], files: topFiles },
  transport: { folders: ["core", "findings", "config", "store"], files: topFiles },
  maillog: { folders: ["core", "findings", "config", "store"], files: topFiles },
  checker: { folders: ["core", "findings"], files: topFiles },
  watch: { folders: ["core", "findings", "checker", "store", "config"], files: topFiles },
  collect: { folders: ["core", "findings", "store", "config"], files: topFiles },
  report: { folders: ["core", "findings", "store", "config", "keys"], files: topFiles },
  filter: {
    folders: ["core", "milter", "trust", "keys", "config"],
    // The record, what is left out of it, and the spool: how a message is kept, not where.
    files: [...topFiles, "store/record", "store/redact", "store/spool*"],
  },
  web: { folders: upTo("cli", "daemon", "filter"), files: topFiles },
  // Runs in the browser.
  "web/ui": { folders: ["findings"], typeFiles: ["web/api*"], builtins: [] },
  daemon: { folders: upTo("cli"), files: topFiles },
  cli: { folders: everything, files: topFiles },
  // The package itself: what a program that uses it as a library gets.
  index: { folders: ["core", "milter"], files: ["errors"] },
  errors: { builtins: [] },
  log: { types: ["config"], files: ["errors"] },
};

/** Parts of core from the ground up. A part imports from rows above its own, and from others of the first row. */
export const coreOrder: readonly (readonly string[])[] = [
  ["ip", "domain-name", "clock", "nearest", "dns", "message"],
  ["iprev", "spf", "dkim", "mtasts", "dane", "tlsrpt", "reports"],
  ["dmarc", "arc"],
  ["bimi"],
  ["authenticate", "authentication-results"],
  ["verify"],
];
/** Types that any part of core may import, and that may type-import any part. */
const coreTypes = ["verification", "results"];

export interface SourceFile {
  /** From the folder src, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Every import in `files` that the table does not allow, and every folder that it does not know. */
export function checkLayers(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) => {
    const messages = importsOf(file.text).map(({ line, ...found }) => ({
      path: file.path,
      line,
      message: violationOf(file.path, found),
    }));
    return messages.filter((violation): violation is Violation => violation.message !== undefined);
  });
}

interface Import {
  /** Undefined when a dynamic import names no literal. */
  readonly specifier: string | undefined;
  readonly typeOnly: boolean;
}

const statement =
  /^[ \t]*(?:import|export)\s+(type\s+)?(\{[^}]*\}|\*(?:\s+as\s+[\w$]+)?|[\w$]+(?:\s*,\s*(?:\{[^}]*\}|\*\s+as\s+[\w$]+))?)\s*from\s*["']([^"']+)["']/gm;
const sideEffect = /^[ \t]*import\s*["']([^"']+)["']/gm;
const dynamic = /\b(?:import|require)\s*\(\s*(?:["']([^"']+)["']\s*[,)])?/g;

/** Imports and re-exports of a source text: static, type, dynamic and in types (`import("x").T`). */
function importsOf(source: string): (Import & { readonly line: number })[] {
  const text = withoutComments(source);
  const found: (Import & { readonly line: number })[] = [];
  const lineOf = (index: number): number => text.slice(0, index).split("\n").length;
  for (const match of text.matchAll(statement)) {
    const [, type, names = "", specifier] = match;
    const typeOnly = type !== undefined || onlyTypes(names);
    found.push({ specifier, typeOnly, line: lineOf(match.index + match[0].length) });
  }
  for (const match of text.matchAll(sideEffect))
    found.push({ specifier: match[1], typeOnly: false, line: lineOf(match.index) });
  for (const match of text.matchAll(dynamic))
    found.push({ specifier: match[1], typeOnly: false, line: lineOf(match.index) });
  return found.sort((a, b) => a.line - b.line);
}

/** `{ type A, type B }`. */
function onlyTypes(names: string): boolean {
  const specifiers = names
    .replaceAll(/[{}]/g, "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return (
    names.startsWith("{") && specifiers.length > 0 && specifiers.every((name) => name.startsWith("type "))
  );
}

/** Whole-line comments blanked out, so that examples in them are no imports; positions stay. */
function withoutComments(source: string): string {
  const blank = (text: string): string => text.replaceAll(/[^\n]/g, " ");
  return source.replaceAll(/^[ \t]*\/\*[\s\S]*?\*\//gm, blank).replaceAll(/^[ \t]*\/\/.*$/gm, blank);
}

function violationOf(path: string, { specifier, typeOnly }: Import): string | undefined {
  const from = placeOf(path);
  const rule = table[from];
  if (rule === undefined) return `${from} stands in no row of the import table`;
  if (specifier === undefined) return "a dynamic import must name a literal";
  if (specifier.startsWith("node:")) return builtinViolation(from, rule, specifier.slice("node:".length));
  if (!specifier.startsWith(".")) {
    return rule.packages === false ? `${from} may import no package: ${specifier}` : undefined;
  }
  const target = posix.join(posix.dirname(path), specifier);
  if (target.startsWith("..")) return `${from} imports from outside src: ${specifier}`;
  const to = placeOf(target);
  if (to === from) return from === "core" ? coreViolation(path, target, typeOnly) : undefined;
  if (mayImport(rule, to, withoutExtension(target), typeOnly)) return undefined;
  return `${from} may not import ${typeOnly ? "even types of " : ""}${to}: ${specifier}`;
}

function mayImport(rule: Rule, to: string, file: string, typeOnly: boolean): boolean {
  if (rule.folders?.includes(to) === true || matches(rule.files, file)) return true;
  return typeOnly && (rule.types?.includes(to) === true || matches(rule.typeFiles, file));
}

function builtinViolation(from: string, { builtins }: Rule, name: string): string | undefined {
  return builtins === undefined || matches(builtins, name)
    ? undefined
    : `${from} may not import node:${name}`;
}

function matches(patterns: readonly string[] | undefined, name: string): boolean {
  return (patterns ?? []).some((pattern) =>
    pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
}

function coreViolation(path: string, target: string, typeOnly: boolean): string | undefined {
  const from = corePart(path);
  const to = corePart(target);
  if (from === to || coreTypes.includes(to)) return undefined;
  if (coreTypes.includes(from))
    return typeOnly ? undefined : `core/${from} may import types only: core/${to}`;
  const fromRow = coreOrder.findIndex((row) => row.includes(from));
  const toRow = coreOrder.findIndex((row) => row.includes(to));
  if (fromRow < 0 || toRow < 0)
    return `core/${fromRow < 0 ? from : to} has no place in the order inside core`;
  if (toRow < fromRow || (fromRow === 0 && toRow === 0)) return undefined;
  return `core/${from} may not import core/${to}, which stands above or beside it`;
}

/** `dns` for core/dns/client.ts, `ip` for core/ip.ts. */
function corePart(path: string): string {
  return withoutExtension(path.split("/")[1] ?? "");
}

/** The row of the table: the folder, `web/ui`, or the name of a file right under src. */
function placeOf(path: string): string {
  if (path.startsWith("web/ui/")) return "web/ui";
  return withoutExtension(path.split("/")[0] as string);
}

function withoutExtension(path: string): string {
  return path.replace(/\.tsx?$/, "");
}

function readSources(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path))
    .map((path) => ({ path: path.replaceAll("\\", "/"), text: readFileSync(join(folder, path), "utf8") }));
}

function main(): number {
  const files = readSources(fileURLToPath(new URL("../src/", import.meta.url)));
  const violations = checkLayers(files);
  for (const { path, line, message } of violations) process.stderr.write(`src/${path}:${line}: ${message}\n`);
  process.stdout.write(`layers: ${files.length} files, ${violations.length} violations\n`);
  return violations.length === 0 && files.length > 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
