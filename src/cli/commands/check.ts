import { access, constants, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { checkDomain } from "../../checker/check-domain.ts";
import { newFindings } from "../../checker/new-findings.ts";
import { fixedClock, systemClock } from "../../core/clock.ts";
import { writeFinding } from "../../findings/table.ts";
import { formatReport, type ShownReport } from "../check/lines.ts";
import { type OpenCheck, openCheck } from "../check/open.ts";
import { type CheckValues, readDomains, readPlan } from "../check/options.ts";
import { formatPage } from "../check/page.ts";
import { checkText } from "../check/text.ts";
import {
  type AnyCommand,
  defineCommand,
  type ExitCode,
  exitFailed,
  exitFindings,
  exitOk,
} from "../command.ts";
import { configOption, readConfig } from "../config-option.ts";
import { dnsOptions } from "../dns-options.ts";
import { fileUnwritable, readNow } from "../input.ts";
import { formatJson, type Io } from "../io.ts";

const maxDomains = 10_000;
const maxActive = 8;

const options = {
  selector: {
    type: "string",
    multiple: true,
    value: "NAME",
    help: { en: "a DKIM selector of the domain; may be repeated", ja: "DKIM のセレクタ（複数指定可）" },
  },
  "from-message": {
    type: "string",
    value: "FILE",
    help: {
      en: "take DKIM selectors from this message, and check its ARC chain",
      ja: "このメールから DKIM セレクタを読み取り、ARC のチェーンも調べる",
    },
  },
  client: {
    type: "string",
    multiple: true,
    value: "ADDRESS",
    help: {
      en: "an address that sends mail of the domain and has to pass; may be repeated",
      ja: "このドメインのメールを送信する IP アドレス。SPF などに合格する必要がある（複数指定可）",
    },
  },
  helo: {
    type: "string",
    multiple: true,
    value: "NAME",
    help: {
      en: "the name that a sending server says in HELO; may be repeated",
      ja: "送信サーバーの HELO 名（複数指定可）",
    },
  },
  profile: {
    type: "string",
    value: "sender|parked|receiver|new",
    help: { en: "what the domain is for; guessed when left out", ja: "ドメインの用途。省略時は推定する" },
  },
  mx: {
    type: "string",
    multiple: true,
    value: "NAME|*.NAME",
    help: {
      en: "a host that may be MX here; then others are told; may be repeated",
      ja: "MX であってよいホスト。指定すると、それ以外の MX を知らせる（複数指定可）",
    },
  },
  blocklist: {
    type: "string",
    multiple: true,
    value: "ZONE",
    help: {
      en: "ask this DNS blocklist for each --client; none is asked by default; may be repeated",
      ja: "--client の各アドレスをこの DNSBL に問い合わせる。既定では問い合わせない（複数指定可）",
    },
  },
  add: {
    type: "string",
    multiple: true,
    value: "TERM",
    help: {
      en: "try the SPF record with this term more; may be repeated",
      ja: "SPF レコードにこの項を加えた場合を試す（複数指定可）",
    },
  },
  drop: {
    type: "string",
    multiple: true,
    value: "TERM",
    help: {
      en: "try the SPF record without this term; may be repeated",
      ja: "SPF レコードからこの項を除いた場合を試す（複数指定可）",
    },
  },
  "no-smtp": {
    type: "boolean",
    help: { en: "do not connect to mail servers", ja: "メールサーバーに接続しない" },
  },
  new: {
    type: "boolean",
    help: {
      en: "show only what the zone files add to what is wrong now",
      ja: "ゾーンファイルによって新しく生じる問題だけを示す",
    },
  },
  "fail-on": {
    type: "string",
    value: "error|warning",
    help: {
      en: "from what severity on the exit code is 1 (warning when left out)",
      ja: "終了コードを 1 にする重大度（省略時は warning）",
    },
  },
  html: {
    type: "string",
    value: "FILE",
    help: { en: "write a page to print to this file", ja: "印刷用の HTML をこのファイルに書き出す" },
  },
  now: { type: "string", value: "RFC3339", help: { en: "the present time", ja: "現在の日時" } },
  json: { type: "boolean", help: { en: "print the result as JSON", ja: "結果を JSON で出力する" } },
  ...configOption,
  ...dnsOptions,
} as const;

export const check: AnyCommand = defineCommand({
  usage: [
    "sekisho check DOMAIN... [--selector NAME] [--client ADDRESS] [OPTION...]",
    "sekisho check DOMAIN... --zone FILE [--new] [--fail-on error]",
    "sekisho check - < LIST",
  ],
  about: {
    en: "Looks at everything that a domain publishes for mail, and prints what is wrong, why, and the record to publish. --zone tries a zone file before it is published. The exit code is 0 when nothing has to be looked at.",
    ja: "ドメインがメールのために公開している設定を調べ、問題とその理由、公開すべきレコードを示します。--zone を使うと、公開前のゾーンファイルを試せます。対応が必要な指摘がなければ終了コードは 0 です。",
  },
  options,
  maxArguments: maxDomains,
  async run(values, args, io) {
    const config = await readConfig(values.config, io);
    const domains = await readDomains(args, maxDomains, io);
    const plan = readPlan(values, io);
    const now = readNow(values.now, io);
    if (values.html !== undefined) await refuseUnwritable(values.html, io);
    const clock = now === undefined ? systemClock : fixedClock(now);
    const open = await openCheck(values, domains, config, clock, io);
    try {
      return await checkAll(domains, open, { ...plan, values }, io);
    } finally {
      open.close();
    }
  },
});

interface Plan {
  readonly values: CheckValues;
  readonly failOn: "error" | "warning";
}

async function checkAll(domains: readonly string[], open: OpenCheck, plan: Plan, io: Io): Promise<ExitCode> {
  const { json, html } = plan.values;
  const several = domains.length > 1;
  const codes: ExitCode[] = [];
  const print = async (one: ShownReport, isFirst: boolean): Promise<void> => {
    if (json) await io.outSlowly(formatJson(reportJson(one, io), io.isTty && !several));
    else for (const line of [...(isFirst ? [] : [""]), ...formatReport(one, io)]) await io.outSlowly(line);
  };
  const shown: ShownReport[] = [];
  await inOrder(
    domains,
    (domain) => checkOne(domain, open, plan),
    async (one, index) => {
      codes.push(exitCodeOf(one, plan.failOn));
      progress(index + 1, domains.length, io);
      // Of many domains only what is still needed is kept.
      if (html === undefined) await print(one, index === 0);
      else shown.push(one);
    },
  );
  if (html !== undefined) {
    // Whoever reads what is printed may have seen enough, and the program ends then.
    await writePage(html, formatPage(shown, io), io);
    for (const [index, one] of shown.entries()) await print(one, index === 0);
  }
  const bad = codes.filter((code) => code !== exitOk).length;
  if (several && !json) io.out(`\n${checkText(io.lang).summary(codes.length, bad)}`);
  if (codes.includes(exitFailed)) return exitFailed;
  return codes.includes(exitFindings) ? exitFindings : exitOk;
}

async function writePage(file: string, page: string, io: Io): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (error) {
    throw fileUnwritable(file, error, io);
  }
}

