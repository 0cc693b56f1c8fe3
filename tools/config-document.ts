import { type ConfigKey, configKeys, oneOrMore } from "../src/config/json-schema.ts";
import { keyText } from "../src/config/key-text.ts";
import type { JsonSchema } from "../src/config/schema.ts";

const words = {
  en: {
    title: "# Configuration",
    other: "[日本語](configuration.ja.md)",
    intro:
      "One YAML file: `--config FILE`, else `./sekisho.yaml`, else `/etc/sekisho/sekisho.yaml`; without any file the defaults below are in force. " +
      "Durations are written `30s`, `5m`, `1d` (ms s m h d w), sizes `10MB` (B KB MB GB KiB MiB GiB). Unknown keys are errors. " +
      "`sekisho config check` names every error with its line and column, `sekisho config show` prints what is in force.",
    made: "This page is made by `tools/generate-config-doc.ts` from the schema.",
    head: "| key | values | default | meaning |",
    needed: "(must be given)",
    list: (of: string) => `list of ${of}`,
    text: "text",
    number: "whole number",
    section: "section",
  },
  ja: {
    title: "# 設定",
    other: "[English](configuration.md)",
    intro:
      "YAML ファイル 1 つ。`--config FILE`、なければ `./sekisho.yaml`、`/etc/sekisho/sekisho.yaml` の順に探し、どれもなければ下の既定値で動きます。" +
      "時間は `30s`・`5m`・`1d` (ms s m h d w)、大きさは `10MB` (B KB MB GB KiB MiB GiB) のように書きます。知らないキーはエラーです。" +
      "`sekisho config check` は誤りをすべて行と桁で示し、`sekisho config show` は有効な設定を表示します。",
    made: "このページは `tools/generate-config-doc.ts` がスキーマから作ります。",
    head: "| キー | 値 | 既定値 | 意味 |",
    needed: "(必須)",
    list: (of: string) => `${of}のリスト`,
    text: "文字列",
    number: "整数",
    section: "項目",
  },
} as const;
type Words = (typeof words)[keyof typeof words];

/** docs/configuration.md or its Japanese counterpart, from the schema and the table of meanings. */
export function configDocument(lang: "en" | "ja"): string {
  const w = words[lang];
  const keys = configKeys();
  const needed = new Set(keys.flatMap(({ path, schema }) => neededBelow(path, schema)));
  const rows = keys.map((key) => row(key, lang, needed.has(key.path)));
  return [w.title, "", w.other, "", w.intro, "", w.made, "", w.head, "|---|---|---|---|", ...rows, ""].join(
    "\n",
  );
}

function neededBelow(path: string, schema: JsonSchema): string[] {
  const items = schema.items ?? oneOrMore(schema);
  return (items?.required ?? []).map((name) => `${path}[].${name}`);
}

function row({ path, schema }: ConfigKey, lang: "en" | "ja", needed: boolean): string {
  const isSection = schema.properties !== undefined;
  const text = keyText[path]?.[lang] ?? "";
  const fallback = needed ? words[lang].needed : isSection ? "" : defaultText(schema.default);
  return `| \`${path}\` | ${values(schema, words[lang])} | ${fallback} | ${text} |`;
}

function values(schema: JsonSchema, w: Words): string {
  if (schema.properties !== undefined) return w.section;
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => values(one, w)).join(" ");
  if (schema.prefixItems !== undefined)
    return `\`[${schema.prefixItems.map((item) => String(item.const)).join(", ")}]\``;
  if (schema.items !== undefined) return w.list(values(schema.items, w));
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(" ");
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.type === "boolean") return "`true` `false`";
  if (schema.type !== "integer") return w.text;
  return `${w.number} ${schema.minimum ?? ""}–${schema.maximum ?? ""}`;
}

function defaultText(value: unknown): string {
  if (value === undefined) return "";
  if (!Array.isArray(value)) return `\`${String(value)}\``;
  const items = value.map((item: unknown) => (typeof item === "string" ? item : JSON.stringify(item)));
  return `\`[${items.join(", ")}]\``;
}
