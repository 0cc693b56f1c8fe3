import { isAbsolute, join } from "node:path";
import { isAuthservId } from "../../config/config.ts";
import { codeOf } from "../../config/file-fault.ts";
import { isLoopbackHost, parseListen } from "../../config/listen.ts";
import { toAsciiDomain } from "../../core/domain-name.ts";
import { parseIp, parseNetwork } from "../../core/ip.ts";
import { type ConfLine, readBoolean, readConf, readEntries, readList } from "./read-conf.ts";
import type { ImportCode, ImportParams } from "./text.ts";

/** Something to know about a line, or about a file that it names. */
export interface ImportNote<Code extends ImportCode = ImportCode> {
  readonly line: number;
  readonly name: string;
  readonly code: Code;
  readonly params: ImportParams[Code];
}

export interface Imported {
  /** What would stand in sekisho.yaml. */
  readonly config: Readonly<Record<string, unknown>>;
  /** In the order of the file. */
  readonly notes: readonly ImportNote[];
}

export interface ImportOptions {
  /** Where relative names of files are looked for, unless BaseDirectory says otherwise. */
  readonly folder: string;
  /** @throws An error with `code` as node:fs has it. */
  readFile(path: string): string;
}

/** Translates opendmarc.conf(5). */
export function importConf(text: string, options: ImportOptions): Imported {
  const lines = readConf(text);
  const base = lines.findLast(({ name }) => name.toLowerCase() === "basedirectory")?.value;
  const translation = new Translation({ ...options, folder: base || options.folder });
  // As OpenDMARC does: of several lines with one name the last counts.
  const last = new Map(lines.map((line) => [line.name.toLowerCase(), line]));
  for (const line of lines) if (last.get(line.name.toLowerCase()) === line) translation.take(line);
  return translation.result();
}

type Rule = (translation: Translation, line: ConfLine) => void;

/** Only a note, where the parameter is switched on at all. */
const told =
  (code: ImportCode): Rule =>
  (translation, line) => {
    if (readBoolean(line.value) !== false) translation.note(line, code);
  };

/** As `told`, for a parameter that takes a text: one such as "noreply@example.jp" is no "no". */
const named =
  (code: ImportCode): Rule =>
  (translation, line) =>
    translation.note(line, code);

const rules: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    AuthservID: authservId,
    AuthservIDWithJobID: told("no-such-need"),
    AutoRestart: told("workers-come-back"),
    AutoRestartCount: told("workers-come-back"),
    AutoRestartRate: named("workers-come-back"),
    Background: told("service-manager"),
    BaseDirectory: named("no-such-need"),
    ChangeRootDirectory: named("no-chroot"),
    CopyFailuresTo: named("no-copies"),
    DNSTimeout: dnsTimeout,
    DomainWhitelist: (translation, line) => translation.sealers(line, readList(line.value)),
    DomainWhitelistFile: (translation, line) => translation.sealers(line, translation.file(line) ?? []),
    DomainWhitelistSize: told("no-such-need"),
    EnableCoredumps: told("service-manager"),
    FailureReports: told("no-reports-yet"),
    FailureReportsBcc: named("no-reports-yet"),
    FailureReportsOnNone: told("no-reports-yet"),
    FailureReportsSentBy: named("no-reports-yet"),
    ForensicReports: told("no-reports-yet"),
    ForensicReportsBcc: named("no-reports-yet"),
    ForensicReportsOnNone: told("no-reports-yet"),
    ForensicReportsSentBy: named("no-reports-yet"),
    HistoryFile: named("always-recorded"),
    HoldQuarantinedMessages: hold,
    IgnoreAuthenticatedClients: (translation, line) => translation.note(line, "logins-never-verified"),
    IgnoreHosts: ignoreHosts,
    IgnoreMailFrom: ignoreMailFrom,
    IgnoreMailTo: named("always-recorded"),
    MilterDebug: told("no-such-need"),
    PidFile: named("service-manager"),
    PublicSuffixList: publicSuffixList,
    RecordAllMessages: told("always-recorded"),
    RejectFailures: rejectFailures,
    RejectMultiValueFrom: (translation, line) =>
      translation.ifTrue(line, "several-domains-only", () =>
        translation.set(["verify", "rules", "several_author_domains"], "reject"),
      ),
    RejectString: named("fixed-reply"),
    ReportCommand: named("no-reports-yet"),
    RequiredHeaders: requiredHeaders,
    Socket: socket,
    SoftwareHeader: told("no-header"),
    SPFIgnoreResults: told("always-own-spf"),
    SPFSelfValidate: told("always-own-spf"),
    Syslog: told("log-to-stderr"),
    SyslogFacility: named("log-to-stderr"),
    TemporaryDirectory: named("no-such-need"),
    TestDNSData: named("no-such-need"),
    TrustedAuthservIDs: named("foreign-results"),
    UMask: umask,
    UserID: userId,
  } satisfies Readonly<Record<string, Rule>>).map(([name, rule]) => [name.toLowerCase(), rule]),
);

