import { grouped } from "../report/table.ts";
import type { SourceText } from "./source-text.ts";

export const sourceTextJa: SourceText = {
  group: {
    own: "自組織のサーバー",
    "own-unknown": "自組織のネットワーク内で把握していないもの",
    service: "外部サービス",
    gateway: "メールゲートウェイ",
    list: "メーリングリスト",
    unknown: "不明",
    forwarder: "転送",
    hosting: "レンタルサーバー・接続回線",
    spoofed: "なりすましの疑い",
  },
  confidence: { certain: "", high: "ほぼ確実", medium: "可能性が高い", low: "推測" },
  reason: {
    label: ({ label }) => `ラベル ${label} の指定による`,
    "own-network": ({ network }) => `networks.own の ${network} に含まれる`,
    "own-relay": ({ network }) => `networks.relays の ${network} に含まれる`,
    "own-submitter": ({ network }) => `networks.submitters の ${network} に含まれる`,
    "own-name": ({ name }) => `ホスト名 ${name} が自ドメインのもので、正引きも一致する`,
    "own-signature": ({ domain, network }) => `networks.own の ${network} に含まれ、${domain} の署名がある`,
    "own-space": ({ network }) => `networks.own の ${network} に含まれるが、管理者が分からない`,
    "list-host": ({ host }) => `lists.hosts の ${host}`,
    "list-override": ({ messages }) => `受信側が ${grouped(messages)} 通をメーリングリストと判断した`,
    "list-envelope": ({ envelope }) => `エンベロープ From の ${envelope || "<>"} がメーリングリストの形式`,
    "provider-ptr": ({ provider, name }, nameOf) => `ホスト名 ${name} が ${nameOf(provider)} のもの`,
    "provider-dkim": ({ provider, domain }, nameOf) => `${nameOf(provider)} の署名（${domain}）がある`,
    "provider-spf": ({ provider, domain }, nameOf) =>
      `エンベロープ From の ${domain} が ${nameOf(provider)} のもので、SPF も pass`,
    "provider-asn": ({ provider, asn }, nameOf) => `ネットワーク（AS${asn}）が ${nameOf(provider)} のもの`,
    "in-spf": ({ messages }) => `自ドメインの SPF に含まれる（${grouped(messages)} 通）`,
    "passes-on": ({ provider }, nameOf) => `${nameOf(provider)} の利用者による転送が多い`,
    "forward-override": ({ messages }) => `受信側が ${grouped(messages)} 通を転送と判断した`,
    "arc-override": ({ messages }) => `受信側が ${grouped(messages)} 通を ARC により受け入れた`,
    "srs-envelope": ({ envelope }) => `エンベロープ From の ${envelope} が転送時に書き換えた形式`,
    "other-envelope": ({ envelope }) => `エンベロープ From が ${envelope} で、SPF も pass`,
    "dkim-survives": ({ messages }) =>
      `自ドメインの署名が有効で、SPF は pass でない（${grouped(messages)} 通）`,
    "many-authors": ({ authors }) => `自組織の ${authors} ドメインを名乗る`,
    "nothing-passes": ({ messages }) => `${grouped(messages)} 通のすべてで SPF も DKIM も pass でない`,
    "no-name": () => "逆引きがない",
    "unconfirmed-name": ({ name }) => `逆引きの ${name} を正引きしても一致しない`,
    "generic-name": ({ name }) => `ホスト名 ${name} が接続回線のもの`,
    listed: ({ lists }) => `${lists} に載っている`,
    refused: ({ messages }) => `受信側が ${grouped(messages)} 通を隔離・拒否した`,
    "nothing-known": () => "手がかりがない",
  },
  advice: {
    "sign-own":
      "このサーバーで DKIM 署名を付けるか、署名するサーバーを経由して送信してください。From を自分のドメインにしてもらう方法もあります。",
    "mend-own":
      "署名の後で本文や件名が変わっています（メーリングリスト、フッタの追加、ウイルス対策など）。署名を最後に付けるか、内容を変えないようにしてください。",
    "allow-own":
      "DKIM 署名を付け、アドレスを SPF に追加してください。自ドメインを名乗るべきでないサーバーなら、管理者に連絡してください。",
    "find-owner":
      "管理者を調べて networks.own に登録してください。組織のメールサーバーを経由するか、From を自分のドメインにしてもらいます。",
    "sign-service":
      "サービス側で自ドメインの DKIM 署名を設定してください。SPF だけでは転送されたときに認証に失敗します。",
    "mend-service":
      "このサービスの署名の検証に失敗しています。DNS の公開鍵がサービスの指定どおりか確認してください。",
    "set-up-service":
      "利用中のサービスなら、自ドメインの DKIM 署名を設定してください。利用していなければ、第三者によるものです。",
    "find-out": "送信元を調べ、sekisho report label で登録してください。",
    "sign-in-spf":
      "SPF に登録されているサーバーです。DKIM 署名を付け、networks.own か sekisho report label で登録してください。",
    list: "リスト側で From を書き換えるか、内容を変えないようにする必要があります。自組織側での対応は不要です。",
    leave: "対応は不要です。DKIM 署名のあるメールは、途中で内容が変わらなければ認証に成功します。",
    ignore: "対応は不要です。ポリシーを quarantine や reject にすれば防げます。",
    "low-reputation": "ブロックリストに載っているため、確認は最後で構いません。",
    "tell-whose":
      "急ぎの対応は不要です。誰のサーバーかを networks.own か sekisho report label で登録してください。",
    nothing: "対応は不要です。",
    "add-to-spf":
      "急ぎの対応は不要です（署名は有効）。SPF も pass にするには、エンベロープ From を自ドメインにし、SPF にアドレスを追加します。",
  },
  task: {
    "sign-own": "DKIM 署名を付ける",
    "mend-own": "署名が壊れないようにする",
    "allow-own": "DKIM 署名と SPF を設定するか、送信を止める",
    "find-owner": "管理者を調べる",
    "sign-service": "自ドメインの DKIM 署名を設定する",
    "mend-service": "DKIM の設定を直す",
    "set-up-service": "利用中なら自ドメインの DKIM 署名を設定する",
    "sign-in-spf": "管理者を調べ、DKIM 署名を付ける",
    "find-out": "送信元を調べる",
  },
  dkim: (way, domain) => {
    const of = domain === undefined ? "" : `（${domain}）`;
    return { pass: `pass${of}`, broken: `検証失敗${of}`, other: `${domain} のみ`, none: "署名なし" }[way];
  },
  spf: (way, result, domain) => {
    if (way === "pass") return "pass";
    return domain === undefined ? result : `${result}（${domain}）`;
  },
  summary: (domain, messages, addresses, since, until) =>
    `${domain}: ${since} ${until === undefined ? "以降" : `から ${until} まで`} ${grouped(messages)} 通、送信元 ${grouped(addresses)} アドレス`,
  passed: (passed, percent, dkim, spf) =>
    `DMARC pass は ${grouped(passed)} 通（${percent}）。内訳は DKIM ${grouped(dkim)} 通、SPF ${grouped(spf)} 通（重複あり）`,
  first: "最初に対応するもの",
  amongOthers: (address) => `${address} ほか`,
  firstTask: (task, whose, messages, addresses) =>
    `${whose}: ${task}（${grouped(messages)} 通、${grouped(addresses)} アドレス）`,
  title: (group, whose, how) => {
    const what = whose === undefined ? group : `${group}: ${whose}`;
    return how === "" ? what : `${what}（${how}）`;
  },
  sums: (messages, addresses, percent) =>
    `${grouped(messages)} 通、${grouped(addresses)} アドレス、DMARC ${percent}`,
  labels: { why: "理由", do: "対応", owner: "管理者" },
  columns: {
    address: "アドレス",
    addresses: "アドレス数",
    name: "ホスト名",
    messages: "通数",
    dkim: "DKIM",
    spf: "SPF",
    dmarc: "DMARC",
    from: "From",
    label: "ラベル",
    group: "分類",
    owner: "管理者",
  },
  seen: (messages, first, last) =>
    `${grouped(messages)} 通（${first === last ? `${first} のみ` : `初回 ${first}、最終 ${last}`}）`,
  noAddress: "（アドレスなし）",
  noOwner: "（管理者の登録なし）",
  moreAddresses: (count) => `… 他 ${grouped(count)} アドレス（--limit で表示）`,
  forOne: (address, why) => `${why}（${address} の場合）`,
  notShown: "表示していないもの（--limit で表示）",
  moreWays: (count) => `… 他 ${grouped(count)} とおり`,
  unnamed: (count) => `${grouped(count)} アドレスはまだ DNS で調べていません。次のコマンドで調べられます:`,
  recordsGone: "レコードの保存期間が過ぎています",
  noSources: (domain, since, until) =>
    until === undefined
      ? `${since} 以降に ${domain} を名乗るメールの報告はありません。さらに前の期間は --since で指定してください`
      : `${since} から ${until} までに ${domain} を名乗るメールの報告はありません`,
  noReportsAbout: (domain, since, organizational) =>
    `${since} 以降に ${domain} 自体のレポートはありません。独自の DMARC レコードがなければ、そのメールは ${organizational} のレポートに含まれます: sekisho report sources ${organizational}`,
  noneOwn: (domain) => `${domain} を名乗る自組織の送信元はありません`,
  noneFailing: (domain) => `${domain} を名乗るメールはすべて DMARC pass です`,
  noneFailingHere: "該当する送信元のメールはすべて DMARC pass です",
  noneInGroup: (domain, group) => `${domain} を名乗る送信元に、「${group}」に分類されるものはありません`,
  setNetworks: "networks.own が未設定のため、自組織のサーバーはホスト名からしか判別できません。",
  missingDomain: "ドメインを指定してください: sekisho report sources ドメイン",
  badDomain: (written) => `${written} はドメイン名ではありません`,
  named: (asked, unanswered) =>
    `${grouped(asked)} アドレスを調べました（うち応答なし ${grouped(unanswered)}）`,
  nothingToName: "すべてのアドレスを調査済みです",
  left: (count) => `残り ${grouped(count)} アドレスは次回調べます`,
  listUnusable: (list) => `${list} はブロックリストとして正しく応答しないため、使いません`,
  databaseUnusable: (file, why) => `${file}: 使えません（${why}）`,
  badPattern: (written) =>
    `${written} は IP アドレス・ネットワーク・ホスト名・ドメイン名のいずれでもありません`,
  badGroup: (written, groups) => `${written} という分類はありません。次から選んでください: ${groups}`,
  missingGroup: (groups) => `分類を指定してください: ${groups}（取り消すには --remove）`,
  groupOfRemoved: (group) =>
    `--remove では分類によらずラベルを取り消します。「${group}」は指定しないでください`,
  labelled: (pattern, group) => `${pattern}: ${group}`,
  unlabelled: (pattern) => `${pattern}: ラベルを取り消しました`,
  noSuchLabel: (pattern) => `ラベル ${pattern} はありません。sekisho report label で一覧を表示できます`,
  noLabels: "ラベルはありません",
};
