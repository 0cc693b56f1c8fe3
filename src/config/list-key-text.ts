/** The meanings of the keys of `lists`. */
export const listKeyText: Readonly<Record<string, { readonly en: string; readonly ja: string }>> = {
  lists: {
    en: "Our own mailing lists, whose changes break the author's signature: From rewriting, sealing, and the memory of how mail came in; see lists.md.",
    ja: "自組織のメーリングリスト。件名やフッターの変更で作成者の署名が壊れることへの対策 (From の書き換え、封印、届いたときの検証結果の記憶)。lists.ja.md を参照。",
  },
  "lists.hosts": {
    en: "List hosts. A message has passed through the first one of which all holds that is given of socket, networks and list_id.",
    ja: "メーリングリストのホスト。socket・networks・list_id のうち書いたものすべてに合う最初のホストを通ったメールとみなす。",
  },
  "lists.hosts[].name": {
    en: "A word for it, in records and metrics.",
    ja: "記録とメトリクスに使う名前。",
  },
  "lists.hosts[].addresses": {
    en: "Addresses of its lists, or domains in which every address is a list. Only such an address is ever written into From, and mail for one is remembered.",
    ja: "メーリングリストのアドレス。すべてのアドレスがメーリングリストであるドメインでもよい。From に書くのはここに合うアドレスだけで、ここ宛てのメールを記憶する。",
  },
  "lists.hosts[].socket": {
    en: "listen of the milter socket by which mail comes back from the lists, and no other mail.",
    ja: "メーリングリストから戻るメールだけが通る milter ソケットの listen。",
  },
  "lists.hosts[].networks": {
    en: "Addresses of the machine from which mail comes back. With this and nothing else all its mail is taken for mail of lists.",
    ja: "メールを戻してくるマシンのアドレス。これだけを書くと、そのマシンからのメールをすべてメーリングリストのメールとして扱う。",
  },
  "lists.hosts[].list_id": {
    en: "List-Id that a message must have (RFC 2919). Alone it counts only in mail of clients that may sign, and nothing is remembered.",
    ja: "メールに必要な List-Id (RFC 2919)。これだけを書いた場合は署名できる送信元のメールにだけ効き、記憶はしない。",
  },
  "lists.hosts[].broken_signatures": {
    en: "DKIM signatures that no longer verify: removed, renamed to X-Original-DKIM-Signature, or kept.",
    ja: "検証できなくなった DKIM 署名。remove は取り除き、rename は X-Original-DKIM-Signature に改名し、keep は残す。",
  },
  "lists.hosts[].rewrite_from": {
    en: 'Whether From becomes "Name via List <list@...>". policy: when the author\'s domain asks for quarantine or reject, or that cannot be found out, and nothing of his passes any more.',
    ja: "From を「名前 via リスト <list@...>」に書き換えるか。policy は、作成者のドメインが quarantine か reject を求めている (または調べられない) 場合で、署名も無事でないときだけ書き換える。",
  },
  "lists.hosts[].author": {
    en: "Where the author's address goes when From is rewritten. auto: Reply-To when there is none, else Cc.",
    ja: "From を書き換えたとき作成者のアドレスを書く場所。auto は Reply-To がなければ Reply-To、あれば Cc。",
  },
  "lists.hosts[].display_name": {
    en: 'What stands after "via". The local part of the list\'s address when left out.',
    ja: "via の後に書く名前。省略するとリストのアドレスの @ より前。",
  },
  "lists.remember": {
    en: "How long a message to a list is remembered, 1m to 90d, or off: for as long as moderators may take. At most 20,000 messages.",
    ja: "メーリングリスト宛てのメールを記憶する期間、1m から 90d、または off。承認待ちの時間より長くする。最大 20,000 通。",
  },
  "lists.batches": {
    en: "A list that delivers a message in several batches, to other recipients each, does so over one connection as a rule. For those that do not: how long after the first batch others are taken over other connections, 1s to 7d, or off.",
    ja: "1 通を宛先ごとに何回かに分けて配送するリストは、ふつう 1 本の接続で続けて送り、同じ 1 回とみなされる。接続を分けるリストのために、最初の分から何時間まで同じ 1 回とみなすか、1s から 7d、または off。",
  },
};
