import type { ShadowAction, ShadowClient, ShadowDomain, ShadowSummary } from "../../store/port.ts";
import { openRecordStore } from "../../store/record-store.ts";
import { type AnyCommand, defineCommand, exitFindings, exitOk } from "../command.ts";
import { configOption, readConfig } from "../config-option.ts";
import { formatJson, type Io } from "../io.ts";
import { hanging, labelled, printable, wrap } from "../layout.ts";
import { readSince, sinceOption } from "../since-option.ts";
import { localTime } from "../story.ts";
import { policyWhyText } from "../text/policy-why.ts";

type Row = readonly [label: string, text: string];

const shownDomains = 50;
const shownDomainsJson = 1000;
const shownClients = 5;
const shownWhy = 5;

export const shadow: AnyCommand = defineCommand({
  usage: ["sekisho shadow [--since 7d] [--json] [--config FILE]"],
  about: {
    en: "Reads the records and tells, by author domain and client, how many messages verify.shadow would have refused, quarantined, put off or marked, and why. The exit code is 0 when there is none.",
    ja: "記録を読み、verify.shadow の設定なら拒否・隔離・一時拒否などになったメールの数と理由を、From のドメインと接続元ごとに示します。1 通もなければ終了コードは 0 です。",
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

function domainLines({ domain, messages, actions, clients }: ShadowDomain, io: Io): string[] {
  const text = io.text.shadow;
  const done = actions.map(({ action, messages }) => text.action(action, messages)).join(text.comma);
  const title = text.title(printable(domain ?? text.noDomain), messages);
  const hidden = clients.length - shownClients;
  return [
    ...wrap(title, io.columns).map(io.style.strong),
    ...labelled([[text.labels.would, done]], io.columns),
    ...clients.slice(0, shownClients).flatMap((client) => clientLines(client, io)),
    ...(hidden > 0 ? hanging("  ", text.moreClients(hidden), io.columns) : []),
  ];
}

/** Who it was, what would have been done how often, and why; queue ids to look at. */
function clientLines({ ip, name, messages, actions, newest }: ShadowClient, io: Io): string[] {
  const text = io.text.shadow;
  const address = ip === undefined ? text.unknownClient : printable(ip);
  const who = name === undefined ? address : `${address} ${printable(name)}`;
  const rows = [
    ...actions.flatMap((action) => actionRows(action, io)),
    [text.labels.newest, localTime(newest)] as const,
  ];
  return [...hanging("  ", text.client(who, messages), io.columns), ...labelled(rows, io.columns, 4)];
}

function actionRows({ action, messages, why, queueIds }: ShadowAction, io: Io): Row[] {
  const text = io.text.shadow;
  const label = text.action(action, messages);
  const reasons = why.slice(0, shownWhy).map((reason) => {
    const sentence = policyWhyText(printable(reason.entry), io.lang);
    return reason.messages === messages ? sentence : text.reason(sentence, reason.messages);
  });
  const examples = queueIds.length === 0 ? [] : [text.examples(queueIds.map(printable))];
  const [first = "", ...others] = [...reasons, ...examples];
  return [[label, first], ...others.map((line): Row => ["", line])];
}
