import type { FindingText } from "../finding.ts";
import type { SpecialAddress, SpfFindings, SpfVersionProblem } from "./spf.ts";

const versionProblems: Readonly<Record<SpfVersionProblem, string>> = {
  "leading-blank": "v=spf1 の前に空白があります",
  "no-space": "v=spf1 の後に空白がありません",
  separator: "v=spf1 の後に空白以外の文字があります",
  misspelled: "先頭が v=spf1 になっていません",
  quoted: "レコードの中身に引用符が入っています",
  twice: "v=spf1 が 2 回書かれています",
};

const syntaxProblems: Readonly<Record<SpfFindings["spf.syntax"]["problem"], string>> = {
  version: "v=spf1 で始まっていません",
  "unknown-mechanism": "このような機構はありません",
  "qualified-modifier": "修飾子に + - ~ ? は付けられません",
  "modifier-name": "修飾子の名前として正しくありません",
  "argument-missing": ": または = の後に値がありません",
  "argument-not-allowed": "この機構には値を付けられません",
  "domain-spec": "トップレベルドメインを含むドメイン名ではありません",
  macro: "マクロの書き方が正しくありません",
  "ip4-network": "IPv4 アドレスではありません",
  "ip6-network": "IPv6 アドレスではありません",
  "prefix-length": "プレフィックス長が正しくありません",
  "duplicate-modifier": "この修飾子は 1 回しか書けません",
  character: "ASCII の印字可能文字しか使えません",
  "ignored-modifier": "= を付けると未知の修飾子とみなされ、無視されます",
};

const specialKinds: Readonly<Record<SpecialAddress, string>> = {
  private: "プライベートアドレス",
  loopback: "ループバックアドレス",
  "link-local": "リンクローカルアドレス",
  documentation: "文書の例示用アドレス",
  shared: "キャリアの共有アドレス (100.64.0.0/10)",
  multicast: "マルチキャストアドレス",
  mapped: "IPv4 射影アドレス（検証側では IPv4 として扱われます）",
  reserved: "予約済みアドレス",
};

const brokenBy: Readonly<Record<SpfFindings["spf.include-broken"]["problem"], string>> = {
  multiple: "に SPF レコードが複数あります",
  syntax: "の SPF レコードに構文エラーがあります",
  "include-none": "が SPF レコードのない名前を include しています",
  "redirect-none": "が SPF レコードのない名前へ redirect しています",
  "mx-limit": "の mx が MX レコード 10 個を超えています",
};

const deadBy: Readonly<Record<SpfFindings["spf.name-unresolvable"]["problem"], string>> = {
  "missing-dot": "はドットが抜けているか、ドメイン名が重なっているようです",
  "top-label": "のトップレベルドメインは存在しません",
  nxdomain: "は存在しません",
  "no-address": "にはアドレスがありません",
  "no-mx": "には MX レコードがありません",
};

const expProblems: Readonly<Record<SpfFindings["spf.exp"]["problem"], string>> = {
  missing: "に TXT レコードがありません",
  several: "に TXT レコードが複数あります",
  syntax: "の説明文に誤ったマクロか ASCII 以外の文字があります",
};

const permerror = "受信側ではこのドメインのすべてのメールが permerror になります。";

/** A list within a sentence. */
function list(items: readonly string[]): string {
  return items.join("、");
}

/** What is over the limit of 2: terms, or names when one term asks for several. */
function emptyJa(terms: number, names: number): string {
  return terms > 2 ? `${terms} 個の指定` : `${names} 個の名前`;
}

