import { fileFaultText } from "../config/file-fault.ts";
import type { Lang } from "../findings/lang.ts";

/** What the daemon tells its operator, in one language. `code` is an error name of the system or of the milter. */
export interface DaemonText {
  readonly milter: (address: string) => string;
  readonly web: (address: string) => string;
  readonly monitoring: string;
  readonly enforcing: (setting: string) => string;
  readonly workers: (count: number) => string;
  readonly inProcess: string;
  readonly stopping: (signal: string) => string;
  readonly stopped: string;
  readonly workerGone: (id: number, how: string, delayMs: number) => string;
  readonly workerBack: (id: number) => string;
  readonly workerHung: (id: number) => string;
  readonly collectorGone: (how: string, delayMs: number) => string;
  readonly collectorBack: string;
  readonly collectorHung: string;
  readonly cannotListenLmtp: (listen: string, code: string) => string;
  readonly cannotListenWeb: (listen: string, code: string) => string;
  readonly reloading: (file: string | undefined) => string;
  readonly reloaded: string;
  readonly notReloaded: string;
  readonly needsRestart: (keys: readonly string[]) => string;
  readonly cannotListen: (listen: string, code: string) => string;
  readonly cannotPermit: (listen: string, group: string) => string;
  readonly noGroup: (group: string) => string;
  readonly noUser: (user: string) => string;
  readonly cannotSwitch: (user: string) => string;
  readonly runningAsRoot: string;
  readonly runningAs: (user: string) => string;
  readonly unreadableLater: (file: string, user: string) => string;
  readonly foreignDataDir: (folder: string, uid: number, user: string) => string;
  readonly noDataDir: (folder: string, code: string) => string;
  readonly alreadyRuns: (folder: string) => string;
  readonly noControl: (reason: string) => string;
}

const en: DaemonText = {
  milter: (address) => `milter listens on ${address}`,
  web: (address) => `metrics and health on http://${address}/`,
  monitoring: "monitoring: mail is judged and marked, DMARC policies are not applied",
  enforcing: (setting) => `DMARC policies are applied (verify.enforce: ${setting})`,
  workers: (count) => `${count} ${count === 1 ? "worker handles" : "workers handle"} mail`,
  inProcess: "mail is handled in this process (milter.workers: 0)",
  stopping: (signal) => `${signal}: finishing the messages in flight`,
  stopped: "stopped",
  workerGone: (id, how, delayMs) => `worker ${id} has ended (${how}); another one starts in ${delayMs} ms`,
  workerBack: (id) => `worker ${id} is at work again`,
  workerHung: (id) => `worker ${id} has given no sign of life for long; it is ended`,
  collectorGone: (how, delayMs) =>
    `the process that collects reports has ended (${how}); it starts again in ${delayMs} ms`,
  collectorBack: "the process that collects reports is at work again",
  collectorHung: "the process that collects reports has given no sign of life for long; it is ended",
  cannotListenLmtp: (listen, code) => `collect.lmtp ${listen}: ${reasonsEn[code] ?? code}`,
  cannotListenWeb: (listen, code) => `web.listen ${listen}: ${reasonsEn[code] ?? code}`,
  reloading: (file) => `SIGHUP: reading ${file ?? "the configuration"} again`,
  reloaded: "the new configuration is in force",
  notReloaded: "the new configuration is bad; the old one stays in force",
  needsRestart: (keys) => `takes effect only after a restart: ${keys.join(", ")}`,
  cannotListen: (listen, code) => `milter socket ${listen}: ${reasonsEn[code] ?? code}`,
  cannotPermit: (listen, group) =>
    `${listen}: mode or group${group && ` ${group}`} cannot be set; only root or a member of the group may`,
  noGroup: (group) => `there is no group ${group} on this system`,
  noUser: (user) => `user: there is no user ${user} on this system`,
  cannotSwitch: (user) => `user: only root can change to ${user}; start as root or as ${user}`,
  runningAsRoot: "running as root; set user in the configuration to one without rights of its own",
  runningAs: (user) => `running as ${user}`,
  unreadableLater: (file, user) =>
    `${file} cannot be read by ${user}: a reload (SIGHUP) will fail until it can`,
  foreignDataDir: (folder, uid, user) =>
    `data_dir ${folder} belongs to uid ${uid} and not to ${user}; give it over with chown -R`,
  noDataDir: (folder, code) =>
    `data_dir ${folder} cannot be used: ${folderReasonsEn[code] ?? fileFaultText(code, "en")}`,
  alreadyRuns: (folder) => `another sekisho serve is at work in data_dir ${folder}`,
  noControl: (reason) => `no control socket, so sekisho status cannot ask: ${reason}`,
};

const folderReasonsEn: Readonly<Record<string, string>> = {
  EACCES: "permission denied; start as its owner, or give it over with chown -R",
  EPERM: "permission denied; start as its owner, or give it over with chown -R",
  ENOENT: "the folder that it would be in is not there",
  ENOTDIR: "a file is in the way",
  EEXIST: "a file is in the way",
};

