import { isDeepStrictEqual } from "node:util";
import type { MilterSocketConfig } from "../../config/config.ts";
import type { Finding, FindingId, FindingParams, Severity } from "../../findings/finding.ts";
import { finding } from "../../findings/table.ts";
import { endpointMeant, parseEndpoint, type Relation, relate } from "./endpoint.ts";
import { splitList } from "./logical-lines.ts";
import { expandParameter, expandText, type MainCf, parseTime } from "./main-cf.ts";
import type { MasterService } from "./master-cf.ts";
import { formatMilterEntry, type MilterEntry, parseMilterList } from "./milter-list.ts";

/** What the MTA is set up to do. */
export interface PostfixSettings {
  /** Where `main` was read from, for messages. */
  readonly source: string;
  readonly main: MainCf;
  /** Undefined when there was no master.cf to read. */
  readonly services: readonly MasterService[] | undefined;
  /** The text of a lookup table that main.cf names; undefined when it cannot be read. */
  readonly readTable: (path: string) => string | undefined;
}

/** The side of ours that it must fit. */
export interface OurSide {
  readonly sockets: readonly MilterSocketConfig[];
  readonly timeBudgetMs: number;
  readonly hostname: string;
  readonly authservId?: string;
  /** `listen` of those sockets of ours that only mail of lists may come by. */
  readonly listSockets?: readonly string[];
  /** There are keys to sign with. */
  readonly signs?: boolean;
}

