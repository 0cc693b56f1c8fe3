import type { FindingText } from "./finding.ts";
import type { NotCarriedReason, OpendkimFindings } from "./opendkim.ts";

const at = ({ file, line }: { readonly file: string; readonly line: number }): string =>
  line === 0 ? file : `${file}:${line}`;

const why: Readonly<Record<NotCarriedReason, string>> = {
  "no-body-length": "本文の後ろに誰でも書き足せてしまうため、Sekisho は l= を付けません",
  "no-macros": "署名の可否は networks.submitters とログインで決まり、設定は要りません",
  "only-from": "鍵は From だけで決まります",
  "other-policy": "判定結果の扱いは verify に書きます",
  "fixed-headers":
    "署名するヘッダーは決まっています。追加は sign.extra_headers と sign.oversign_headers に書けます",
  "no-exemptions": "ホストやアドレスごとの例外はありません",
  "no-scripts": "スクリプトの機能はありません",
  "no-counterpart": "対応する機能がありません",
};

export const opendkimJa: FindingText<OpendkimFindings> = {
  "opendkim.file-unreadable": { text: (p) => `${at(p)}: ファイルを読めません（${p.reason}）。` },
  "opendkim.option-unknown": {
    text: (p) => `${at(p)}: OpenDKIM に「${p.option}」という設定はありません。`,
    fix: ({ meant }) =>
      meant === undefined ? "opendkim.conf(5) を確認してください。" : `${meant} の間違いではありませんか。`,
  },
  "opendkim.option-not-carried": {
    text: (p) => `${at(p)}: ${p.option} ${p.value} は移していません。${why[p.why]}。`,
  },
  "opendkim.options-needless": {
    text: (p) => `${at(p)}: Sekisho では不要なため省いた設定: ${p.options.join("、")}。`,
  },
  "opendkim.value": { text: (p) => `${at(p)}: 「${p.value}」は ${p.option} の値として読めません。` },
  "opendkim.data-set": {
    text: (p) =>
      `${at(p)}: ${p.option} のデータはデータベースかプログラムの中にあるため（${p.value}）、読んでいません。`,
    fix: () => "テキストファイルに書き出してから、もう一度取り込んでください。",
  },
  "opendkim.no-signing": {
    text: (p) => `${at(p)}: この OpenDKIM は署名していません（Mode v であるか、鍵がありません）。`,
  },
  "opendkim.sha1": {
    text: (p) => `${at(p)}: rsa-sha1 はもう使えません。鍵は移し、rsa-sha256 で署名します。`,
  },
  "opendkim.socket-open": {
    text: (p) =>
      `${at(p)}: ほかのホストから OpenDKIM に接続できます（${p.value}）。${p.listen} として移しました。`,
    fix: () => "別のホストの MTA から使う場合は、待ち受けるアドレスと milter.peers を書いてください。",
  },
  "opendkim.host-not-carried": {
    text: (p) =>
      p.entry.startsWith("!")
        ? `${at(p)}: ${p.option} の「${p.entry}」という除外は移していません。ほかに書いたネットワークに含まれていると、署名の対象になります。`
        : `${at(p)}: ${p.option} の「${p.entry}」はアドレスでもネットワークでもないため、移していません。`,
    fix: ({ entry }) =>
      entry.startsWith("!")
        ? "networks.submitters のネットワークを、このホストを含まない範囲に分けてください。"
        : "networks.submitters にアドレスを書いてください。",
  },
  "opendkim.key-row": {
    text: (p) =>
      `${at(p)}: 「${p.row}」は KeyTable の行として読めません。「名前 ドメイン:セレクタ:ファイル」と書きます。`,
  },
  "opendkim.key-row-broken": {
    text: (p) =>
      `${at(p)}: 「${p.name}」の行が 2 行に分かれています。OpenDKIM はこれを読めません。ここではつないで読みました。`,
    fix: () => "名前と値を 1 行に書いてください。",
  },
  "opendkim.key-name": {
    text: (p) =>
      `${at(p)}: 名前「${p.name}」が中身と合っていません。この行は ${p.domain} のセレクタ ${p.selector} の鍵です。`,
    fix: (p) => `SigningTable と合わせて ${p.selector}._domainkey.${p.domain} という名前にしてください。`,
  },
  "opendkim.key-twice": {
    text: (p) => `${at(p)}: KeyTable に「${p.name}」が 2 回あります。最初の行を使います。`,
  },
  "opendkim.selector-twice": {
    text: (p) =>
      `${at(p)}: ${p.domain} のセレクタ ${p.selector} に鍵ファイルが 2 つあります。${p.first} を使い、${p.key} は省きました。`,
    fix: () => "どちらが公開されているかを sekisho key verify で調べ、そのファイルを指定してください。",
  },
  "opendkim.key-inline": {
    text: (p) => `${at(p)}: 「${p.name}」の秘密鍵が表の中に直接書かれているため、移していません。`,
    fix: () => "モード 0600 のファイルに保存し、そのファイルを指定してください。",
  },
  "opendkim.key-owner": {
    text: ({ key }) =>
      `秘密鍵 ${key}（またはその上位フォルダー）の所有者が root ではありません。OpenDKIM 専用の利用者であれば OpenDKIM では正しい設定ですが、Sekisho はこのままでは使いません。`,
    fix: ({ key, copy }) =>
      `OpenDKIM が動いている間は所有者を変えずにコピーし、そのパスを file に書いてください: install -D -m 0600 -o sekisho ${key} ${copy}（sekisho は Sekisho を動かす利用者）`,
  },
  "opendkim.key-any-domain": {
    text: (p) =>
      `${at(p)}: 「${p.name}」は From のドメインが何であっても署名します（%）。署名するドメインは限る必要があるため、移していません。`,
    fix: () => "自組織のドメインごとに sign.keys へ 1 つずつ書いてください（ファイルは共通でも構いません）。",
  },
  "opendkim.key-unused": {
    text: (p) =>
      `${at(p)}: 「${p.name}」を使う SigningTable の行がありません。from: []（使わない鍵）として移しました。`,
  },
  "opendkim.row": {
    text: (p) => `${at(p)}: 「${p.row}」は SigningTable の行として読めません。「パターン 名前」と書きます。`,
  },
  "opendkim.row-dangling": {
    text: (p) =>
      `${at(p)}: ${p.pattern} の行が指す「${p.name}」が KeyTable にありません。このメールには署名が付いていません。`,
    fix: ({ taken, meant }) =>
      taken !== undefined
        ? `ドメインとセレクタが同じ「${taken}」のこととして移しました。確認してください。`
        : meant !== undefined
          ? `「${meant}」の間違いではありませんか。`
          : "KeyTable にその行を加えるか、別の名前を指定してください。",
  },
  "opendkim.row-wildcard": {
    text: (p) =>
      `${at(p)}: パターン ${p.pattern} は、他人の From も含めてすべてのメールに署名します。移していません。`,
    fix: () =>
      "sign.keys の from に自組織のドメインを書いてください。すべてに署名する必要があれば any_domain: true です。",
  },
  "opendkim.row-pattern": {
    text: (p) => `${at(p)}: パターン ${p.pattern} はドメインやアドレスの形で表せないため、移していません。`,
  },
  "opendkim.row-loose": {
    text: (p) =>
      `${at(p)}: パターン ${p.pattern} は、末尾が ${p.domain} と同じだけの別のドメインにも一致します。${p.domain} とそのサブドメインだけを移しました。`,
  },
  "opendkim.row-subdomains": {
    text: (p) =>
      `${at(p)}: パターン ${p.pattern} はサブドメインだけのものです。include_subdomains として移したため、${p.domain} 自体にも署名します。`,
  },
  "opendkim.row-never": {
    text: (p) =>
      p.kind === "refile"
        ? `${at(p)}: パターン ${p.pattern} はどのメールにも一致しません（refile ではアドレス全体と比べられます）。意図されたとおりに移しました。`
        : `${at(p)}: ${p.pattern} はどのメールにも一致しません（refile: を付けないと * はただの文字です）。意図されたとおりに移しました。`,
    fix: ({ better }) => `OpenDKIM での書き方: ${better}`,
  },
  "opendkim.row-shadowed": {
    text: (p) =>
      `${at(p)}: 上にある ${p.by} が先に一致するため、${p.pattern} の行は使われていません。移していません。`,
    fix: () =>
      "必要であれば sign.keys に加えてください。Sekisho では、より具体的に書いたものが優先されます。",
  },
  "opendkim.row-identity": {
    text: (p) => `${at(p)}: ${p.pattern} の i=${p.identity} は identity では表せないため、省きました。`,
  },
  "opendkim.row-alignment": {
    text: (p) =>
      `${at(p)}: From が ${p.from} のメールに、別のドメイン d=${p.domain} で署名しています。同じ組織のドメインでなければ DMARC の役に立ちません。third_party: true として移しました。`,
    fix: ({ from }) => `${from} 自身の鍵を作ってください。`,
  },
  "opendkim.record-selector": {
    text: (p) =>
      `${at(p)}: このレコードの名前は ${p.owner} ですが、鍵は ${p.domain} のセレクタ ${p.selector} として使われています。別のセレクタのレコードです。`,
    fix: (p) => `${p.selector}._domainkey.${p.domain} に登録してください（sekisho key dns で表示できます）。`,
  },
  "opendkim.record-differs": {
    text: (p) => `${at(p)}: レコードの鍵（${p.published}）が鍵ファイルの鍵（${p.own}）と違います。`,
    fix: () => "sekisho key dns の出力を DNS に登録してください。",
  },
};
