import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

export interface Citation {
  readonly rfc: number;
  /** `4.6.4` or `B.7`; empty for the RFC as a whole. */
  readonly sections: readonly string[];
  readonly line: number;
}

/** Texts that stand in for RFCs of which there is no copy; the section numbers are the same. */
const standIns: Readonly<Record<number, string>> = {
  8601: "rfc7601.txt",
  9989: "draft-ietf-dmarc-dmarcbis-41.txt",
};

/** "RFC 7208 §4.6.4", "RFC 6376 §3.4.3, §3.4.4", "RFC 8601 appendix B.7"; lines of a comment count as one text. */
export function citationsIn(text: string): Citation[] {
  const oneText = text.replaceAll(/\n[ \t]*(?:\*|\/\/|>)?[ \t]*/g, (gap) => "\n".padEnd(gap.length, " "));
  const cited =
    /\bRFCs?\s+(\d{3,5})((?:[\s,;]*(?:(?:and|to|or)\s)?\s*(?:§{1,2}\s?|[Aa]ppendix\s)[A-Z0-9](?:\.?[0-9]+)*)*)/g;
  return [...oneText.matchAll(cited)].map((match) => ({
    rfc: Number(match[1]),
    sections: [...(match[2] ?? "").matchAll(/(?:§\s?|ppendix\s)([A-Z0-9](?:\.?[0-9]+)*)/g)].map(
      (found) => found[1] ?? "",
    ),
    line: oneText.slice(0, match.index).split("\n").length,
  }));
}

/** Numbers of the headings of an RFC as text: they begin at the left edge. */
export function headingsIn(rfcText: string): Set<string> {
  const heading = /^(?:Appendix ([A-Z](?:\.\d+)*)\b|([A-Z](?:\.\d+)+)\.?\s|(\d+(?:\.\d+)*)\.?\s+\S)/gm;
  return new Set([...rfcText.matchAll(heading)].map((match) => match[1] ?? match[2] ?? match[3] ?? ""));
}

interface Table {
  readonly rfcs: ReadonlySet<number>;
  readonly problems: readonly string[];
}

/** Rows `| 7208 | title | yes | remark |` of docs/rfc.md. */
function readTable(text: string): Table {
  const rfcs = new Set<number>();
  const problems: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const cells = line.split("|").map((cell) => cell.trim());
    if (!/^\d+$/.test(cells[1] ?? "")) continue;
    const [, rfc, title, status, remark] = cells;
    const where = `docs/rfc.md:${index + 1}`;
    if (cells.length !== 6 || title === "" || remark === "")
      problems.push(`${where}: a row has four cells, none empty`);
    if (!["yes", "partial", "no"].includes(status ?? ""))
      problems.push(`${where}: yes, partial or no, not ${status}`);
    if (rfcs.has(Number(rfc))) problems.push(`${where}: RFC ${rfc} stands there twice`);
    rfcs.add(Number(rfc));
  }
  return { rfcs, problems };
}

/**
 * Citations of RFCs that are not in the table, and of sections that the RFC does not have.
 * @param headingsOf The sections of an RFC; undefined when its text is not at hand.
 */
export function checkCitations(
  files: readonly TextFile[],
  table: string,
  headingsOf: (rfc: number) => ReadonlySet<string> | undefined,
): string[] {
  const { rfcs, problems } = readTable(table);
  const found = [...problems];
  for (const { path, text } of files) {
    for (const { rfc, sections, line } of citationsIn(text)) {
      if (!rfcs.has(rfc)) found.push(`${path}:${line}: RFC ${rfc} is not in docs/rfc.md`);
      const headings = headingsOf(rfc);
      for (const section of sections) {
        if (headings?.has(section) === false)
          found.push(`${path}:${line}: RFC ${rfc} has no section ${section}`);
      }
    }
  }
  return found;
}

function headingsFrom(folder: string): (rfc: number) => ReadonlySet<string> | undefined {
  const known = new Map<number, ReadonlySet<string> | undefined>();
  const read = (rfc: number): ReadonlySet<string> | undefined => {
    const path = join(folder, standIns[rfc] ?? `rfc${rfc}.txt`);
    return existsSync(path) ? headingsIn(readFileSync(path, "utf8")) : undefined;
  };
  return (rfc) => {
    if (!known.has(rfc)) known.set(rfc, read(rfc));
    return known.get(rfc);
  };
}

function main(): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const texts = join(root, "../shared/rfc");
  if (!existsSync(texts)) process.stdout.write("rfc: no ../shared/rfc, so sections are not looked up\n");
  const paths = globSync(["{src,test,tools,bench}/**/*.{ts,tsx}", "docs/**/*.md", "*.md"], { cwd: root });
  const files = paths
    .filter((path) => path !== "tools/check-rfc.test.ts")
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
  const problems = checkCitations(
    files,
    readFileSync(join(root, "docs/rfc.md"), "utf8"),
    headingsFrom(texts),
  );
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stdout.write(`rfc: ${files.length} files, ${problems.length} problems\n`);
  return problems.length === 0 && files.length > 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