/** Compares the MTA's side with ours. Findings by severity, the worst first. */
export function checkPostfix(postfix: PostfixSettings, ours: OurSide): Finding[] {
  const check = new PostfixCheck(postfix, ours);
  check.run();
  const order: readonly Severity[] = ["error", "warning", "notice", "info"];
  return check.found.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

/** A filter in a list of Postfix's, and which socket of ours it is, if one. */
interface Filter {
  readonly entry: MilterEntry;
  readonly socket?: MilterSocketConfig;
  readonly relation: Relation;
}

const shortestCommandMs = 10_000;
const longestConnectMs = 60_000;
const maxRulesTold = 5;
/** Tables of Postfix's smtp client, which works after all milters. */
const changingWhenSent = [
  "smtp_generic_maps",
  "smtp_header_checks",
  "smtp_mime_header_checks",
  "smtp_nested_header_checks",
  "smtp_body_checks",
] as const;

class PostfixCheck {
  readonly found: Finding[] = [];
  readonly #postfix: PostfixSettings;
  readonly #main: MainCf;
  readonly #ours: OurSide;
  readonly #queueDirectory: string;

  constructor(postfix: PostfixSettings, ours: OurSide) {
    this.#postfix = postfix;
    this.#main = postfix.main;
    this.#ours = ours;
    this.#queueDirectory = this.#value("queue_directory");
  }

  run(): void {
    for (const line of this.#main.unreadable)
      this.#add("postfix.main-cf-syntax", this.#postfix.source, { file: this.#postfix.source, line });
    const smtpd = this.#filters("smtpd_milters", this.#value("smtpd_milters"), this.#smtpdChroot());
    const local = this.#filters("non_smtpd_milters", this.#value("non_smtpd_milters"), this.#cleanupChroot());
    this.#checkPresence(smtpd);
    this.#checkNeighbours(smtpd);
    this.#checkLocalMail(local, smtpd);
    for (const filter of oncePerEndpoint([...smtpd, ...local])) this.#checkSettings(filter);
    this.#checkHeaderChecks();
    this.#checkLaterChanges();
    this.#checkServices(smtpd);
    this.#checkListSockets(smtpd);
    this.#checkNames();
    this.#checkRest();
  }

  #add<Id extends FindingId>(id: Id, subject: string, params: FindingParams[Id]): void {
    const one = finding(id, subject, params);
    // Of two sockets of ours the same may be said.
    if (!this.found.some((other) => isDeepStrictEqual(other, one))) this.found.push(one);
  }

  #value(name: string): string {
    return expandParameter(this.#main, name);
  }

  // -------------------------------------------------------------- the lists

  #filters(parameter: string, value: string, chroot: Chroot): Filter[] {
    const filters = parseMilterList(value).map((entry) => this.#identify(entry, chroot.value));
    const seen = new Map<Work, string>();
    for (const { entry, socket, relation } of filters) {
      if (relation.kind === "elsewhere" && socket !== undefined)
        this.#addElsewhere(parameter, entry.endpoint, socket.listen, relation, chroot.service);
      if (parseEndpoint(entry.endpoint) === undefined)
        this.#add("postfix.endpoint-syntax", parameter, {
          endpoint: entry.endpoint,
          meant: endpointMeant(entry.endpoint),
        });
      if (socket === undefined) continue;
      const { endpoint } = entry;
      const work = workOf(socket);
      const before = work.map((one) => seen.get(one)).find((one) => one !== undefined);
      if (before !== undefined) this.#add("postfix.milter-twice", parameter, { endpoint, before, parameter });
      for (const one of work) seen.set(one, endpoint);
    }
    return filters;
  }

  #identify(entry: MilterEntry, chroot: boolean | undefined): Filter {
    const endpoint = parseEndpoint(entry.endpoint);
    const around = { queueDirectory: this.#queueDirectory, chroot };
    for (const socket of endpoint === undefined ? [] : this.#ours.sockets) {
      const relation = relate(endpoint as NonNullable<typeof endpoint>, socket.listen, around);
      if (relation.kind !== "other") return { entry, socket, relation };
    }
    return { entry, relation: { kind: "other" } };
  }

  #addElsewhere(
    parameter: string,
    endpoint: string,
    listen: string,
    relation: Extract<Relation, { kind: "elsewhere" }>,
    service: string,
  ): void {
    const { seen } = relation;
    if (relation.because === "chroot")
      this.#add("postfix.socket-chroot", parameter, { service, endpoint, seen, listen });
    else this.#add("postfix.socket-relative", parameter, { parameter, endpoint, seen, listen });
  }

  /** The chroot that `smtpd_milters` of main.cf is read in: that of the services which do not override it. */
  #smtpdChroot(): Chroot {
    const users = this.#smtpdServices().filter(({ overrides }) => !overrides.has("smtpd_milters"));
    return this.#chrootOf(users, "smtpd");
  }

  #cleanupChroot(): Chroot {
    return this.#chrootOf(
      this.#postfix.services?.filter(({ command }) => command === "cleanup") ?? [],
      "cleanup",
    );
  }

  #chrootOf(services: readonly MasterService[], name: string): Chroot {
    if (services.length === 0) return { value: undefined, service: name };
    const rooted = services.find((service) => this.#isChrooted(service));
    return { value: rooted !== undefined, service: rooted?.name ?? name };
  }

  /** "-" means "n" since Postfix 3.0, unless compatibility_level is below 1 (master(5)). */
  #isChrooted({ chroot }: MasterService): boolean {
    return chroot ?? !(Number.parseFloat(this.#value("compatibility_level")) >= 1);
  }

  #checkPresence(smtpd: readonly Filter[]): void {
    const parameter = "receive_override_options";
    if (splitList(this.#value(parameter)).includes("no_milters"))
      this.#add("postfix.milters-off", parameter, { parameter });
    const maps = this.#value("smtpd_milter_maps");
    if (maps !== "") this.#add("postfix.milter-maps", "smtpd_milter_maps", { value: maps });
    if (smtpd.some(({ socket }) => socket !== undefined)) return;
    const sockets = [...this.#toName().map(({ listen }) => listen), ...toKeep(smtpd)];
    const found = smtpd.map(({ entry }) => entry.endpoint).join(", ");
    this.#add("postfix.milter-missing", "smtpd_milters", { sockets, found });
  }

  #checkNeighbours(filters: readonly Filter[]): void {
    const first = filters.findIndex(({ socket }) => socket !== undefined);
    const ours = filters[first]?.entry.endpoint;
    for (const [index, { entry, socket }] of filters.entries()) {
      if (socket !== undefined) continue;
      const { endpoint } = entry;
      const program = replacedProgram(endpoint);
      const params = { endpoint, ours: ours ?? this.#ours.sockets[0]?.listen ?? "" };
      if (program !== undefined)
        this.#add("postfix.leftover-filter", "smtpd_milters", { ...params, program });
      else if (index < first) this.#add("postfix.filter-before", "smtpd_milters", params);
    }
  }

  /** The sockets of ours that all mail but that of lists is to come by: each work is done once. */
  #toName(): readonly MilterSocketConfig[] {
    const { sockets, listSockets = [] } = this.#ours;
    const open = sockets.filter(({ listen }) => !listSockets.includes(listen));
    const both = open.find(({ role }) => role === "both");
    if (both !== undefined) return [both];
    return (["verify", "sign"] as const).flatMap((work) => open.find(({ role }) => role === work) ?? []);
  }

  #checkLocalMail(local: readonly Filter[], smtpd: readonly Filter[]): void {
    for (const { entry, socket } of local)
      if (socket?.role === "verify")
        this.#add("postfix.non-smtpd-needless", "non_smtpd_milters", { endpoint: entry.endpoint });
    const signer = this.#toName().find(({ role }) => role !== "verify");
    if (signer === undefined || local.some(({ socket }) => socket !== undefined)) return;
    // It follows from what is told of smtpd_milters.
    const written = this.#main.parameters.get("non_smtpd_milters") ?? "";
    if (/\$[{(]?smtpd_milters\b/.test(written) && smtpd.every(({ socket }) => socket === undefined)) return;
    const socket = signer.listen;
    this.#add("postfix.non-smtpd-missing", "non_smtpd_milters", {
      socket,
      sockets: [socket, ...toKeep(local)],
    });
  }

  // -------------------------------------------------------------- settings

  #checkSettings({ entry, socket }: Filter): void {
    if (socket === undefined) return;
    this.#checkDefaultAction(entry, socket);
    const protocol = entry.settings.get("protocol") ?? this.#value("milter_protocol");
    if (Number.parseInt(protocol, 10) < 6) this.#add("postfix.protocol-old", "milter_protocol", { protocol });
    const budgetMs = this.#ours.timeBudgetMs;
    const content = this.#timeout(entry, "content_timeout");
    if (content.ms <= budgetMs)
      this.#add("postfix.content-timeout-short", content.parameter, {
        timeout: content.text,
        budgetSeconds: budgetMs / 1000,
      });
    const command = this.#timeout(entry, "command_timeout");
    if (command.ms < shortestCommandMs)
      this.#add("postfix.command-timeout-short", command.parameter, { timeout: command.text });
    const connect = this.#timeout(entry, "connect_timeout");
    if (connect.ms > longestConnectMs && connect.ms < Number.POSITIVE_INFINITY)
      this.#add("postfix.connect-timeout-long", connect.parameter, { timeout: connect.text });
  }

  #checkDefaultAction({ settings }: MilterEntry, { onFailure, listen }: MilterSocketConfig): void {
    const written = settings.get("default_action") ?? this.#value("milter_default_action");
    const action = written === "" ? "tempfail" : written;
    const params = { action, isDefault: written === "", socket: listen };
    const subject = "milter_default_action";
    switch (action) {
      case "accept":
        if (onFailure !== "accept") this.#add("postfix.default-action-accepts", subject, params);
        return;
      case "tempfail":
      case "shutdown":
        if (onFailure === "accept") this.#add("postfix.default-action-defers", subject, params);
        return;
      case "reject":
        this.#add("postfix.default-action-reject", subject, params);
        return;
      case "quarantine":
        this.#add("postfix.default-action-quarantine", subject, params);
        return;
      default:
        this.#add("postfix.default-action-unknown", subject, params);
    }
  }

  /** Infinity, after saying so, when it is no time. */
  #timeout({ settings }: MilterEntry, name: string): Timeout {
    const parameter = `milter_${name}`;
    const text = settings.get(name) ?? this.#value(parameter);
    const ms = parseTime(text);
    if (ms === undefined) this.#add("postfix.timeout-unreadable", parameter, { parameter, value: text });
    return { parameter, text, ms: ms ?? Number.POSITIVE_INFINITY };
  }

  #checkHeaderChecks(): void {
    const parameter = "milter_header_checks";
    for (const table of splitList(this.#value(parameter))) {
      const match = /^(?:regexp|pcre):(\/.*)$/.exec(table);
      const text = match === null ? undefined : this.#postfix.readTable(match[1] as string);
      if (text === undefined) this.#add("postfix.header-checks-unread", parameter, { value: table });
      else
        for (const line of resultsRules(text))
          this.#add("postfix.header-checks-results", parameter, {
            file: (match as RegExpExecArray)[1] as string,
            line,
          });
    }
  }

  #checkLaterChanges(): void {
    if (this.#ours.signs !== true) return;
    for (const parameter of changingWhenSent) {
      const value = this.#value(parameter);
      if (value !== "") this.#add("postfix.changes-after-signing", parameter, { parameter, value });
    }
  }

  // -------------------------------------------------------------- master.cf

  #smtpdServices(): MasterService[] {
    return this.#postfix.services?.filter(({ command }) => command === "smtpd") ?? [];
  }

  #checkServices(smtpd: readonly Filter[]): void {
    const usesOurs = smtpd.some(({ socket }) => socket !== undefined);
    for (const service of this.#smtpdServices()) {
      this.#checkMilters(service, usesOurs);
      const daemonName = service.overrides.get("milter_macro_daemon_name");
      if (daemonName !== undefined)
        this.#add("postfix.daemon-name", `master.cf:${service.line}`, {
          where: `master.cf:${service.line}`,
          value: daemonName,
        });
    }
  }

  #checkMilters(service: MasterService, usesOurs: boolean): void {
    const { name, line, overrides } = service;
    const subject = `master.cf:${line}`;
    const written = overrides.get("smtpd_milters");
    const options = overrides.get("receive_override_options") ?? this.#value("receive_override_options");
    const off = splitList(expandText(this.#main, options)).includes("no_milters");
    const own =
      written === undefined ? undefined : this.#ownFilters(expandText(this.#main, written), service);
    const seesOurs = own === undefined ? usesOurs : own.some(({ socket }) => socket !== undefined);
    const ofList = own?.find((filter) => this.#isOfList(filter))?.socket;
    if (isReinjection(service)) {
      if (ofList !== undefined) return;
      if (seesOurs && !off) this.#add("postfix.reinjection-filtered", subject, { service: name, line });
      return;
    }
    if (ofList !== undefined)
      this.#add("postfix.list-socket-open", subject, {
        where: `${name} (${subject})`,
        listen: ofList.listen,
      });
    if (written !== undefined && !seesOurs)
      this.#add("postfix.master-override", subject, { service: name, line, value: written });
    if (off && overrides.has("receive_override_options"))
      this.#add("postfix.master-milters-off", subject, { service: name, line });
  }

  #ownFilters(value: string, service: MasterService): readonly Filter[] {
    const chroot = this.#isChrooted(service);
    return this.#filters("smtpd_milters", value, { value: chroot, service: service.name });
  }

  #isOfList({ socket }: Filter): boolean {
    return socket !== undefined && this.#ours.listSockets?.includes(socket.listen) === true;
  }

  /** Mail from outside would be signed in the name of a list. */
  #checkListSockets(smtpd: readonly Filter[]): void {
    const listen = smtpd.find((filter) => this.#isOfList(filter))?.socket?.listen;
    if (listen !== undefined)
      this.#add("postfix.list-socket-open", "smtpd_milters", { where: "smtpd_milters", listen });
  }

  // -------------------------------------------------------------- names and the rest

  #checkNames(): void {
    const { hostname, authservId } = this.#ours;
    const myhostname = this.#value("myhostname");
    // RFC 8601 §2.5: the name results are written in; the MTA's comes as the macro {j}.
    if (authservId !== undefined || myhostname === "" || myhostname.includes("$")) return;
    if (!myhostname.includes("."))
      this.#add("postfix.myhostname-not-qualified", "myhostname", { myhostname, authservId: myhostname });
    else if (hostname.includes(".") && myhostname.toLowerCase() !== hostname.toLowerCase())
      this.#add("postfix.hostname-differs", "myhostname", { myhostname, hostname });
  }

  #checkRest(): void {
    const classes = this.#value("internal_mail_filter_classes");
    if (classes !== "")
      this.#add("postfix.internal-mail-filtered", "internal_mail_filter_classes", { classes });
    const daemonName = this.#main.parameters.get("milter_macro_daemon_name");
    if (daemonName !== undefined && daemonName !== "$myhostname")
      this.#add("postfix.daemon-name", "milter_macro_daemon_name", { where: "main.cf", value: daemonName });
  }
}

