export const collectKeyText: Readonly<Record<string, { readonly en: string; readonly ja: string }>> = {
  collect: {
    en: "The reports that others send about our domains.",
    ja: "自ドメインについて届くレポートの収集。",
  },
  "collect.mailbox": {
    en: "Mailboxes on IMAP servers that reports come to: one, or a list. docs/collect.md shows how to set one up.",
    ja: "レポートが届く IMAP のメールボックス。1 つならそのまま、複数ならリストで書く。設定例は docs/collect.ja.md。",
  },
  "collect.mailbox[].host": { en: "Name or address of the server.", ja: "サーバーの名前またはアドレス。" },
  "collect.mailbox[].port": {
    en: "993 with tls: implicit, else 143, when left out.",
    ja: "省略すると tls: implicit なら 993、それ以外は 143。",
  },
  "collect.mailbox[].tls": {
    en: "implicit: TLS from the start. starttls: with STARTTLS, and not at all without it. off: only for a server on this machine.",
    ja: "implicit は最初から TLS。starttls は STARTTLS を必ず使う。off はこのマシン上のサーバーだけ。",
  },
  "collect.mailbox[].ca": {
    en: "File (PEM) with the certificates to trust instead of the system's, as of a server with a private one.",
    ja: "システムの代わりに信頼する証明書のファイル (PEM)。私設の認証局を使うサーバーのためのもの。",
  },
  "collect.mailbox[].user": { en: "Login name.", ja: "ログイン名。" },
  "collect.mailbox[].password": {
    en: "Where the password is: file:PATH (its first line) or env:NAME.",
    ja: "パスワードの場所。file:PATH (ファイルの 1 行目) か env:NAME。",
  },
  "collect.mailbox[].token_command": {
    en: "Program with its arguments that prints an OAuth2 access token, instead of a password. Run at each login, without a shell, for 30 seconds at most.",
    ja: "パスワードの代わりに OAuth2 のアクセストークンを出力するプログラムと引数。ログインのたびにシェルを通さず実行し、30 秒で打ち切る。",
  },
  "collect.mailbox[].folders": {
    en: "Folders to read, each over a connection of its own; / stands between levels.",
    ja: "読むフォルダー。階層は / で区切る。フォルダーごとに接続を 1 本使う。",
  },
  "collect.mailbox[].idle": {
    en: "Have the server tell of new mail at once (IDLE) where it can.",
    ja: "サーバーが対応していれば、新着をすぐに知らせてもらう (IDLE)。",
  },
  "collect.mailbox[].poll": {
    en: "How often to look for new mail, also with idle.",
    ja: "新着を確かめる間隔。idle を使うときも確かめる。",
  },
  "collect.mailbox[].after": {
    en: "What becomes of a mail after its contents are in the store. leave: nothing; which ones were read is remembered. move FOLDER: it goes there; the folder is made when missing. flag KEYWORD ...: it gets these flags, such as $Sekisho or \\Seen; mails that have them all are left out.",
    ja: "内容を保存し終えたメールをどうするか。leave は何もせず、どこまで読んだかを覚えておく。move フォルダー名 はそこへ移す (なければ作る)。flag キーワード ... は $Sekisho や \\Seen などのフラグを付け、すべて付いているメールは読まない。",
  },
  "collect.mailbox[].unread_to": {
    en: "Folder for mails with something that could not be read, instead of what after says; made when missing.",
    ja: "読めないものが入っていたメールを、after の代わりに移すフォルダー (なければ作る)。",
  },
  "collect.mailbox[].max_size": {
    en: "Mails beyond this are not fetched, and stay where they are.",
    ja: "これより大きいメールは取得せず、そのまま残す。",
  },
  "collect.mailbox[].authserv_ids": {
    en: "The authserv-ids of the mail servers in front of this mailbox, whose Authentication-Results are believed: mx.google.com at Gmail. Those of this site (authserv_id or hostname, networks.relays) when left out.",
    ja: "このメールボックスの手前にあるメールサーバーの authserv-id。その Authentication-Results を信用する (Gmail なら mx.google.com)。省略すると自サイトのもの (authserv_id か hostname、networks.relays)。",
  },
  "collect.folder": {
    en: "Folders of this machine that reports are put into, as files or as a Maildir: one, or a list.",
    ja: "レポートが置かれるこのマシンのフォルダー (ファイルの集まりか Maildir)。1 つならそのまま、複数ならリストで書く。",
  },
  "collect.folder[].path": {
    en: "The folder. A Maildir is known by its folders cur and new; else every file in it is read that has not changed for five seconds and whose name has no leading dot.",
    ja: "フォルダー。cur と new があれば Maildir として読む。それ以外では、5 秒以上変わっていない、名前がドットで始まらないファイルをすべて読む。",
  },
  "collect.folder[].poll": { en: "How often to look.", ja: "確かめる間隔。" },
  "collect.folder[].after": {
    en: "What becomes of a file after its contents are in the store: leave, delete or move FOLDER.",
    ja: "内容を保存し終えたファイルをどうするか。leave (残す)、delete (消す)、move フォルダー (移す)。",
  },
  "collect.folder[].unread_to": {
    en: "Folder for files with something that could not be read, instead of what after says.",
    ja: "読めないものが入っていたファイルを、after の代わりに移すフォルダー。",
  },
  "collect.lmtp": {
    en: "Where the MTA of this machine hands reports over, by LMTP or SMTP.",
    ja: "このマシンの MTA から LMTP か SMTP でレポートを受け取るところ。",
  },
  "collect.lmtp.listen": {
    en: "inet:127.0.0.1:PORT, inet:[::1]:PORT or unix:/path; other machines cannot be served.",
    ja: "inet:127.0.0.1:PORT、inet:[::1]:PORT、unix:/path のどれか。ほかのマシンからは受けない。",
  },
  "collect.lmtp.mode": {
    en: "Mode of a unix socket, in quotes.",
    ja: "unix ソケットのモード。引用符で囲む。",
  },
  "collect.lmtp.group": { en: "Group of a unix socket.", ja: "unix ソケットのグループ。" },
  "collect.lmtp.protocol": { en: "What the MTA speaks there.", ja: "MTA が使うプロトコル。" },
  "collect.lmtp.recipients": {
    en: "Addresses that reports are taken for; what follows a + in the local part does not count. Every other recipient is refused.",
    ja: "レポートを受け取るアドレス。ローカル部の + より後ろは無視する。それ以外の宛先は拒否する。",
  },
  "collect.lmtp.max_size": { en: "Larger mails are refused.", ja: "これより大きいメールは拒否する。" },
  "collect.geo": {
    en: "Databases (MMDB files, as of MaxMind, DB-IP or IPinfo) that tell what network and country a source of our mail is in. Read anew at each round of naming.",
    ja: "自ドメインを名乗る送信元のネットワークと国を調べるデータベース（MaxMind、DB-IP、IPinfo などの MMDB ファイル）。名前を調べるたびに読み直す。",
  },
  "collect.geo.asn": {
    en: "File that tells the autonomous system (AS number and name).",
    ja: "AS 番号と AS の名前が分かるファイル。",
  },
  "collect.geo.country": { en: "File that tells the country.", ja: "国が分かるファイル。" },
  "collect.blocklists": {
    en: "DNS blocklists to look sources up in; those listed are put last. Mind the terms of each list: most do not answer over public resolvers.",
    ja: "送信元の評判を調べる DNS ブロックリスト。載っている送信元は順位を最後にする。利用条件はリストごとに異なり、公開リゾルバー経由では答えないものが多い。",
  },
  "collect.keep": {
    en: "How long what is kept of reports: a time such as 400d, or forever. That a report was counted is remembered in any case, so that it never counts twice.",
    ja: "レポートを残す期間。400d のような長さか forever。集計済みという記録は期間に関係なく残すので、同じレポートを二重に数えることはない。",
  },
  "collect.keep.raw": {
    en: "Mails and files as they arrived, compressed. While they are there everything can be read again (report reparse).",
    ja: "届いたままのメールやファイル (圧縮して保存)。残っている間は report reparse で読み直せる。",
  },
  "collect.keep.records": {
    en: "Single records of aggregate reports, by the end of the report's period. The sums stay.",
    ja: "集計レポートの個々のレコード。レポートの期間の終わりから数える。合計は残る。",
  },
  "collect.keep.sums": {
    en: "Sums by day, source and reporter.",
    ja: "日・送信元・レポート送信者ごとの合計。",
  },
  "collect.keep.failure": {
    en: "Failure reports, which hold personal data, and the mails that they came in; by the time of arrival.",
    ja: "個人情報を含む失敗レポートと、それが入っていたメール。届いた時刻から数える。",
  },
  "collect.failure": {
    en: "Failure reports, which hold mail of people.",
    ja: "失敗レポート (他人のメールが入っている) の扱い。",
  },
  "collect.failure.content": {
    en: "What is stored of the message that a failure report is about. headers: its header and the report, not its body. message: all, as it came. redacted: as headers, and the local parts of addresses are replaced by a word made with a secret key. Whatever it is, it goes with keep.failure. docs/reports.md tells more.",
    ja: "失敗レポートに入っている元のメールを、どこまで保存するか。headers はレポートとヘッダーだけで、本文は保存しない。message は届いたまますべて。redacted は headers に加えて、メールアドレスのローカル部を秘密の鍵で作った文字列に置き換える。どれも keep.failure の期間で消える。詳しくは docs/reports.ja.md。",
  },
};
