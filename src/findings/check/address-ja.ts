import type { FindingText } from "../finding.ts";
import type { AddressFindings } from "./address.ts";

const list = (names: readonly string[]): string => names.join("、");

export const addressJa: FindingText<AddressFindings> = {
  "ptr.missing": {
    text: ({ ip, sends }) =>
      sends
        ? `送信元アドレス ${ip} に PTR レコード（逆引き）がありません。Gmail（5.7.25）をはじめ、多くの受信側に拒否されます。`
        : `MX のアドレス ${ip} に PTR レコード（逆引き）がありません。送信にも使うサーバーなら、Gmail（5.7.25）などに拒否されます。`,
    fix: ({ name }) => `アドレスの割り当て元に、${name} の PTR レコードの設定を依頼してください。`,
  },
  "ptr.unconfirmed": {
    text: ({ ip, names, sends }) =>
      `${ip} の逆引きは ${list(names)} ですが、その名前を正引きしても ${ip} に戻りません。${sends ? "" : "送信にも使うサーバーなら、"}受信側では名前がないものとして扱われます。`,
    fix: ({ ip }) =>
      `PTR レコードをメールサーバーの名前に変えるよう依頼するか、その名前がメールサーバー自身のものであれば ${ip} を登録してください。`,
  },
  "ptr.generic": {
    text: ({ ip, name }) =>
      `${ip} の逆引き ${name} は、事業者が回線に一律に付ける名前に見えます。Yahoo などは、こうした送信元を信用しません。`,
    fix: () => "PTR レコードを、メールサーバーの名前に変えるよう依頼してください。",
  },
  "ptr.multiple": {
    text: ({ ip, names }) =>
      `${ip} に PTR レコードが ${names.length} 個あります（${list(names)}）。そのうち 1 個だけを見る受信側もあり、どれになるかは決まっていません。`,
    fix: () => "メールサーバーの名前だけを残してください。",
  },
  "ptr.delegation": {
    text: ({ ip, name, target }) =>
      `${ip} の逆引き ${name} は CNAME で ${target} につながっていますが、そこに PTR レコードがありません。アドレスの逆引きの委任が壊れています。`,
    fix: ({ target }) => `${target} に PTR レコードを登録してください。`,
  },
  "helo.name": {
    text: ({ name, problem }) => `HELO 名 ${name} は${heloProblems[problem]}。`,
    fix: () => "サーバーには、DNS にアドレスがある完全なホスト名（FQDN）を名乗らせてください。",
  },
  "ip.listed": {
    text: ({ ip, list: zone, codes, reason }) =>
      `${ip} がブロックリスト ${zone} に載っています（${list(codes)}）${reason === "" ? "" : `: ${reason}`}。`,
    fix: ({ list: zone }) =>
      `原因を調べて取り除き、${zone} に解除を申請してください。それまで、このリストを使う受信側に拒否されます。`,
  },
  "ip.list-unusable": {
    text: ({ list: zone }) =>
      `ブロックリスト ${zone} が、試験用の項目に正しく応答しません。このリストの結果は使っていません。お使いの DNS サーバーには応答しない運用かもしれません。`,
  },
};

const heloProblems: Readonly<Record<AddressFindings["helo.name"]["problem"], string>> = {
  "no-name": "ホスト名ではありません",
  address: "アドレスであり、ホスト名ではありません",
  localhost: "自分自身を指す名前です",
  "no-dot": "ドメインのない不完全な名前です",
  unresolvable: " DNS にアドレスがありません",
  loopback: "ループバックアドレスしか持ちません",
};