class Translation {
  readonly #options: ImportOptions;
  readonly #config: Record<string, unknown> = {};
  readonly #notes: ImportNote[] = [];
  readonly #sealers: string[] = [];

  constructor(options: ImportOptions) {
    this.#options = options;
  }

  take(line: ConfLine): void {
    const rule = rules.get(line.name.toLowerCase());
    if (rule === undefined) this.note(line, "unknown");
    else rule(this, line);
  }

  note<Code extends ImportCode>(
    { line, name }: ConfLine,
    code: Code,
    ...[params]: Record<never, never> extends ImportParams[Code] ? [] : [ImportParams[Code]]
  ): void {
    this.#notes.push({ line, name, code, params: params ?? {} } as ImportNote);
  }

  /** For a yes or no: what is to be done for yes. */
  ifTrue(line: ConfLine, code: ImportCode, action: () => void): void {
    const value = readBoolean(line.value);
    if (value === undefined) this.note(line, "bad-value", { value: line.value });
    if (value !== true) return;
    action();
    this.note(line, code);
  }

  set(path: readonly string[], value: unknown): void {
    let section = this.#config;
    for (const key of path.slice(0, -1)) {
      section[key] ??= {};
      section = section[key] as Record<string, unknown>;
    }
    section[path.at(-1) as string] = value;
  }

  get(path: readonly string[]): unknown {
    return path.reduce<unknown>(
      (value, key) => (value as Record<string, unknown> | undefined)?.[key],
      this.#config,
    );
  }

