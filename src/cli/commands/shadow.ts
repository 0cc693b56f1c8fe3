import type { ShadowDomain, ShadowSummary } from "../../store/port.ts";
import { openRecordStore } from "../../store/record-store.ts";
import { type AnyCommand, defineCommand, exitFindings, exitOk } from "../command.ts";
import { configOption, readConfig } from "../config-option.ts";
import { formatJson, type Io } from "../io.ts";
import { labelled, printable, wrap } from "../layout.ts";
import { readSince, sinceOption } from "../since-option.ts";
import { localTime } from "../story.ts";
import { policyWhyText } from "../text/policy-why.ts";

const shownDomains = 50;
const shownDomainsJson = 1000;
const shownClients = 5;
const shownWhy = 5;

export const shadow: AnyCommand = defineCommand({
  usage: ["sekisho shadow [--since 7d] [--json] [--config FILE]"],
  about: {
    en: "Reads the records and lists, by author domain and client, the mail that verify.shadow would have refused, quarantined, put off or marked. The exit code is 0 when there is none.",
    ja: "記録を読み、verify.shadow の設定なら拒否・隔離・一時拒否などになったメールを、From のドメインと接続元ごとに示します。1 通もなければ終了コードは 0 です。",
  },
  options: {
    ...sinceOption,
    json: { type: "boolean", help: { en: "print the result as JSON", ja: "結果を JSON で出力する" } },
    ...configOption,
  },
  maxArguments: 0,
  async run(values, _, io) {
    const since = readSince(values.since, Date.now(), io);
    const { dataDir, verify } = await readConfig(values.config, io);
    const store = openRecordStore({ dataDir });
    try {
      const limit = values.json ? shownDomainsJson : shownDomains;
      const summary = await store.listShadow({ since, limit });
      const from = new Date(since).toISOString();
      if (values.json) io.out(formatJson({ since: from, ...summary }, io.isTty));
      else for (const line of formatSummary(summary, from, verify.shadow !== undefined, io)) io.out(line);
      return summary.different === 0 ? exitOk : exitFindings;
    } finally {
      await store.close();
    }
  },
});

function formatSummary(summary: ShadowSummary, since: string, isSet: boolean, io: Io): string[] {
  const text = io.text.shadow;
  const { messages, different, domains, domainCount } = summary;
  const from = localTime(since);
  const hidden = domainCount - domains.length;
  const first = different === 0 ? text.nothing(from, messages) : text.summary(from, different, domainCount);
  return [
    ...wrap(first, io.columns),
    ...(isSet ? [] : wrap(text.notSet, io.columns)),
    ...domains.flatMap((domain) => ["", ...domainLines(domain, io)]),
    ...(hidden === 0 ? [] : ["", ...wrap(text.more(hidden), io.columns)]),
  ];
}

function domainLines({ domain, messages, actions, why, clients, ...of }: ShadowDomain, io: Io): string[] {
  const text = io.text.shadow;
  const { labels } = text;
  const done = actions.map(({ action, messages }) => text.action(action, messages)).join(text.comma);
  const rows: [string, string][] = [[labels.would, done]];
  for (const [index, { entry }] of why.slice(0, shownWhy).entries())
    rows.push([index === 0 ? labels.because : "", policyWhyText(printable(entry), io.lang)]);
  for (const [index, line] of clientTexts(clients, io).entries())
    rows.push([index === 0 ? labels.clients : "", line]);
  rows.push([labels.newest, [localTime(of.newest), ...of.queueIds.map(printable)].join("  ")]);
  const title = text.title(printable(domain ?? text.noDomain), messages);
  return [...wrap(title, io.columns).map(io.style.strong), ...labelled(rows, io.columns)];
}

function clientTexts(clients: ShadowDomain["clients"], io: Io): string[] {
  const text = io.text.shadow;
  const shown = clients.slice(0, shownClients).map(({ ip, name, messages }) => {
    const address = ip === undefined ? text.unknownClient : printable(ip);
    return text.client(name === undefined ? address : `${address} ${printable(name)}`, messages);
  });
  const hidden = clients.length - shown.length;
  return hidden === 0 ? shown : [...shown, text.moreClients(hidden)];
}
