import type { ProblemText } from "./problem.ts";

const list = (values: readonly string[]): string => values.join(", ");
const didYouMean = (suggestion: string | undefined): string =>
  suggestion === undefined ? "" : `「${suggestion}」の間違いではありませんか。`;

const typeNames: Readonly<Record<string, string>> = {
  text: "文字列",
  number: "数値",
  integer: "整数",
  boolean: "true か false",
  list: "リスト",
  map: "キーを持つ項目",
};

export const ja: ProblemText = {
  unreadable: ({ reason }) => `ファイルを読めません: ${reason}`,
  "yaml-syntax": ({ reason }) => `YAML として正しくありません: ${reason}`,
  "duplicate-key": () => "同じ項目の中に同じキーが 2 回あります。",
  "not-a-map": () => "ファイルには「キー: 値」を書いてください。",
  "unknown-key": ({ key, suggestion }) => `「${key}」というキーはありません。${didYouMean(suggestion)}`,
  "later-key": ({ key }) => `「${key}」はこの版の Sekisho にはまだありません。削除してください。`,
  "later-value": ({ found, allowed }) =>
    `「${found}」はこの版の Sekisho ではまだ使えません。使えるもの: ${list(allowed)}`,
  "missing-key": ({ key }) => `キー「${key}」がありません。`,
  "wrong-type": ({ expected, found }) =>
    `${typeNames[expected] ?? expected}を書いてください (現在は ${found})。`,
  "not-one-of": ({ found, allowed, suggestion }) =>
    `「${found}」は使えません。${didYouMean(suggestion)}使えるもの: ${list(allowed)}`,
  "out-of-range": ({ minimum, maximum, found }) =>
    `${found} は範囲外です (${minimum ?? "…"} から ${maximum ?? "…"} まで)。`,
  "bad-suffix-list": ({ file, reason }) => `public suffix list ${file} を読めません: ${reason}`,
  "bad-mark-roots": ({ file, reason }) => `ルート証明書のファイル ${file} を読めません: ${reason}`,
  "empty-text": () => "空にはできません。",
  "bad-duration": ({ found }) =>
    `「${found}」は時間として読めません。30s のように数と単位 (ms s m h d w) を書いてください。`,
  "bad-size": ({ found }) =>
    `「${found}」は大きさとして読めません。10MB のように数と単位 (B KB MB GB KiB MiB GiB) を書いてください。`,
  "bad-network": ({ found }) =>
    `「${found}」はアドレスでもネットワークでもありません。192.0.2.1、192.0.2.0/24、"2001:db8::/32" のように書いてください。`,
  "bad-server-address": ({ found }) =>
    `「${found}」はサーバーのアドレスではありません。192.0.2.1、192.0.2.1:53、"2001:db8::1"、"[2001:db8::1]:53" のように書いてください。`,
  "bad-hostname": ({ found }) =>
    `「${found}」はホスト名ではありません。mx.example.jp のような完全な名前を書いてください。`,
  "bad-authserv-id": ({ found }) =>
    `「${found}」は authserv-id にできません。mx.example.jp のような名前を書いてください。`,
  "bad-listen": ({ found }) =>
    `「${found}」は milter のソケットとして読めません。inet:127.0.0.1:8891、inet:[::1]:8891、unix:/run/sekisho/milter.sock (絶対パス、107 オクテットまで) のように書いてください。`,
  "bad-web-listen": ({ found }) =>
    `「${found}」は待ち受けアドレスとして読めません。127.0.0.1:8025、"[::1]:8025"、off のどれかの形で書いてください。`,
  "bad-mode": ({ found }) =>
    `「${found}」はファイルのモードではありません。"0660" のように引用符で囲んで書いてください。`,
  "bad-domain": ({ found }) => `「${found}」はドメインとして読めません。example.jp のように書いてください。`,
  "bad-list-entry": () => "list_id・domain・network のうち 1 つ以上を書いてください。",
  "bad-author": ({ found }) =>
    `「${found}」はドメインでもアドレスでもありません。example.jp や taro@example.jp のように書きます (サブドメインは include_subdomains、すべては any_domain)`,
  "bad-selector": ({ found }) => `「${found}」はセレクタではありません。s20261031 のように書きます`,
  "bad-secret": () => "秘密の値をここに書くことはできません。file:PATH か env:NAME と書いてください",
  "bad-field-name": ({ found }) => `「${found}」は署名できるヘッダーの名前ではありません`,
  "bad-alignment": () =>
    "鍵のドメインと同じでも上下の関係でもないドメインがあり、署名が DMARC の役に立ちません。それでもよければ third_party: true を書きます",
  "bad-second-selector": ({ found }) =>
    `「${found}」は同じドメインの別の鍵ファイルにも書かれています。1 つのセレクタに使える鍵は 1 つです`,
  "bad-seal-key": ({ found }) => `sign.keys に「${found}」の (このセレクタの) 鍵がありません`,
  "bad-workers": ({ found }) =>
    `「${found}」はワーカーの数になりません。auto か 0 から 256 の数を書いてください。`,
  "duplicate-listen": ({ found }) => `「${found}」で待ち受けるソケットがほかにもあります。`,
  "peers-needed": ({ found }) =>
    `「${found}」はほかの計算機から届きます。接続を許す MTA を milter.peers に書いてください。`,
  "web-beyond-loopback": ({ found }) =>
    `「${found}」はほかの計算機から届きます。この版にはまだアカウントがないため、Web の画面はループバックでしか開けません。`,
  "mark-roots-needed": () =>
    "このままではどれも合格しません。マーク証明書のルート証明書を roots に書くか、require_evidence を false にしてください。",
  "invalid-value": ({ found }) => `「${found}」は使えません。`,
  "hostname-not-qualified": ({ hostname }) =>
    `ホスト名「${hostname}」は完全修飾名ではありません。hostname に mx.example.jp のような名前を設定してください。`,
  "reject-alone": () =>
    "RFC 9989 §7.4 に反して、公開されたポリシーだけで拒否します。メーリングリストや転送のメールが失われます。",
  "network-everyone": ({ network }) => `${network} はすべてのアドレスを指しています。`,
};
