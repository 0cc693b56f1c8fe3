import { type CollectFile, collectFileProblems, collectFiles } from "../../config/collect-files.ts";
import type { Config } from "../../config/config.ts";
import { loadDmarcOptions } from "../../config/dmarc-options.ts";
import { configSchema } from "../../config/json-schema.ts";
import { listsBelowDomains } from "../../config/list-hints.ts";
import { type LoadedConfig, loadConfig } from "../../config/load.ts";
import { loadLoginMap } from "../../config/login-map.ts";
import { loadMarkRoots } from "../../config/mark-roots.ts";
import { type ConfigProblem, configProblem, formatProblem } from "../../config/problem.ts";
import { rotateFiles } from "../../config/rotate-files.ts";
import { showConfig } from "../../config/show.ts";
import { writeKeyFinding } from "../../daemon/written-key-finding.ts";
import { type WrittenFinding, writeFinding } from "../../findings/table.ts";
import { loadSigningKeys } from "../../keys/load-keys.ts";
import {
  type AnyCommand,
  defineCommand,
  type ExitCode,
  exitFindings,
  exitOk,
  exitUsage,
  usageError,
} from "../command.ts";
import { configOption, readConfig } from "../config-option.ts";
import { countFindings, formatFindings, isSerious, type PrintedFinding } from "../finding-lines.ts";
import { type OptionsOfActions, refuseOfOtherActions } from "../idle-options.ts";
import { formatJson, type Io } from "../io.ts";
import { programUser } from "../keys-in-use.ts";
import { wrap } from "../layout.ts";
import { checkPostfix } from "../postfix/check-postfix.ts";
import { readPostfix } from "../postfix/read-postfix.ts";
import { fileReader, isReadableBy, isRunnableBy } from "../readable-by.ts";
import { keyOwner } from "../signing-key-options.ts";

const takes: OptionsOfActions = {
  check: ["config", "postfix", "json"],
  show: ["config", "json"],
  schema: ["json"],
  "import-opendmarc": ["json"],
  "import-opendkim": ["json"],
};
const actions = Object.keys(takes);

export const config: AnyCommand = defineCommand({
  usage: [
    "sekisho config check [--postfix [MAIN.CF|FOLDER]] [--json]",
    "sekisho config show",
    "sekisho config schema",
    "sekisho config import-opendmarc FILE [--json]",
    "sekisho config import-opendkim FILE [--json]",
  ],
  about: {
    en: "check looks for mistakes; with --postfix also in how Postfix hands mail to Sekisho (from postconf -n, or the file named). show prints every setting with its default, schema a JSON Schema for editors. import-opendmarc translates an opendmarc.conf and names what it cannot, import-opendkim an opendkim.conf with its tables and keys; both only print.",
    ja: "check は設定の誤りを調べます。--postfix を付けると、Postfix から Sekisho への渡し方も調べます（postconf -n の出力、または指定したファイルを使います）。show は既定値を含むすべての設定を、schema はエディター用の JSON Schema を出力します。import-opendmarc は opendmarc.conf を、import-opendkim は opendkim.conf とその表・鍵をこの設定に書き換えて表示し、引き継げないものを示します（表示するだけで、何も変更しません）。",
  },
  options: {
    postfix: {
      type: "boolean",
      help: {
        en: "check the MTA's side too: smtpd_milters, timeouts, chroot and what else matters",
        ja: "MTA 側（smtpd_milters、タイムアウト、chroot など）も調べる",
      },
    },
    json: { type: "boolean", help: { en: "print the findings as JSON", ja: "指摘事項を JSON で出力する" } },
    ...configOption,
  },
  maxArguments: 2,
  async run(values, [action, place], io) {
    if (action === undefined) throw usageError(io.text.usage.missingAction("config", actions));
    if (place !== undefined && !action.startsWith("import-") && !(action === "check" && values.postfix))
      throw usageError(io.text.usage.tooManyArguments(place));
    if (!Object.hasOwn(takes, action))
      throw usageError(io.text.usage.unknownAction("config", action, actions));
    refuseOfOtherActions(values, { command: "config", action, takes }, io);
    switch (action) {
      case "check":
        return checkConfig(values, place, io);
      case "show":
        return show(values, io);
      case "schema":
        io.out(JSON.stringify(configSchema(), undefined, 2));
        return exitOk;
      case "import-opendmarc":
        return importFile(place, values.json, io);
      default:
        return importTables(place, values.json, io);
    }
  },
});

async function importFile(file: string | undefined, json: boolean, io: Io): Promise<ExitCode> {
  if (file === undefined) throw usageError(io.text.usage.missingArgument("FILE"));
  const { importOpendmarc } = await import("./import-opendmarc.ts");
  return importOpendmarc(file, json, io);
}

async function importTables(file: string | undefined, json: boolean, io: Io): Promise<ExitCode> {
  if (file === undefined) throw usageError(io.text.usage.missingArgument("FILE"));
  const { printOpendkimImport } = await import("./import-opendkim.ts");
  return printOpendkimImport(file, json, io);
}

async function show(values: CheckValues, io: Io): Promise<ExitCode> {
  const yaml = showConfig(await readConfig(values.config, io));
  if (values.json) {
    const { parse } = await import("yaml");
    io.out(formatJson(parse(yaml), io.isTty));
  } else io.out(yaml.trimEnd());
  return exitOk;
}

interface CheckValues {
  readonly config: string | undefined;
  readonly postfix: boolean;
  readonly json: boolean;
}

