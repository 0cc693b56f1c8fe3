import type { DifferenceGroup, DmarcDifferences } from "../../store/port.ts";
import { openRecordStore } from "../../store/record-store.ts";
import { type AnyCommand, defineCommand, exitFindings, exitOk } from "../command.ts";
import { configOption, readConfig } from "../config-option.ts";
import { formatJson, type Io } from "../io.ts";
import { labelled, printable, wrap } from "../layout.ts";
import { readSince, sinceOption } from "../since-option.ts";
import { localTime } from "../story.ts";

const shownGroups = 50;
const shownGroupsJson = 1000;

export const dmarcDiff: AnyCommand = defineCommand({
  usage: ["sekisho dmarc-diff [--since 7d] [--json] [--config FILE]"],
  about: {
    en: "Reads the records and lists, by author domain, the messages for which the tree walk (RFC 9989) and the public suffix list (RFC 7489) differ in the result, in the policy that applies, or in where the record was found. Needs verify.dmarc.discovery: both. The exit code is 0 when messages were compared and none differs.",
    ja: "記録を読み、ツリーウォーク (RFC 9989) と public suffix list (RFC 7489) で結果・適用されるポリシー・レコードの場所のどれかが違ったメールを、From のドメインごとに示します。verify.dmarc.discovery: both の設定が必要です。比べたメールがあり、違いが 1 件もなければ終了コードは 0 です。",
  },
  options: {
    ...sinceOption,
    json: { type: "boolean", help: { en: "print the result as JSON", ja: "結果を JSON で出力する" } },
    ...configOption,
  },
  maxArguments: 0,
  async run(values, _, io) {
    const since = readSince(values.since, Date.now(), io);
    const { dataDir } = await readConfig(values.config, io);
    const store = openRecordStore({ dataDir });
    try {
      const limit = values.json ? shownGroupsJson : shownGroups;
      const differences = await store.listDifferences({ since, limit });
      const from = new Date(since).toISOString();
      if (values.json) io.out(formatJson({ since: from, ...differences }, io.isTty));
      else for (const line of formatDifferences(differences, from, io)) io.out(line);
      return differences.compared > 0 && differences.different === 0 ? exitOk : exitFindings;
    } finally {
      await store.close();
    }
  },
});

function formatDifferences(differences: DmarcDifferences, since: string, io: Io): string[] {
  const { dmarcDiff } = io.text;
  const { compared, different, groups, groupCount } = differences;
  const from = localTime(since);
  if (compared === 0) return wrap(dmarcDiff.nothingCompared(from), io.columns);
  const hidden = groupCount - groups.length;
  return [
    ...wrap(dmarcDiff.summary(from, compared, different), io.columns),
    ...groups.flatMap((group) => ["", ...groupLines(group, io)]),
    ...(hidden === 0 ? [] : ["", ...wrap(dmarcDiff.more(hidden), io.columns)]),
  ];
}

function groupLines({ domain, messages, differs, applied, other, ...of }: DifferenceGroup, io: Io): string[] {
  const { verdict, dmarcDiff } = io.text;
  const title = `${printable(domain ?? dmarcDiff.noDomain)}: ${dmarcDiff.messages(messages)}`;
  const rows = [
    [verdict.discovery[applied.discovery], verdict.dmarcOutcome(applied)],
    [verdict.discovery[other.discovery], verdict.dmarcOutcome(other)],
    [dmarcDiff.differs, differs.map((what) => dmarcDiff.difference[what]).join(dmarcDiff.comma)],
    [dmarcDiff.newest, [localTime(of.newest), ...of.queueIds.map(printable)].join("  ")],
  ] as const;
  return [io.style.strong(title), ...labelled(rows, io.columns)];
}
