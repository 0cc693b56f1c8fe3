import type { WhyText } from "./why.ts";

export const whyJa: WhyText = {
  "client.unix": () => "ネットワーク経由ではなく、このホスト上で渡されたメールです",
  "client.simulated": () => "このホスト上のプログラム（sendmail コマンド）からのメールです",
  "client.none": () => "このホスト上のプログラムからのメールで、接続元はありません",
  "client.no-address": () => "MTA から接続元のアドレスが伝えられていません",
  "auth.login": () => "SMTP 認証に成功しています",
  "auth.relay": () => "SMTP 認証にも成功していますが、中継サーバーとして扱います",
  "networks.none": () => "アドレスが自組織のどのネットワークにも含まれません",
  "networks.submitters": (network) => `アドレスが networks.submitters（${network}）に含まれます`,
  "networks.relays": (network) => `アドレスが networks.relays（${network}）に含まれます`,
  "networks.own": (network) => `アドレスが networks.own（${network}）に含まれます`,
  "socket.sign": () => "署名専用のソケットのため、検証はしません",
  "unverified.local": () => "このホスト自身から出たメールのため、検証しません",
  "unverified.submitter": () => "自組織の利用者が出したメールのため、検証しません",
  "spf.no-address": () => "接続元のアドレスが不明のため、SPF と iprev は評価しません",
  "relay.no-head": () => "中継サーバーの手前の接続元がまだ分からないため、SPF と iprev は評価しません",
  "relay.received": (address) =>
    `中継サーバーの Received ヘッダーによれば、その手前の接続元は ${address} です`,
  "relay.submitter": (address) =>
    `中継サーバーの手前の接続元 ${address} は送信を許可された接続元のため、検証しません`,
  "relay.local": () => "中継サーバー自身から出たメールのため、検証しません",
  "relay.no-received": () => "中継サーバーの Received ヘッダーがないため、SPF と iprev は評価しません",
  "relay.syntax": () => "中継サーバーの Received ヘッダーを解釈できないため、SPF と iprev は評価しません",
  "relay.no-address": () =>
    "中継サーバーの Received ヘッダーにアドレスがないため、SPF と iprev は評価しません",
  "relay.ambiguous-address": () =>
    "中継サーバーの Received ヘッダーにアドレスが複数あるため、SPF と iprev は評価しません",
  "relay.too-many-hops": () => "中継の段数が上限を超えたため、SPF と iprev は評価しません",
  "relay.unknown-by": (name) =>
    `先頭の Received ヘッダーを書いた ${name} は中継サーバーの名前ではないため、SPF と iprev は評価しません`,
  "sign.socket": () => "署名できます（署名用のソケット）",
  "sign.submitter": () => "署名できます",
  "sign.local": () => "署名できます",
  "lists.socket": (name) => `メーリングリスト ${name} のソケットから届きました（lists.hosts）`,
  "lists.network": (name) => `メーリングリストのホスト ${name} から届きました（lists.hosts）`,
  "lists.list-id": (name) => `メーリングリスト ${name} の List-Id が付いています（lists.hosts）`,
};
