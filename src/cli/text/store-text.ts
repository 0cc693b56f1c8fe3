import type { EngineFault } from "../../store/store-error.ts";
import type { Lang } from "../lang.ts";

/** What is said of a store that cannot be used. */
export interface StoreText {
  /** @param said The engine's own words. */
  readonly unusable: (what: string, fault: string, said: string) => string;
  readonly file: (path: string) => string;
  readonly records: string;
  readonly postgres: string;
  readonly newer: (what: string, version: string) => string;
  readonly noDump: string;
  readonly dumpFailed: (said: string) => string;
  /** Of one mail, file or report; the others can be read. `name`: of the mail or file, by its digest; of the report, by its key. */
  readonly damagedRaw: (what: string, name: string, said: string) => string;
  readonly damagedDocuments: (what: string, name: string, said: string) => string;
  readonly damagedReport: (what: string, name: string, said: string) => string;
  readonly damagedDetails: (what: string, name: string, said: string) => string;
  readonly faults: Readonly<Record<EngineFault, string>>;
  /** Those that are said otherwise of what `sekisho serve` uses: there is no command to call again. */
  readonly faultsOfServe: Readonly<Partial<Record<EngineFault, string>>>;
}

const en: StoreText = {
  unusable: (what, fault, said) => `${what} cannot be used: ${fault} (${said})`,
  file: (path) => path,
  records: "the store of records",
  postgres: "the PostgreSQL database (store)",
  newer: (what, version) =>
    `${what} was written by a newer Sekisho (schema ${version}); use that version or a later one`,
  noDump: "the database cannot be copied: there is no pg_dump; install the package postgresql-client",
  dumpFailed: (said) => `the database cannot be copied: pg_dump has failed (${said})`,
  damagedRaw: (what, name, said) =>
    `${what}: the mail or file ${name} is damaged and cannot be read; the reports that were read from it stay, and only a backup has it whole (${said})`,
  damagedDocuments: (what, name, said) =>
    `${what}: what was read from the mail or file ${name} is damaged; restore a backup if you need it (${said})`,
  damagedReport: (what, name, said) =>
    `${what}: report ${name} is damaged; sekisho report reparse reads it again from its mail or file, and where that is no longer kept only a backup has it (${said})`,
  damagedDetails: (what, name, said) =>
    `${what}: records of report ${name} are damaged; sekisho report reparse reads them again from its mail or file, and where that is no longer kept only a backup has them (${said})`,
  faults: {
    damaged: "it is damaged or no database; move it away and restore a backup",
    "damaged-records": "it is damaged; sekisho serve sets it aside when it starts and begins a new one",
    busy: "another process has been writing to it for long; nothing is lost, try again later",
    "disk-full": "the disk is full; make room and try again",
    "read-only": "it can only be read; look at the rights of the file and its folder",
    "no-right": "permission denied; call the command as the user of sekisho serve",
    "cannot-open":
      "the file cannot be opened; look whether its folder is there, and whether this user may write in it",
    replaced:
      "the file was removed or replaced while it was in use; call the command again, and restart sekisho serve if it stays so",
    "disk-failing": "the disk cannot be read or written",
    unreachable: "its server cannot be reached; look whether it runs, and at the address in store",
    "login-refused": "its server refuses the user or the password; look at store",
    "no-database": "there is no such database on its server; look at store",
    "no-right-in-database": "its user has no right to do this",
    "server-stopping": "its server is just starting or stopping; try again shortly",
    "server-read-only":
      "its server only answers questions, as a standby does; name the one that takes changes in store",
    "server-full": "its server takes no more connections; look at its max_connections, and try again",
    "server-damaged": "its server finds it damaged; restore a backup",
    stopped: "it has stopped; sekisho serve starts it again by itself",
    other: "its engine reports an error",
  },
  faultsOfServe: {
    busy: "another process has been writing to it for long; nothing is lost",
    "disk-full": "the disk is full; make room",
    "no-right": "permission denied; look at the rights of the file and its folder",
    "cannot-open":
      "the file cannot be opened; look whether its folder is there, and whether sekisho serve may write in it",
    replaced: "the file was removed or replaced while it was in use",
    "server-stopping": "its server is just starting or stopping",
    "server-full": "its server takes no more connections; look at its max_connections",
  },
};

