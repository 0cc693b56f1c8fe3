import type { SigningText } from "./signing-text.ts";

export const signingJa: SigningText = {
  usage: {
    keyNeedsAll: "--key、--domain、--selector は 3 つとも指定してください",
    badCanonicalization: (value) =>
      `--canonicalization: 「${value}」は指定できません。relaxed/relaxed、relaxed/simple、simple/relaxed、simple/simple のどれかです`,
    badDuration: (option, value) => `${option}: 「${value}」は 12h や 14d のような時間ではありません`,
    badPassphrase: "--passphrase: パスフレーズそのものではなく、file:PATH か env:NAME を書いてください",
    badIdentity: (value) => `--identity: 「${value}」は指定できません。none、domain、address のどれかです`,
    badFieldName: (option, value) => `${option}: 「${value}」は署名できるヘッダーの名前ではありません`,
    badDomain: (value) => `--domain: 「${value}」は example.jp のようなドメインではありません`,
    badSelector: (value) => `--selector: 「${value}」は s20261031 のようなセレクタではありません`,
    badType: (value) => `--type: 「${value}」は rsa でも ed25519 でもありません`,
    badBits: (value) => `--bits: 「${value}」は指定できません。2048、3072、4096 のどれかです`,
    bitsOfRsaOnly: (type) =>
      `--bits は RSA 鍵のための指定です。--type ${type} の鍵の長さは決まっているので、--bits を外してください`,
    badService: (value) => `--service: 「${value}」は email でも tlsrpt でもありません`,
    badForm: (value) => `--form: 「${value}」は指定できません。zone、line、value のどれかです`,
    domainMissing: "--domain でどのドメインの鍵かを指定してください",
    noResultsOption: (option) => `${option} は --trust-header と同時に指定できません（検証を行わないため）`,
  },
  key: {
    "bad-domain": "このドメインは署名の d= に使えません",
    "bad-selector": "このセレクタは署名の s= に使えません",
    "key-type": "RSA でも Ed25519 でもない鍵です",
    "key-too-short": "RSA 鍵が 1024 ビット未満です",
    "key-broken": "鍵ファイルが壊れています（署名したものを検証できません）",
  },
  unsigned: {
    "header-too-long": "署名していません。ヘッダーが長すぎます",
    "header-malformed": "署名していません。ヘッダーが空白またはタブで始まっています",
    "from-missing": "署名していません。From がありません",
    "from-repeated": "署名していません。From が 2 つ以上あります",
    "too-many-fields": "署名していません。同じヘッダーが多すぎます",
    "signing-failed": "署名していません。鍵で署名できませんでした",
  },
  unsealed: {
    "sealed-as-failed": "封印していません。最新の封印がすでに cv=fail です",
    "too-many-sets": "封印していません。ARC の組が 50 個に達しています",
    "no-results": "封印していません。封印する検証結果がありません",
    "signing-failed": "封印していません。鍵で署名できませんでした",
  },
  noKeyFor: (author, domains) =>
    domains.length === 0
      ? `署名していません。設定 (sign.keys) に ${author} のメールのための鍵がありません`
      : `署名していません。sign.keys に ${author} のメールのための鍵がありません（あるのは ${domains.join("、")}）`,
  noSealKey: "封印に使う鍵が設定 (seal) になく、--key の指定もありません",
  noOwnResults: (authservId) => `${authservId} の Authentication-Results がメールにありません`,
  notAligned: (from, domain) =>
    `From は ${from}、署名は ${domain} です。同じ組織のドメインでなければ DMARC の役に立ちません`,
  mayBreak: (what) => `署名が途中で壊れるおそれがあります: ${what}`,
  noKeys: "設定に鍵 (sign.keys) がありません。",
  noSuchKey: "設定 (sign.keys) にその鍵はありません",
  keyExists: (file) =>
    `${file} はすでにあります。鍵を上書きすることはありません。別のセレクタかファイル名を指定してください`,
  generated: {
    file: (file) => `秘密鍵を ${file} に保存しました（所有者だけが読めます）。`,
    publish: "次のレコードを DNS に登録してください。",
    verify: "登録できたら、公開されていることを確かめてください。",
    addKey: "それから設定に鍵を加えてください。",
  },
  record: {
    zoneEntry: "ゾーンファイル (BIND):",
    zoneLine: "1 行で書く場合:",
    webForm: "DNS サービスの Web 画面:",
    name: "名前",
    type: "種類",
    value: "値",
  },
  agrees: (name, file) => `${name} に ${file} の鍵が公開されています。`,
  list: {
    key: "セレクタ、ドメイン",
    bits: "鍵",
    date: "作成日",
    from: "署名する From",
    file: "ファイル",
    unusable: "使えません",
    nobody: "なし",
    subdomains: (domain) => `${domain} とそのサブドメイン`,
    anyDomain: "すべてのドメイン",
  },
  imported: {
    title: (file) => `${file} から作りました。使う前に内容を確認してください。`,
    nothing: "すべて移しました。",
  },
};
