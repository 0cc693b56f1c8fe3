import type { FindingText } from "../finding.ts";
import type { MxFindings } from "./mx.ts";

const list = (names: readonly string[]): string => names.join("、");

export const mxJa: FindingText<MxFindings> = {
  "mx.none-implicit": {
    text: ({ domain, addresses }) =>
      `${domain} には MX レコードがありません。メールはドメイン自身のアドレス（${list(addresses)}）に配送されます。多くの場合、それは Web サーバーです。`,
    fix: () => "受信するなら MX レコードを、受信しないなら null MX（MX 0 .）を公開してください。",
  },
  "mx.null": {
    text: ({ domain }) =>
      `${domain} は null MX により、メールを受信しないと宣言しています。送信側にはすぐにエラーが返ります。`,
  },
  "mx.null-mixed": {
    text: ({ domain, others }) =>
      `${domain} には、受信しないことを示す null MX と、受信するホスト（${list(others)}）の MX が両方あります。送信側の動作は定まりません。`,
    fix: () => "null MX とホストの MX のどちらか一方だけを残してください。",
  },
  "mx.null-sender": {
    text: ({ domain }) =>
      `${domain} は null MX でメールを受信しませんが、送信はしているようです。返信も配送エラーも届かないため、受信側で拒否されることがあります。`,
    fix: () =>
      "返信とエラーを受け取る MX を公開するか、別のドメインで送信してください。送信していない場合は --profile parked を指定してください。",
  },
  "mx.null-bad-form": {
    text: ({ domain, data }) =>
      `${domain} の MX レコード「${data}」は null MX のつもりのようですが、正しい書き方ではありません。優先度は 0、ホスト名はドット 1 文字です。`,
    fix: ({ domain }) => `${domain}. MX 0 .`,
  },
  "mx.ip-literal": {
    text: ({ mx, address }) =>
      `MX レコードに IP アドレス ${address} が書かれています（${mx}）。ここにはホスト名を書く決まりで、このままでは配送されません。`,
    fix: () => "サーバーにホスト名を付け、MX にはその名前を書いてください。",
  },
  "mx.cname": {
    text: ({ mx, target }) =>
      `MX のホスト ${mx} は ${target} の別名（CNAME）です。別名への配送を拒む送信側があります。`,
    fix: ({ target }) => `MX に ${target} を書くか、ホストに A・AAAA レコードを付けてください。`,
  },
  "mx.no-address": {
    text: ({ mx, others }) => `MX のホスト ${mx} に A レコードも AAAA レコードもありません。${lost(others)}`,
    fix: ({ mx }) => `${mx} のアドレスを公開するか、この MX レコードを削除してください。`,
  },
  "mx.nxdomain": {
    text: ({ mx, others }) => `MX のホスト ${mx} は存在しません。${lost(others)}`,
    fix: ({ mx }) => `${mx} の綴りを直すか、この MX レコードを削除してください。`,
  },
  "mx.special-address": {
    text: ({ mx, addresses }) =>
      `MX のホスト ${mx} のアドレス ${list(addresses)} には、インターネットから接続できません。`,
    fix: () => "外部から接続できるアドレスを公開してください。",
  },
  "mx.localhost": {
    text: ({ mx }) => `MX のホストが ${mx} です。送信側は自分自身に配送しようとします。`,
    fix: ({ domain }) => `メールを受信しない場合: ${domain}. MX 0 .`,
  },
  "mx.trailing-dot": {
    text: ({ mx, meant }) =>
      `MX のホスト ${mx} は、ドメイン名が二重に付いています。ゾーンファイルで末尾のドットが抜け、ゾーン名が補われたものです。正しくは ${meant} です。`,
    fix: ({ meant }) => `末尾にドットを付けて ${meant}. と書いてください。`,
  },
  "mx.duplicate": {
    text: ({ mx, preferences }) =>
      `MX に同じホスト ${mx} が ${preferences.length} 回書かれています（優先度 ${preferences.join("、")}）。同じホストでは予備になりません。`,
  },
  "mx.same-address": {
    text: ({ address, hosts }) =>
      `MX のホスト ${list(hosts)} はどれも同じアドレス ${address} です。そのサーバーが止まると、すべて止まります。`,
  },
  "mx.single-homed": {
    text: ({ domain, networks }) =>
      `${domain} の MX はすべて同じネットワーク（${list(networks)}）にあります。届かない間、メールは送信側で待たされ、数日で送信者に戻ります。`,
  },
  "mx.v6-missing": {
    text: ({ hosts }) =>
      `MX のどのホスト（${list(hosts)}）にも IPv6 アドレスがありません。受信は IPv4 だけです。`,
  },
  "mx.foreign": {
    text: ({ domain, hosts, listed }) =>
      listed
        ? `${domain} 宛のメールは、--mx で指定していないホストが受け取ります: ${list(hosts)}。`
        : `${domain} 宛のメールは、ほかの組織のホストが受け取ります: ${list(hosts)}。`,
  },
};

function lost(others: number): string {
  if (others === 0) return "ほかにホストがないため、メールは届きません。";
  return "先にこのホストを試す送信側では配送が遅れ、失敗することもあります。";
}
