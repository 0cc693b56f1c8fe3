/** The meanings of the keys of `sign` and `seal`. */
export const signKeyText: Readonly<Record<string, { readonly en: string; readonly ja: string }>> = {
  sign: {
    en: "DKIM signing (RFC 6376), by sekisho sign; see signing.md. The milter does not sign yet.",
    ja: "DKIM 署名 (RFC 6376)。sekisho sign が使う。signing.ja.md を参照。milter ではまだ署名しない。",
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
  seal: {
    en: "ARC sealing (RFC 8617), by sekisho seal. The milter does not seal yet.",
    ja: "ARC の封印 (RFC 8617)。sekisho seal が使う。milter ではまだ封印しない。",
  },
  "seal.domain": {
    en: "d= of the seals: a domain of sign.keys.",
    ja: "封印の d=。sign.keys にあるドメイン。",
  },
  "seal.selector": {
    en: "Which key of that domain; its first RSA key when left out.",
    ja: "そのドメインのどの鍵か。省略すると最初の RSA 鍵。",
  },
};
