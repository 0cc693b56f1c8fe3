import type { FindingText } from "../finding.ts";
import { isHostFault, type TlsrptUriFault, type TransportFindings } from "./transport.ts";

const stsFaults: Readonly<Record<TransportFindings["sts.txt-syntax"]["fault"], string>> = {
  version: "大文字・小文字も含めて v=STSv1; で始まっていません",
  separator: "項目の間に「;」がないか、別の文字が使われています",
  field: "「名前=値」の形でない項目か、「=」の前後に空白がある項目があります",
  value: "値に使えない文字があります",
};

const idFaults: Readonly<Record<TransportFindings["sts.txt-id"]["fault"], string>> = {
  missing: "id= がありません",
  "too-long": "id が 32 文字を超えています",
  character: "id に英数字以外の文字があります",
  twice: "id= が 2 つあります",
};

const rptFaults: Readonly<Record<TransportFindings["rpt.syntax"]["fault"], string>> = {
  version: "大文字・小文字も含めて v=TLSRPTv1; で始まっていません",
  separator: "項目の間に「;」がないか、別の文字が使われています",
  "no-rua": "rua= がありません",
  "rua-twice": "rua= が 2 つあります",
  field: "「名前=値」の形でない項目か、「=」の前後に空白がある項目があります",
};

const uriFaults: Readonly<Record<TlsrptUriFault, string>> = {
  "no-scheme": "mailto: または https: がありません",
  scheme: "使えるのは mailto: と https: だけです",
  address: "メールアドレスになっていません",
  slashes: "mailto: の後に // は付きません",
  character: "空白か、%XX の形で書かなければならない文字が入っています",
  empty: "何も書かれていません",
};

const unsigned: Readonly<Record<TransportFindings["dane.insecure"]["what"], string>> = {
  mx: "MX レコード",
  address: "ホストのアドレス",
  tlsa: "TLSA レコード自体",
};

const malformed: Readonly<Record<TransportFindings["dane.malformed"]["fault"], string>> = {
  usage: "存在しない usage です",
  selector: "存在しない selector です",
  "matching-type": "存在しない matching type です",
  length: "データの長さがダイジェストの長さと合いません",
};

const mailbox =
  "障害についてのレポートも届くよう、できれば別のドメインのメールボックスにしてください。同じドメインなら postmaster ではなく専用のものをお勧めします。";