export const spfJa: FindingText<SpfFindings> = {
  "spf.missing": {
    text: ({ domain }) =>
      `${domain} の SPF レコードがありません。受信側は正規の送信サーバーを見分けられません。`,
    fix: ({ sends }) =>
      sends
        ? "このドメインで送信するすべてのサーバーのアドレスを書いた TXT レコードを 1 つ公開してください（v=spf1 ip4:アドレス ip6:アドレス ~all）。メールを一切送信しないドメインなら v=spf1 -all とします。"
        : "送信に使わないドメインなので、v=spf1 -all を公開してください。",
  },
  "spf.multiple-records": {
    text: ({ name, count, where }) =>
      where === "name"
        ? `${name} に SPF レコードが ${count} 個あります。1 個しか許されていないため、${permerror}`
        : `${name} の権威サーバーによって SPF レコードの内容が異なり、${count} 種類あります。どのサーバーに問い合わせるかで結果が変わります。`,
    fix: ({ merged, alone }) => {
      const term =
        alone === undefined
          ? ""
          : `${alone} を 1 つ目のレコードの all の前に移し、2 つ目のレコードを削除してください。`;
      return merged === undefined
        ? `${term}レコードを 1 つにまとめてください。`
        : `${term}すべてのサーバーで次の 1 レコードに置き換えてください: ${merged}`;
    },
  },
  "spf.version": {
    text: ({ name, problem }) =>
      problem === "twice"
        ? `${name} の SPF レコードには ${versionProblems[problem]}。2 回目は未知の修飾子として無視されますが、エラーとする検証ツールもあります。`
        : `${name} に SPF のつもりで書かれた TXT レコードがありますが、${versionProblems[problem]}。受信側では SPF レコードと認識されません。`,
    fix: ({ mended }) =>
      mended === undefined
        ? "v=spf1 で始め、その後に空白を 1 つ置いてください。"
        : `次のように書き直してください: ${mended}`,
  },
  "spf.type99": {
    text: ({ name, txt }) =>
      txt
        ? `${name} には TXT のほかに、廃止された SPF 型 (99) のレコードが残っています。参照されないうえ、変更から取り残されます。`
        : `${name} の SPF は、廃止された SPF 型 (99) のレコードにしかありません。どこからも参照されず、SPF がないのと同じです。`,
    fix: ({ txt }) =>
      txt
        ? "SPF 型のレコードを削除してください。"
        : "SPF 型を削除し、同じ内容を TXT レコードで公開してください。",
  },
  "spf.senderid-leftover": {
    text: ({ name, record }) =>
      `${name} に Sender ID のレコード（${record}）が残っています。Sender ID はもう使われていません。`,
    fix: () => "DNS の応答が大きくなるだけなので、削除してください。",
  },
  "spf.glued-strings": {
    text: ({ name, left, right, silent }) =>
      `${name} の SPF レコードは、文字列の境目に空白がありません。検証側では ${left}${right} という 1 語として読まれます。${silent ? "構文エラーにならないため気づけませんが、どちらの指定も無効です。" : permerror}`,
    fix: ({ left }) => `${left} の後に空白を入れて文字列を閉じるか、1 つの文字列にまとめてください。`,
  },
  "spf.string-255": {
    text: ({ file, line, octets }) =>
      `${file} の ${line} 行目: SPF レコードの 1 つの文字列が ${octets} オクテットあります。1 つの文字列は 255 オクテットまでで、ゾーンを読み込めません。`,
    fix: () =>
      '引用符で囲んだ複数の文字列に分け、最後以外の文字列は末尾に空白を残してください（例: "v=spf1 ... " "... -all"）。',
  },
  "spf.size": {
    text: ({ name, octets, own, limit }) =>
      `${name} の TXT レコードは名前と合わせて ${octets} オクテット（うち SPF が ${own}）あります。${limit} を超えると、応答が 1 つの UDP パケットに収まらないことがあります。`,
    fix: () => "所有確認用など不要になった TXT レコードを削除するか、SPF レコードを短くしてください。",
  },
  "spf.syntax": {
    text: ({ name, term, problem, at }) =>
      problem === "ignored-modifier"
        ? `${name} の SPF レコードの「${term}」は効いていません。${syntaxProblems[problem]}。`
        : `${name} の SPF レコードの ${at} 文字目、「${term}」に誤りがあります。${syntaxProblems[problem]}。${permerror}`,
    fix: ({ suggestion }) =>
      suggestion === undefined
        ? "正しく書き直すか、削除してください。"
        : `${suggestion} の誤りではありませんか。`,
  },
  "spf.space-after-colon": {
    text: ({ name, term, at }) =>
      `${name} の SPF レコードの ${at} 文字目、「${term}」の後に余分な空白があり、指定が途中で切れています。${permerror}`,
    fix: ({ mended }) => `空白を入れずに書いてください: ${mended}`,
  },
  "spf.trailing-semicolon": {
    text: ({ name, term }) =>
      `${name} の SPF レコードの「${term}」がセミコロンで終わっています。SPF ではセミコロンを使いません。${permerror}`,
    fix: () => "セミコロンを削除してください。",
  },
  "spf.family-mixup": {
    text: ({ name, term }) =>
      `${name} の SPF レコードの「${term}」は、IPv4 と IPv6 を取り違えています。ip4 には IPv4 アドレス、ip6 には IPv6 アドレスを書きます。${permerror}`,
    fix: ({ mended }) => `${mended} と書いてください。`,
  },
  "spf.host-bits": {
    text: ({ name, term, network, count }) =>
      `${name} の SPF レコードの「${term}」は、書かれたアドレス 1 つではなく ${network}（${count} アドレス）全体を意味します。`,
    fix: ({ single, network }) =>
      `送信するのが 1 台だけなら、プレフィックス長を付けずに ${single} と書いてください。ネットワーク全体を許可するなら ${network} と書いてください。`,
  },
  "spf.broad-range": {
    text: ({ name, term, count }) =>
      `${name} の SPF レコードの「${term}」は ${count} アドレスからの送信を許可します。大半は自分のサーバーではないはずです。`,
    fix: () => "実際に送信するサーバーのアドレスか、小さなネットワークに絞ってください。",
  },
  "spf.special-address": {
    text: ({ name, term, kind }) =>
      `${name} の SPF レコードの「${term}」は${specialKinds[kind]}です。インターネット経由でここからメールが届くことはありません。`,
    fix: ({ kind }) =>
      kind === "documentation"
        ? "例をそのまま写したものと思われます。自分のアドレスに書き換えてください。"
        : "組織内だけで使うレコードでなければ、削除してください。",
  },
  "spf.lookups-over-10": {
    text: ({ name, lookups, limit, costs }) =>
      `${name} の SPF レコードは、include 先を含めて DNS 参照が ${lookups} 回必要です。上限は ${limit} 回で、それまでに一致しない送信元はすべて permerror になります。参照の多い順: ${list(costs)}。`,
    fix: () =>
      "使っていないサービスの include を外す、a や mx を ip4 と ip6 で書く、サービスにはエンベロープ送信者用のサブドメインを分ける、などで減らしてください。",
  },
  "spf.lookups-near": {
    text: ({ name, lookups, limit, costs }) =>
      `${name} の SPF レコードは、上限 ${limit} 回のうち ${lookups} 回の DNS 参照を使います。利用先のサービスが include を 1 つ増やすだけで、すべて permerror になりかねません。参照の多い順: ${list(costs)}。`,
    fix: () => "そうなる前に、使っていない指定を外してください。",
  },
  "spf.lookups-client-dependent": {
    text: ({ name, client, lookups }) =>
      `${client} からのメールは 10 回目の参照より前に一致するため、${name} の SPF に今も pass します。それ以外の送信元は ${lookups} 回の参照に達して permerror になるので、自分のサーバーから試しても気づけません。`,
    fix: () => "DNS 参照の回数を減らしてください（spf.lookups-over-10 を参照）。",
  },
  "spf.void-v4": {
    text: ({ name, client, terms, names, queries }) =>
      `登録されていない IPv4 の送信元（${client}）では、${name} の SPF レコードの ${emptyJa(terms, names)}で DNS の応答が空になります。許されるのは 2 回までで、これを数える検証側では all の結果ではなく permerror になります。空の応答: ${list(queries)}。`,
    fix: () => "これらの名前は ip4 と ip6 のアドレスで書き、存在しない名前は削除してください。",
  },
  "spf.void-v6": {
    text: ({ name, client, terms, names, queries }) =>
      `登録されていない IPv6 の送信元（${client}）では、${name} の SPF レコードの ${emptyJa(terms, names)}で DNS の応答が空になります。許されるのは 2 回までで、これを数える検証側では all の結果ではなく permerror になります。空の応答: ${list(queries)}。`,
    fix: () => "これらの名前は ip4 と ip6 のアドレスで書き、存在しない名前は削除してください。",
  },
  "spf.void-disputed": {
    text: ({ name, clients, queries }) =>
      `${name} の SPF は、受信側の実装によって結果が分かれます。送信元のアドレス種別で空の応答をすべて数える実装（pyspf など）では permerror になり、A も AAAA もない名前だけを数える実装（mailauth、mox）や数えない実装（rspamd、OpenDMARC）では permerror になりません。厳しい側/緩い側の結果: ${list(clients)}。空の応答: ${list(queries)}。`,
    fix: () =>
      "ip4 と ip6 を先頭に置き、A か AAAA の片方しかない名前はアドレスで書いてください。どの実装でも同じ結果になります。",
  },
  "spf.order-ip-first": {
    text: ({ name, terms, before }) =>
      `${name} の SPF レコードでは、${list(terms)} が DNS 参照の必要な ${before} より後にあります。そこで DNS や上限のエラーが起きると、登録済みの送信元までエラーになります。`,
    fix: () => "ip4 と ip6 を先頭に移してください。ほかの結果は変わりません。",
  },
  "spf.mx-over-10": {
    text: ({ name, term, count }) =>
      `${name} の SPF レコードの「${term}」は MX レコードが ${count} 個あります。10 個を超えると permerror になります。`,
    fix: () => "送信するサーバーのアドレスを書いてください。受信専用のサーバーを含める必要はありません。",
  },
  "spf.ptr": {
    text: ({ name, term }) =>
      `${name} の SPF レコードに「${term}」があります。ptr は使わないことになっています。遅いうえに逆引きの障害で壊れ、無視する受信側もあります。`,
    fix: () => "サーバーのアドレスを ip4 と ip6 で書いてください。",
  },
  "spf.one-family-name": {
    text: ({ name, hosts }) =>
      `このドメインは IPv4 と IPv6 の両方で送信しますが、${name} の SPF レコードには片方のアドレスしかない名前があります: ${list(hosts.map(({ host, lacks }) => `${host}（${lacks} なし）`))}。もう片方の送信元では空の応答として数えられます。`,
    fix: () => "ip4 と ip6 のアドレスで書くか、それぞれの名前に A と AAAA の両方を登録してください。",
  },
  "spf.include-none": {
    text: ({ name, term, target }) =>
      `${name} の SPF レコードの「${term}」の先、${target} に SPF レコードがありません。それまでに一致しない送信元はすべて permerror になります。`,
    fix: ({ suggestion }) =>
      suggestion === undefined
        ? "include を削除するか、正しい名前をサービスに確認してください。"
        : `${suggestion} の誤りではありませんか。そうでなければ include を削除してください。`,
  },
  "spf.include-broken": {
    text: ({ name, term, at, problem }) =>
      `${name} の SPF レコードの「${term}」は、参照先で壊れています。${at} ${brokenBy[problem]}。それまでに一致しない送信元はすべて permerror になります。`,
    fix: ({ target, at }) =>
      `${at === target ? target : `${target} と ${at}`} の管理者に連絡し、直るまではこの指定を外してください。`,
  },
  "spf.include-loop": {
    text: ({ name, path }) =>
      `${name} の SPF レコードが循環しています: ${path.join(" > ")}。検証側は 10 回の上限に達して permerror を返します。`,
    fix: ({ term }) => `${term} か、戻ってくる側の指定を削除してください。`,
  },
  "spf.include-duplicate": {
    text: ({ name, term, also }) =>
      `${name} の SPF レコードの「${term}」は余分です。${also} がすでに同じ先を含んでいます。DNS 参照はその都度数えられます。`,
    fix: ({ term }) => `${term} を削除してください。`,
  },
  "spf.include-passes-all": {
    text: ({ name, target, by }) =>
      `${name} の SPF レコードが include している ${target} は、すべての送信元を許可しています（「${by}」）。誰でもこのドメインで送信できます。`,
    fix: ({ term }) =>
      `${term} を削除し、自社のサーバーだけを書いたレコードにするようサービスに依頼してください。`,
  },
  "spf.include-all-note": {
    text: ({ name, own, includes }) =>
      `登録されていない送信元に効くのは、${name} 自身の「${own}」です。include 先の all は引き継がれません: ${list(includes.map(({ target, all }) => `${target} の ${all}`))}。`,
  },
  "spf.redirect-none": {
    text: ({ name, term, target }) =>
      `${name} の SPF レコードの「${term}」の先、${target} に SPF レコードがありません。それまでに一致しない送信元はすべて permerror になります。`,
    fix: () => "正しい名前に直すか、代わりに ~all を書いてください。",
  },
  "spf.redirect-and-all": {
    text: ({ name, term }) =>
      `${name} の SPF レコードには「${term}」と all の両方があります。all があると redirect は無視されます。`,
    fix: () => "redirect を削除してください。redirect を使うつもりだったなら all を削除してください。",
  },
  "spf.after-all": {
    text: ({ name, all, terms }) =>
      `${name} の SPF レコードでは、${list(terms)} が「${all}」より後にあり、参照されません。`,
    fix: ({ all }) => `「${all}」を最後に移してください。`,
  },
  "spf.no-all": {
    text: ({ name }) =>
      `${name} の SPF レコードが all も redirect もなく終わっています。登録されていない送信元は neutral となり、SPF がないのと変わりません。`,
    fix: () => "最後に ~all を書いてください。送信元をすべて登録できていれば -all でもかまいません。",
  },
  "spf.plus-all": {
    text: ({ name, term }) => `${name} の SPF レコードは「${term}」により、誰からの送信も許可しています。`,
    fix: () => "送信するサーバーを列挙し、最後を ~all にしてください。",
  },
  "spf.neutral-all": {
    text: ({ name, term }) =>
      `${name} の SPF レコードの「${term}」では、登録されていない送信元について何も示していないのと同じです。`,
    fix: () => "最後を ~all にしてください。",
  },
  "spf.hardfail-note": {
    text: ({ name }) =>
      `${name} の SPF レコードは -all で終わっています。DKIM や DMARC を見る前に拒否する受信側があり、その分は DMARC レポートにも現れません。転送されたメールが失われることがあります。`,
    fix: () => "DKIM と DMARC を設定していれば、~all でも同じように守られます。",
  },
  "spf.exp": {
    text: ({ name, term, target, problem }) =>
      `${name} の SPF レコードの「${term}」は効いていません。${target} ${expProblems[problem]}。`,
    fix: ({ target }) =>
      `${target} に ASCII で書いた説明文の TXT レコードを 1 つ公開するか、exp= を削除してください。`,
  },
  "spf.macro-syntax": {
    text: ({ name, term, at }) =>
      `${name} の SPF レコードの「${term}」のマクロが読み取れません（${at} 文字目）。${permerror}`,
    fix: () => "マクロは %{d}、%{i}、%{ir} などの形で、% そのものは %% と書きます。",
  },
  "spf.macro-p": {
    text: ({ name, term }) =>
      `${name} の SPF レコードの「${term}」で %{p} が使われています。送信元の逆引きに頼るため遅く不確実で、使わないことになっています。`,
    fix: () => "%{i} などほかのマクロを使うか、アドレスで書いてください。",
  },
  "spf.helo": {
    text: ({ helo, client, result }) =>
      `HELO 名 ${helo} の SPF は、${client} からの送信で ${result} になります。バウンスメールは HELO 名しか判定の対象がないため、SPF で pass できません。`,
    fix: ({ helo }) =>
      `${helo} に、このホストのアドレスを書いた SPF レコードを公開してください（v=spf1 ip4:アドレス -all）。`,
  },
  "spf.own-ips": {
    text: ({ name, client, byQuery, byName }) =>
      byName === "pass"
        ? `送信元 ${client} が ${name} の SPF で pass するのは、緩い実装の受信側だけです。空の応答をすべて数える実装では ${byQuery}、名前で数える実装では ${byName} になります。`
        : `送信元 ${client} は ${name} の SPF で pass しません（${byQuery === byName ? byName : `空の応答をすべて数える実装では ${byQuery}、名前で数える実装では ${byName}`}）。`,
    fix: ({ client, byName }) =>
      byName === "pass"
        ? `アドレスの追加は不要で、空の応答を減らせば解決します（spf.void-disputed を参照）。${client.includes(":") ? "ip6" : "ip4"}:${client} を先頭に置いてもかまいません。`
        : `このドメインで送信するサーバーなら、レコードの先頭に ${client.includes(":") ? "ip6" : "ip4"}:${client} を加えてください。`,
  },
  "spf.temperror": {
    text: ({ name, question, reason }) =>
      `${name} の SPF に必要な ${question} に DNS が応答しませんでした（${reason}）。受信側では temperror になるか、配送が遅れます。`,
    fix: () =>
      "その名前の権威サーバーを確認してから、もう一度調べてください。その先の内容は確認できていません。",
  },
  "spf.include-no-ip6": {
    text: ({ includes }) =>
      `次の include 先には IPv6 アドレスがありません: ${list(includes)}。サービスが IPv6 で送信すると、そのメールは pass しません。`,
    fix: () => "IPv6 で送信することがあるか、サービスに確認してください。",
  },
  "spf.name-unresolvable": {
    text: ({ name, term, target, problem }) =>
      `${name} の SPF レコードの「${term}」はどの送信元にも一致しません。${target} ${deadBy[problem]}。こうした指定は 1 つごとに、2 回までしか許されない空の応答を 1 回使います。`,
    fix: ({ suggestion }) =>
      suggestion === undefined
        ? "名前を直すか、この指定を削除してください。"
        : `${suggestion} の誤りではありませんか。`,
  },
};
