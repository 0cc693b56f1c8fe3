import type { FindingText } from "../finding.ts";
import type { BimiFindings } from "./bimi.ts";

const gaps: Readonly<Record<BimiFindings["bimi.dmarc"]["gap"], (name: string) => string>> = {
  "policy-none": (name) => `${name} のポリシーが p=none です`,
  "subdomain-policy-none": (name) => `${name} に sp=none があります`,
  "policy-partial": (name) =>
    `${name} の quarantine がすべてのメールを対象にしていません（pct が 100 未満、または t=y）`,
  "no-policy": (name) => `${name} に DMARC のポリシーがありません`,
  "organization-policy-missing": (name) => `組織ドメインの ${name} に DMARC のポリシーがありません`,
};

export const bimiJa: FindingText<BimiFindings> = {
  "bimi.record": {
    text: (p) => {
      switch (p.fault) {
        case "missing":
          return `${p.name} に BIMI レコードがないため、受信者のメールボックスにロゴは表示されません。`;
        case "several":
          return `${p.name} に BIMI レコードが ${p.count} 個あります。2 個以上あるとロゴは表示されません。`;
        case "wrong-place":
          return `BIMI レコードが ${p.found} にありますが、そこは参照されません。${p.name} に置くものです。`;
        case "record-syntax":
          return `${p.name} の BIMI レコードを読めません。タグの書き方が誤っているか、同じタグが 2 つあります。`;
        case "location-missing":
          return `${p.name} の BIMI レコードにロゴの場所（l=）がありません。`;
        case "location-not-https":
          return `${p.name} のロゴの場所（l=）が、完全なホスト名を持つ https の URI ではありません。`;
        case "location-format":
          return `${p.name} のロゴの場所（l=）が SVG 以外の画像形式を指しています。`;
        case "authority-not-https":
          return `${p.name} の証明書の場所（a=）が、完全なホスト名を持つ https の URI ではありません。`;
      }
    },
    fix: ({ fault }) =>
      fault === "missing"
        ? "ロゴを表示させたい場合だけ公開してください（v=BIMI1; l=https://...svg; a=https://...pem）。"
        : fault === "wrong-place"
          ? "正しい名前に移してください。"
          : fault === "several"
            ? "1 個だけにしてください。"
            : "v=BIMI1; l=https://...svg; a=https://...pem の形で書いてください。",
  },
  "bimi.dmarc": {
    text: ({ domain, name, gap }) =>
      `${domain} は BIMI を公開していますが、ロゴは表示されません。${gaps[gap](name)}。BIMI には、ドメインとその組織ドメインの両方で、すべてのメールに対する quarantine か reject が必要です。`,
    fix: () => "レポートで問題がないことを確かめながら、先に DMARC のポリシーを強めてください。",
  },
};
