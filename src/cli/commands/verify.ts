import { Readable } from "node:stream";
import type { Config } from "../../config/config.ts";
import { isAuthservId } from "../../config/config.ts";
import { loadDmarcOptions } from "../../config/dmarc-options.ts";
import { formatProblem } from "../../config/problem.ts";
import type { AuthenticationOptions, SmtpClient } from "../../core/authenticate.ts";
import { formatResultsField } from "../../core/authentication-results.ts";
import { type Clock, fixedClock, systemClock } from "../../core/clock.ts";
import type { DnsResolver } from "../../core/dns/resolver.ts";
import { parseIp } from "../../core/ip.ts";
import type { AuthResults } from "../../core/results.ts";
import { SekishoError } from "../../errors.ts";
import { rulesOf } from "../../filter/dispose.ts";
import { openBimi } from "../../filter/open-bimi.ts";
import { type BatchFields, type BatchOutcome, runBatch, stringField } from "../batch.ts";
import {
  type AnyCommand,
  defineCommand,
  type ExitCode,
  exitFindings,
  exitOk,
  usageError,
} from "../command.ts";
import { configOption, readConfig } from "../config-option.ts";
import { formatDns } from "../dns-lines.ts";
import { dnsOptions, openDns } from "../dns-options.ts";
import { refuseAlone } from "../idle-options.ts";
import { fileUnreadable, openInput, parseTimestamp, readIp, readNow } from "../input.ts";
import { formatJson, type Io } from "../io.ts";
import { formatVerdicts } from "../verdicts.ts";
import { formatWouldBe, type WouldBe, wouldBe } from "../verify-disposal.ts";
import { formatVerifyJson, isAuthenticated } from "../verify-json.ts";
import { verifyMessage } from "../verify-message.ts";

const maxActive = 32;
/** A message of 48 MB in base64. */
const maxLineOctets = 64 * 1024 * 1024;

export const verify: AnyCommand = defineCommand({
  usage: ["sekisho verify [FILE|-] [OPTION...]", "sekisho verify --batch [FILE|-] [OPTION...]"],
  about: {
    en: 'Without --ip only DKIM, ARC and DMARC are evaluated. A batch reads lines {"file" or "message" (base64), "ip", "helo", "mailFrom", "now"} and writes one line for each.',
    ja: '--ip を省くと DKIM、ARC、DMARC だけを評価します。--batch では {"file" または "message"（base64）, "ip", "helo", "mailFrom", "now"} を 1 行に 1 通ずつ読み、1 行ずつ結果を出力します。',
  },
  options: {
    ip: { type: "string", value: "ADDR", help: { en: "the SMTP client", ja: "接続元の IP アドレス" } },
    helo: {
      type: "string",
      value: "NAME",
      mayBeEmpty: true,
      help: { en: "with --ip: what it gave as HELO", ja: "--ip とともに使う。HELO の名前" },
    },
    "mail-from": {
      type: "string",
      value: "ADDR",
      mayBeEmpty: true,
      help: {
        en: 'with --ip: the envelope sender; "" is the null sender',
        ja: '--ip とともに使う。エンベロープの送信者（空の送信者は ""）',
      },
    },
    "authserv-id": {
      type: "string",
      value: "NAME",
      help: {
        en: "in whose name the results are written",
        ja: "結果ヘッダーに書くホスト名（authserv-id）",
      },
    },
    now: {
      type: "string",
      value: "RFC3339",
      help: { en: "the time that expiry checks use", ja: "有効期限の確認に使う日時" },
    },
    json: { type: "boolean", help: { en: "print the result as JSON", ja: "結果を JSON で出力する" } },
    batch: {
      type: "boolean",
      help: { en: "read many messages as NDJSON", ja: "NDJSON で多数のメールを読み込む" },
    },
    ...configOption,
    ...dnsOptions,
  },
  maxArguments: 1,
  async run(values, [file], io) {
    for (const name of ["ip", "helo", "mail-from"] as const)
      if (values.batch && values[name] !== undefined)
        throw usageError(io.text.usage.notWithBatch(`--${name}`));
    const client = readClient(values, io);
    const now = readNow(values.now, io);
    const authservId = readAuthservId(values["authserv-id"], io);
    const config = await readConfig(values.config, io);
    const dns = openDns(values, config.dns, io);
    const bimi = await openBimi(config, {
      dns: dns.resolver,
      clock: systemClock,
      offline: values.offline,
    });
    const setup: Setup = {
      dns: dns.resolver,
      options: { ...(await optionsOf(config, io)), ...(bimi.options && { bimi: bimi.options }) },
      authservId: authservId ?? config.authservId ?? config.hostname,
      clock: now === undefined ? systemClock : fixedClock(now),
      config,
    };
    try {
      return values.batch
        ? await runMany(file, setup, io)
        : await runOne(file, client, setup, values.json, io);
    } finally {
      bimi.close();
      dns.close();
    }
  },
});

interface Setup {
  readonly dns: DnsResolver;
  readonly options: AuthenticationOptions;
  readonly authservId: string;
  readonly clock: Clock;
  readonly config: Config;
}

/** A message with everything that was found and would be done. */
interface Judged {
  readonly results: AuthResults;
  readonly would: WouldBe;
}

/** @throws SekishoError with code USAGE. */
export function readClient(
  values: {
    readonly ip: string | undefined;
    readonly helo: string | undefined;
    readonly "mail-from": string | undefined;
  },
  io: Io,
): SmtpClient | undefined {
  refuseAlone(values, ["helo", "mail-from"], "ip", io);
  if (values.ip === undefined) return undefined;
  return { ip: readIp("--ip", values.ip, io), helo: values.helo ?? "", mailFrom: values["mail-from"] ?? "" };
}

