/** What the zone parser says in English, in Japanese. */
const sentences: readonly (readonly [pattern: RegExp, ja: string])[] = [
  [/^(.*) is no record type$/, "$1 というレコードの種類はありません"],
  [/^(.*) is no domain name$/, "$1 はドメイン名ではありません"],
  [/^(.*) is no IPv([46]) address$/, "$1 は IPv$2 アドレスではありません"],
  [/^(.*) is no TTL$/, "$1 は TTL ではありません"],
  [/^class (.*) is not supported$/, "$1 クラスには対応していません"],
  [/^(.*) is not supported$/, "$1 には対応していません"],
  [/^(.*) cannot be included$/, "$1 を読み込めません"],
  [/^too many files are included$/, "読み込むファイルが多すぎます"],
  [/^a record without an owner$/, "レコードの名前がありません"],
  [/^a record without a type$/, "レコードの種類がありません"],
  [/^(.*) without a value$/, "$1 の値がありません"],
  [/^(.*) takes one name$/, "$1 の値は名前 1 つです"],
  [/^an escape that is cut off.*$/, "TXT の文字列の \\ の後が途切れているか、255 を超えています"],
  [/^a TXT record of more than 65535 octets$/, "TXT レコードが 65535 オクテットを超えています"],
  [/^MX takes a preference.*$/, "MX には 0〜65535 の優先度とホスト名を書きます"],
  [/^SOA takes two names and five numbers$/, "SOA には名前 2 つと数値 5 つを書きます"],
  [/^a time of the SOA cannot be read$/, "SOA の時間を読めません"],
  [/^TLSA takes three numbers.*$/, "TLSA には 0〜255 の数値 3 つと 16 進数を書きます"],
  [/^the generic form of (.*) cannot be read$/, "$1 の汎用形式（RFC 3597）を読めません"],
  [/^the origin (.*) is no domain name$/, "起点 $1 はドメイン名ではありません"],
];

/** @param detail Words of the parser; its own are kept where there is no translation. */
export function zoneDetailJa(detail: string): string {
  const found = sentences.toReversed().find(([pattern]) => pattern.test(detail));
  return found === undefined ? detail : detail.replace(found[0], found[1]);
}
