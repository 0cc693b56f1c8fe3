import { fileFaultText } from "./file-fault.ts";
import type { LoginLineProblem } from "./login-map.ts";
import type { ProblemText } from "./problem.ts";
import { yamlFaultJa } from "./yaml-fault.ts";

const fault = (reason: string): string => fileFaultText(reason, "ja");
const list = (values: readonly string[]): string => values.join(", ");
const didYouMean = (suggestion: string | undefined): string =>
  suggestion === undefined ? "" : `「${suggestion}」の間違いではありませんか。`;

const typeNames: Readonly<Record<string, string>> = {
  text: "文字列",
  number: "数値",
  integer: "整数",
  boolean: "true か false",
  list: "リスト",
  map: "「{ キー: 値 }」の形の項目",
};

const loginLine: Readonly<Record<LoginLineProblem, (found: string) => string>> = {
  "no-colon": (found) =>
    `「${found}」にコロンがありません。ログイン名: taro@example.jp, example.jp のように書いてください`,
  "bad-login": (found) => `「${found}」の先頭がログイン名ではありません`,
  twice: (found) => `「${found}」が 2 回書かれています。1 行にまとめてください`,
  "bad-from": (found) =>
    `「${found}」は From として読めません。taro@example.jp、example.jp、.example.jp (サブドメインすべて)、$グループ、* のどれかを書いてください`,
  "group-in-group": (found) => `「${found}」: グループの中にグループは書けません`,
  "no-such-group": (found) => `グループ「${found}」がありません。${found}: ... の行で定義してください`,
};

