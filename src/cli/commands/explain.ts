import { resolve } from "node:path";
import type { Config } from "../../config/config.ts";
import { SekishoError } from "../../errors.ts";
import type { MessageRecord } from "../../store/record.ts";
import { openRecordStore } from "../../store/record-store.ts";
import { type AnyCommand, defineCommand, exitOk, usageError } from "../command.ts";
import { configOption, readConfig } from "../config-option.ts";
import { formatJson, type Io } from "../io.ts";
import { printable, wrap } from "../layout.ts";
import { formatStory } from "../story.ts";

const maxShown = 100;

export const explain: AnyCommand = defineCommand({
  usage: ["sekisho explain QUEUE-ID|MESSAGE-ID [--json] [--config FILE]"],
  about: {
    en: "Prints what is recorded of a message: who brought it, each verdict and its reason, what was written and what the MTA was told. --json prints one record a line.",
    ja: "メールの記録を表示します。接続元、各判定とその理由、書き込んだヘッダー、MTA への応答が分かります。--json では 1 行に 1 件の記録を出力します。",
  },
  options: {
    json: { type: "boolean", help: { en: "print the records as JSON", ja: "記録を JSON で出力する" } },
    ...configOption,
  },
  maxArguments: 1,
  async run(values, [key], io) {
    if (!key) throw usageError(io.text.usage.missingArgument("QUEUE-ID|MESSAGE-ID"));
    const config = await readConfig(values.config, io);
    const records = await findRecords(key, config);
    if (records.length === 0) throw notFound(key, config, io);
    if (values.json) for (const record of records) io.out(formatJson(record));
    else for (const line of formatStories(key, records, io)) io.out(line);
    return exitOk;
  },
});

/** By queue id, else by Message-ID; the oldest first. */
async function findRecords(key: string, { dataDir }: Config): Promise<readonly MessageRecord[]> {
  const store = openRecordStore({ dataDir });
  try {
    const byQueue = await store.find({ queueId: key, limit: maxShown });
    const found = byQueue.length > 0 ? byQueue : await store.find({ messageId: key, limit: maxShown });
    return found.toReversed();
  } finally {
    await store.close();
  }
}

function notFound(key: string, { dataDir, record }: Config, io: Io): SekishoError {
  const keep = io.text.explain.keep(record.keepMs / 86_400_000);
  return new SekishoError("NOT_FOUND", io.text.explain.notFound(printable(key), keep, resolve(dataDir)));
}

function formatStories(key: string, records: readonly MessageRecord[], io: Io): string[] {
  const stories = records.map((record) => formatStory(record, io));
  if (stories.length === 1) return stories.flat();
  const rule = io.style.dim("─".repeat(io.columns));
  return [
    ...wrap(io.text.explain.several(printable(key), records.length), io.columns),
    ...stories.flatMap((story) => [rule, ...story]),
  ];
}
