import type { FindingText } from "../finding.ts";
import type { DmarcFindings, DmarcSeparator, DmarcUriFault } from "./dmarc.ts";

const separators: Readonly<Record<DmarcSeparator, string>> = {
  comma: "セミコロンの位置にカンマ",
  colon: "「=」またはセミコロンの位置にコロン",
  semicolon: "宛先を区切るカンマの位置にセミコロン",
  space: "「=」またはセミコロンの位置に空白",
  quote: "値の中に引用符",
  backslash: "値の中にバックスラッシュ",
  "full-width": "全角文字",
  invisible: "目に見えない文字",
};

const uriFaults: Readonly<Record<DmarcUriFault, string>> = {
  "no-scheme": "mailto: がありません",
  slashes: "mailto: の後に // は付きません",
  blank: "空白が入っています",
  address: "メールアドレスになっていません",
  "u-label": "ドメインは ASCII の形（xn--…）で書かなければなりません",
  character: "%XX の形で書かなければならない文字が入っています",
  empty: "何も書かれていません",
};

const noMail: Readonly<Record<DmarcFindings["dmarc.rua-no-mx"]["why"], string>> = {
  "no-such-name": "は存在しません",
  "no-address": "には MX もアドレスもありません",
  "null-mx": "はメールを受け取らないと宣言しています（null MX）",
};

const mailbox = "レポートは毎日届くため、postmaster ではなく専用のメールボックスにすることをお勧めします。";

