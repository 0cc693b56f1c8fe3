import type { FindingText } from "../finding.ts";
import type { SpfFindings } from "./spf.ts";

export const spfJa: FindingText<SpfFindings> = {
  "spf.missing": {
    text: ({ domain }) =>
      `${domain} の SPF レコードがありません。受信側は正規の送信サーバを見分けられません。`,
  },
};
