interface Meaning {
  readonly en: string;
  readonly ja: string;
}

const spfOrIprev = (method: string): Readonly<Record<string, Meaning>> => ({
  [`verify.${method}.on_fail`]: {
    en: "What fail alone leads to: written down only, 4xx, or 5xx with a code of RFC 7372.",
    ja: "fail だけを理由に何をするか。record は記録だけ、defer は 4xx、reject は 5xx (RFC 7372 のコード)。",
  },
  [`verify.${method}.on_permerror`]: {
    en: "The same for permerror.",
    ja: "permerror のとき。",
  },
  [`verify.${method}.on_temperror`]: {
    en: "The same for temperror, that is, when DNS did not answer.",
    ja: "temperror (DNS が答えない) のとき。",
  },
});

const rule = (en: string, ja: string): Meaning => ({ en, ja });
const repeated = (field: string): Meaning =>
  rule(`More than one ${field} field (RFC 5322 §3.6).`, `${field} が 2 つ以上ある (RFC 5322 §3.6)。`);

/** The meanings of the keys that say what is done with verdicts. */
export const policyKeyText: Readonly<Record<string, Meaning>> = {
  "verify.enforce": {
    en: "What becomes of a DMARC policy that a message fails. monitor: nothing. quarantine: reject counts as quarantine. reject: refused where there is a second reason (docs/policy.md), else quarantined.",
    ja: "DMARC に通らないメールに相手のポリシーをどう適用するか。monitor は適用しない。quarantine は reject も quarantine として扱う。reject は、別の理由もあるとき (docs/policy.ja.md) だけ拒否し、なければ quarantine とする。",
  },
  "verify.shadow": {
    en: "Another setting that is evaluated and recorded only; sekisho shadow tells what it would have done. quarantine or reject for enforce, or a section with any of these keys of verify: enforce, quarantine_action, reject_alone, reject_own, reject_relayed, own_domains, own_names, parked_domains, overrides, lists, rules, arc.trusted_sealers, on_fail, on_permerror and on_temperror of spf and iprev, and the latter two of dmarc. A list stands in place of the one in force; what is left out is as in force.",
    ja: "記録だけする、別の設定。何が起きたはずかは sekisho shadow で分かる。enforce の値 quarantine か reject、または verify の次のキーを持つ項目: enforce・quarantine_action・reject_alone・reject_own・reject_relayed・own_domains・own_names・parked_domains・overrides・lists・rules・arc.trusted_sealers、spf・iprev の on_fail・on_permerror・on_temperror、dmarc の on_permerror・on_temperror。リストは今のものと置き換わる。書かないものは今の設定と同じ。",
  },
  "verify.quarantine_action": {
    en: "header: delivered with X-Sekisho-Quarantine, for Sieve to file. hold: kept in Postfix's hold queue.",
    ja: "header は X-Sekisho-Quarantine を付けて配送 (Sieve で振り分ける)。hold は Postfix の hold キューに入れる。",
  },
  "verify.reject_alone": {
    en: "Against RFC 9989 §7.4: refuse on a published reject alone, without a second reason.",
    ja: "RFC 9989 §7.4 に反して、相手の reject だけを理由に拒否する。",
  },
  "verify.reject_own": {
    en: "Refuse mail from networks.own too; else it is quarantined at most.",
    ja: "networks.own からのメールも拒否する。false なら最も厳しくても quarantine。",
  },
  "verify.reject_relayed": {
    en: "Refuse mail that networks.relays hand on too: the relay then sends bounces to senders who may be forged. Else it is quarantined at most.",
    ja: "networks.relays が中継したメールも拒否する。中継サーバーが、偽られたかもしれない差出人にエラーメールを送ることになる。false なら最も厳しくても quarantine。",
  },
  "verify.own_domains": {
    en: "Domains that only we send for, with their subdomains: a second reason to refuse.",
    ja: "自組織だけが送信に使うドメイン (サブドメインも含む)。拒否の別の理由になる。",
  },
  "verify.own_names": {
    en: "Host names of ours that no stranger greets with: a second reason to refuse. hostname, authserv_id, the name that the MTA gives itself, the names of networks.relays and all names in own_domains are meant without it.",
    ja: "外部の接続元が名乗るはずのない、自組織のホスト名。拒否の別の理由になる。hostname・authserv_id・MTA 自身の名前・networks.relays の名前・own_domains のドメイン内の名前は、書かなくても対象になる。",
  },
  "verify.parked_domains": {
    en: "Domains known to send no mail, with their subdomains: a second reason to refuse. What the author domain itself publishes (null MX, v=spf1 -all) is seen without it.",
    ja: "メールを送らないと分かっているドメイン (サブドメインも含む)。拒否の別の理由になる。From のドメインが自ら公開していれば (null MX、v=spf1 -all)、書かなくても分かる。",
  },
  "verify.overrides": {
    en: "In place of the published policy, for mail that does not pass DMARC; whatever enforce says. The longest domain that fits decides.",
    ja: "DMARC に通らないメールに、相手のポリシーの代わりに適用するもの。enforce によらない。当てはまる最も長いドメインに従う。",
  },
  "verify.overrides[].domain": { en: "Author domain (of From).", ja: "From のドメイン。" },
  "verify.overrides[].include_subdomains": {
    en: "Also for its subdomains.",
    ja: "サブドメインにも適用する。",
  },
  "verify.overrides[].action": {
    en: "none: as if it had no policy. quarantine, reject: also where it publishes less, or nothing.",
    ja: "none はポリシーがないものとして扱う。quarantine と reject は、相手の公開しているものが緩くても、なくても適用する。",
  },
  "verify.lists": {
    en: "Mailing lists and forwarders that you know: published policies are not applied to mail of theirs. All keys given must hold.",
    ja: "知っているメーリングリストや転送元。そこからのメールには相手のポリシーを適用しない。書いたものすべてに当てはまること。",
  },
  "verify.lists[].list_id": {
    en: "The name in List-Id. Alone it proves nothing, and only keeps a message from being refused.",
    ja: "List-Id の名前。これだけでは証明にならず、拒否を quarantine にするだけ。",
  },
  "verify.lists[].domain": {
    en: "Domain that a DKIM signature or SPF proves, or a domain above it.",
    ja: "DKIM 署名か SPF で証明されたドメイン。上位のドメインでもよい。",
  },
  "verify.lists[].network": {
    en: "Address or network of the client.",
    ja: "接続元のアドレスまたはネットワーク。",
  },
  "verify.iprev": {
    en: "iprev (RFC 8601 §2.7.3): whether a name of the client leads back to its address.",
    ja: "iprev (RFC 8601 §2.7.3)。接続元の名前を引いて元のアドレスに戻るか。",
  },
  ...spfOrIprev("iprev"),
  ...spfOrIprev("spf"),
  "verify.dmarc.on_temperror": {
    en: "When DNS did not answer and DMARC neither passes nor fails.",
    ja: "DNS が答えず、DMARC に通るとも通らないとも言えないとき。",
  },
  "verify.dmarc.on_permerror": {
    en: "When From names no author domain, or several (RFC 9989 §11.5). auto: record under monitor, else quarantine.",
    ja: "From にドメインがないか、複数あるとき (RFC 9989 §11.5)。auto は monitor では record、それ以外では quarantine。",
  },
  "verify.rules": {
    en: "Rules of form. off, record, header (adds X-Sekisho-Rules), or reject (550 with the rule and its RFC). Rules about the body also know seen: recorded when the body is read for a signature anyway.",
    ja: "形式の規則。off は見ない、record は記録だけ、header は X-Sekisho-Rules を付ける、reject は規則と RFC を示して 550 で拒否する。本文の規則では seen も使え、署名のために本文を読むときだけ記録する。",
  },
  "verify.rules.repeated_from": repeated("From"),
  "verify.rules.repeated_sender": repeated("Sender"),
  "verify.rules.repeated_reply_to": repeated("Reply-To"),
  "verify.rules.repeated_to": repeated("To"),
  "verify.rules.repeated_cc": repeated("Cc"),
  "verify.rules.repeated_date": repeated("Date"),
  "verify.rules.repeated_message_id": repeated("Message-ID"),
  "verify.rules.repeated_subject": repeated("Subject"),
  "verify.rules.missing_from": rule("No From field (RFC 5322 §3.6).", "From がない (RFC 5322 §3.6)。"),
  "verify.rules.missing_date": rule("No Date field (RFC 5322 §3.6).", "Date がない (RFC 5322 §3.6)。"),
  "verify.rules.several_author_domains": rule(
    "Authors in more than one domain in From (RFC 9989 §11.5).",
    "From に複数のドメインがある (RFC 9989 §11.5)。",
  ),
  "verify.rules.unreadable_from": rule(
    "A From field without an address that can be read (RFC 5322 §3.6.2).",
    "From のアドレスを読み取れない (RFC 5322 §3.6.2)。",
  ),
  "verify.rules.raw_8bit_header": rule(
    "Octets beyond US-ASCII in the header without SMTPUTF8 (RFC 5322 §2.2).",
    "SMTPUTF8 でないのに、ヘッダーに US-ASCII でない文字がそのまま入っている (RFC 5322 §2.2)。",
  ),
  "verify.rules.nul_header": rule(
    "A NUL in the header (RFC 5322 §2.2). The milter protocol cannot carry it: only sekisho verify sees it.",
    "ヘッダーに NUL がある (RFC 5322 §2.2)。milter では届かないので sekisho verify でだけ見つかる。",
  ),
  "verify.rules.bare_cr_header": rule(
    "A CR without LF in the header (RFC 5322 §2.2).",
    "ヘッダーに LF を伴わない CR がある (RFC 5322 §2.2)。",
  ),
  "verify.rules.bare_lf_header": rule(
    "An LF without CR in the header (RFC 5322 §2.2). Most MTAs take it for a line end: then only sekisho verify sees it.",
    "ヘッダーに CR を伴わない LF がある (RFC 5322 §2.2)。MTA が行末とみなすと sekisho verify でだけ見つかる。",
  ),
  "verify.rules.long_header_line": rule(
    "A line of more than 998 octets in the header (RFC 5322 §2.1.1).",
    "ヘッダーに 998 オクテットを超える行がある (RFC 5322 §2.1.1)。",
  ),
  "verify.rules.nul_body": rule(
    "A NUL in the body (RFC 5322 §2.3). Like every rule about the body it makes the MTA send every body, unless it is off or seen.",
    "本文に NUL がある (RFC 5322 §2.3)。本文の規則を off と seen 以外にすると、MTA がすべての本文を送ってくるようになる。",
  ),
  "verify.rules.bare_cr_body": rule(
    "A CR without LF in the body (RFC 5322 §2.3).",
    "本文に LF を伴わない CR がある (RFC 5322 §2.3)。",
  ),
  "verify.rules.bare_lf_body": rule(
    "An LF without CR in the body (RFC 5322 §2.3). Most MTAs take it for a line end: then only sekisho verify sees it.",
    "本文に CR を伴わない LF がある (RFC 5322 §2.3)。MTA が行末とみなすと sekisho verify でだけ見つかる。",
  ),
  "verify.rules.long_body_line": rule(
    "A line of more than 998 octets in the body (RFC 5322 §2.1.1).",
    "本文に 998 オクテットを超える行がある (RFC 5322 §2.1.1)。",
  ),
};
