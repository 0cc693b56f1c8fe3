import type { PolicyWhyText, RuleBreachText } from "./policy-why.ts";

export const policyWhyJa: PolicyWhyText = {
  "sign.held": () => "署名の規則によります（「署名」の欄を参照）",
  "sign.deferred": () => "署名すべきなのにできませんでした（「署名」の欄を参照）",
  "dmarc.quarantine": (domain) => `DMARC に通らず、${domain} は quarantine を求めています`,
  "dmarc.reject": (domain) => `DMARC に通らず、${domain} は reject を求めています`,
  "dmarc.testing": () => "先方はポリシーを試験中のため（t=y）、1 段緩く適用します",
  "dmarc.spf-unknown": () => "SPF を評価できず、DMARC に通らないとは言い切れないため、ポリシーは適用しません",
  "dmarc.sampled-out": () => "pct= の割合から外れたため、1 段緩く適用します",
  "dmarc.temperror": () => "DNS が応答せず、DMARC を評価できません（verify.dmarc.on_temperror）",
  "dmarc.permerror": (problem) =>
    `From から作成者のドメインを 1 つに決められません: ${problem}（verify.dmarc.on_permerror）`,
  "enforce.monitor": () => "監視のみのため、ポリシーを適用していません（verify.enforce: monitor）",
  "enforce.quarantine": () => "reject も quarantine として扱います（verify.enforce: quarantine）",
  "override.none": (domain) => `${domain} にはポリシーを適用しません（verify.overrides）`,
  "override.quarantine": (domain) => `${domain} の通らないメールは隔離します（verify.overrides）`,
  "list.known": (entry) => `知っているメーリングリスト ${entry} から来ました（verify.lists）`,
  "list.unproven": (entry) =>
    `${entry} から来たと書いてあります。証明はないものの、拒否はしません（verify.lists）`,
  "forwarder.known": (entry) => `知っている転送元 ${entry} から来ました（verify.lists）`,
  "sealer.trusted": (domain) =>
    `信頼する ${domain} の封印した ARC によれば、転送される前は DMARC に通っていました`,
  "second.own-domain": (domain) => `別の理由: ${domain} は自組織のドメインなのに、外から届きました`,
  "second.parked-domain": (domain) => `別の理由: ${domain} はメールを送らないドメインです`,
  "second.nonexistent-domain": (domain) => `別の理由: ${domain} は存在しないドメインです`,
  "second.operator-entry": (domain) => `${domain} の通らないメールは拒否します（verify.overrides）`,
  "second.own-helo": (name) => `別の理由: 接続元がこちらの名前 ${name} を名乗りました`,
  "second.no-list-or-forwarder": () =>
    "別の理由: メーリングリストや転送の形跡がなく、接続元のアドレスに正しい名前もありません（iprev）",
  "second.none": () =>
    "ポリシーだけでは拒否の理由にならず（RFC 9989 §7.4）、別の理由もないため、DMARC としては隔離にとどめます",
  "reject-alone": () => "ポリシーだけを理由に拒否します（verify.reject_alone）",
  "lowered.own": () => "自組織のネットワークからのメールなので、拒否しません（verify.reject_own）",
  "lowered.relay": () =>
    "拒否すると中継サーバーがエラーメールを送ることになるので、拒否しません（verify.reject_relayed）",
  "spf.fail": (domain) => `${domain} の SPF はこの接続元を許可していません（verify.spf.on_fail）`,
  "spf.permerror": (domain) => `${domain} の SPF レコードに誤りがあります（verify.spf.on_permerror）`,
  "spf.temperror": (domain) => `${domain} の SPF を今は評価できません（verify.spf.on_temperror）`,
  "spf.spared-by-dmarc": () => "署名で DMARC に通っているため、SPF の結果は使いません",
  "spf.spared-by-list": () => "知っている相手が転送してきたため、SPF の結果は使いません",
  "iprev.fail": (ip) => `${ip} の名前を引いても元のアドレスに戻りません（verify.iprev.on_fail）`,
  "iprev.permerror": (ip) => `${ip} には名前がありません（verify.iprev.on_permerror）`,
  "iprev.temperror": (ip) => `${ip} の名前を今は引けません（verify.iprev.on_temperror）`,
  "iprev.spared-by-list": () => "接続元のネットワークを知っているため、iprev の結果は使いません",
};

const repeated = (field: string): string => `${field} が 2 つ以上あります`;

export const rulesJa: RuleBreachText = {
  "repeated-from": repeated("From"),
  "repeated-sender": repeated("Sender"),
  "repeated-reply-to": repeated("Reply-To"),
  "repeated-to": repeated("To"),
  "repeated-cc": repeated("Cc"),
  "repeated-date": repeated("Date"),
  "repeated-message-id": repeated("Message-ID"),
  "repeated-subject": repeated("Subject"),
  "missing-from": "From がありません",
  "missing-date": "Date がありません",
  "several-author-domains": "From に複数のドメインがあります",
  "unreadable-from": "From のアドレスを読み取れません",
  "raw-8bit-header": "SMTPUTF8 でないのに、ヘッダーに US-ASCII でない文字がそのまま入っています",
  "nul-header": "ヘッダーに NUL があります",
  "bare-cr-header": "ヘッダーに LF を伴わない CR があります",
  "bare-lf-header": "ヘッダーに CR を伴わない LF があります",
  "long-header-line": "ヘッダーに 998 オクテットを超える行があります",
  "nul-body": "本文に NUL があります",
  "bare-cr-body": "本文に LF を伴わない CR があります",
  "bare-lf-body": "本文に CR を伴わない LF があります",
  "long-body-line": "本文に 998 オクテットを超える行があります",
};