const ja: StoreText = {
  unusable: (what, fault, said) => `${what}を使えません。${fault}（${said}）`,
  file: (path) => `${path} `,
  records: "メールの記録のデータベース",
  postgres: "PostgreSQL のデータベース (store) ",
  newer: (what, version) =>
    `${what}は、より新しい Sekisho（スキーマ ${version}）が書いたものです。そのバージョン以降の Sekisho を使ってください`,
  noDump: "データベースを複製できません。pg_dump がないので、postgresql-client パッケージを入れてください",
  dumpFailed: (said) => `データベースを複製できません。pg_dump が失敗しました（${said}）`,
  damagedRaw: (what, name, said) =>
    `${what}に保存されたメールまたはファイル ${name} が壊れていて、読み取れません。読み取り済みのレポートには影響ありません。原文が必要な場合は、バックアップから取り出してください（${said}）`,
  damagedDocuments: (what, name, said) =>
    `${what}で、メールまたはファイル ${name} から読み取った内容が壊れています。必要な場合は、バックアップから戻してください（${said}）`,
  damagedReport: (what, name, said) =>
    `${what}で、レポート ${name} の内容が壊れています。原文が残っていれば sekisho report reparse で読み直せます。残っていない場合は、バックアップから戻してください（${said}）`,
  damagedDetails: (what, name, said) =>
    `${what}で、レポート ${name} のレコードが壊れています。原文が残っていれば sekisho report reparse で読み直せます。残っていない場合は、バックアップから戻してください（${said}）`,
  faults: {
    damaged:
      "ファイルが壊れているか、データベースではありません。別の場所に移し、バックアップから戻してください",
    "damaged-records":
      "ファイルが壊れています。sekisho serve を起動すると、別の名前で残したうえで新しく作り直します",
    busy: "別のプロセスの書き込みが長く続いています。失われたものはありません。しばらくしてからやり直してください",
    "disk-full": "ディスクの空き容量がありません。空きを作ってから、やり直してください",
    "read-only": "書き込めません。ファイルとフォルダーの権限を確かめてください",
    "no-right": "権限がありません。sekisho serve と同じユーザーで実行してください",
    "cannot-open": "ファイルを開けません。フォルダーの有無と書き込み権限を確かめてください",
    replaced:
      "使用中にファイルが削除されたか、別のファイルに置き換えられました。もう一度実行してください。直らない場合は sekisho serve を再起動してください",
    "disk-failing": "ディスクを読み書きできません",
    unreachable:
      "サーバーに接続できません。サーバーが動いているか、store のアドレスが正しいかを確かめてください",
    "login-refused": "サーバーにログインを拒否されました。store のユーザー名とパスワードを確かめてください",
    "no-database": "その名前のデータベースがサーバーにありません。store の設定を確かめてください",
    "no-right-in-database": "ユーザーにこの操作の権限がありません",
    "server-stopping": "サーバーが起動または停止の途中です。少し待ってからやり直してください",
    "server-read-only": "サーバーが読み取り専用です。store には、書き込めるサーバーを指定してください",
    "server-full": "サーバーの接続数が上限に達しています。max_connections を確かめて、やり直してください",
    "server-damaged": "サーバー上のデータベースが壊れています。バックアップから戻してください",
    stopped: "停止しています。sekisho serve が自動的に再開します",
    other: "データベースがエラーを返しました",
  },
  faultsOfServe: {
    busy: "別のプロセスの書き込みが長く続いています。失われたものはありません",
    "disk-full": "ディスクの空き容量がありません。空きを作ってください",
    "no-right": "権限がありません。ファイルとフォルダーの権限を確かめてください",
    "cannot-open": "ファイルを開けません。フォルダーがあり、sekisho serve が書き込めることを確かめてください",
    replaced: "使用中にファイルが削除されたか、別のファイルに置き換えられました",
    "server-stopping": "サーバーが起動または停止の途中です",
    "server-full": "サーバーの接続数が上限に達しています。max_connections を確かめてください",
  },
};

export function storeText(lang: Lang): StoreText {
  return lang === "ja" ? ja : en;
}
