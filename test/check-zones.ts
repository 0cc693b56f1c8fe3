import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ResourceRecord } from "../src/core/dns/record.ts";
import { parseZone } from "../src/core/dns/zone-parse.ts";
import type { CheckFindings } from "../src/findings/check/ids.ts";
import type { RecordChange } from "../src/findings/finding.ts";
import { runCli } from "./run-cli.ts";

/**
 * One finding of `sekisho check`: a zone that brings it up and one that does not, both checked by the command,
 * `sekisho check DOMAIN --zone FILE --offline --json`.
 */
export interface ZoneCase {
  readonly id: keyof CheckFindings;
  /** Where there are several of one id: what this one is about. */
  readonly about?: string;
  /** Text of a zone file; `name TYPE value` lines with absolute names will do, other files after `$INCLUDE name`. */
  readonly zone: string;
  /**
   * The text that brings it up no more; "change": the printed change of the finding, applied to `zone`. Only
   * "change" is right for a finding that has a change.
   */
  readonly silent: string;
  /** Default `example.jp`. */
  readonly domain?: string;
  /** Options for both runs, such as `--selector s1`. `{dir}` is the folder of the zone file. */
  readonly args?: readonly string[];
  /** Options of the silent run where they are others. */
  readonly silentArgs?: readonly string[];
  /** More files beside the zone file: keys, messages, included files. `{dir}` in them is their folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** What has to be in `params` of the finding. */
  readonly params?: Readonly<Record<string, unknown>>;
}

/** A finding as `check --json` prints it. */
export interface PrintedFinding {
  readonly id: string;
  readonly severity: string;
  readonly subject: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly fix?: string;
  readonly basis: string;
  readonly change?: readonly RecordChange[];
}

export interface PrintedReport {
  readonly domain: string;
  readonly checkedAt: string;
  readonly findings: readonly PrintedFinding[];
  readonly facts: Readonly<Record<string, unknown>>;
  readonly code: number;
}

/** Of all runs that name no other, so that what is printed is the same each time. */
const presentTime = "2026-11-01T00:00:00Z";

/** Checks a zone by the command and reads what it prints. */
export async function checkZone(
  zone: string,
  options: Pick<ZoneCase, "domain" | "args" | "files"> = {},
): Promise<PrintedReport> {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-check-"));
  try {
    // Key files that others can read are not used.
    for (const [name, text] of Object.entries({ ...options.files, "test.zone": zone }))
      writeFileSync(join(folder, name), text.replaceAll("{dir}", folder), { mode: 0o600 });
    const given = (options.args ?? []).map((text) => text.replaceAll("{dir}", folder));
    const args = given.includes("--now") ? given : ["--now", presentTime, ...given];
    const zoneArgs = ["--zone", join(folder, "test.zone"), "--offline", "--json"];
    const { code, out, err } = await runCli(["check", options.domain ?? "example.jp", ...zoneArgs, ...args]);
    if (code > 1) throw new Error(`exit ${code}: ${err}${out.slice(0, 500)}`);
    // The folder is another one each time.
    const printed = out.replaceAll(JSON.stringify(`${folder}/`).slice(1, -1), "");
    return { ...(JSON.parse(printed) as Omit<PrintedReport, "code">), code };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The finding of a case, of which there has to be one. */
export async function findingOf(one: ZoneCase): Promise<PrintedFinding | undefined> {
  const { findings } = await checkZone(one.zone, one);
  const wanted = Object.entries(one.params ?? {});
  return findings.find(
    ({ id, params }) =>
      id === one.id && wanted.every(([key, value]) => JSON.stringify(params[key]) === JSON.stringify(value)),
  );
}

/** The zone text of the silent run. */
export function silentZone(one: ZoneCase, found: PrintedFinding): string {
  if (one.silent !== "change") return one.silent;
  if (found.change === undefined) throw new Error(`${one.id} has no change to apply`);
  return applyChange(one.zone, found.change);
}

/** A zone with a printed change made, as a file of absolute names. */
export function applyChange(zoneText: string, changes: readonly RecordChange[]): string {
  const before = parseZone(zoneText);
  const kept = [...before.records];
  for (const change of changes) {
    const text = `${change.name}. ${change.type} ${change.data}\n`;
    const [record, more] = parseZone(text).records;
    if (record === undefined || more !== undefined) throw new Error(`cannot be read as one record: ${text}`);
    const at = kept.findIndex((one) => sameRecord(one, record));
    if (change.action === "add") kept.push(record);
    else if (at < 0) throw new Error(`is not in the zone: ${text}`);
    else kept.splice(at, 1);
  }
  const origins = kept.some(({ type }) => type === "SOA") ? [] : before.origins;
  return [...origins.map((origin) => `$ORIGIN ${origin}.`), ...kept.map(recordLine), ""].join("\n");
}

function sameRecord(a: ResourceRecord, b: ResourceRecord): boolean {
  return a.name === b.name && a.type === b.type && JSON.stringify(a.data) === JSON.stringify(b.data);
}

function recordLine({ name, type, ttl, data }: ResourceRecord): string {
  return `${name}. ${ttl} IN ${type} ${dataText(data)}`;
}

function dataText(data: ResourceRecord["data"]): string {
  if (typeof data === "string") return `${data}.`;
  if ("strings" in data) return data.strings.map(quoted).join(" ");
  if ("exchange" in data) return `${data.preference} ${data.exchange}.`;
  if ("serial" in data)
    return `${data.primary}. ${data.mailbox}. ${data.serial} ${data.refresh} ${data.retry} ${data.expire} ${data.minimum}`;
  if ("usage" in data)
    return `${data.usage} ${data.selector} ${data.matchingType} ${data.data.toString("hex")}`;
  return data.family === 4
    ? data.octets.join(".")
    : (Buffer.from(data.octets).toString("hex").match(/.{4}/g) ?? []).join(":");
}

function quoted(octets: string): string {
  const escaped = [...octets].map((char) => {
    const code = char.charCodeAt(0);
    if (char === '"' || char === "\\") return `\\${char}`;
    return code >= 0x20 && code < 0x7f ? char : `\\${String(code).padStart(3, "0")}`;
  });
  return `"${escaped.join("")}"`;
}
