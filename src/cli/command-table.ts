import type { AnyCommand } from "./command.ts";
import type { Translated } from "./lang.ts";

/** A command by its name; its code is loaded only when it is called, so that the program starts fast. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: Translated;
  load(): Promise<AnyCommand>;
}

export const commandTable: readonly CommandEntry[] = [
  {
    name: "serve",
    summary: {
      en: "start the milter and the web port, as the configuration says",
      ja: "設定に従って milter と Web ポートを動かす",
    },
    load: async () => (await import("./commands/serve.ts")).serve,
  },
  {
    name: "status",
    summary: {
      en: "show how the running program is doing",
      ja: "動いているプログラムの状態を表示する",
    },
    load: async () => (await import("./commands/status.ts")).status,
  },
  {
    name: "verify",
    summary: {
      en: "authenticate a message: iprev, SPF, DKIM and DMARC",
      ja: "メールの送信元を検証する（iprev・SPF・DKIM・DMARC）",
    },
    load: async () => (await import("./commands/verify.ts")).verify,
  },
  {
    name: "spf",
    summary: {
      en: "evaluate SPF for a client and a sender, step by step",
      ja: "接続元と送信者について SPF を評価し、過程を示す",
    },
    load: async () => (await import("./commands/spf.ts")).spf,
  },
  {
    name: "check",
    summary: {
      en: "check what a domain publishes, before and after publishing",
      ja: "ドメインの公開設定を、公開の前と後に調べる",
    },
    load: async () => (await import("./commands/check.ts")).check,
  },
  {
    name: "explain",
    summary: {
      en: "tell why a message got the verdict it got",
      ja: "あるメールがなぜその判定になったのかを説明する",
    },
    load: async () => (await import("./commands/explain.ts")).explain,
  },
  {
    name: "shadow",
    summary: {
      en: "tell what a stricter setting would have done with recorded mail",
      ja: "試行の設定なら扱いが変わったメールを一覧する",
    },
    load: async () => (await import("./commands/shadow.ts")).shadow,
  },
  {
    name: "dmarc-diff",
    summary: {
      en: "list where the two ways of DMARC discovery differ on your mail",
      ja: "DMARC の 2 つの探索方法で結果が違ったメールを一覧する",
    },
    load: async () => (await import("./commands/dmarc-diff.ts")).dmarcDiff,
  },
  {
    name: "sign",
    summary: {
      en: "sign a message with DKIM",
      ja: "メールに DKIM 署名を付ける",
    },
    load: async () => (await import("./commands/sign.ts")).sign,
  },
  {
    name: "seal",
    summary: {
      en: "seal a message with ARC",
      ja: "メールに ARC の封印を付ける",
    },
    load: async () => (await import("./commands/seal.ts")).seal,
  },
  {
    name: "key",
    summary: {
      en: "make signing keys, print and check their DNS records",
      ja: "署名鍵を作り、DNS レコードを表示・確認する",
    },
    load: async () => (await import("./commands/key.ts")).key,
  },
  {
    name: "report",
    summary: {
      en: "take in and look at the reports that others send",
      ja: "届いた DMARC・TLS レポートを取り込み、表示する",
    },
    load: async () => (await import("./commands/report.ts")).report,
  },
  {
    name: "config",
    summary: {
      en: "check or show the configuration, and the MTA's side of it",
      ja: "設定と MTA 側の設定を確認・表示する",
    },
    load: async () => (await import("./commands/config.ts")).config,
  },
];