  path(name: string): string {
    return isAbsolute(name) ? name : join(this.#options.folder, name);
  }

  /** Entries of the file that the line names. */
  file(
    line: ConfLine,
    unreadable: "file-unreadable" | "own-suffix-list" = "file-unreadable",
  ): string[] | undefined {
    const path = this.path(line.value);
    try {
      return readEntries(this.#options.readFile(path));
    } catch (error) {
      this.note(line, unreadable, { file: path, reason: codeOf(error) });
      return undefined;
    }
  }

  sealers(line: ConfLine, entries: readonly string[]): void {
    for (const entry of entries) {
      const domain = toAsciiDomain(entry);
      if (domain === undefined) this.note(line, "bad-entry", { entry });
      else this.#sealers.push(domain);
    }
    if (this.#sealers.length > 0) this.set(["verify", "arc", "trusted_sealers"], [...new Set(this.#sealers)]);
  }

  result(): Imported {
    // UMask says nothing without a socket.
    if (this.get(["milter", "sockets", "0", "listen"]) === undefined) delete this.#config["milter"];
    return { config: inOrder(this.#config), notes: this.#notes.toSorted((a, b) => a.line - b.line) };
  }
}

const order = ["authserv_id", "user", "group", "networks", "dns", "milter", "verify"];

function inOrder(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(order.flatMap((key) => (key in config ? [[key, config[key]]] : [])));
}

function authservId(translation: Translation, line: ConfLine): void {
  if (line.value === "HOSTNAME") translation.note(line, "hostname-used");
  else if (isAuthservId(line.value)) translation.set(["authserv_id"], line.value);
  else translation.note(line, "bad-value", { value: line.value });
}

function dnsTimeout(translation: Translation, line: ConfLine): void {
  const { value } = line;
  if (!/^\d{1,6}$/.test(value)) {
    translation.note(line, "bad-value", { value });
    return;
  }
  const seconds = Number(value);
  const bounded = seconds === 0 || seconds > 60 ? 60 : seconds;
  translation.set(["dns", "timeout"], `${bounded}s`);
  if (bounded !== seconds) translation.note(line, "dns-bounded", { value: `${bounded}s` });
}

function hold(translation: Translation, line: ConfLine): void {
  translation.ifTrue(line, "quarantine-too", () => {
    translation.set(["verify", "quarantine_action"], "hold");
    if (translation.get(["verify", "enforce"]) === undefined)
      translation.set(["verify", "enforce"], "quarantine");
  });
}

function rejectFailures(translation: Translation, line: ConfLine): void {
  translation.ifTrue(line, "reject-needs-reason", () => {
    translation.set(["verify", "enforce"], "reject");
    // OpenDMARC answers with a temporary failure when it could not evaluate.
    translation.set(["verify", "dmarc", "on_temperror"], "defer");
  });
}

function ignoreHosts(translation: Translation, line: ConfLine): void {
  const entries = translation.file(line);
  if (entries === undefined) return;
  const networks: string[] = [];
  for (const entry of entries) {
    if (parseNetwork(entry) !== undefined) networks.push(entry);
    else if (entry.toLowerCase() === "localhost") networks.push("127.0.0.0/8", "::1");
    else if (toAsciiDomain(entry.replace(/^[!.]/, "")) === undefined)
      translation.note(line, "bad-entry", { entry });
    else translation.note(line, "host-name-entry", { entry });
  }
  if (networks.length === 0) return;
  translation.set(["networks", "submitters"], [...new Set(networks)]);
  translation.note(line, "submitters-may-sign", { file: translation.path(line.value) });
}

function ignoreMailFrom(translation: Translation, line: ConfLine): void {
  const overrides: object[] = [];
  for (const entry of readList(line.value)) {
    const withSubdomains = entry.startsWith(".");
    const domain = toAsciiDomain(withSubdomains ? entry.slice(1) : entry);
    if (domain === undefined) translation.note(line, "bad-entry", { entry });
    else overrides.push({ domain, ...(withSubdomains && { include_subdomains: true }), action: "none" });
  }
  if (overrides.length === 0) return;
  translation.set(["verify", "overrides"], overrides);
  translation.note(line, "still-recorded");
}

function publicSuffixList(translation: Translation, line: ConfLine): void {
  translation.set(["verify", "dmarc", "discovery"], ["psl", "treewalk"]);
  // A configuration that names a list which cannot be read does not load.
  if (translation.file(line, "own-suffix-list") !== undefined)
    translation.set(["verify", "dmarc", "public_suffix_list"], translation.path(line.value));
  translation.note(line, "both-discoveries");
}

const onlyOnce = ["from", "sender", "reply_to", "to", "cc", "date", "message_id", "subject"];

function requiredHeaders(translation: Translation, line: ConfLine): void {
  translation.ifTrue(line, "header-rules", () => {
    for (const field of onlyOnce) translation.set(["verify", "rules", `repeated_${field}`], "reject");
    for (const rule of ["missing_from", "missing_date", "unreadable_from"])
      translation.set(["verify", "rules", rule], "reject");
  });
}

function socket(translation: Translation, line: ConfLine): void {
  const { listen, open } = readSocket(line.value);
  if (listen === undefined || parseListen(listen) === undefined) {
    translation.note(line, "bad-value", { value: line.value });
    return;
  }
  const mode = translation.get(["milter", "sockets", "0", "mode"]);
  translation.set(
    ["milter", "sockets"],
    [{ listen, role: "verify", ...(mode !== undefined && listen.startsWith("unix:") && { mode }) }],
  );
  if (open) translation.note(line, "loopback-only", { listen });
  translation.note(line, "same-socket", { listen });
}

/** `local:path`, `unix:path`, `path`, `inet:port[@host]`, `inet6:port[@host]`; `open` is beyond loopback: it takes `milter.peers`. */
function readSocket(value: string): { readonly listen: string | undefined; readonly open: boolean } {
  const [, kind = "local", rest = value] = /^(local|unix|inet6?):(.*)$/i.exec(value) ?? [];
  if (/^(?:local|unix)$/i.test(kind)) return { listen: `unix:${rest}`, open: false };
  const [port = "", written] = rest.split("@");
  const isV6 = kind.toLowerCase() === "inet6";
  const host = written?.replace(/^\[(.*)\]$/, "$1");
  if (host !== undefined && host !== "localhost" && parseIp(host) === undefined)
    return { listen: undefined, open: false };
  if (host === undefined || !isLoopbackHost(host))
    return { listen: isV6 ? `inet:[::1]:${port}` : `inet:127.0.0.1:${port}`, open: true };
  return { listen: `inet:${host.includes(":") ? `[${host}]` : host}:${port}`, open: false };
}

/** A socket's permissions are 0777 without the mask; the bits to execute mean nothing. */
function umask(translation: Translation, line: ConfLine): void {
  const { value } = line;
  if (!/^[0-7]{1,4}$/.test(value)) {
    translation.note(line, "bad-value", { value });
    return;
  }
  const mode = `0${(0o666 & ~Number.parseInt(value, 8)).toString(8).padStart(3, "0")}`;
  const sockets = translation.get(["milter", "sockets"]) as readonly Record<string, unknown>[] | undefined;
  const first = sockets?.[0];
  if (first === undefined) translation.set(["milter", "sockets"], [{ mode }]);
  else if (String(first["listen"]).startsWith("unix:"))
    translation.set(["milter", "sockets"], [{ ...first, mode }]);
}

function userId(translation: Translation, line: ConfLine): void {
  const [user = "", group] = line.value.split(":");
  if (user === "") {
    translation.note(line, "bad-value", { value: line.value });
    return;
  }
  translation.set(["user"], user);
  if (group) translation.set(["group"], group);
}