export const transportJa: FindingText<TransportFindings> = {
  "sts.absent": {
    text: ({ domain }) =>
      `${domain} には MTA-STS がありません。送信側は TLS に対応していることを確かめられず、経路上の第三者が平文で送らせることができます。`,
    fix: ({ domain }) =>
      `まず mode: testing のポリシーを https://mta-sts.${domain}/.well-known/mta-sts.txt に置き、それから TXT レコードを公開してください。`,
  },
  "sts.txt-multiple": {
    text: ({ name, count }) =>
      `${name} に MTA-STS のレコードが ${count} 個あります。この場合、ポリシーはないものとして扱われます。`,
    fix: () => "1 個だけにしてください。",
  },
  "sts.txt-syntax": {
    text: ({ name, fault, at }) =>
      `${name} のレコードを読めません。${stsFaults[fault]}${at === "" ? "" : `（「${at}」）`}。ポリシーはないものとして扱われます。`,
    fix: () => "v=STSv1; id=ID; と書いてください（ID は 32 文字までの英数字です）。",
  },
  "sts.txt-id": {
    text: ({ name, fault }) =>
      `${name} のレコードは使えません。${idFaults[fault]}。ポリシーはないものとして扱われます。`,
    fix: () => "id は 32 文字までの英数字で書いてください。最後に変更した日時にするのが一般的です。",
  },
  "sts.remove-order": {
    text: ({ domain, name, why }) =>
      why === "removed"
        ? `${name} のレコードがいきなりなくなります。送信側は ${domain} のポリシーを max_age が過ぎるまで覚えており、その間はポリシーどおりでなければ配送しません。`
        : `${name} にレコードがありませんが、${domain} の mta-sts というホストは残っています。廃止が途中で終わったか、導入が途中のままです。`,
    fix: ({ why }) =>
      why === "removed"
        ? "まず新しい id で mode: none と短い max_age のポリシーを公開し、以前の max_age が過ぎてから、レコードとホストを削除してください。"
        : "TXT レコードを公開するか、以前の max_age が過ぎてからホストも削除してください。",
  },
  "sts.no-rpt": {
    text: ({ domain }) =>
      `${domain} は MTA-STS を使っていますが、TLS レポートを求めていません。証明書や MX に問題が起きるとメールが届かなくなり、それを知る方法がありません。`,
    fix: () => `TLS-RPT のレコードを公開してください。${mailbox}`,
  },
  "rpt.missing": {
    text: ({ domain }) =>
      `${domain} は TLS レポートを求めていません。送信側が TLS で接続できなくても、それを知ることができません。`,
    fix: () => `TLS-RPT のレコードを公開してください。${mailbox}`,
  },
  "rpt.multiple": {
    text: ({ name, count }) =>
      `${name} に TLS-RPT のレコードが ${count} 個あります。この場合、レコードはないものとして扱われます。`,
    fix: () => "すべての宛先を 1 個のレコードにまとめてください。",
  },
  "rpt.syntax": {
    text: ({ name, fault, at }) =>
      `${name} のレコードを読めません。${rptFaults[fault]}${at === "" ? "" : `（「${at}」）`}。レポートは送られません。`,
    fix: () => "v=TLSRPTv1; rua=mailto:名前@ドメイン と書いてください。",
  },
  "rpt.rua": {
    text: ({ name, uri, fault, host }) => {
      if (fault === "no-such-name")
        return `${name} の宛先 ${uri} には TLS レポートを届けられません。${host} は存在しません。`;
      if (fault === "no-address")
        return `${name} の宛先 ${uri} には TLS レポートを届けられません。${host} には MX もアドレスもありません。`;
      if (fault === "null-mx")
        return `${name} の宛先 ${uri} には TLS レポートを届けられません。${host} はメールを受け取らないと宣言しています。`;
      if (fault === "empty") return `${name} の rua= に空の項目があります。`;
      return `${name} の rua= にある「${uri}」は TLS レポートの宛先として読めません（${uriFaults[fault]}）。`;
    },
    fix: ({ fault }) =>
      isHostFault(fault)
        ? "宛先を直すか、そのホストのレコードを公開してください。"
        : "mailto:名前@ドメイン または https://... の形で書き、複数のときは「,」で区切ってください。",
  },
  "rpt.rua-behind-broken-tls": {
    text: ({ domain, uri }) =>
      `TLS レポートの唯一の宛先（${uri}）が ${domain} 自身にあります。TLS に失敗してもレポートは届けることになっていますが、従わない送信側もあり、肝心の障害の知らせが届かないおそれがあります。`,
    fix: () => "別のドメインの宛先か https: の宛先も書いてください。",
  },
  "dane.none": {
    text: ({ domain, hosts }) =>
      `${domain} の MX ホスト（${hosts.join("、")}）には TLSA レコードがありません。送信側は DANE で相手を確かめられません。`,
    fix: () =>
      "DNSSEC を導入したうえで、各 MX ホストに 3 1 1 のレコードを公開してください。サービスのホストであれば、その事業者が行うことです。",
  },
  "dane.insecure": {
    text: ({ domain, host, what }) =>
      what === "mx"
        ? `${host} には TLSA レコードがありますが、${domain} の MX レコードが DNSSEC で署名されていません。MX を偽造されると DANE は役に立ちません。`
        : `${host} には TLSA レコードがありますが、${unsigned[what]}が DNSSEC で署名されていないため、無視されます。`,
    fix: ({ what, domain }) =>
      what === "mx"
        ? `${domain} のゾーンを署名してください。`
        : "ホストのゾーンを署名するか、TLSA レコードを削除してください。",
  },
  "dane.bogus": {
    text: ({ host, name, reason, signed }) =>
      signed
        ? `${name} の問い合わせに失敗します（${reason}）。DANE に対応した送信側は ${host} に配送しないことになっており、メールは遅れ、やがて送信者に戻ります。`
        : `${name} の問い合わせに「レコードはない」と答えず、失敗します（${reason}）。このため ${host} に配送しない送信側があります。`,
    fix: () =>
      "ホストのゾーンの DNS サーバーを調べてください（署名の状態と、TLSA の問い合わせに応答するかどうか）。",
  },
  "dane.usage-0-1": {
    text: ({ host, records, others }) =>
      `${host} の TLSA レコードの usage が 0 または 1 です（${records.join("、")}）。メールでは使えません。${
        others ? "" : "使えるレコードがほかにないため、TLS は必須になりますが、相手は確認されません。"
      }`,
    fix: () =>
      "いま使っている証明書と合っていることを確かめてから、usage 3（3 1 1）または 2 のレコードを公開してください。",
  },
  "dane.malformed": {
    text: ({ host, record, fault }) =>
      `${host} の TLSA レコード ${record} は使えません。${malformed[fault]}。`,
    fix: () => "証明書から作り直してください（3 1 1 と、公開鍵の SHA-256 を表す 64 桁の 16 進数にします）。",
  },
  "dane.3-0-x": {
    text: ({ host, record }) =>
      `${host} の TLSA レコード ${record} は証明書全体に結び付いています。証明書を更新すると合わなくなり、メールが届かなくなります。`,
    fix: () => "鍵に結び付く 3 1 1 にして、証明書を更新するときに同じ鍵を使い続けてください。",
  },
  "dane.partial-mx": {
    text: (p) =>
      `${p.domain} の MX ホストのうち、TLSA レコードがあるもの（${p.with.join("、")}）とないもの（${p.without.join("、")}）があります。攻撃者が前者への接続を妨げると、メールは保護のない後者に送られます。`,
    fix: () => "すべての MX ホストに TLSA レコードを公開してください。",
  },
  "dane.wrong-owner": {
    text: ({ name, hosts }) =>
      `${name} に TLSA レコードがありますが、そこは参照されません。MX ホスト（${hosts.join("、")}）の名前の下に置くものです。`,
    fix: () =>
      "削除してください。MX ホストのものかどうかは証明書を見ないと分からないため、確かめてから正しい名前に公開してください。",
  },
};