interface Chroot {
  readonly value: boolean | undefined;
  /** The service it is said of. */
  readonly service: string;
}

interface Timeout {
  readonly parameter: string;
  readonly text: string;
  readonly ms: number;
}

type Work = "verify" | "sign";

function workOf({ role }: MilterSocketConfig): readonly Work[] {
  return role === "both" ? ["verify", "sign"] : [role];
}

/** The filters of others as they are to stand behind ours. */
function toKeep(filters: readonly Filter[]): string[] {
  return filters
    .filter(({ entry, socket }) => socket === undefined && parseEndpoint(entry.endpoint) !== undefined)
    .map(({ entry }) => formatMilterEntry(entry));
}

function oncePerEndpoint(filters: readonly Filter[]): Filter[] {
  return [...new Map(filters.map((filter) => [filter.entry.endpoint, filter])).values()];
}

/** Programs whose work Sekisho does, by a part of their socket's usual name. */
const replaced: readonly (readonly [part: string, program: string])[] = [
  ["opendkim", "OpenDKIM"],
  ["opendmarc", "OpenDMARC"],
  ["openarc", "OpenARC"],
  ["dkimpy", "dkimpy-milter"],
  ["authentication_milter", "Authentication Milter"],
  ["dkim-filter", "dkim-filter"],
  ["dkim-milter", "dkim-milter"],
  ["spf-milter", "an SPF milter"],
];
/** Ports that packages of these programs use by default. */
const replacedPorts: Readonly<Record<string, string>> = {
  "8891": "OpenDKIM",
  "12301": "OpenDKIM",
  "8893": "OpenDMARC",
};

function replacedProgram(endpoint: string): string | undefined {
  const text = endpoint.toLowerCase();
  const named = replaced.find(([part]) => text.includes(part));
  if (named !== undefined) return named[1];
  const read = parseEndpoint(endpoint);
  return read?.kind === "inet" ? replacedPorts[read.port] : undefined;
}

/** A service on loopback with a port of its own: where a content filter hands mail back (FILTER_README). */
function isReinjection({ name }: MasterService): boolean {
  return /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\]):/.test(name);
}

/** Numbers of the lines of a regexp or pcre table that look at Authentication-Results. */
function resultsRules(text: string): number[] {
  return text
    .split("\n")
    .flatMap((line, index) =>
      /^\s*[^#\s]/.test(line) && /authentication.{0,3}results/i.test(line) ? [index + 1] : [],
    )
    .slice(0, maxRulesTold);
}
