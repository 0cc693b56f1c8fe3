import { expect, test } from "vitest";
import { fileFaultText } from "./file-fault.ts";

test.each([
  { reason: "ENOENT", en: "there is no such file", ja: "ファイルがありません" },
  { reason: "EISDIR", en: "it is a directory", ja: "ファイルではなくディレクトリです" },
  { reason: "ENOSPC", en: "the disk is full", ja: "ディスクの空き容量がありません" },
  { reason: "empty", en: "it is empty", ja: "空です" },
  {
    reason: "> 10000000 octets",
    en: "it has more than 10000000 octets",
    ja: "10000000 オクテットを超えています",
  },
  { reason: "EMFILE", en: "EMFILE", ja: "EMFILE" },
  { reason: "constructor", en: "constructor", ja: "constructor" },
])("$reason", ({ reason, en, ja }) => {
  expect([fileFaultText(reason, "en"), fileFaultText(reason, "ja")]).toEqual([en, ja]);
});
