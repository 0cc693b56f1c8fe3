import { posix } from "node:path";
import { nearest } from "../../config/nearest.ts";
import type { Finding } from "../../findings/finding.ts";
import { finding } from "../../findings/table.ts";
import { knownOptions } from "./options.ts";

/** How files are read; a text, or why there is none. */
export type TextReader = (file: string) => { readonly text: string } | { readonly reason: string };

/** One setting of opendkim.conf. */
export interface Setting {
  /** As the manual writes it. */
  readonly option: string;
  readonly value: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface Conf {
  /** In order, those of included files where they are included. */
  readonly settings: readonly Setting[];
  readonly findings: readonly Finding[];
}

const maxIncludeDepth = 5;
const maxSettings = 10_000;
/** What has more unknown lines than that is another kind of file. */
const maxFindings = 50;

/** Reads an opendkim.conf with what it includes: opendkim.conf(5). */
export function readConf(file: string, read: TextReader): Conf {
  const settings: Setting[] = [];
  const findings: Finding[] = [];
  readInto(file, read, settings, findings, 0);
  return { settings, findings };
}

function readInto(
  file: string,
  read: TextReader,
  settings: Setting[],
  findings: Finding[],
  depth: number,
  from?: { readonly file: string; readonly line: number },
): void {
  const content = read(file);
  if ("reason" in content) {
    const { file: place, line } = from ?? { file, line: 0 };
    findings.push(finding("opendkim.file-unreadable", file, { file: place, line, reason: content.reason }));
    return;
  }
  for (const [index, text] of content.text.split("\n").entries()) {
    const line = index + 1;
    const [, written, value = ""] = /^\s*(\S+)(?:\s+(.*))?$/.exec(beforeComment(text)) ?? [];
    if (written === undefined || settings.length >= maxSettings) continue;
    const option = knownOptions.get(written.toLowerCase());
    if (option === undefined) {
      if (findings.length >= maxFindings) continue;
      const meant = nearest(written, [...knownOptions.values()]);
      findings.push(finding("opendkim.option-unknown", written, { file, line, option: written, meant }));
    } else if (option === "Include" && depth < maxIncludeDepth)
      readInto(posix.resolve(posix.dirname(file), value.trim()), read, settings, findings, depth + 1, {
        file,
        line,
      });
    else settings.push({ option, value: value.trim(), file, line });
  }
}

/** "Lines containing a hash are truncated at the hash." */
export function beforeComment(line: string): string {
  const hash = line.indexOf("#");
  return (hash < 0 ? line : line.slice(0, hash)).trimEnd();
}

/** The value without the password that it is, or that a data source has between user and "@". */
export function shownValue({ option, value }: Pick<Setting, "option" | "value">): string {
  if (option === "LDAPBindPassword") return "***";
  return value.replace(/(\/\/[^:@/]{0,200}):.{1,500}@/, "$1:***@");
}

/** Only the first letter counts. @returns undefined when it is neither yes nor no. */
export function readBoolean(value: string): boolean | undefined {
  if (/^[tTyY1]/.test(value)) return true;
  return /^[fFnN0]/.test(value) ? false : undefined;
}
