import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Every dependency has exactly one row in docs/dependencies.md, with every cell filled, and nothing else has one. */
export function checkDependencies(manifest: Manifest, page: string): string[] {
  const wanted = new Set(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }));
  const problems: string[] = [];
  const listed = new Set<string>();
  for (const [index, line] of page.split("\n").entries()) {
    const [, name] = /^\|\s*`([^`]+)`\s*\|/.exec(line) ?? [];
    if (name === undefined) continue;
    const where = `docs/dependencies.md:${index + 1}`;
    if (!wanted.has(name)) problems.push(`${where}: ${name} is no dependency`);
    if (listed.has(name)) problems.push(`${where}: ${name} stands there twice`);
    if (
      line
        .split("|")
        .slice(1, -1)
        .some((cell) => cell.trim() === "")
    )
      problems.push(`${where}: an empty cell`);
    listed.add(name);
  }
  for (const name of wanted)
    if (!listed.has(name)) problems.push(`docs/dependencies.md: nothing about ${name}`);
  return problems;
}

/** Targets of relative links in a Markdown text, without fragments; code is left out. */
export function relativeLinks(markdown: string): string[] {
  const links = withoutCode(markdown).matchAll(/\]\(\s*<?([^()\s>]+)>?(?:\s+"[^"]*")?\s*\)/g);
  return [...links]
    .map((match) => (match[1] as string).replace(/#.*$/, ""))
    .filter((target) => target !== "" && !/^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(target))
    .map((target) => decodeURIComponent(target));
}

/** Headings by level, in order: two pages with the same say the same things, as far as one can count. */
export function headingLevels(markdown: string): number[] {
  return [...withoutCode(markdown).matchAll(/^(#{1,6})\s/gm)].map((match) => (match[1] as string).length);
}

/** Without fenced blocks, indented ones, and code within lines. */
function withoutCode(markdown: string): string {
  return markdown
    .replaceAll(/^[ \t]*(```|~~~)[\s\S]*?^[ \t]*\1[^\n]*$/gm, "")
    .replaceAll(/^(?: {4}|\t).*$/gm, "")
    .replaceAll(/`[^`\n]*`/g, "");
}

function checkLinks(root: string, path: string): string[] {
  return relativeLinks(readFileSync(join(root, path), "utf8"))
    .filter((target) => !existsSync(join(root, normalize(join(dirname(path), target)))))
    .map((target) => `${path}: ${target} is not there`);
}

function checkTwins(root: string, english: string, japanese: string): string[] {
  const missing = [english, japanese].filter((path) => !existsSync(join(root, path)));
  if (missing.length > 0) return missing.map((path) => `${path} is missing`);
  const levels = [english, japanese].map((path) =>
    headingLevels(readFileSync(join(root, path), "utf8")).join(" "),
  );
  return levels[0] === levels[1] ? [] : [`${english} and ${japanese}: headings ${levels.join(" against ")}`];
}

function main(): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  const pages = globSync(["*.md", "{docs,src,test,tools,bench,examples}/**/*.md"], { cwd: root });
  const problems = [
    ...checkDependencies(manifest, readFileSync(join(root, "docs/dependencies.md"), "utf8")),
    ...pages.flatMap((path) => checkLinks(root, path)),
    ...checkTwins(root, "README.md", "README.ja.md"),
  ];
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stdout.write(`docs: ${pages.length} pages, ${problems.length} problems\n`);
  return problems.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
