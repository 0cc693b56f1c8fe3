import type { DnsResolver } from "../../core/dns/resolver.ts";
import { formatIp, type IpAddress, parseIp } from "../../core/ip.ts";
import type { SpfResult } from "../../core/results.ts";
import { checkHost, type SpfOptions } from "../../core/spf/check-host.ts";
import { parseSender } from "../../core/spf/sender.ts";
import { SekishoError } from "../../errors.ts";
import { problemText } from "../../findings/problems.ts";
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
import { dnsOptions, openDns } from "../dns-options.ts";
import { openInput, readIp } from "../input.ts";
import { formatJson, type Io } from "../io.ts";
import { labelled, printable, printableOctets, wrap } from "../layout.ts";
import { formatSpfTrace, lastCounts, paintVerdict } from "../spf-trace.ts";

const maxActive = 64;
const maxLineOctets = 64 * 1024;

export const spf: AnyCommand = defineCommand({
  usage: ["sekisho spf IP SENDER [HELO] [OPTION...]", "sekisho spf --batch [FILE|-] [OPTION...]"],
  about: {
    en: 'SENDER is an address, a bare domain (postmaster@ it), or "" for the null sender. A batch reads lines {"ip","mailFrom","helo"} and writes one line for each.',
    ja: 'SENDER にはアドレス、ドメイン（postmaster@ を補う）、または "" （空の送信者）を指定します。--batch では {"ip","mailFrom","helo"} を 1 行に 1 件ずつ読み、1 行ずつ結果を出力します。',
  },
  options: {
    json: { type: "boolean", help: { en: "print the result as JSON", ja: "結果を JSON で出力する" } },
    batch: {
      type: "boolean",
      help: { en: "read many evaluations as NDJSON", ja: "NDJSON で多数の評価を読み込む" },
    },
    ...configOption,
    ...dnsOptions,
  },
  maxArguments: 3,
  mayBeEmpty: true,
  async run(values, args, io) {
    const config = await readConfig(values.config, io);
    const { voidLookups, voidCounting } = config.verify.spf;
    const options: SpfOptions = { maxVoidLookups: voidLookups, voidCounting };
    const asked = values.batch ? readBatchFile(args, io) : readArguments(args, io);
    const dns = openDns(values, config.dns, io);
    try {
      if (typeof asked === "object") return await runOne(asked, dns.resolver, options, values.json, io);
      return await runMany(asked, dns.resolver, options, io);
    } finally {
      dns.close();
    }
  },
});

interface Asked {
  readonly ip: IpAddress;
  readonly sender: string;
  readonly helo?: string;
}

function readBatchFile(args: readonly string[], io: Io): string {
  const [file, extra] = args;
  if (file === "") throw usageError(io.text.usage.emptyArgument);
  if (extra !== undefined) throw usageError(io.text.usage.tooManyArguments(extra));
  return file ?? "-";
}

function readArguments([ip, sender, helo]: readonly string[], io: Io): Asked {
  if (ip === undefined) throw usageError(io.text.usage.missingArgument("IP"));
  const address = readIp("IP", ip, io);
  if (sender === undefined) throw usageError(io.text.usage.missingArgument("SENDER"));
  if (parseSender(sender) === undefined && !helo) throw usageError(io.text.usage.nullSenderNeedsHelo);
  return { ip: address, sender, ...(helo === undefined ? {} : { helo }) };
}

async function runOne(
  asked: Asked,
  dns: DnsResolver,
  options: SpfOptions,
  json: boolean,
  io: Io,
): Promise<ExitCode> {
  const result = await evaluate(asked, dns, { ...options, traceAllCounts: true });
  if (json) io.out(formatJson(spfJson(result), io.isTty));
  else for (const line of formatSpf(asked, result, io)) io.out(line);
  return result.result === "pass" ? exitOk : exitFindings;
}

async function runMany(file: string, dns: DnsResolver, options: SpfOptions, io: Io): Promise<ExitCode> {
  const input = await openInput(file, io);
  return runBatch(
    { input, maxActive, maxLineOctets, work: (fields) => workOn(fields, dns, options, io) },
    io,
  );
}

async function workOn(
  fields: BatchFields,
  dns: DnsResolver,
  options: SpfOptions,
  io: Io,
): Promise<BatchOutcome> {
  const ipText = stringField(fields, "ip", io);
  if (ipText === undefined) throw new SekishoError("USAGE", io.text.batch.missing("ip"));
  const ip = parseIp(ipText);
  if (ip === undefined) throw new SekishoError("USAGE", io.text.batch.badIp(ipText));
  const sender = stringField(fields, "mailFrom", io);
  const helo = stringField(fields, "helo", io);
  if (sender === undefined && helo === undefined)
    throw new SekishoError("USAGE", io.text.batch.missing("mailFrom"));
  const result = await evaluate({ ip, sender: sender ?? "", helo: helo ?? "" }, dns, options);
  return { output: spfJson(result), passed: result.result === "pass" };
}

/** RFC 7208 §2.4: for the null sender the identity is postmaster@HELO. */
function evaluate(
  { ip, sender, helo = "" }: Asked,
  dns: DnsResolver,
  options: SpfOptions,
): Promise<SpfResult> {
  const parsed = parseSender(sender);
  const common = { ip, helo, dns, options };
  if (parsed === undefined)
    return checkHost({ ...common, domain: helo, sender: `postmaster@${helo}`, identity: "helo" });
  return checkHost({ ...common, domain: parsed.domain, sender: `${parsed.localPart}@${parsed.domain}` });
}

/** The `spf` object of `verify --json`, and its trace. */
function spfJson({ method: _, result, ...rest }: SpfResult): Readonly<Record<string, unknown>> {
  return { result, ...rest };
}

function formatSpf(asked: Asked, result: SpfResult, io: Io): string[] {
  const { text } = io;
  const heading = text.spf.asked(
    formatIp(asked.ip),
    printable(asked.sender),
    asked.helo && printable(asked.helo),
  );
  return [
    ...wrap(heading, io.columns),
    "",
    ...formatSpfTrace(result.trace, io),
    "",
    ...labelled(verdictRows(asked, result, io), io.columns, 0),
  ];
}

function verdictRows(asked: Asked, result: SpfResult, io: Io): [string, string][] {
  const { labels, verdict, lookups, voids, explanation } = io.text.spf;
  const counts = lastCounts(result);
  const domain = printable(result.domain || (parseSender(asked.sender)?.domain ?? asked.helo ?? ""));
  const sentence = verdict[result.result](domain, formatIp(asked.ip));
  const rows: [string, string][] = [[labels.result, `${paintVerdict(result.result, io.style)}  ${sentence}`]];
  if (result.problem !== undefined) rows.push([labels.why, problemText(io.lang).spf[result.problem]]);
  if (result.matched !== undefined) rows.push([labels.term, printableOctets(result.matched)]);
  if (result.explanation !== undefined)
    rows.push([labels.says, explanation(printableOctets(result.explanation))]);
  rows.push([labels.lookups, lookups(result.lookups)]);
  rows.push([labels.voids, voids(counts.query, counts.term, counts.name)]);
  return rows;
}
