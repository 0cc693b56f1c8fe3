/** The meanings of the keys of `sign` and `seal`. */
export const signKeyText: Readonly<Record<string, { readonly en: string; readonly ja: string }>> = {
  sign: {
    en: "DKIM signing (RFC 6376), by the milter and by sekisho sign; see signing.md.",
    ja: "DKIM 署名 (RFC 6376)。milter と sekisho sign が使う。signing.ja.md を参照。",
  },
  "sign.keys": {
    en: "The keys, and whose mail each signs. The domains named here are all that is ever signed for. Of the keys that are for a From, those with the most exact entry sign, all of them.",
    ja: "鍵と、その鍵で署名する From。ここに書いたドメインのメールだけに署名する。ある From に合う鍵のうち、最も具体的に書かれたものがすべて署名する。",
  },
  "sign.keys[].domain": { en: "d= of the signature.", ja: "署名の d=。" },
  "sign.keys[].selector": {
    en: "s= of the signature: the key is published at selector._domainkey.domain.",
    ja: "署名の s=。公開鍵は selector._domainkey.domain に置く。",
  },
  "sign.keys[].file": {
    en: "Private key in PEM (PKCS#1 or PKCS#8), RSA or Ed25519. Refused when others can read it.",
    ja: "秘密鍵のファイル (PEM、PKCS#1 か PKCS#8、RSA か Ed25519)。ほかの利用者が読めるものは使わない。",
  },
  "sign.keys[].passphrase": {
    en: "Passphrase of an encrypted key: file:PATH (its first line) or env:NAME.",
    ja: "暗号化した鍵のパスフレーズ。file:PATH (最初の行) か env:NAME。",
  },
  "sign.keys[].from": {
    en: "From domains or addresses that this key signs for. Only the key's own domain when left out; none for an empty list.",
    ja: "この鍵で署名する From のドメインまたはアドレス。省略すると鍵の domain だけ。空のリストならどの From にも使わない。",
  },
  "sign.keys[].include_subdomains": {
    en: "Also for domains below those in from.",
    ja: "from に書いたドメインのサブドメインにも使う。",
  },
  "sign.keys[].any_domain": {
    en: "For every From domain that no key is named for. Only for hosts that sign for others; DMARC gains nothing from it.",
    ja: "どの鍵にも書かれていない From すべてに使う。他組織のために署名するホスト用で、DMARC の役には立たない。",
  },
  "sign.keys[].third_party": {
    en: "Allows domains in from that are neither d= nor above or below it.",
    ja: "d= と同じでも上下の関係でもないドメインを from に書けるようにする。",
  },
  "sign.keys[].identity": {
    en: "i= of the signature: none, @ and the From domain, or the From address. Left out where it is outside d=.",
    ja: "署名の i=。none は書かない。domain は @ と From のドメイン、address は From のアドレス。d= の外なら書かない。",
  },
  "sign.canonicalization": {
    en: "Of header and body (RFC 6376 §3.4).",
    ja: "ヘッダーと本文の正規化 (RFC 6376 §3.4)。",
  },
  "sign.timestamp": { en: "Whether t= is written.", ja: "t= を書くか。" },
  "sign.expire": {
    en: "x=: how long a signature is good, 1h to 365d. None when left out.",
    ja: "x=。署名の有効期間、1h から 365d。省略すると書かない。",
  },
  "sign.extra_headers": {
    en: "Fields signed when they are there, besides Reply-To, Sender and those of lists.",
    ja: "あれば署名するヘッダー。Reply-To、Sender、List-* のほかに加えるもの。",
  },
  "sign.oversign_headers": {
    en: "Fields signed once more than they are there, so that none can be added, besides the usual ones (signing.md).",
    ja: "後から足せないように 1 つ多く署名するヘッダー。通常のもの (signing.ja.md) のほかに加えるもの。",
  },
  "sign.null_sender": {
    en: "Mail with the null sender (MAIL FROM:<>), such as bounces and read receipts. sign: as all other mail, by the right of the client and by From. local: only what begins on this host. unsigned: never.",
    ja: "空の送信者 (MAIL FROM:<>) のメール (エラーメール、開封通知など)。sign はほかのメールと同じく、送信元の権限と From で決める。local はこのホストで始まったものだけ。unsigned は署名しない。",
  },
  "sign.on_failure": {
    en: "Mail that should be signed and cannot be (a key that cannot be used, a signature that our own check refuses, a fault). tempfail: the sender tries again. unsigned: it leaves without a signature.",
    ja: "署名すべきなのにできないメール (鍵が使えない、自分の検査に通らない、内部の異常)。tempfail は一時エラーにして再送させる。unsigned は署名なしで送る。",
  },
  "sign.on_fragile": {
    en: "Mail whose signature would hardly survive the way: lines over 998 octets, bare CR or LF, 8-bit text without 8BITMIME, no Date or Message-ID (see signing.md). sign: it is signed and recorded. unsigned: not signed. hold: signed and put on hold.",
    ja: "署名が途中で壊れやすいメール。998 オクテットを超える行、単独の CR や LF、8BITMIME のない 8 ビット文字、Date や Message-ID の欠落など (signing.ja.md を参照)。sign は署名して記録に残す。unsigned は署名しない。hold は署名して保留する。",
  },
  "sign.logins": {
    en: "Which login (SMTP AUTH) may write as whom. Without it every login may use every From of sign.keys.",
    ja: "SMTP 認証のログイン名ごとに、名乗ってよい From を決める。省略すると、どのログイン名でも sign.keys のすべての From を使える。",
  },
  "sign.logins.file": {
    en: "File with a line for each login, described in signing.md. Read at the start and at a reload.",
    ja: "ログイン名ごとに 1 行のファイル。書き方は signing.ja.md を参照。起動時と再読み込み時に読む。",
  },
  "sign.logins.on_mismatch": {
    en: "Mail with a From that the login may not use: unsigned, or unsigned and on hold. It is recorded in any case.",
    ja: "ログイン名に許していない From のメール。unsigned は署名しない。hold は署名せずに保留する。どちらも記録に残す。",
  },
  "sign.logins.unlisted": {
    en: "Logins that the file does not name may write as nobody (none), as themselves only (own: the login is the address in From, or its local part), or as anybody (any).",
    ja: "ファイルにないログイン名。none はどの From も許さない。own は自分のアドレスだけを許す (ログイン名が From のアドレスかそのローカルパートと同じとき)。any はどの From も許す。",
  },
  "sign.burst": {
    en: "Counts outgoing mail by From domain and login, over all workers, and tells of a sudden burst.",
    ja: "送信メールを From のドメインとログイン名ごとに (全ワーカーを通して) 数え、急な増加を知らせる。",
  },
  "sign.burst.messages": {
    en: "So many messages within the time are no burst yet.",
    ja: "この数までは急増とみなさない。",
  },
  "sign.burst.per": { en: "The time, 1s to 7d.", ja: "数える時間、1s から 7d。" },
  "sign.burst.action": {
    en: "What is beyond: warn logs and records it, hold also puts it on hold. off: nothing is counted.",
    ja: "超えたメール。warn はログと記録に残す。hold はさらに保留する。off は何も数えない。",
  },
  "sign.rotate": {
    en: "Keys that change by themselves: made, published, proved at every server of the zone, used, taken back. See rotation.md.",
    ja: "鍵を自動で交代させる。作成、公開、ゾーンの全サーバーでの確認、署名の切り替え、取り下げまで行う。rotation.ja.md を参照。",
  },
  "sign.rotate.every": {
    en: "How long a key is in use until its successor is made. off: only on sekisho key rotate.",
    ja: "鍵を使い始めてから次の鍵を作るまでの期間。off なら sekisho key rotate を実行したときだけ。",
  },
  "sign.rotate.jitter": {
    en: "Up to so much, by chance, is added to every. A tenth of it when left out.",
    ja: "every にこの長さまでの時間を乱数で足す。省略すると every の 10 分の 1。",
  },
  "sign.rotate.domains": {
    en: "Domains whose keys rotate: names, or sections with domain, algorithms, from, include_subdomains and identity as in sign.keys. The domains of sign.keys when left out; their keys there are the first ones in use.",
    ja: "鍵を交代させるドメイン。名前か、domain・algorithms と sign.keys と同じ from・include_subdomains・identity を書いたもの。省略すると sign.keys のドメインで、そこに書いた鍵を最初の鍵とする。",
  },
  "sign.rotate.algorithms": {
    en: "Which keys a domain has, one of each type. The types that it has in sign.keys when left out, else rsa2048.",
    ja: "ドメインごとに持つ鍵。種類ごとに 1 つ。省略すると sign.keys にある種類、なければ rsa2048。",
  },
  "sign.rotate.key_dir": {
    en: "Where private keys are written, as DOMAIN/SELECTOR.pem; keys in data_dir when left out.",
    ja: "秘密鍵を書くフォルダー (ドメイン/セレクタ.pem)。省略すると data_dir の keys。",
  },
  "sign.rotate.retire_after": {
    en: "How long the record of a key stays as it is after the last signature: longer than any queue keeps mail.",
    ja: "最後に署名してからレコードをそのまま残す期間。どのキューの保持期間よりも長くする。",
  },
  "sign.rotate.remove_after": {
    en: "How long the record says p= (revoked) then, before it is removed.",
    ja: "その後、レコードを p= (失効) にしておく期間。過ぎるとレコードを削除する。",
  },
  "sign.rotate.delete_files": {
    en: "Whether the private key is deleted once its record is removed.",
    ja: "レコードを削除した後、秘密鍵のファイルも削除するか。",
  },
  "sign.rotate.check_every": {
    en: "How often a step that waits is looked at.",
    ja: "待っている段階を確かめる間隔。",
  },
  "sign.rotate.warn_after": {
    en: "After how long a step that waits is a warning, and how often it is repeated.",
    ja: "待っている段階がこれより長引いたら警告する。警告を繰り返す間隔でもある。",
  },
  "sign.rotate.publish": {
    en: "How records come into DNS.",
    ja: "レコードを DNS に登録する方法。",
  },
  "sign.rotate.publish.method": {
    en: "manual: you are told, and what you do is seen. nsupdate: RFC 2136. hook: a program of yours.",
    ja: "manual は管理者に知らせ、登録されたことを確かめる。nsupdate は RFC 2136 の動的更新。hook は用意したプログラムを呼ぶ。",
  },
  "sign.rotate.publish.server": {
    en: "nsupdate: the primary, ADDR or ADDR:PORT. By the SOA record when left out.",
    ja: "nsupdate で更新を送るプライマリサーバー (ADDR または ADDR:PORT)。省略すると SOA レコードで探す。",
  },
  "sign.rotate.publish.zone": {
    en: "nsupdate: the zone to update. As DNS says when left out.",
    ja: "nsupdate で更新するゾーン。省略すると DNS で調べる。",
  },
  "sign.rotate.publish.ttl": { en: "TTL of the records.", ja: "レコードの TTL。" },
  "sign.rotate.publish.key_file": {
    en: "nsupdate: file with the TSIG key (nsupdate -k). Updates are not signed when left out.",
    ja: "nsupdate の TSIG 鍵のファイル (nsupdate -k)。省略すると署名せずに送る。",
  },
  "sign.rotate.publish.program": {
    en: "nsupdate: the program, or one with the same options.",
    ja: "nsupdate のプログラム。同じオプションを持つ別のものでもよい。",
  },
  "sign.rotate.publish.command": {
    en: "hook: program and arguments. The change comes as JSON on stdin and in SEKISHO_ variables; exit code 0 is done.",
    ja: "hook のプログラムと引数。変更は標準入力の JSON と SEKISHO_ で始まる環境変数で渡す。終了コード 0 なら完了。",
  },
  "sign.rotate.publish.timeout": {
    en: "After this the program is killed, and the step tried again later.",
    ja: "これを過ぎるとプログラムを終了させ、後でやり直す。",
  },
  "sign.rotate.notify": {
    en: "Mail to the operator: what is to be done by hand, what is held up, what has been switched.",
    ja: "管理者へのメール。手作業が必要なとき、進まないとき、切り替えたときに送る。",
  },
  "sign.rotate.notify.to": { en: "Who gets it.", ja: "宛先。" },
  "sign.rotate.notify.from": {
    en: "Whom it is from; sekisho@ and hostname when left out.",
    ja: "差出人。省略すると sekisho@ に hostname を付けたもの。",
  },
  "sign.rotate.notify.server": {
    en: "The mail server that takes it, ADDR:PORT.",
    ja: "送信に使うメールサーバー (ADDR:PORT)。",
  },
  seal: {
    en: "ARC sealing (RFC 8617), by the milter and by sekisho seal; see lists.md.",
    ja: "ARC の封印 (RFC 8617)。milter と sekisho seal が使う。lists.ja.md を参照。",
  },
  "seal.domain": {
    en: "d= of the seals: a domain of sign.keys.",
    ja: "封印の d=。sign.keys にあるドメイン。",
  },
  "seal.selector": {
    en: "Which key of that domain; its first RSA key when left out.",
    ja: "そのドメインのどの鍵か。省略すると最初の RSA 鍵。",
  },
  "seal.mode": {
    en: "What the milter seals. forwarded: mail that comes back from lists, and mail for recipients. all: every message that was verified here. off: nothing.",
    ja: "milter が封印するメール。forwarded はメーリングリストから戻ったメールと recipients 宛て。all はここで検証したすべてのメール。off は何も封印しない。",
  },
  "seal.recipients": {
    en: "Addresses and domains whose mail is sent on to other sites.",
    ja: "よそへ転送されるアドレスやドメイン。",
  },
};
