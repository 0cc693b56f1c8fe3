import type { FindingText } from "../finding.ts";
import type { ArcChainProblem, DkimFindings, DkimKeyFault, DkimSelectorSource } from "./dkim.ts";

const faults: Readonly<Record<DkimKeyFault, string>> = {
  "not-a-key": "鍵レコードではない別の TXT があります（ワイルドカードの TXT が返っているのかもしれません）",
  quotes:
    "値の中に引用符が入っています（引用符はゾーンファイルでは必要ですが、管理画面に入力するときは不要です）",
  backslashes:
    "値の中に「\\;」が入っています（ゾーンファイルでの書き方で、管理画面に入力するときは不要です）",
  "lost-plus": "鍵の「+」があるはずの位置が空白になっています",
  tags: "タグの書き方が誤っているか、同じタグが 2 つあります",
  version: "v=DKIM1 で始まっていません",
  "no-p": "公開鍵を書く p= がありません",
  base64: "p= に base64 以外の文字が入っています",
  "cut-off": "p= の鍵が途中で切れています",
  "wrapped-ed25519": "p= の Ed25519 の鍵が SPKI 形式です（32 オクテットの鍵だけを書きます）",
  "no-key": "p= を公開鍵として読めません",
};

const sources: Readonly<Record<DkimSelectorSource, string>> = {
  option: "オプションで指定されたもの",
  message: "メールの署名が使っているもの",
  records: "過去に受け取ったメールの署名にあったもの",
  zone: "ゾーンファイルにあるもの",
  key: "署名に使っている鍵のもの",
  live: "現在の DNS にあるもの",
  guess: "よく使われる名前",
};

const arcFaults: Readonly<Record<DkimFindings["arc.key"]["fault"], string>> = {
  missing: "鍵レコードがありません",
  several: "TXT レコードが複数あります",
  unreadable: "鍵レコードを読めません",
  revoked: "鍵が失効しています（p= が空です）",
  mismatch: "別の鍵が公開されています",
  short: "鍵が短すぎます",
};

const chainProblems: Readonly<Record<ArcChainProblem, string>> = {
  "sealed-as-failed": "最新の封印自体が、それより前でチェーンが壊れていたと述べています（cv=fail）",
  "too-many-sets": "ARC セットの数が多すぎます",
  "incomplete-set": "番号が 1 から連続していないか、3 つのフィールドがそろっていないセットがあります",
  "chain-value": "封印の cv= が、チェーンの中の位置に合っていません",
  syntax: "フィールドの書き方が誤っています",
  "message-signature":
    "最新の ARC-Message-Signature を検証できません（署名の後にメールが書き換えられています）",
  seal: "検証できない封印（ARC-Seal）があります",
  "no-key": "封印の公開鍵を取得できません",
};

const newKey =
  "sekisho key generate で新しい鍵を作り、表示されるレコードを公開してから、セレクタを切り替えてください。";

