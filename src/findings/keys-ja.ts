import type { FindingText } from "./finding.ts";
import type { KeyFindings } from "./keys.ts";

export const keysJa: FindingText<KeyFindings> = {
  "key.file-unreadable": {
    text: ({ file, reason }) => `鍵ファイル ${file} を読めません（${reason}）。`,
  },
  "key.file-no-key": {
    text: ({ file }) => `${file} に PEM 形式の秘密鍵がありません。`,
    fix: () =>
      "-----BEGIN PRIVATE KEY----- または -----BEGIN RSA PRIVATE KEY----- で始まるファイルを指定してください。",
  },
  "key.file-mode": {
    text: ({ file, mode }) =>
      `秘密鍵 ${file} をほかの利用者が読み書きできます（モード ${mode}）。このままでは使いません。`,
    fix: ({ file, better }) => `chmod ${better} ${file}`,
  },
  "key.file-group": {
    text: ({ file, gid }) =>
      `グループ ${gid} に属する利用者も ${file} を読めます。Sekisho だけのグループであれば問題ありません。`,
  },
  "key.file-owner": {
    text: ({ file, uid, expected }) =>
      `秘密鍵 ${file} の所有者（uid ${uid}）が root でも uid ${expected} でもありません。このままでは使いません。`,
    fix: ({ file, expected }) =>
      `chown ${expected} ${file}（または設定の user に Sekisho を動かす利用者を書いてください）`,
  },
  "key.folder-mode": {
    text: ({ file, folder, mode }) =>
      `フォルダー ${folder} にほかの利用者が書き込めるため（モード ${mode}）、${file} を別の鍵に置き換えられます。このままでは使いません。`,
    fix: ({ folder }) => `chmod go-w ${folder}`,
  },
  "key.folder-owner": {
    text: ({ file, folder, uid, expected }) =>
      `${file} の上位フォルダー ${folder} の所有者（uid ${uid}）が root でも uid ${expected} でもありません。このままでは使いません。`,
    fix: ({ folder }) => `chown root ${folder}`,
  },
  "key.passphrase-missing": {
    text: ({ file }) => `${file} は暗号化されていますが、パスフレーズの指定がありません。`,
    fix: () => "passphrase に file:PATH か env:NAME を書いてください。",
  },
  "key.passphrase-wrong": {
    text: ({ file }) => `パスフレーズが違うため ${file} を開けません。`,
  },
  "key.passphrase-unreadable": {
    text: ({ file, reference }) => `${file} のパスフレーズがありません（${reference} が空か、読めません）。`,
  },
  "key.type": {
    text: ({ file, type }) =>
      `${file} は ${type} の鍵です。DKIM の署名に使えるのは RSA と Ed25519 だけです。`,
    fix: () => "sekisho key generate",
  },
  "key.bits-refused": {
    text: ({ file, bits }) => `RSA 鍵 ${file} は ${bits} ビットです。1024 ビット未満の鍵の署名は無効です。`,
    fix: () => "sekisho key generate",
  },
  "key.bits-low": {
    text: ({ file, bits }) => `RSA 鍵 ${file} は ${bits} ビットです。2048 ビット以上が推奨されています。`,
    fix: () => "sekisho key generate で新しい鍵を作り、レコードを公開してからセレクタを切り替えてください。",
  },
  "key.broken": {
    text: ({ file }) => `鍵 ${file} で署名したものが、その公開鍵で検証できません。ファイルが壊れています。`,
  },
  "key.old": {
    text: ({ selector, domain, months }) =>
      `${domain} のセレクタ ${selector} は ${months} か月前のものです。鍵はときどき交換してください。`,
    fix: () => "sekisho key generate で新しい鍵を作り、レコードを公開してからセレクタを切り替えてください。",
  },
  "key.record-missing": {
    text: ({ name }) => `${name} に鍵レコードがありません。この鍵の署名は誰にも検証できません。`,
    fix: () => "sekisho key dns の出力を DNS に登録してください。",
  },
  "key.record-unanswered": {
    text: ({ name, reason }) =>
      `${name} について DNS が応答しないため（${reason}）、レコードを比べられませんでした。`,
  },
  "key.record-syntax": {
    text: ({ name }) => `${name} の内容を鍵レコードとして読めません。`,
    fix: () => "sekisho key dns の出力を DNS に登録してください。",
  },
  "key.records-several": {
    text: ({ name, count }) =>
      `${name} に TXT レコードが ${count} 個あります。どれが使われるかは検証する側しだいです。`,
    fix: () => "1 個だけにしてください。",
  },
  "key.record-revoked": {
    text: ({ name }) => `${name} のレコードの p= が空です。この鍵は失効しています。`,
    fix: () => "別のセレクタの鍵で署名してください。",
  },
  "key.record-differs": {
    text: ({ name, file, published, own }) =>
      `${name} に公開されている鍵（${published}）は ${file} の鍵（${own}）と違います。署名は検証に失敗します。`,
    fix: () => "sekisho key dns の出力を DNS に登録するか、正しい鍵ファイルを指定してください。",
  },
  "key.record-elsewhere": {
    text: ({ name, file, other }) =>
      `${file} の鍵は ${name} ではなく、別のセレクタの ${other} に公開されています。`,
    fix: ({ other }) =>
      `レコードの名前を直すか、セレクタを ${other.split("._domainkey.")[0] ?? other} にしてください。`,
  },
  "key.record-service": {
    text: ({ name, services }) =>
      `${name} のレコードは s= で用途を ${services} に限っており、この用途には使えません。`,
  },
  "key.record-hash": {
    text: ({ name, hashes }) =>
      `${name} のレコードは h= で ${hashes} だけを許しており、sha256 を使えません。`,
    fix: () => "h= を削除してください。",
  },
  "key.record-testing": {
    text: ({ name }) =>
      `${name} のレコードに t=y（試験中）があります。検証に失敗した署名は、なかったものとして扱われます。`,
    fix: () => "署名が正しく動いたら t=y を削除してください。",
  },
  "key.record-strict": {
    text: ({ name }) =>
      `${name} のレコードに t=s がありますが、この鍵は i= がサブドメインになるメールにも署名します。その署名は検証に失敗します。`,
    fix: () => "t=s を削除するか、identity: none にしてください。",
  },
};