async function checkConfig(values: CheckValues, place: string | undefined, io: Io): Promise<ExitCode> {
  // As `serve` takes it.
  const loaded = await loadConfig({
    ...(values.config !== undefined && { file: values.config }),
    refuseEmpty: true,
  });
  const ours = await ownFindings(loaded, io);
  const postfix = loaded.ok && values.postfix ? await postfixFindings(loaded, place, io) : undefined;
  const findings = [...ours, ...(postfix?.findings ?? [])];
  if (values.json) io.out(formatJson({ file: loaded.file, findings }, io.isTty));
  else for (const line of checkLines(loaded, ours, postfix, io)) io.out(line);
  if (!loaded.ok) return exitUsage;
  return findings.some(isSerious) ? exitFindings : exitOk;
}

interface OwnFinding extends PrintedFinding {
  readonly line?: number;
  readonly column?: number;
}

/** Problems of our own file and of the files that it names, in the shape of findings. */
async function ownFindings(loaded: LoadedConfig, io: Io): Promise<OwnFinding[]> {
  const toFinding = (problem: ConfigProblem, severity: "error" | "warning" | "notice"): OwnFinding => ({
    id: `config.${problem.code}`,
    severity,
    subject: problem.path,
    ...(problem.line === undefined ? {} : { line: problem.line, column: problem.column ?? 1 }),
    text: formatProblem(problem, io.lang, loaded.file),
  });
  if (!loaded.ok) return loaded.errors.map((problem) => toFinding(problem, "error"));
  const { dmarc, bimi } = loaded.config.verify;
  const { logins } = loaded.config.sign;
  const loginMap = logins && (await loadLoginMap(logins.file));
  const collected = [...(await collectFiles(loaded.config)), ...(await rotateFiles(loaded.config))];
  const collect = await collectFileProblems(collected);
  const files = [
    await loadDmarcOptions(dmarc),
    ...(bimi.roots === undefined ? [] : [await loadMarkRoots(bimi.roots)]),
  ];
  return [
    ...files.flatMap((file) => (file.ok ? [] : [toFinding(file.problem, "error")])),
    ...(loginMap?.ok === false ? loginMap.problems.map((problem) => toFinding(problem, "error")) : []),
    ...(await keyFindings(loaded.config, io)),
    ...collect.errors.map((problem) => toFinding(problem, "error")),
    ...unreadableAsUser(loaded.config, collected, io).map((problem) => toFinding(problem, "error")),
    ...collect.warnings.map((problem) => toFinding(problem, "warning")),
    ...loaded.warnings.map((problem) => toFinding(problem, "warning")),
    ...listsBelowDomains(loaded.config).map((problem) => toFinding(problem, "notice")),
  ];
}

/** What is wrong with the key files, as the daemon would find them. */
async function keyFindings(config: Config, io: Io): Promise<OwnFinding[]> {
  if (config.sign.keys.length === 0) return [];
  const { findings } = await loadSigningKeys(config.sign, keyOwner(config, io));
  return findings.map((found) => writeKeyFinding(found, io.lang));
}

/** Files that root can read and the user of the program cannot. */
function unreadableAsUser(
  config: Config,
  collected: readonly CollectFile[],
  io: Io,
): readonly ConfigProblem[] {
  const { keys, logins } = config.sign;
  const files = [
    ...keys.map(({ file }, index) => ({ path: `sign.keys[${index}].file`, file, use: "key" })),
    ...(logins === undefined ? [] : [{ path: "sign.logins.file", file: logins.file, use: "logins" }]),
    ...collected,
  ];
  // Only root sees every folder; and who names no file need not have the user on this machine.
  if (process.getuid?.() !== 0 || files.length === 0) return [];
  const identity = programUser(config, io);
  if (identity === undefined) return [];
  const { user, uid, gid } = identity;
  const reader = fileReader(user, uid, gid);
  const told = new Set<string>();
  return files.flatMap(({ path, file, use }) => {
    const isProgram = use === "program";
    if (told.has(file) || (isProgram ? isRunnableBy : isReadableBy)(file, reader)) return [];
    told.add(file);
    const code = isProgram ? "not-runnable-as-user" : "unreadable-as-user";
    return [configProblem(code, path, { file, user })];
  });
}

interface PostfixReport {
  readonly source: string;
  readonly findings: readonly WrittenFinding[];
}

async function postfixFindings(
  { config }: Extract<LoadedConfig, { ok: true }>,
  place: string | undefined,
  io: Io,
): Promise<PostfixReport> {
  const postfix = await readPostfix(place, io);
  const found = checkPostfix(postfix, {
    sockets: config.milter.sockets,
    timeBudgetMs: config.milter.timeBudgetMs,
    hostname: config.hostname,
    ...(config.authservId === undefined ? {} : { authservId: config.authservId }),
    listSockets: config.lists.hosts.flatMap(({ socket }) => socket ?? []),
    signs: config.sign.keys.length > 0,
  });
  return { source: postfix.source, findings: found.map((one) => writeFinding(one, io.lang)) };
}

function checkLines(
  loaded: LoadedConfig,
  ours: readonly PrintedFinding[],
  postfix: PostfixReport | undefined,
  io: Io,
): string[] {
  const { text, columns } = io;
  const opening = loaded.file === undefined ? [...wrap(text.config.defaults, columns), ""] : [];
  const own =
    ours.length === 0 ? [...wrap(text.config.good(loaded.file), columns), ""] : formatFindings(ours, io);
  const mta = postfix === undefined ? [] : postfixLines(postfix, io);
  const all = [...ours, ...(postfix?.findings ?? [])];
  const summary = all.length === 0 ? [] : [countFindings(all, io)];
  const lines = [...opening, ...own, ...mta, ...summary];
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function postfixLines({ source, findings }: PostfixReport, io: Io): string[] {
  const { config } = io.text;
  const good = findings.some(isSerious) ? [] : [...wrap(config.postfixGood, io.columns), ""];
  return [...wrap(config.postfixRead(source), io.columns), "", ...formatFindings(findings, io), ...good];
}
