import { collectKeyText } from "./collect-key-text.ts";
import { listKeyText } from "./list-key-text.ts";
import { policyKeyText } from "./policy-key-text.ts";
import { signKeyText } from "./sign-key-text.ts";

/** What every key of the configuration means. A test holds it against the schema: none missing, none left over. */
export const keyText: Readonly<Record<string, { readonly en: string; readonly ja: string }>> = {
  hostname: {
    en: "Full name of this host. It stands in Authentication-Results when neither authserv_id is set nor the MTA sends its own name ({j}). The system's host name when left out.",
    ja: "このホストの完全な名前。authserv_id がなく MTA も自分の名前 ({j}) を送らないときに Authentication-Results に書く。省略するとシステムのホスト名。",
  },
  authserv_id: {
    en: "The authserv-id of our Authentication-Results fields; goes before the MTA's own name. Fields with it that come from outside are removed.",
    ja: "Authentication-Results に書く authserv-id。MTA の名前より優先する。これを名乗って外から届いたヘッダーは取り除く。",
  },
  data_dir: {
    en: "Folder of the records; made when it is not there, for its owner only.",
    ja: "記録を置くフォルダー。なければ所有者だけが読めるように作る。",
  },
  store: {
    en: "Where reports are kept: a PostgreSQL database (postgres://USER@HOST/DATABASE), which several machines may share. file:PATH or env:NAME names where the URL is kept, as for one with a password. SQLite (reports.sqlite in data_dir) when left out.",
    ja: "レポートを保存する PostgreSQL データベース (postgres://USER@HOST/DATABASE)。複数のマシンで共有できる。パスワードを含む URL は file:PATH か env:NAME で置き場所を指定する。省略すると data_dir の SQLite (reports.sqlite)。",
  },
  user: {
    en: "User to run as when the program is started as root; the sockets are opened first. A name or a number. Changes at a restart.",
    ja: "root で起動したとき、ソケットを開いた後に切り替わるユーザー。名前か番号。変更は再起動で反映する。",
  },
  group: {
    en: "Group to run as, with user; that user's own when left out.",
    ja: "user と一緒に切り替わるグループ。省略するとそのユーザーのグループ。",
  },
  networks: {
    en: "Whose addresses are whose. Where networks overlap the longest prefix decides.",
    ja: "どのアドレスが誰のものか。重なるときは最も長いプレフィックスのものに従う。",
  },
  "networks.submitters": {
    en: "Addresses whose mail is our users' own: may be signed, SPF is not evaluated. Logins with SMTP AUTH count as such too.",
    ja: "自組織の利用者がメールを出すアドレス。署名してよく、SPF は評価しない。SMTP AUTH でログインしたものも同じに扱う。",
  },
  "networks.own": {
    en: "Our own servers with owners of their own: verified and recorded like strangers, with no right to be signed for.",
    ja: "学内・社内の、別に管理者がいるサーバー。外部と同じく検証して記録し、署名はしない。",
  },
  "networks.own[].network": { en: "Address or network.", ja: "アドレスまたはネットワーク。" },
  "networks.own[].name": {
    en: "Who it belongs to, as records and pages show it.",
    ja: "持ち主の名前。記録や画面に出る。",
  },
  "networks.own[].contact": { en: "Where its owner is reached.", ja: "持ち主の連絡先。" },
  "networks.relays": {
    en: "Gateways and secondary MXs of ours: SPF is evaluated for the client in the Received field that the relay wrote, and not at all when that cannot be read.",
    ja: "自組織のゲートウェイやセカンダリー MX。SPF は中継サーバーの書いた Received ヘッダーにあるクライアントで評価し、読めなければ評価しない。",
  },
  "networks.relays[].network": {
    en: "Address or network of the relay.",
    ja: "中継サーバーのアドレスまたはネットワーク。",
  },
  "networks.relays[].authserv_id": {
    en: "The authserv-id that the relay writes; its Authentication-Results may be trusted then.",
    ja: "中継サーバーが書く authserv-id。書くとその Authentication-Results を信用する。",
  },
  "networks.relays[].received_by": {
    en: 'Names that the relay writes after "by" in its Received fields, besides its host name, HELO name and authserv_id.',
    ja: "中継サーバーが Received ヘッダーの by に書く名前のうち、ホスト名・HELO 名・authserv_id 以外のもの。",
  },
  dns: { en: "How DNS is asked.", ja: "DNS の引き方。" },
  "dns.nameservers": {
    en: "Resolvers: ADDR or ADDR:PORT, v6 with a port in brackets. Those of /etc/resolv.conf when left out.",
    ja: "問い合わせ先。ADDR または ADDR:PORT (v6 にポートを付けるときは角括弧)。省略すると /etc/resolv.conf のもの。",
  },
  "dns.timeout": {
    en: "Longest wait for one answer, over all tries.",
    ja: "1 つの問い合わせの制限時間 (再試行を含む)。",
  },
  "dns.cache_size": {
    en: "Answers kept in memory; 0 keeps none.",
    ja: "メモリーに覚えておく応答の数。0 で覚えない。",
  },
  "dns.authoritative": {
    en: "Servers of a zone that are asked directly in place of those that its NS records name: a hidden primary, split DNS, other ports.",
    ja: "ゾーンのサーバーへ直接問い合わせるとき、NS レコードの代わりに使うもの。隠しプライマリや内外で異なる DNS、別のポートに使う。",
  },
  "dns.authoritative[].zone": { en: "Name of the zone.", ja: "ゾーンの名前。" },
  "dns.authoritative[].servers": {
    en: "All its servers: ADDR or ADDR:PORT.",
    ja: "そのゾーンのすべてのサーバー。ADDR または ADDR:PORT。",
  },
  milter: { en: "Where MTAs connect.", ja: "MTA の接続を受けるところ。" },
  "milter.peers": {
    en: "MTAs that may connect to inet sockets. Loopback only when left out; needed for any other listening address.",
    ja: "inet ソケットに接続してよい MTA。省略するとループバックだけ。ほかのアドレスで待ち受けるなら必須。",
  },
  "milter.sockets": { en: "Sockets to listen on.", ja: "待ち受けるソケット。" },
  "milter.sockets[].listen": {
    en: "inet:host:port, inet:[v6]:port or unix:/path (host: an address or localhost).",
    ja: "inet:host:port、inet:[v6]:port、unix:/path のどれか (host はアドレスか localhost)。",
  },
  "milter.sockets[].role": {
    en: "verify: incoming mail. sign: outgoing mail only, nothing is verified. both: decided for each client.",
    ja: "verify は受信の検証。sign は送信だけで検証しない。both はクライアントごとに決める。",
  },
  "milter.sockets[].on_failure": {
    en: "Answer to the MTA when an inner fault keeps us from a verdict. accept when left out; tempfail for role sign.",
    ja: "内部の異常で判定できないときに MTA へ返す答え。省略すると accept、role が sign なら tempfail。",
  },
  "milter.sockets[].mode": {
    en: "Mode of a unix socket, in quotes.",
    ja: "unix ソケットのモード。引用符で囲む。",
  },
  "milter.sockets[].group": { en: "Group of a unix socket.", ja: "unix ソケットのグループ。" },
  "milter.workers": {
    en: "Processes that handle mail: auto takes one for each core; 0 none, mail is then handled in the main process. They share the sockets.",
    ja: "メールを処理するプロセスの数。auto はコアの数だけ作る。0 なら作らず、本体のプロセスで処理する。ソケットは共有する。",
  },
  "milter.time_budget": {
    en: "Time for one message; keep it below the MTA's own (30 s in Postfix).",
    ja: "1 通にかけてよい時間。MTA 側の制限 (Postfix は 30 秒) より短くする。",
  },
  "milter.max_connections": {
    en: "MTA connections at a time in each worker.",
    ja: "ワーカーごとに同時に受ける MTA の接続の数。",
  },
  verify: { en: "How incoming mail is verified.", ja: "受信の検証のしかた。" },
  ...policyKeyText,
  "verify.spf": { en: "SPF (RFC 7208).", ja: "SPF (RFC 7208)。" },
  "verify.spf.void_lookups": {
    en: "Void lookups allowed before a permerror.",
    ja: "permerror になるまでに許す空の応答の数。",
  },
  "verify.spf.void_counting": {
    en: "What counts as one void lookup: an empty query, a term with one, or a name without any address.",
    ja: "空の応答の数え方。query は問い合わせごと、term は機構ごと、name はアドレスのない名前ごと。",
  },
  "verify.dkim": { en: "DKIM (RFC 6376).", ja: "DKIM (RFC 6376)。" },
  "verify.dkim.minimum_key_bits": {
    en: "RSA keys shorter than this give policy, not pass.",
    ja: "これより短い RSA 鍵は pass にせず policy にする。",
  },
  "verify.dkim.max_signatures": {
    en: "Signatures evaluated in one message.",
    ja: "1 通で評価する署名の数。",
  },
  "verify.arc": { en: "ARC (RFC 8617).", ja: "ARC (RFC 8617)。" },
  "verify.arc.mode": {
    en: "verify: chains are validated, written into the result field and recorded. off: they are not looked at. A chain alone never changes what DMARC says.",
    ja: "verify は ARC のチェーンを検証し、結果ヘッダーと記録に残す。off は見ない。チェーンがあるだけで DMARC の判定が変わることはない。",
  },
  "verify.arc.trusted_sealers": {
    en: "Domains (d=) whose seals are a reason to let a message through that DMARC would have refused, when their chain passes and they say that it passed DMARC there. Each by its own name; those below it are not meant.",
    ja: "ARC の封印 (d=) を信用するドメイン。チェーンの検証に通り、そこで DMARC に合格したと書かれていれば、DMARC で拒否されるメールを通す理由になる。書いた名前だけが対象で、サブドメインは含まない。",
  },
  "verify.dmarc": { en: "DMARC (RFC 9989, RFC 7489).", ja: "DMARC (RFC 9989、RFC 7489)。" },
  "verify.dmarc.discovery": {
    en: "How policies and organizational domains are found. treewalk: by the DNS tree walk (RFC 9989). psl: by the public suffix list, with pct (RFC 7489). both, or a list: both are evaluated, the first is applied, and sekisho dmarc-diff shows where they differ.",
    ja: "ポリシーと組織ドメインの探し方。treewalk は DNS ツリーウォーク (RFC 9989)、psl は public suffix list (RFC 7489、pct にも従う)。both またはリストを書くと両方で評価して先頭のものを適用し、違いは sekisho dmarc-diff で見られる。",
  },
  "verify.dmarc.public_suffix_list": {
    en: "File in the format of publicsuffix.org, for psl. Read at the start and at a reload. The list that Sekisho brings when left out.",
    ja: "psl で使うファイル (publicsuffix.org の形式)。起動時と再読み込み時に読む。省略すると Sekisho に付属のもの。",
  },
  "verify.bimi": {
    en: "BIMI, the senders' logos (draft); see bimi.md.",
    ja: "BIMI (送信元のロゴ、ドラフト)。bimi.ja.md を参照。",
  },
  "verify.bimi.mode": {
    en: "off: nothing is asked. record: the record is looked up in DNS, for the result and the record of the message; nothing passes. fetch: logo and mark certificate are fetched from the sender's web server and checked.",
    ja: "off は何も調べない。record は DNS のレコードだけを調べて結果と記録に残す (pass にはならない)。fetch はロゴとマーク証明書を送信側の Web サーバーから取得して検証する。",
  },
  "verify.bimi.roots": {
    en: "PEM file with the root certificates of mark certificates that are trusted. Read at the start and at a reload. Without it no mark certificate is trusted.",
    ja: "信用するマーク証明書のルート証明書のファイル (PEM)。起動時と再読み込み時に読む。省略するとどのマーク証明書も信用しない。",
  },
  "verify.bimi.require_evidence": {
    en: "Whether a logo passes only with a mark certificate. Without one anybody can show any logo.",
    ja: "マーク証明書のあるロゴだけを合格にするか。証明書がなければ誰でもどんなロゴでも出せる。",
  },
  "verify.bimi.headers": {
    en: "Whether BIMI-Location, BIMI-Indicator and BIMI-Logo-Preference are written for mail readers. Those that come from outside are removed in any case.",
    ja: "メールソフトのために BIMI-Location・BIMI-Indicator・BIMI-Logo-Preference を書くか。外から届いたものは必ず取り除く。",
  },
  "verify.bimi.timeout": {
    en: "Longest wait of one message for what is fetched. What comes later serves the next message.",
    ja: "1 通が取得を待つ最長の時間。遅れて届いたものは次のメールで使う。",
  },
  "verify.bimi.max_size": { en: "Largest logo, uncompressed.", ja: "ロゴの大きさの上限 (展開後)。" },
  ...signKeyText,
  ...listKeyText,
  ...collectKeyText,
  record: { en: "What is kept of every message.", ja: "1 通ごとに残す記録。" },
  "record.keep": { en: "Records older than this are deleted.", ja: "これより古い記録は消す。" },
  "record.max_size": {
    en: "Size of the database; beyond it the oldest records are deleted.",
    ja: "データベースの大きさ。超えたら古い記録から消す。",
  },
  "record.fields": {
    en: "What of the message may be kept. mail_from, rcpt_to and dkim_identity keep local parts, login the name of the login (SMTP AUTH) of mail that may be signed, subject the subject.",
    ja: "メッセージから残すもの。mail_from・rcpt_to・dkim_identity を書くとローカルパートが、login を書くと署名できるメールの SMTP 認証のログイン名が、subject を書くと件名が残る。",
  },
  web: { en: "The web pages, /metrics and /healthz.", ja: "Web の画面と /metrics・/healthz。" },
  "web.listen": {
    en: "host:port on loopback, or off.",
    ja: "ループバックの host:port、または off。",
  },
  log: { en: "The log on stderr.", ja: "標準エラー出力へのログ。" },
  "log.level": { en: "Lowest level that is written.", ja: "書き出す最も低いレベル。" },
  "log.format": {
    en: "text: a line to read. json: a JSON object a line.",
    ja: "text は読むための 1 行、json は 1 行 1 オブジェクト。",
  },
};
