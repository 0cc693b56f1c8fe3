import type { SigningStoryText } from "./signing-story.ts";

export const signingStoryJa: SigningStoryText = {
  heading: "署名",
  labels: {
    signed: "署名した鍵",
    unsigned: "署名なし",
    failed: "署名失敗",
    from: "From",
    login: "ログイン名",
    fragile: "壊れやすさ",
    burst: "急増",
  },
  reason: {
    "no-author": "From ヘッダーから差出人を 1 つに決められません",
    "not-ours": "この From ドメインの鍵がありません。他者のメールには署名しません（sign.keys）",
    "no-right": "送信元に署名を受ける権限がありません（networks.own にあるだけです）",
    "null-sender": "送信者が空です（sign.null_sender）",
    "passing-through":
      "一度外から届き、そのとき DMARC に合格しなかったメールです。転送しているだけとみなし、署名しません",
    "list-unproven":
      "メーリングリストから戻ったメールで、作成者を確かめられません。From を書き換えないかぎり署名しません（lists）",
    "login-mismatch": "このログイン名に、この From は許可されていません（sign.logins）",
    "login-unlisted": "ログイン名がファイルになく、From も本人のものではありません（sign.logins）",
    fragile: "署名しても途中で壊れる見込みです（sign.on_fragile）",
    "already-signed": "署名すべき鍵の正しい署名がすべて付いています",
    "header-too-long": "ヘッダーが長すぎます",
    "header-malformed": "ヘッダーの先頭が空白です",
    "from-missing": "From ヘッダーがありません",
    "from-repeated": "From ヘッダーが複数あります",
    "too-many-fields": "署名するヘッダーが多すぎます",
    "key-unusable": "鍵を使えません。対象のファイルと対処はログにあります",
    "logins-unreadable": "ログイン名のファイルを読めません。理由はログにあります",
    "signature-failed": "署名を作れませんでした",
    "self-check": "作った署名が自分の検査に通りませんでした",
    fault: "Sekisho の内部異常です",
  },
  fragile: {
    "long-body-line": "本文に 998 オクテットを超える行があり、MTA が途中で折ります",
    "long-header-line": "ヘッダーに 998 オクテットを超える行があり、MTA が途中で折ります",
    "bare-cr-body": "本文に LF のない CR があり、MTA が書き換えるか拒否します",
    "bare-lf-body": "本文に CR のない LF があり、MTA が書き換えるか拒否します",
    "nul-body": "本文に NUL があり、MTA が取り除くか拒否します",
    "bare-cr-header": "ヘッダーに LF のない CR があり、MTA が書き換えるか拒否します",
    "nul-header": "ヘッダーに NUL があり、MTA が取り除くか拒否します",
    "undeclared-8bit-body":
      "BODY=8BITMIME の宣言がないのに本文に 8 ビット文字があり、MTA が変換することがあります",
    "raw-8bit-header": "SMTPUTF8 の宣言がないのにヘッダーに 8 ビット文字があり、MTA が変換することがあります",
    "blank-header-line": "ヘッダーに空白だけの継続行があり、そこでヘッダーが終わると読むソフトがあります",
    "unquoted-name": "引用符の必要な表示名に引用符がなく、Sendmail が補います",
    "missing-date": "Date がなく、MTA が補うと署名が壊れます",
    "missing-message-id": "Message-ID がなく、MTA が補うと署名が壊れます",
    "repeated-field": "1 つしか書けないヘッダーが複数あります",
  },
  burst: (count, messages, per) =>
    `この送信者のメールが ${per} の間に ${count} 通あります。通常は ${messages} 通までです（sign.burst）`,
  action: {
    hold: "このため保留しました",
    tempfail: "このため一時エラーを返しました（sign.on_failure）",
  },
};
