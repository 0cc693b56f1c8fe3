import type { ErrorCode } from "yaml";

/** What the YAML reader complains of; ALIAS is our own. */
export type YamlFault = ErrorCode | "ALIAS";

/** In Japanese; in English the reader speaks for itself. A missing one does not compile. */
export const yamlFaultJa: Readonly<Record<YamlFault, string>> = {
  ALIAS: "別名 (*名前) は使えません。値をそのまま書いてください",
  ALIAS_PROPS: "別名 (*名前) は使えません。値をそのまま書いてください",
  BAD_ALIAS: "「*」や「&」の後ろの名前が正しくありません。文字として使うなら引用符で囲んでください",
  BAD_COLLECTION_TYPE: "タグ (!) と値の種類が合いません",
  BAD_DIRECTIVE: "「%」で始まる行が正しくありません",
  BAD_DQ_ESCAPE: "\"...\" の中の「\\」の使い方が正しくありません。「\\\\」と書くか '...' で囲んでください",
  BAD_INDENT: "字下げがそろっていません",
  BAD_PROP_ORDER: "アンカー (&) やタグ (!) の位置が正しくありません",
  BAD_SCALAR_START: "この文字で始まる値は引用符で囲んでください",
  BLOCK_AS_IMPLICIT_KEY: "1 行に「キー: 値」が 2 つあります。改行するか、値を引用符で囲んでください",
  BLOCK_IN_FLOW: "{ } や [ ] の中では、字下げによる書き方は使えません",
  DUPLICATE_KEY: "同じキーが 2 回あります",
  IMPOSSIBLE: "書き方が正しくありません",
  KEY_OVER_1024_CHARS: "キーが 1024 文字を超えています",
  MISSING_CHAR: "記号が足りません (キーの後ろの「: 」、「,」、閉じる引用符や括弧など)",
  MULTILINE_IMPLICIT_KEY: "キーが 2 行以上にわたっています。「:」が抜けていませんか",
  MULTIPLE_ANCHORS: "アンカー (&) が 2 つあります",
  MULTIPLE_DOCS: "文書が 2 つ以上あります。「---」は先頭にだけ書けます",
  MULTIPLE_TAGS: "タグ (!) が 2 つあります",
  NON_STRING_KEY: "キーには文字列を書いてください",
  RESOURCE_EXHAUSTION: "入れ子が深すぎます",
  TAB_AS_INDENT: "字下げにタブは使えません。空白を使ってください",
  TAG_RESOLVE_FAILED: "使えないタグ (!) か、タグに合わない値です",
  UNEXPECTED_TOKEN: "ここには書けない文字があります",
};
