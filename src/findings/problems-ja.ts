import { bimiJa } from "./bimi-problems-ja.ts";
import type { ProblemText } from "./problems.ts";

export const ja: ProblemText = {
  ...bimiJa,
  iprev: {
    "no-ptr": "この IP アドレスには PTR レコードがありません（逆引きできません）。",
    "no-match": "逆引きした名前を正引きしても、この IP アドレスに戻りません。",
    "dns-failure": "DNS の応答が得られず、逆引きと正引きが一致するか確認できませんでした。",
  },
  spf: {
    "lookup-limit":
      "評価に必要な DNS 参照が 10 回を超えています（include, a, mx, ptr, exists, redirect の合計）。受信側はここで評価を打ち切ります。",
    "void-lookup-limit":
      "空の応答になった DNS 参照が上限（既定は 2 回）を超えました。レコード中の名前が存在しないか、接続元と同じ種類のアドレス（IPv4/IPv6）を持っていません。",
    "mx-limit": "mx が指すドメインの MX ホストが 10 台を超えています。",
    syntax: "SPF レコード（または include 先のレコード）に文法の誤りがあり、解釈できません。",
    "multiple-records": "SPF レコードが 2 つ以上公開されています。1 つにまとめる必要があります。",
    "include-none": "include の参照先ドメインに SPF レコードがありません。",
    "redirect-none": "redirect の参照先ドメインに SPF レコードがありません。",
    "dns-failure":
      "評価に必要な名前を DNS で参照できませんでした。一時的な障害であれば、再送時に解消する可能性があります。",
    "time-limit": "DNS の応答が遅く、評価が制限時間内に終わりませんでした。",
  },
  dkim: {
    "body-hash-mismatch": "本文が署名時と異なります。配送の途中で書き換えられています。",
    "signature-mismatch":
      "署名が一致しません。署名対象のヘッダーが途中で書き換えられたか、公開されている鍵が署名に使われた鍵と異なります。",
    sha1: "SHA-1 を使った署名です。RFC 8301 以降、有効な署名とは認められません。",
    "key-too-short": "RSA 鍵が 1024 ビット未満で、強度が足りません。",
    "body-not-covered":
      "本文の先頭部分しか署名されていません（l=）。後ろに何が追記されていても検出できません。",
    "signature-expired": "検証した時点で署名の有効期限（x=）が切れていました。",
    "no-key": "セレクタに公開鍵がありません。鍵が削除されたか、署名に書かれた名前が誤っています。",
    "key-revoked": "この鍵は署名者によって失効されています（p= が空）。",
    "key-syntax": "公開鍵のレコードを解釈できません。",
    "key-not-for-email": "公開鍵がメール用ではありません（s=）。",
    "key-hash-not-allowed": "署名に使われたハッシュを公開鍵が許可していません（h=）。",
    "identity-not-allowed":
      "公開鍵は i= と d= が同じドメインであることを求めていますが（t=s）、一致していません。",
    "signature-syntax": "DKIM-Signature ヘッダーを解釈できません。",
    "tag-missing": "DKIM-Signature ヘッダーに必須のタグがありません。",
    "identity-outside-domain": "i= が署名ドメイン d= の範囲外です。",
    "unknown-algorithm": "署名のアルゴリズムに対応していません。",
    "unknown-version": "署名または公開鍵のバージョンに対応していません。",
    "dns-failure": "DNS の応答が得られず、公開鍵を取得できませんでした。",
    "key-testing": "署名の検証に失敗しましたが、署名者は鍵をテスト中（t=y）としています。",
    "too-many-signatures": "署名の数が上限を超えたため、この署名は評価していません。",
    "signature-too-large": "DKIM-Signature ヘッダーが上限より大きいため、評価していません。",
  },
  arc: {
    "sealed-as-failed": "最も新しい封印が、届いた時点でチェーンが壊れていたと記しています（cv=fail）。",
    "too-many-sets": "ARC の組が 50 を超えているか、チェーンが長すぎるため評価していません。",
    "incomplete-set": "チェーンに欠けた番号があるか、3 種のヘッダーが 1 つずつ揃っていない組があります。",
    "chain-value": "封印の cv= が、チェーンの中での位置に合っていません。",
    syntax: "ARC のヘッダーを解釈できません。",
    "message-signature":
      "最も新しい ARC-Message-Signature が一致しません。封印の後でメールが書き換えられています。",
    seal: "封印（ARC-Seal）が一致しません。チェーンのヘッダーが途中で書き換えられたか、公開されている鍵が封印に使われた鍵と異なります。",
    "no-key": "封印した側の使える公開鍵がありません。削除されたか、強度や形式に問題があります。",
    "dns-failure": "DNS の応答が得られず、封印の公開鍵を取得できませんでした。",
  },
  dmarc: {
    "no-record": "From のドメインにも上位のドメインにも DMARC レコードがありません。",
    "policy-invalid":
      "DMARC レコードのポリシーを解釈できません。レポートの宛先（rua）があれば p=none、なければレコードなしとして扱います。",
    "dns-failure": "DNS の障害のため、合格かどうかを判定できませんでした。",
    "from-missing": "From ヘッダーがありません。",
    "from-multiple-fields": "From ヘッダーが 2 つ以上あります。",
    "from-multiple-domains": "From ヘッダーに複数のドメインのアドレスが書かれています。",
    "from-no-address": "From ヘッダーにアドレスがありません。",
    "from-syntax": "From ヘッダーを解釈できません。",
    "from-domain-invalid": "From ヘッダーのドメインがドメイン名として正しくありません。",
  },
  dns: {
    timeout: "時間内にどのネームサーバーからも応答がありませんでした。",
    servfail: "ネームサーバーが答えを得られませんでした（SERVFAIL）。",
    refused: "ネームサーバーに応答を拒否されました（REFUSED）。",
    bogus: "応答が DNSSEC の検証に失敗しました。",
    malformed: "応答を解釈できないか、CNAME が循環しています。",
    "bad-name": "名前が長すぎるか形式が正しくないため、問い合わせできません。",
    offline: "指定されたゾーンに含まれない名前のため、問い合わせていません（--offline）。",
  },
};
