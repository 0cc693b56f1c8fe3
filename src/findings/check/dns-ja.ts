import type { FindingText } from "../finding.ts";
import { zoneProblemText } from "../zone-problems.ts";
import type { DnsFindings } from "./dns.ts";

const list = (names: readonly string[]): string => names.join("、");

export const dnsJa: FindingText<DnsFindings> = {
  "check.failed": {
    text: ({ subject, reason }) =>
      `${subject} の検査が、このプログラムの不具合で止まりました（${reason}）。${subject} については何も分かっていません。`,
  },
  "dns.unanswered": {
    text: ({ reason, count, names }) =>
      `DNS の問い合わせ ${count} 件で答えが得られず（${reasons[reason] ?? reason}）、関係する項目を調べられませんでした: ${list(names)}${count > names.length ? " など" : ""}。`,
    fix: () =>
      "時間をおいて、もう一度実行してください。続くようなら、これらの名前の DNS サーバーを調べてください。",
  },
  "dns.lame": {
    text: ({ server, ip, zone, problem }) =>
      `${zone} の DNS サーバー ${server}${ip === "" ? "" : `（${ip}）`} は${lameProblems[problem]}。このサーバーに問い合わせた側は、待たされるか、答えを得られません。`,
    fix: ({ server, zone }) =>
      `${server} に ${zone} を設定するか、ゾーンと登録事業者の両方から、この NS レコードを削除してください。`,
  },
  "dns.server-silent": {
    text: ({ server, ip, zone }) =>
      `${zone} の DNS サーバー ${server}（${ip}）が応答しません。このサーバーの内容は確認できていません。`,
    fix: ({ server }) =>
      `${server} が動いているか、UDP と TCP のポート 53 が開いているかを確認してください。`,
  },
  "dns.parent-child-ns": {
    text: ({ zone, onlyParent, onlyChild }) =>
      `${zone} の NS レコードが、上位のゾーンとゾーン自身とで違います。${only("上位だけにあるもの", onlyParent)}${only("ゾーンだけにあるもの", onlyChild)}どちらを使うかは問い合わせる側によります。`,
    fix: ({ zone }) => `${zone} の NS レコードと、登録事業者に届け出たものを一致させてください。`,
  },
  "dns.servers-disagree": {
    text: ({ name, type, versions }) =>
      `${name} の ${type} について、DNS サーバーの答えが一致しません。${versions.map(({ servers, data }) => `${list(servers)}: ${data.length === 0 ? "なし" : list(data)}`).join("；")}。受信側がどちらを見るかは決まっていません。`,
    fix: () =>
      "すべてのサーバーを同じ内容にしてください。シリアル番号、NOTIFY、ゾーン転送を確認します。変更の直後であれば、SOA の refresh の時間だけ待ってください。",
  },
  "dns.tcp": {
    text: ({ server, ip, name, type }) =>
      `${server}（${ip}）の ${name} ${type} の答えは UDP に収まらず、TCP では応答がありません。答えを得られない受信側が多くあります。`,
    fix: ({ server }) => `${server} の TCP ポート 53 を開くか、この名前のレコードを短くしてください。`,
  },
  "dns.nxdomain-vs-nodata-vs-servfail": {
    text: ({ domain, nxdomain, nodata, servfail }) =>
      [
        nxdomain.includes(`${domain} MX`)
          ? `${domain} という名前は DNS に存在しません。綴りを確認してください。`
          : "",
        `${domain} にレコードがない箇所の内訳です。`,
        nxdomain.length === 0 ? "" : `名前そのものがない: ${list(nxdomain)}。`,
        nodata.length === 0 ? "" : `名前はあるがレコードがない: ${list(nodata)}。`,
        servfail.length === 0
          ? ""
          : `サーバーが答えられない（メールは待たされ、有無は不明）: ${list(servfail)}。`,
        servfail.length === 0 ? "待っても変わりません。" : "待てば変わりうるのは最後のものだけです。",
      ].join(""),
  },
  "dns.nxdomain-cut": {
    text: ({ name, below }) =>
      `DNS サーバーは ${name} が存在しないと答えますが、その下に ${below} があります。この答えを信じる側（RFC 8020）からは、下の名前も見えなくなります。`,
    fix: ({ name }) =>
      `DNS サーバーを直してください。${name} には「名前はあるがレコードがない」と答える必要があります。`,
  },
  "dns.cname-and-other": {
    text: ({ name, target, types }) =>
      types.length === 0
        ? `${name} はゾーンの頂点なのに ${target} への CNAME になっています。SOA や NS がある名前に CNAME は置けず、メールが正しく届きません。`
        : `${name} は ${target} への CNAME ですが、ほかのレコード（${list(types)}）もあります。このゾーンは読み込まれないか、どちらかが無視されます。`,
    fix: () => "CNAME を削除するか、ほかのレコードを CNAME の指す先へ移してください。",
  },
  "dns.wildcard-txt": {
    text: ({ wildcard, names, text }) =>
      `ワイルドカード ${wildcard} の TXT レコード（「${text}」）が、別の用途で参照される名前にも答えています: ${list(names)}。`,
    fix: ({ wildcard }) =>
      `${wildcard} の TXT レコードを削除するか、これらの名前に正しいレコードを公開してください。`,
  },
  "dns.zone-syntax": {
    text: ({ file, line, fault, detail, problem }) =>
      `${file}:${line}: ${faults[fault](problem === undefined ? detail : zoneProblemText(problem, "ja"))}`,
  },
  "dns.ttl-high": {
    text: ({ records, ttl }) =>
      `${list(records)} の TTL は ${time(ttl)}です。変更しても、その間は古い内容が使われ続けます。`,
    fix: ({ ttl }) =>
      `変更の前に TTL を 120 秒に下げ、${time(ttl)}待ってから変更し、問題がなければ元に戻してください。`,
  },
  "dns.ttl-low": {
    text: ({ records, ttl }) =>
      `${list(records)} の TTL は ${ttl} 秒です。DNS サーバーが一時的に止まると、すぐに受信側へ影響します。`,
    fix: () => "変更の予定がなければ 3600 秒（1 時間）程度が適当です。",
  },
  "dns.negative-ttl": {
    text: ({ zone, ttl }) =>
      `${zone} の SOA では、「レコードがない」という答えが ${time(ttl)}保持されます。新しいレコードが、その間見えないことがあります。`,
    fix: () => "SOA の最後の値を 300〜10800 秒にしてください。",
  },
  "dns.new-domain": {
    text: ({ domain }) =>
      `新しいドメインには失われる正規のメールがないため、はじめから p=reject にできます。受信側はまだ ${domain} を知らず、急に大量に送ると一時拒否（4xx）されます。`,
    fix: () =>
      "数週間かけて通数を少しずつ増やすか、すでに実績のあるドメインのサブドメインで送信してください。",
  },
  "dnssec.absent": {
    text: ({ domain, signed }) =>
      signed
        ? `${domain} のゾーンは署名されていますが、上位に DS レコードがないため、誰も署名を検証できません。`
        : `${domain} は DNSSEC で署名されていません。途中で答えを偽造されるおそれがあり、DANE も使えません。`,
    fix: ({ signed }) =>
      signed
        ? "登録事業者に DS レコードを登録してください。"
        : "DNS サーバーでゾーンに署名し、登録事業者に DS レコードを登録してください。",
  },
  "dnssec.bogus": {
    text: ({ names }) =>
      `${list(names)} の DNSSEC 署名を検証できません。検証する DNS サーバーを使う側からはドメインが存在しないのと同じで、メールは待たされます。`,
    fix: () =>
      "ゾーンに署名し直してください。鍵を替えた場合は、上位の DS レコードを正しいものにするか、当面削除してください。",
  },
  "dnssec.expiring": {
    text: ({ zone, ends, hours }) =>
      `${zone} の DNSSEC 署名が ${ends}（あと ${hours} 時間）で切れます。切れると、検証するすべての DNS サーバーがこのゾーンを拒否します。`,
    fix: () => "署名が更新されない理由を調べてください。",
  },
  "dnssec.unknown": {
    text: ({ domain }) =>
      `${domain} が署名されているかどうかは分かりません。使用中の DNS サーバーが DNSSEC を検証しないか、その結果を示さないためです。`,
    fix: () => "--nameserver で、検証を行う DNS サーバーを指定してください。",
  },
  "sub.uncovered": {
    text: ({ names }) =>
      `次の名前にはアドレスがありますが、SPF レコードも、適用される DMARC のポリシーもありません: ${list(names)}。誰でも ～@${(names[0] ?? "").replace("*", "any")} として送信できます。`,
    fix: () =>
      "送信しない名前には「v=spf1 -all」を公開してください（CNAME の名前には置けません）。サブドメインのメールがすべて DMARC に合格するようになったら、ドメインの DMARC レコードに sp=reject を加えます。",
  },
};