export const ja: ProblemText = {
  unreadable: ({ reason }) => `ファイルを読めません: ${fault(reason)}`,
  "yaml-syntax": ({ fault }) => `YAML として正しくありません: ${yamlFaultJa[fault]}`,
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
    `${found} は範囲外です。${range(minimum, maximum)}にしてください。`,
  "bad-suffix-list": ({ file, reason }) => `public suffix list ${file} を読めません: ${fault(reason)}`,
  "bad-mark-roots": ({ file, reason }) => `ルート証明書のファイル ${file} を読めません: ${fault(reason)}`,
  "bad-ca": ({ file, reason }) => `証明書のファイル ${file} を使えません: ${fault(reason)}`,
  "bad-secret-file": ({ file, reason }) =>
    `パスワードなどを書いたファイル ${file} を読めません: ${fault(reason)}`,
  "bad-token-command": ({ file, reason }) => `${file} を実行できません: ${fault(reason)}`,
  "open-secret": ({ file }) =>
    `${file} にはパスワードなどが書かれていますが、このマシンの誰にでも開かれています。chmod o-rwx ${file} を実行してください`,
  "bad-login-file": ({ file, reason }) => `ログイン名のファイル ${file} を読めません: ${fault(reason)}`,
  "unreadable-as-user": ({ file, user }) =>
    `${file} を、Sekisho の実行ユーザー ${user} が読めません。ファイルと上のフォルダーを、そのユーザーか所属グループが読めるようにしてください (chown root:グループ と chmod 0640)`,
  "not-runnable-as-user": ({ file, user }) =>
    `${file} を、Sekisho の実行ユーザー ${user} が実行できません。そのユーザーか所属グループが、ファイルの読み取りと実行、上のフォルダーへの移動をできるようにしてください (chown root:グループ と chmod 0750)`,
  "bad-login-line": ({ file, line, problem, found }) => `${file}:${line}: ${loginLine[problem](found)}`,
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
    `ファイルのモードを "0660" のように引用符で囲んで書いてください (現在は ${found})。`,
  "bad-domain": ({ found }) => `「${found}」はドメインとして読めません。example.jp のように書いてください。`,
  "bad-list-entry": () => "list_id・domain・network のうち 1 つ以上を書いてください。",
  "bad-list-host": () =>
    "socket・networks・list_id のどれか (いくつでも可) でメーリングリストのホストを指定してください",
  "bad-list-name": ({ found }) =>
    `「${found}」は名前に使えません。英数字と「.」「_」「-」で 40 文字以内にしてください`,
  "bad-list-id": ({ found }) => `「${found}」は List-Id ではありません。<> の中の部分を書いてください`,
  "bad-list-socket": ({ found }) =>
    `milter.sockets に「${found}」で待ち受ける role: sign のソケットがありません。同じ書き方で加えてください`,
  "bad-second-list": ({ found }) => `「${found}」という名前のホストがほかにもあります`,
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
  "bad-every": ({ found }) => `"${found}" は 90d のような期間でも off でもありません`,
  "bad-hook": () => "method: hook には command（プログラムと引数のリスト）が必要です",
  "bad-mailbox-login": () =>
    "メールボックスには password (file:PATH か env:NAME) と token_command のどちらか一方だけを書いてください。",
  "bad-mailbox-tls": () =>
    "off にするとパスワードもメールも暗号化されずにネットワークを流れます。TLS を使わずに接続できるのは、このマシン上のサーバーだけです。",
  "bad-after-mail": ({ found }) =>
    `「${found}」は処理後の動作として読めません。leave、move フォルダー名、flag キーワード (flag $Sekisho、flag \\Seen など) のどれかを書いてください。`,
  "bad-after-file": ({ found }) =>
    `「${found}」は処理後の動作として読めません。leave、delete、move フォルダー のどれかを書いてください。`,
  "bad-folder-name": ({ found }) => `「${found}」はメールフォルダーの名前になりません。`,
  "bad-lmtp-listen": ({ found }) =>
    `「${found}」では待ち受けられません。このマシンだけが接続できる inet:127.0.0.1:8024、inet:[::1]:8024、unix:/run/sekisho/lmtp.sock のような形で書いてください。`,
  "bad-mailbox": ({ found }) => `"${found}" はメールアドレスではありません`,
  "bad-smtp-server": ({ found }) =>
    `"${found}" はメールサーバーの指定ではありません。127.0.0.1:25 のように書いてください`,
  "bad-store": () =>
    "postgres://USER@HOST/DATABASE、file:PATH、env:NAME のどれかの形で書いてください。data_dir の SQLite を使う場合は省略してください。",
  "bad-keep": ({ found }) =>
    `「${found}」は保存期間として読めません。400d のように h・d・w の単位を付けるか、forever と書いてください。`,
  "bad-workers": ({ found }) =>
    `「${found}」はワーカーの数になりません。auto か 0 から 256 の数を書いてください。`,
  "duplicate-listen": ({ found }) => `「${found}」で待ち受けるソケットがほかにもあります。`,
  "peers-needed": ({ found }) =>
    `「${found}」にはほかのマシンからも接続できます。接続を許す MTA を milter.peers に書いてください。`,
  "web-beyond-loopback": ({ found }) =>
    `「${found}」にはほかのマシンからも接続できます。この版にはまだアカウントがないため、127.0.0.1 などループバックのアドレスを指定してください。`,
  "mark-roots-needed": () =>
    "このままではどれも合格しません。マーク証明書のルート証明書を roots に書くか、require_evidence を false にしてください。",
  "invalid-value": ({ found }) => `「${found}」は使えません。`,
  "hostname-not-qualified": ({ hostname }) =>
    `ホスト名「${hostname}」は完全修飾名ではありません。hostname に mx.example.jp のような名前を設定してください。`,
  "reject-alone": () =>
    "RFC 9989 §7.4 に反して、公開されたポリシーだけで拒否します。メーリングリストや転送のメールが失われます。",
  "rotate-nothing": () => "交代する鍵がありません。ここに domains を書くか、sign.keys に鍵を書いてください",
  "rotate-retire-soon": ({ retireAfter }) =>
    `署名したメールがまだ配送待ちかもしれない ${retireAfter} 後にレコードを取り下げます。Postfix は 5d まで再送します`,
  "network-everyone": ({ network }) => `${network} はすべてのアドレスを指しています。`,
  "list-unsigned": ({ domain }) =>
    `${domain} のメーリングリストに使える鍵が sign.keys にありません。From を書き換えたメールに From のドメインの署名が付かず、DMARC は SPF でしか合格しません。domain: ${domain} の鍵を加える (または上位ドメインの鍵に from: [${domain}] を書く) と署名できます。`,
  "list-below": ({ domain, parent }) =>
    `${domain} のメーリングリストは ${parent} のサブドメインです。${domain} に DMARC レコードがないうちは、From を書き換えたメールに ${parent} の sp= (なければ p=) が適用されます。From の書き換えを始める前に、_dmarc.${domain} TXT "v=DMARC1; p=none; rua=mailto:postmaster@${parent}" のようなレコードを公開するか、${parent} のレコードに sp=none を書いてもらってください。d=${domain} で署名していれば、どの設定でも合格します。docs/lists.ja.md を参照してください。`,
};

function range(minimum: number | string | undefined, maximum: number | string | undefined): string {
  if (maximum === undefined) return `${minimum} 以上`;
  return minimum === undefined ? `${maximum} 以下` : `${minimum} から ${maximum} までの値`;
}