export const dkimJa: FindingText<DkimFindings> = {
  "dkim.no-key": {
    text: ({ name, from }) =>
      from === "live"
        ? `現在の DNS にある ${name} の DKIM の公開鍵が、ゾーンファイルにはありません。公開すると、この鍵の署名は検証できなくなります。`
        : `${name} に DKIM の公開鍵がありません。このセレクタは${sources[from]}ですが、その署名は誰にも検証できません。`,
    fix: ({ from }) =>
      from === "live"
        ? "署名に使っている間と、使うのをやめてから数日間は、レコードを残してください。もう使っていなければ、対応は不要です。"
        : from === "records"
          ? "今も署名に使っているなら、鍵レコードを公開し直してください。使っていなければ、対応は不要です。"
          : "鍵レコード（sekisho key dns で表示できます）を公開するか、セレクタを正しく指定してください。",
  },
  "dkim.unknown-selector": {
    text: ({ domain, tried }) =>
      `${domain} が DKIM で署名しているかどうかは分かりません。セレクタの一覧を DNS から得る方法はなく、よく使われる ${tried} 個の名前には鍵がありませんでした。`,
    fix: () =>
      "--selector でセレクタを指定するか、--from-message でこのドメインから送ったメールを指定してください。",
  },
  "dkim.multiple-txt": {
    text: ({ name, count, joined }) =>
      joined
        ? `${name} の鍵が ${count} 個の TXT レコードに分かれています。1 個のレコードの中で文字列を分けなければ、鍵として読めません。`
        : `${name} に TXT レコードが ${count} 個あります。どれが使われるかは受信側しだいです。`,
    fix: ({ joined }) =>
      joined ? "1 個の TXT レコードにまとめてください。" : "使っている鍵だけを残してください。",
  },
  "dkim.key-syntax": {
    text: ({ name, fault }) => `${name} の鍵レコードは使えません。${faults[fault]}。`,
    fix: () => "署名するシステムが表示するレコードを、もう一度そのまま登録してください。",
  },
  "dkim.key-split": {
    text: ({ name, why, octets, file, line }) =>
      `${file === undefined ? "" : `${file}:${line ?? 0}: `}${
        why === "order"
          ? `${name} の鍵を分けた文字列の順序が違うため、つないでも鍵になりません。`
          : `${name} の鍵（${octets} オクテット）に、255 オクテットを超える文字列があります。1 つの文字列は 255 オクテットまでなので、ゾーンを読み込めません。`
      }`,
    fix: () => "1 個のレコードの中で、鍵の順番どおりに複数の文字列に分けてください。",
  },
  "dkim.bits": {
    text: ({ name, bits, limit }) =>
      limit === 4096
        ? `${name} の RSA 鍵は ${bits} ビットです。4096 ビットを超える鍵は、受信側が検証できるとは限りません。`
        : limit === 1024
          ? `${name} の RSA 鍵は ${bits} ビットしかありません。1024 ビット未満の鍵の署名は、必ず無効とされます。`
          : `${name} の RSA 鍵は ${bits} ビットです。2048 ビット以上が推奨されており、それを求める受信側もあります。`,
    fix: () => newKey,
  },
  "dkim.h-sha1": {
    text: ({ name, hashes }) =>
      `${name} のレコードは h= で ${hashes} だけを許しています。SHA-1 は使用が禁止されているため、この鍵の署名は合格しません。`,
    fix: () => "h= を削除してください。",
  },
  "dkim.k-mismatch": {
    text: ({ name, keyType, actual }) =>
      `${name} のレコードは k=${keyType} ですが、鍵は ${actual} のものです。受信側はこのレコードを無視します。`,
    fix: ({ actual }) => `k=${actual} に直してください。`,
  },
  "dkim.private-mismatch": {
    text: ({ name, file, published, own }) =>
      `${name} に公開されている鍵（${published}）は、署名に使う ${file} の鍵（${own}）と違います。署名はすべて検証に失敗します。`,
    fix: () => "鍵ファイルに合うレコードを公開するか、公開している鍵で署名してください。",
  },
  "dkim.test-flag": {
    text: ({ name }) =>
      `${name} のレコードに t=y（試験中）が残っています。受信側は、署名のないメールと同じに扱うことになっています。`,
    fix: () => "署名が正しく動いたら t=y を削除してください。",
  },
  "dkim.revoked": {
    text: ({ name, from }) =>
      from === "guess" || from === "zone" || from === "records"
        ? `${name} の鍵は失効しています（p= が空です）。もう使わない鍵であれば正しい設定です。`
        : `${name} の鍵は失効していますが（p= が空です）、このセレクタは${sources[from]}です。署名は検証に失敗します。`,
    fix: ({ from }) =>
      from === "guess" || from === "zone" || from === "records"
        ? "このセレクタで署名していなければ、対応は不要です。"
        : "別のセレクタの鍵で署名してください。",
  },
  "dkim.service-tag": {
    text: ({ name, services }) =>
      `${name} のレコードは s= で用途を ${services} に限っているため、メールの署名には使えません。`,
    fix: () => "s= を削除するか、s=email にしてください。",
  },
  "dkim.old-tags": {
    text: ({ name, tags }) =>
      `${name} のレコードに、今では意味のないタグがあります（${tags.map((tag) => `${tag}=`).join("、")}）。`,
    fix: () => "削除してください。",
  },
  "dkim.ed25519-only": {
    text: ({ domain, selectors }) =>
      `分かっている ${domain} の鍵は Ed25519 だけです（${selectors.join("、")}）。RSA しか検証できない受信側では、署名がないのと同じになります。`,
    fix: () => "別のセレクタで 2048 ビットの RSA 鍵を公開し、両方で署名してください。",
  },
  "dkim.cname-dead": {
    text: ({ name, target, live }) =>
      live === undefined
        ? `${name} は ${target} の別名（CNAME）ですが、その先にレコードがありません。このセレクタの署名は検証できません。`
        : `${name} は ${target} の別名（CNAME）ですが、その先にレコードがありません。同じサービスを指す ${live} には鍵があります。2 つの名前を交互に使うサービスは、次の鍵を切り替えの時まで公開しないことがあります。`,
    fix: ({ live }) =>
      live === undefined
        ? "利用中のサービスに、現在の正しい CNAME の値を確認してください。解約済みなら CNAME を削除してください。その名前を取得した第三者が、あなたのドメインで署名できてしまいます。"
        : `${live} で署名されていて、サービスの説明にこの CNAME が載っている間は、対応は不要です。`,
  },
  "dkim.rotation-age": {
    text: ({ domain, selector, months, by }) =>
      by === "selector"
        ? `${domain} のセレクタ ${selector} は、名前の日付から ${months} か月前のものと見られます。鍵は定期的に交換してください。`
        : `${domain} のセレクタ ${selector} の鍵ファイルは ${months} か月前のものです。鍵は定期的に交換してください。`,
    fix: () => newKey,
  },
  "dkim.parked-wildcard": {
    text: ({ domain }) =>
      `${domain} はメールを送りませんが、有効な DKIM の鍵がないことを宣言していません。すべてのセレクタを失効した鍵にしておくと、それを示せます。`,
    fix: () => "ワイルドカードで空の鍵を公開してください。",
  },
  "dkim.other-selector": {
    text: ({ file, line, owner, asked, said }) =>
      said
        ? `${file}:${line}: レコードの名前は ${owner} ですが、横のコメントによると鍵は ${asked} 用に作られたものです。`
        : `${file}:${line}: 鍵レコードは ${owner} にありますが、指定されたセレクタの ${asked} には鍵がありません。`,
    fix: ({ asked }) =>
      `レコードの名前を ${asked} にするか、署名に使うセレクタをレコードに合わせてください。`,
  },
  "arc.key": {
    text: ({ name, file, fault, bits }) =>
      `ARC の封印には ${file} を使いますが、${name} では${arcFaults[fault]}${fault === "short" ? `（${bits} ビット）` : ""}。封印は信用されません。`,
    fix: ({ fault }) =>
      fault === "short" ? newKey : "sekisho key dns で表示されるレコードを公開してください。",
  },
  "arc.chain": {
    text: ({ file, problem, instance }) =>
      `${file} の ARC のチェーン（${instance} セット）は検証に失敗しました。${chainProblems[problem]}。`,
    fix: () =>
      "最新のセットを付けたサーバーを調べてください。転送するサーバーは、メールの書き換えがすべて終わってから封印します。",
  },
};
