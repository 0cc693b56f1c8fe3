import { posix } from "node:path";
import type { Finding } from "../../findings/finding.ts";
import { finding } from "../../findings/table.ts";
import { beforeComment, type Setting, shownValue, type TextReader } from "./conf.ts";

export interface DataRow {
  readonly key: string;
  /** Empty where the row has a key only. */
  readonly value: string;
  readonly file: string;
  /** From 1; for a list the line of the setting. */
  readonly line: number;
}

export interface DataSet {
  /** Whether keys are patterns with `*`. */
  readonly kind: "file" | "refile";
  readonly rows: readonly DataRow[];
  readonly findings: readonly Finding[];
}

const maxRows = 100_000;

/** Reads the data of a setting: opendkim(8) DATA SETS. Flat files and lists; databases are told and not read. */
export function readDataSet(setting: Setting, folder: string, read: TextReader): DataSet {
  const { value, option, file, line } = setting;
  const [, prefix = "", rest = value] = /^(file|refile|csl):(.*)$/.exec(value) ?? [];
  if (prefix === "csl") return { kind: "file", rows: listRows(rest, setting), findings: [] };
  if (prefix !== "") return fileRows(prefix === "refile" ? "refile" : "file", rest, setting, folder, read);
  if (/^(?:\/|\.\.?\/)/.test(value) && !value.endsWith(".db"))
    return fileRows("file", value, setting, folder, read);
  if (isDatabase(value))
    return {
      kind: "file",
      rows: [],
      findings: [finding("opendkim.data-set", option, { file, line, option, value: shownValue(setting) })],
    };
  return { kind: "file", rows: listRows(value, setting), findings: [] };
}

function isDatabase(value: string): boolean {
  return (
    /^(?:db|bdb|dsn|ldap|ldaps|ldapi|lua|memcache|erlang|mdb|repute|socket):/.test(value) ||
    value.endsWith(".db")
  );
}

function listRows(text: string, { file, line }: Setting): DataRow[] {
  return text
    .split(",", maxRows)
    .map((element) => element.trim())
    .filter((element) => element !== "")
    .map((element) => {
      const [, key = element, value = ""] = /^([^\s=]+)(?:\s*=\s*|\s+)(.*)$/.exec(element) ?? [];
      return { key, value: value.trim(), file, line };
    });
}

function fileRows(
  kind: DataSet["kind"],
  path: string,
  setting: Setting,
  folder: string,
  read: TextReader,
): DataSet {
  const file = posix.resolve(folder, path.trim());
  const content = read(file);
  if ("reason" in content) {
    const { option, file: place, line } = setting;
    const unreadable = { file: place, line, reason: `${file}: ${content.reason}` };
    return { kind, rows: [], findings: [finding("opendkim.file-unreadable", option, unreadable)] };
  }
  const rows: DataRow[] = [];
  for (const [index, text] of content.text.split("\n", maxRows).entries()) {
    const [, key, value = ""] = /^\s*(\S+)(?:\s+(.*))?$/.exec(beforeComment(text)) ?? [];
    if (key !== undefined) rows.push({ key, value: value.trim(), file, line: index + 1 });
  }
  return { kind, rows, findings: [] };
}