/** A file that cannot be written is told before the work, not after. */
async function refuseUnwritable(file: string, io: Io): Promise<void> {
  try {
    const found = await statIfThere(file);
    if (found?.isDirectory() === true) throw Object.assign(new Error("directory"), { code: "EISDIR" });
    await access(found === undefined ? dirname(file) : file, constants.W_OK);
  } catch (error) {
    throw fileUnwritable(file, error, io);
  }
}

async function statIfThere(file: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  try {
    return await stat(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function checkOne(domain: string, open: OpenCheck, { values }: Plan): Promise<ShownReport> {
  const own = await open.ownServer(domain);
  const server = own === undefined ? {} : { ownClients: own.addresses, heloNames: [own.hostname] };
  const request = { ...(await open.request(domain)), ...server };
  const report = await checkDomain(request, open.deps);
  const shown = { report, ...(own === undefined ? {} : { ownServer: own }) };
  if (!values.new) return { ...shown, findings: report.findings, onlyNew: false };
  const before = await checkDomain({ ...request, zones: [] }, open.liveDeps);
  return { ...shown, findings: newFindings(before, report), onlyNew: true };
}

/** Works on several at a time, and hands the results over in order. */
async function inOrder<In, Out>(
  items: readonly In[],
  work: (item: In) => Promise<Out>,
  take: (result: Out, index: number) => Promise<void>,
): Promise<void> {
  const running: Promise<Out>[] = [];
  let next = 0;
  for (let index = 0; index < items.length; index++) {
    while (next < items.length && next < index + maxActive) running.push(work(items[next++] as In));
    await take(await (running.shift() as Promise<Out>), index);
  }
}

function progress(done: number, all: number, io: Io): void {
  const { isTTY } = io.stderr as { readonly isTTY?: boolean };
  if (isTTY !== true || all < 2) return;
  const line = done === all ? "" : checkText(io.lang).progress(done, all);
  io.stderr.write(`\r\u001b[K${line}`);
}

/** The object that `check --json` prints. */
function reportJson({ report, findings }: ShownReport, io: Io): Readonly<Record<string, unknown>> {
  return {
    domain: report.domain,
    checkedAt: new Date(report.checkedAt).toISOString(),
    findings: findings.map((one) => writeFinding(one, io.lang)),
    facts: report.facts,
  };
}

function exitCodeOf({ report, findings }: ShownReport, failOn: "error" | "warning"): ExitCode {
  if (!report.answered) return exitFailed;
  const counts = failOn === "error" ? ["error"] : ["error", "warning"];
  return findings.some(({ severity }) => counts.includes(severity)) ? exitFindings : exitOk;
}