const reasonsEn: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there",
  EACCES:
    "permission denied; the folder must be one that the program may write in, a port under 1024 needs root",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOENT: "the folder of the socket is not there",
  ENOTFOUND: "the host name cannot be resolved",
  PATH_UNUSABLE: "a file that is no socket, or that may not be removed, is in the way",
  ENAMETOOLONG: "the path is longer than a socket's may be",
  ENOSYS: "this version of Node.js cannot share sockets between processes",
};

const ja: DaemonText = {
  milter: (address) => `milter は ${address} で待ち受けています`,
  web: (address) => `メトリクスと稼働状態は http://${address}/ にあります`,
  monitoring: "監視のみ: メールを判定して結果を書き込みますが、DMARC のポリシーは適用しません",
  enforcing: (setting) => `DMARC のポリシーを適用します（verify.enforce: ${setting}）`,
  workers: (count) => `${count} 個のワーカーがメールを処理します`,
  inProcess: "メールはこのプロセスで処理します（milter.workers: 0）",
  stopping: (signal) => `${signal}: 処理中のメールを終えてから停止します`,
  stopped: "停止しました",
  workerGone: (id, how, delayMs) =>
    `ワーカー ${id} が終了しました（${how}）。${delayMs} ミリ秒後に起動し直します`,
  workerBack: (id) => `ワーカー ${id} が再び動き始めました`,
  workerHung: (id) => `ワーカー ${id} の応答が長時間ないため終了させます`,
  collectorGone: (how, delayMs) =>
    `レポートを集めるプロセスが終了しました（${how}）。${delayMs} ミリ秒後に起動し直します`,
  collectorBack: "レポートを集めるプロセスが再び動き始めました",
  collectorHung: "レポートを集めるプロセスの応答が長時間ないため終了させます",
  cannotListenLmtp: (listen, code) => `collect.lmtp ${listen}: ${reasonsJa[code] ?? code}`,
  cannotListenWeb: (listen, code) => `web.listen ${listen}: ${reasonsJa[code] ?? code}`,
  reloading: (file) => `SIGHUP: ${file ?? "設定"} を読み直します`,
  reloaded: "新しい設定に切り替えました",
  notReloaded: "新しい設定に誤りがあるため、元の設定のまま動き続けます",
  needsRestart: (keys) => `再起動するまで反映されません: ${keys.join("、")}`,
  cannotListen: (listen, code) => `milter ソケット ${listen}: ${reasonsJa[code] ?? code}`,
  cannotPermit: (listen, group) =>
    `${listen}: モードまたはグループ${group && ` ${group} `}を設定できません。root か、そのグループのメンバーである必要があります`,
  noGroup: (group) => `グループ ${group} はこのシステムにありません`,
  noUser: (user) => `user: ユーザー ${user} はこのシステムにありません`,
  cannotSwitch: (user) =>
    `user: ${user} に切り替えられるのは root だけです。root か ${user} で起動してください`,
  runningAsRoot: "root のまま動いています。設定の user に権限のないユーザーを指定してください",
  runningAs: (user) => `${user} として動きます`,
  unreadableLater: (file, user) =>
    `${file} を ${user} が読めません。読めるようにするまで設定の再読み込み（SIGHUP）は失敗します`,
  foreignDataDir: (folder, uid, user) =>
    `data_dir ${folder} の所有者が ${user} ではなく uid ${uid} です。chown -R で所有者を変えてください`,
  noDataDir: (folder, code) =>
    `data_dir ${folder} を使えません: ${folderReasonsJa[code] ?? fileFaultText(code, "ja")}`,
  alreadyRuns: (folder) => `data_dir ${folder} では別の sekisho serve が動いています`,
  noControl: (reason) => `制御ソケットを開けないため sekisho status は使えません: ${reason}`,
};

const folderReasonsJa: Readonly<Record<string, string>> = {
  EACCES: "権限がありません。所有者として起動するか、chown -R で所有者を変えてください",
  EPERM: "権限がありません。所有者として起動するか、chown -R で所有者を変えてください",
  ENOENT: "親フォルダーがありません",
  ENOTDIR: "同じ名前のファイルがあります",
  EEXIST: "同じ名前のファイルがあります",
};

const reasonsJa: Readonly<Record<string, string>> = {
  EADDRINUSE: "別のプログラムが待ち受けています",
  EACCES:
    "権限がありません。フォルダーに書き込めることを確かめてください（1024 未満のポートには root が必要です）",
  EADDRNOTAVAIL: "このアドレスはこのマシンにありません",
  ENOENT: "ソケットを置くフォルダーがありません",
  ENOTFOUND: "ホスト名を解決できません",
  PATH_UNUSABLE: "ソケットでないファイル、または削除できないファイルが同じ場所にあります",
  ENAMETOOLONG: "ソケットのパスが長すぎます",
  ENOSYS: "この Node.js ではソケットをプロセス間で共有できません",
};

export function daemonText(lang: Lang): DaemonText {
  return lang === "ja" ? ja : en;
}