export const dmarcJa: FindingText<DmarcFindings> = {
  "dmarc.missing": {
    text: ({ domain, organizational, alias }) =>
      `${domain} に DMARC レコードがありません${organizational === domain ? "" : `（${organizational} にもありません）`}。${alias === undefined ? "" : `_dmarc.${organizational} は ${alias} の別名（CNAME）ですが、その先にレコードがありません。`}誰でもこのドメインを From に使えるうえ、大手の受信側は DMARC を必須にしており、なりすましの状況も分かりません。`,
    fix: ({ policy, alias }) =>
      `${alias === undefined ? "" : "別名の先のサービスに確かめるか、別名をやめて自分のレコードを公開してください。"}${
        policy === "reject"
          ? "影響を受けるメールがまだないため、はじめから p=reject とレポートの宛先を公開してください。"
          : "まず p=none とレポートの宛先を公開し、正規のメールが合格していることをレポートで確かめてから厳しくしてください。"
      }${mailbox}`,
  },
  "dmarc.multiple": {
    text: ({ name, count }) =>
      `${name} に DMARC レコードが ${count} 個あります。受信側はすべて無視するため、DMARC がないのと同じです。`,
    fix: () =>
      "1 個にまとめてください。まとめたレコードでは、変更によってメールが失われないように、弱いほうのポリシーを使っています。",
  },
  "dmarc.wrong-place": {
    text: ({ name, right, there }) =>
      there
        ? `DMARC レコードが ${name} にもありますが、そこは参照されません。有効なのは ${right} のレコードです。`
        : `DMARC レコードが ${name} にありますが、そこは参照されません。${right} に置いて初めて有効になります。`,
    fix: ({ there }) => (there ? "削除してください。" : "正しい名前に移してください。"),
  },
  "dmarc.version": {
    text: ({ name, begins }) =>
      `${name} のレコードは「${begins}」で始まっています。大文字・小文字も含めて v=DMARC1 で始まらないレコードは、全体が無視されます。`,
    fix: () => "先頭を v=DMARC1 にしてください。",
  },
  "dmarc.leading-space": {
    text: ({ name }) =>
      `${name} のレコードの先頭に空白があります。v=DMARC1 で始まらないレコードとして無視する受信側があります。`,
    fix: () => "先頭の空白を削除してください。",
  },
  "dmarc.unrelated-txt": {
    text: ({ name, count, wildcard }) =>
      wildcard
        ? `${name} でワイルドカードの TXT レコードも返っています。受信側は読み飛ばしますが、応答が大きくなり、設定の漏れにも気づきにくくなります。`
        : `${name} に DMARC 以外の TXT レコードが ${count} 個あります。受信側は読み飛ばします。`,
    fix: ({ wildcard }) =>
      wildcard ? "できれば TXT のワイルドカードをやめてください。" : "削除してください。",
  },
  "dmarc.p-missing": {
    text: ({ name, reports }) =>
      reports
        ? `${name} のレコードにポリシー（p=）がありません。p=none と同じに扱われ、RFC 7489 に従う受信側では無視されます。`
        : `${name} のレコードにはポリシー（p=）もレポートの宛先もありません。受信側では何も起こりません。`,
    fix: () => "2 番目のタグとして p= を書いてください。",
  },
  "dmarc.p-invalid": {
    text: ({ name, tag, value, reports }) =>
      `${name} のレコードの ${tag}=${value} はポリシーとして読めません。${
        reports ? "レコード全体が p=none と同じに扱われます。" : "レコード全体が効果を持ちません。"
      }`,
    fix: ({ tag, meant }) =>
      meant === undefined
        ? `${tag}= には none、quarantine、reject のいずれかを書きます。`
        : `${meant} の間違いではありませんか。${tag}= には none、quarantine、reject のいずれかを書きます。`,
  },
  "dmarc.p-order": {
    text: ({ name }) =>
      `${name} のレコードでは、ポリシー（p=）が 2 番目のタグではありません。RFC 7489 では 2 番目と決まっていたため、古い受信側では読まれないことがあります。`,
    fix: () => "p= を v=DMARC1 のすぐ後に置いてください。",
  },
  "dmarc.unknown-tag": {
    text: ({ name, tag }) => `${name} のレコードの「${tag}」というタグは存在せず、無視されます。`,
    fix: ({ meant }) => (meant === undefined ? "削除してください。" : `${meant} の間違いではありませんか。`),
  },
  "dmarc.bad-value": {
    text: ({ name, tag, value, used }) =>
      `${name} のレコードの ${tag}=${value} は、このタグの値として読めません。${tag}=${used} として扱われます。`,
    fix: ({ tag, meant, used }) =>
      meant === undefined
        ? `削除するか、${tag}=${used} と書いてください。`
        : `${tag}=${meant} の間違いではありませんか。`,
  },
  "dmarc.duplicate-tag": {
    text: ({ name, tag }) =>
      `${name} のレコードに ${tag}= が 2 つ以上あります。どれが使われるかは受信側しだいで、レコード全体を無視する受信側もあります。`,
    fix: () => "1 つだけにしてください。",
  },
  "dmarc.separator": {
    text: ({ name, found }) =>
      `${name} のレコードに書き方の誤りがあります（${found.map((one) => separators[one]).join("、")}）。意図したとおりには読まれないか、全体が無視されます。`,
    fix: () => "「タグ=値」の形で書き、タグの間は「;」、宛先の間は「,」で区切ってください。",
  },
  "dmarc.pct-rf-ri": {
    text: ({ name, tags, percent }) =>
      `${name} のレコードに、RFC 9989 で廃止されたタグがあります（${tags.join("、")}）。${
        percent === undefined
          ? ""
          : `pct=${percent} は RFC 7489 に従う受信側ではポリシーを弱めますが、そのほかでは効きません。`
      }`,
    fix: ({ percent }) =>
      percent === undefined
        ? "削除してください。"
        : "試験中であることは t=y で示します。ドメインのメールがすべて合格していることをレポートで確かめてから、pct= を削除してください。",
  },
  "dmarc.size-suffix": {
    text: ({ name, tag, uri }) =>
      `${name} のレコードの ${tag}= に大きさの上限が付いています（${uri}）。この指定は廃止され、無視されます。`,
    fix: () => "「!」以降を削除してください。",
  },
  "dmarc.t-y": {
    text: ({ name, policy, applied }) =>
      policy === applied
        ? `${name} のレコードに t=y（試験中）がありますが、ポリシーが ${policy} のため効果はありません。`
        : `${name} のレコードに t=y（試験中）があるため、${policy} のポリシーは ${applied} として適用されます。`,
    fix: () => "ドメインのメールがすべて合格していることをレポートで確かめてから、t=y を削除してください。",
  },
  "dmarc.sp-weaker": {
    text: ({ name, tag, policy, p }) =>
      tag === "sp"
        ? `${name} のレコードでは、サブドメインの保護が本体より弱くなっています（sp=${policy}、p=${p}）。なりすましにはサブドメインが使われます。`
        : `${name} のレコードでは、存在しない名前の保護が本体より弱くなっています（np=${policy}、p=${p}）。なりすましには架空の名前が使われます。`,
    fix: ({ tag }) =>
      tag === "sp"
        ? "サブドメインから送信している場合は、そのメールが DMARC に合格することをレポートで確かめるか、サブドメインごとにレコードを公開してください。そのうえで sp= を削除します。"
        : "np= を p= と同じ強さにしてください。内部の DNS にしかない名前で送信する機器があれば、先に送信元アドレスを変えておきます。",
  },
  "dmarc.sp-on-subdomain": {
    text: ({ name, tags, organizational }) =>
      `${name} の ${tags.map((tag) => `${tag}=`).join(" と ")} は使われません。サブドメインに適用されるのは ${organizational} のレコードだけです。`,
    fix: () => "削除してください。",
  },
  "dmarc.new-weaker": {
    text: ({ name, policy }) =>
      `${name} のレコードは p=${policy} です。新しいドメインには reject の影響を受ける既存のメールがないため、最初から reject にして、なりすましを防げます。`,
    fix: () => "p=reject から始めてください。",
  },
  "dmarc.np-absent": {
    text: ({ name, policy }) =>
      `${name} のレコードでは、架空のサブドメインのポリシーが ${policy} です。np=reject を加えると、存在しない名前からのメールを止められ、実在する名前のメールには影響しません。`,
    fix: () =>
      "np=reject を加えてください。内部の DNS にしかない名前で送信する機器があれば、先に送信元アドレスを変えておきます。",
  },
  "dmarc.psd": {
    text: (p) =>
      p.value === "y"
        ? `${p.name} のレコードに psd=y がありますが、これはレジストリのための値です（公開サフィックスは ${p.suffix}）。サブドメインがそれぞれ別の組織とみなされ、互いの間で DMARC に失敗します。`
        : `${p.name} のレコードの psd=n により、${p.above} とは別の組織とみなされます。一方の From を他方のドメインで署名したメールは、DMARC に合格しません。`,
    fix: (p) =>
      p.value === "y"
        ? "レジストリでなければ psd=y を削除してください。"
        : "意図したものでなければ psd=n を削除してください。",
  },
  "dmarc.psl-vs-walk": {
    text: ({ domain, walk, psl }) =>
      `${domain} の組織ドメインが受信側によって異なります（RFC 9989 では ${walk}、公開サフィックスのリストを使う RFC 7489 では ${psl}）。relaxed のアライメントに頼るメールは、一部の受信側でしか合格しません。`,
    fix: ({ walk, psl, wanted }) =>
      wanted
        ? `psd=n の指定によるものです。${walk} かその下の名前で署名すれば、どの受信側でも合格します。`
        : `_dmarc.${psl} にも DMARC レコードを公開してください。`,
  },
  "dmarc.deep-name": {
    text: ({ domain, labels, at }) =>
      `${domain} には ${labels} 個のラベルがあります。受信側はその名前自体と末尾の 7 ラベル以下だけを参照するため、${at} のレコードは決して見つかりません。`,
    fix: () => "その名前自体にレコードを公開してください。",
  },
  "dmarc.rua-missing": {
    text: ({ name }) =>
      `${name} のレコードに集約レポートの宛先（rua=）がありません。誰がこのドメインで送信しているのか、自分のメールが合格しているのかを知ることができません。`,
    fix: () => `rua= を加えてください。${mailbox}`,
  },
  "dmarc.rua-syntax": {
    text: ({ name, tag, value, fault }) =>
      fault === "empty"
        ? `${name} の ${tag}= に空の項目があります。`
        : `${name} の ${tag}= にある「${value}」は宛先として読めません（${uriFaults[fault]}）。レポートは送られません。`,
    fix: ({ tag }) => `${tag}=mailto:名前@ドメイン の形で書き、複数のときは「,」で区切ってください。`,
  },
  "dmarc.rua-no-mx": {
    text: ({ name, tag, uri, host, why }) =>
      `${name} の ${tag}= にある ${uri} にはレポートを届けられません。${host} ${noMail[why]}。`,
    fix: () => "宛先を直すか、そのドメインに MX レコードを登録してください。",
  },
  "dmarc.rua-placeholder": {
    text: ({ name, tag, uri, host, meant }) =>
      meant === undefined
        ? `${name} の ${tag}= が ${uri} になっています。${host} は説明書などの例に使われる他人のドメインで、レポートは他人に届くか、誰にも届きません。`
        : `${name} の ${tag}= にある ${uri} の ${host} は存在しません。${meant} の書き間違いと思われます。`,
    fix: ({ meant }) =>
      meant === undefined ? `自分の宛先を書いてください。${mailbox}` : `${meant} に直してください。`,
  },
  "dmarc.rua-unauthorised": {
    text: ({ domain, tag, uri, host, at }) =>
      `${domain} の ${tag}= は ${uri} を指していますが、${host} は ${domain} のレポートを受け取ると宣言していません（${at} にレコードがありません）。レポートは送られません。`,
    fix: ({ host }) => `${host} の管理者に、次のレコードの公開を依頼してください。`,
  },
  "dmarc.rua-auth-wildcard": {
    text: ({ host, own }) =>
      own
        ? `${host} はすべてのドメインのレポートを受け取ると宣言しています（*._report._dmarc）。誰でもレポートを送り付けさせることができます。`
        : `レポートを受け取る ${host} は、すべてのドメインのレポートを受け取ると宣言しています（*._report._dmarc）。`,
    fix: ({ own }) =>
      own
        ? "対象のドメインが分かっていれば、ドメインごとのレコードに置き換えてください。"
        : "レポートサービスでは一般的な設定で、対応は不要です。",
  },
  "dmarc.rua-many": {
    text: ({ name, tag, count }) =>
      `${name} の ${tag}= に宛先が ${count} 個あります。受信側が対応しなければならないのは 2 個までで、残りには届かないことがあります。`,
    fix: () => "2 個までにして、そこから転送してください。",
  },
  "dmarc.rua-scheme": {
    text: ({ name, tag, scheme, others }) =>
      others
        ? `${name} の ${tag}= に ${scheme}: の宛先もありますが、受信側が対応しているのは mailto: だけで、読み飛ばされます。`
        : `${name} の ${tag}= には ${scheme}: の宛先しかありません。受信側が対応しているのは mailto: だけなので、レポートは届きません。`,
    fix: () => "mailto: の宛先を書いてください。",
  },
  "dmarc.we-receive": {
    text: ({ other, host, at }) =>
      `${other} のレポートの宛先は ${host} ですが、${host} は受け取ると宣言していません（${at} にレコードがありません）。レポートは送られません。`,
    fix: () => "次のレコードを公開してください。",
  },
  "dmarc.ruf": {
    text: ({ name, why }) =>
      why === "ruf"
        ? `${name} のレコードは失敗レポート（ruf=）を求めています。送ってくる受信側はほとんどなく、届くレポートにはメールの個人情報が含まれます。`
        : why === "fo-without-ruf"
          ? `${name} のレコードには ruf= がないため、fo= は無視されます。`
          : `${name} のレコードの fo= に、同時には使えない 0 と 1 の両方があります。既定値の 0 として扱われます。`,
    fix: ({ why }) =>
      why === "ruf"
        ? "送ってくる相手が決まっていなければ、ruf= を削除してください。"
        : why === "fo-without-ruf"
          ? "fo= を削除してください。"
          : "どちらか一方にしてください。",
  },
};
