import type { Lang } from "../lang.ts";

/** What keeps a store from being used, as far as its engine's error tells. */
export type StoreFault =
  | "damaged"
  | "damaged-records"
  | "busy"
  | "disk-full"
  | "read-only"
  | "no-right"
  | "cannot-open"
  | "disk-failing"
  | "unreachable"
  | "login-refused"
  | "no-database"
  | "no-right-in-database"
  | "server-stopping"
  | "other";

/** What is said of a store that cannot be used. */
export interface StoreText {
  /** @param said The engine's own words. */
  readonly unusable: (what: string, fault: string, said: string) => string;
  readonly file: (path: string) => string;
  readonly records: string;
  readonly postgres: string;
  readonly store: string;
  readonly newer: (what: string, version: string) => string;
  readonly noDump: string;
  readonly dumpFailed: (said: string) => string;
  readonly faults: Readonly<Record<StoreFault, string>>;
}

const en: StoreText = {
  unusable: (what, fault, said) => `${what} cannot be used: ${fault} (${said})`,
  file: (path) => path,
  records: "the store of records",
  postgres: "the PostgreSQL database (store)",
  store: "the store",
  newer: (what, version) =>
    `${what} was written by a newer Sekisho (schema ${version}); use that version or a later one`,
  noDump: "the database cannot be copied: there is no pg_dump; install the package postgresql-client",
  dumpFailed: (said) => `the database cannot be copied: pg_dump has failed (${said})`,
  faults: {
    damaged: "it is damaged or no database; move it away and restore a backup",
    "damaged-records": "it is damaged; sekisho serve sets it aside when it starts and begins a new one",
    busy: "another process has been writing to it for long; nothing is lost, try again later",
    "disk-full": "the disk is full",
    "read-only": "it can only be read; look at the rights of the file and its folder",
    "no-right": "permission denied; call the command as the user of sekisho serve",
    "cannot-open":
      "the file cannot be opened; look whether its folder is there, and whether this user may write in it",
    "disk-failing": "the disk cannot be read or written",
    unreachable: "its server cannot be reached; look whether it runs, and at the address in store",
    "login-refused": "its server refuses the user or the password; look at store",
    "no-database": "there is no such database on its server; look at store",
    "no-right-in-database": "its user has no right to do this",
    "server-stopping": "its server is just starting or stopping; try again shortly",
    other: "its engine reports an error",
  },
};

const ja: StoreText = {
  unusable: (what, fault, said) => `${what}を使えません。${fault}（${said}）`,
  file: (path) => `${path} `,
  records: "メールの記録のデータベース",
  postgres: "PostgreSQL のデータベース (store) ",
  store: "データベース",
  newer: (what, version) =>
    `${what}は、より新しい Sekisho（スキーマ ${version}）が書いたものです。そのバージョン以降の Sekisho を使ってください`,
  noDump: "データベースを複製できません。pg_dump がないので、postgresql-client パッケージを入れてください",
  dumpFailed: (said) => `データベースを複製できません。pg_dump が失敗しました（${said}）`,
  faults: {
    damaged:
      "ファイルが壊れているか、データベースではありません。別の場所に移し、バックアップから戻してください",
    "damaged-records":
      "ファイルが壊れています。sekisho serve を起動すると、別の名前で残したうえで新しく作り直します",
    busy: "別のプロセスの書き込みが長く続いています。失われたものはありません。しばらくしてからやり直してください",
    "disk-full": "ディスクの空き容量がありません",
    "read-only": "書き込めません。ファイルとフォルダーの権限を確かめてください",
    "no-right": "権限がありません。sekisho serve と同じユーザーで実行してください",
    "cannot-open": "ファイルを開けません。フォルダーの有無と書き込み権限を確かめてください",
    "disk-failing": "ディスクを読み書きできません",
    unreachable:
      "サーバーに接続できません。サーバーが動いているか、store のアドレスが正しいかを確かめてください",
    "login-refused": "サーバーにログインを拒否されました。store のユーザー名とパスワードを確かめてください",
    "no-database": "その名前のデータベースがサーバーにありません。store の設定を確かめてください",
    "no-right-in-database": "ユーザーにこの操作の権限がありません",
    "server-stopping": "サーバーが起動または停止の途中です。少し待ってからやり直してください",
    other: "データベースがエラーを返しました",
  },
};

export function storeText(lang: Lang): StoreText {
  return lang === "ja" ? ja : en;
}