/** @throws SekishoError with code USAGE. */
export function readAuthservId(value: string | undefined, io: Io): string | undefined {
  if (value !== undefined && !isAuthservId(value)) throw usageError(io.text.usage.badAuthservId(value));
  return value;
}

/** How messages are evaluated, as the configuration says. @throws SekishoError with code CONFIG_INVALID. */
export async function optionsOf(
  { verify: { spf, dkim, arc, dmarc }, hostname }: Config,
  io: Io,
): Promise<AuthenticationOptions> {
  const loaded = await loadDmarcOptions(dmarc);
  if (!loaded.ok) throw new SekishoError("CONFIG_INVALID", formatProblem(loaded.problem, io.lang));
  return {
    spf: { maxVoidLookups: spf.voidLookups, voidCounting: spf.voidCounting },
    dkim: { minRsaBits: dkim.minimumKeyBits, maxSignatures: dkim.maxSignatures },
    arc: arc.mode,
    dmarc: loaded.options,
    receiver: hostname,
  };
}

async function runOne(
  file: string | undefined,
  client: SmtpClient | undefined,
  setup: Setup,
  json: boolean,
  io: Io,
): Promise<ExitCode> {
  const source = await openInput(file, io);
  const judged = await authenticate(source, file ?? "-", client, setup, io);
  if (json) io.out(formatJson(jsonOf(judged, setup), io.isTty));
  else for (const line of formatVerify(judged, setup, io)) io.out(line);
  return isAuthenticated(judged.results) ? exitOk : exitFindings;
}

async function authenticate(
  source: AsyncIterable<Buffer | string>,
  name: string,
  client: SmtpClient | undefined,
  { dns, clock, options, config }: Setup,
  io: Io,
): Promise<Judged> {
  try {
    const input = { dns, clock, options, ...(client === undefined ? {} : { client }) };
    const verified = await verifyMessage(source, input, rulesOf(config.verify));
    const { asked, ...would } = await wouldBe(verified, client, { config, dns, clock });
    const { results } = verified;
    return { results: { ...results, dns: [...results.dns, ...asked] }, would };
  } catch (error) {
    throw fileUnreadable(name, error, io);
  }
}

function jsonOf({ results, would }: Judged, { authservId }: Setup): object {
  return formatVerifyJson(results, formatResultsField(authservId, results), would);
}

function formatVerify({ results, would }: Judged, { authservId }: Setup, io: Io): string[] {
  const { verdict } = io.text;
  const field = formatResultsField(authservId, results, { lineLength: io.columns - 2 });
  const ms = results.dns.reduce((longest, entry) => Math.max(longest, entry.ms), 0);
  return [
    ...formatVerdicts(results, io),
    ...formatWouldBe(would, io),
    "",
    io.style.strong(verdict.field),
    ...`Authentication-Results: ${field}`.split("\n").map((line) => `  ${line}`),
    "",
    io.style.strong(verdict.questions(results.dns.length, ms)),
    ...formatDns(results.dns, io).map((line) => io.style.dim(line)),
  ];
}

// ---------------------------------------------------------------- batch

async function runMany(file: string | undefined, setup: Setup, io: Io): Promise<ExitCode> {
  const input = await openInput(file, io);
  return runBatch({ input, maxActive, maxLineOctets, work: (fields) => workOn(fields, setup, io) }, io);
}

async function workOn(fields: BatchFields, setup: Setup, io: Io): Promise<BatchOutcome> {
  const client = clientOfLine(fields, io);
  const clock = clockOfLine(fields, setup.clock, io);
  const { source, name } = await openMessage(fields, io);
  const judged = await authenticate(source, name, client, { ...setup, clock }, io);
  return { output: { ...jsonOf(judged, setup) }, passed: isAuthenticated(judged.results) };
}

function clientOfLine(fields: BatchFields, io: Io): SmtpClient | undefined {
  const text = stringField(fields, "ip", io);
  const helo = stringField(fields, "helo", io) ?? "";
  const mailFrom = stringField(fields, "mailFrom", io) ?? "";
  if (text === undefined) return undefined;
  const ip = parseIp(text);
  if (ip === undefined) throw new SekishoError("USAGE", io.text.batch.badIp(text));
  return { ip, helo, mailFrom };
}

function clockOfLine(fields: BatchFields, clock: Clock, io: Io): Clock {
  const text = stringField(fields, "now", io);
  if (text === undefined) return clock;
  const time = parseTimestamp(text);
  if (time === undefined) throw new SekishoError("USAGE", io.text.batch.badTime(text));
  return fixedClock(time);
}

async function openMessage(
  fields: BatchFields,
  io: Io,
): Promise<{ readonly source: AsyncIterable<Buffer | string>; readonly name: string }> {
  const file = stringField(fields, "file", io);
  const message = stringField(fields, "message", io);
  if ((file === undefined) === (message === undefined))
    throw new SekishoError("USAGE", io.text.batch.fileOrMessage);
  // Standard input holds the batch itself, so "-" is a file of that name here.
  if (file !== undefined) return { source: await openInput(file === "-" ? "./-" : file, io), name: file };
  const octets = decodeBase64(message as string);
  if (octets === undefined) throw new SekishoError("USAGE", io.text.batch.badBase64);
  return { source: Readable.from([octets]), name: '"message"' };
}

/** Buffer.from would skip over what is no base64. White space may stand anywhere, padding may be missing. */
function decodeBase64(text: string): Buffer | undefined {
  const compact = /\s/.test(text) ? text.replaceAll(/\s+/g, "") : text;
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  return Buffer.from(compact, "base64");
}