const reasons: Readonly<Record<string, string>> = {
  timeout: "時間切れ",
  servfail: "サーバー側の失敗",
  refused: "拒否",
  bogus: "DNSSEC 署名の検証失敗",
  malformed: "読めない応答",
  limit: "この検査の問い合わせ数・時間の上限",
};

const lameProblems: Readonly<Record<DnsFindings["dns.lame"]["problem"], string>> = {
  "not-authoritative": "このゾーンを持っていません",
  refused: "このゾーンへの問い合わせを拒否します",
  servfail: "このゾーンについて答えられません",
  "no-address": "アドレスがありません",
};

const faults: Readonly<Record<DnsFindings["dns.zone-syntax"]["fault"], (detail: string) => string>> = {
  "two-types": (detail) => `${detail}。1 つにしないと、サーバーはこのゾーンを読み込めません。`,
  parenthesis: (detail) => `括弧の対応が取れていません（${detail}）。後の行が正しく読まれません。`,
  quote: (detail) => `${detail}。`,
  "string-too-long": (detail) => `${detail}。複数の文字列に分けてください。`,
  semicolon: (detail) =>
    `引用符がないため、セミコロンから後ろがコメントになり、レコードは「${detail}」で切れます。全体を引用符で囲んでください。`,
  "unquoted-blank": (detail) =>
    `引用符がないため空白が失われ、「${detail}」になります。全体を引用符で囲んでください。`,
  "missing-dot": (detail) =>
    `末尾のドットがないため、ゾーン名が補われて ${detail} になります。名前の末尾にドットを付けてください。`,
  include: (detail) => `${detail}。その中は調べていません。`,
  directive: (detail) => `${detail}。この行が表すレコードは調べていません。`,
  syntax: (detail) => `この行を読めません（${detail}）。`,
};

function only(what: string, names: readonly string[]): string {
  return names.length === 0 ? "" : `${what}: ${list(names)}。`;
}

function time(seconds: number): string {
  if (seconds >= 86_400 && seconds % 86_400 === 0) return `${seconds / 86_400} 日`;
  if (seconds >= 3600 && seconds % 3600 === 0) return `${seconds / 3600} 時間`;
  if (seconds >= 60 && seconds % 60 === 0) return `${seconds / 60} 分`;
  return `${seconds} 秒`;
}
