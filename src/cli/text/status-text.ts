import type { StatusProblem } from "../../daemon/status.ts";
import type { WorkerState } from "../../daemon/worker-pool.ts";
import type { Lang } from "../lang.ts";

/** What `sekisho status` says, in one language. */
export interface StatusText {
  readonly notRunning: (folder: string) => string;
  readonly notAllowed: (folder: string) => string;
  readonly noAnswer: (reason: string) => string;
  /** It keeps silent, or what it says is no answer. */
  readonly noneToRead: string;
  readonly head: (version: string, pid: number, up: string) => string;
  readonly well: string;
  readonly problem: Readonly<Record<StatusProblem, string>>;
  readonly labels: {
    readonly config: string;
    readonly reload: string;
    readonly web: string;
    readonly workers: string;
    readonly sockets: string;
    readonly messages: string;
    readonly answers: string;
    readonly actions: string;
    readonly faults: string;
    readonly spool: string;
    readonly store: string;
    readonly dns: string;
    readonly collect: string;
    readonly results: string;
  };
  readonly defaults: string;
  readonly loaded: (at: string) => string;
  readonly reloadOk: (at: string) => string;
  readonly reloadBad: (at: string) => string;
  readonly needsRestart: (keys: string) => string;
  readonly state: Readonly<Record<WorkerState, string>>;
  readonly columns: readonly [
    worker: string,
    state: string,
    pid: string,
    up: string,
    restarts: string,
    connections: string,
    messages: string,
    memory: string,
  ];
  readonly socketMissing: string;
  readonly messages: (total: string, connections: string, meanMs: number) => string;
  readonly faults: (faults: string, removed: string) => string;
  readonly spool: (segments: number, size: string, seconds: number, dropped: number) => string;
  readonly store: (records: string, size: string, oldest: string | undefined) => string;
  readonly dns: (questions: string, percent: string, timeouts: string, entries: string) => string;
  readonly collect: (arrivals: string, documents: string) => string;
  readonly wayIn: Readonly<Record<"connecting" | "up" | "waiting" | "closed", string>>;
  readonly lastTaken: (at: string) => string;
  readonly mailsLeft: (mails: string) => string;
  readonly duration: (days: number, hours: number, minutes: number, seconds: number) => string;
}

const en: StatusText = {
  notRunning: (folder) => `no sekisho serve is at work with data_dir ${folder}`,
  notAllowed: (folder) => `the socket in ${folder} belongs to another user; ask as that user or as root`,
  noAnswer: (reason) => `the program does not answer: ${reason}`,
  noneToRead: "the program does not answer, or its answer cannot be read",
  head: (version, pid, up) => `Sekisho ${version} (pid ${pid}) has been at work for ${up}`,
  well: "everything is as it should be",
  problem: {
    "no-worker": "no worker is at work: mail is not handled",
    "worker-down": "not every worker is at work",
    "socket-missing": "a socket cannot be reached any more; restart the program",
    dns: "the DNS servers do not answer, or refuse to; verdicts are temperror until they do",
    store: "the store takes no records; they wait in the spool",
    spool: "the spool cannot be written",
    "records-dropped": "records were thrown away within the last hour, as spool or memory was full",
    "reload-failed": "the last reload failed; the configuration before it is in force",
    collect: "reports cannot be collected as configured",
    "key-rotation": "a key cannot be changed as planned, mail goes on being signed; see sekisho key list",
  },
  labels: {
    config: "Configuration",
    reload: "Last reload",
    web: "Web port",
    workers: "Workers",
    sockets: "Sockets",
    messages: "Messages",
    answers: "Answers",
    actions: "Actions",
    faults: "Faults",
    spool: "Spool",
    store: "Store",
    dns: "DNS",
    collect: "Reports",
    results: "Results",
  },
  defaults: "built-in defaults",
  loaded: (at) => `read ${at}`,
  reloadOk: (at) => `${at}, in force`,
  reloadBad: (at) => `${at}, failed:`,
  needsRestart: (keys) => `only after a restart: ${keys}`,
  state: { starting: "starting", up: "up", waiting: "waiting", retiring: "finishing" },
  columns: ["worker", "state", "pid", "up", "restarts", "conns", "messages", "memory"],
  socketMissing: "NOT THERE",
  messages: (total, connections, meanMs) =>
    `${total} on ${connections} connections, ${meanMs} ms each on average`,
  faults: (faults, removed) => `${faults} messages with a fault of ours; ${removed} forged fields removed`,
  spool: (segments, size, seconds, dropped) =>
    `${segments} files wait, ${size}${segments > 0 ? `, the oldest for ${seconds} s` : ""}; ${dropped} records dropped`,
  store: (records, size, oldest) =>
    `${records} records, ${size}${oldest === undefined ? "" : `, since ${oldest}`}`,
  dns: (questions, percent, timeouts, entries) =>
    `${questions} questions, ${percent} from the cache, ${timeouts} tries without answer; ${entries} answers cached`,
  collect: (arrivals, documents) => `${arrivals} mails and files: ${documents}`,
  wayIn: { connecting: "connecting", up: "up", waiting: "waits to try again", closed: "closed" },
  lastTaken: (at) => `up to date ${at}`,
  mailsLeft: (mails) => `; ${mails} left in the mailbox`,
  duration: (days, hours, minutes, seconds) =>
    days > 0
      ? `${days} d ${hours} h`
      : hours > 0
        ? `${hours} h ${minutes} m`
        : minutes > 0
          ? `${minutes} m ${seconds} s`
          : `${seconds} s`,
};

const ja: StatusText = {
  notRunning: (folder) => `data_dir ${folder} で動いている sekisho serve はありません`,
  notAllowed: (folder) =>
    `${folder} のソケットは別のユーザーのものです。そのユーザーか root で実行してください`,
  noAnswer: (reason) => `プログラムが応答しません: ${reason}`,
  noneToRead: "プログラムが応答しないか、応答を読み取れません",
  head: (version, pid, up) => `Sekisho ${version}（pid ${pid}）は ${up}稼働しています`,
  well: "すべて正常です",
  problem: {
    "no-worker": "動いているワーカーがなく、メールを処理できません",
    "worker-down": "動いていないワーカーがあります",
    "socket-missing": "接続できなくなったソケットがあります。再起動してください",
    dns: "DNS サーバーが応答しないか、問い合わせを拒否しています。その間の判定は temperror になります",
    store: "記録をデータベースに保存できません。記録はスプールに残しています",
    spool: "スプールに書き込めません",
    "records-dropped": "スプールまたはメモリーがあふれ、この 1 時間に捨てられた記録があります",
    "reload-failed": "直前の再読み込みに失敗し、その前の設定で動いています",
    collect: "設定どおりにレポートを集められていません",
    "key-rotation": "鍵の交代が進んでいません（署名は続いています）。sekisho key list を見てください",
  },
  labels: {
    config: "設定",
    reload: "再読み込み",
    web: "Web",
    workers: "ワーカー",
    sockets: "ソケット",
    messages: "メール",
    answers: "応答",
    actions: "処置",
    faults: "障害",
    spool: "スプール",
    store: "記録",
    dns: "DNS",
    collect: "レポート",
    results: "判定結果",
  },
  defaults: "既定の設定",
  loaded: (at) => `読み込み ${at}`,
  reloadOk: (at) => `${at} 有効`,
  reloadBad: (at) => `${at} 失敗:`,
  needsRestart: (keys) => `再起動まで反映されないもの: ${keys}`,
  state: { starting: "起動中", up: "稼働", waiting: "待機", retiring: "終了中" },
  columns: ["番号", "状態", "pid", "稼働時間", "再起動", "接続", "メール", "メモリー"],
  socketMissing: "見つかりません",
  messages: (total, connections, meanMs) => `${total} 通、接続 ${connections} 回、平均 ${meanMs} ミリ秒`,
  faults: (faults, removed) => `内部の異常 ${faults} 通、取り除いた偽のヘッダー ${removed} 個`,
  spool: (segments, size, seconds, dropped) =>
    `待ちファイル ${segments} 個、${size}${segments > 0 ? `、最も古いもの ${seconds} 秒前` : ""}、捨てた記録 ${dropped} 件`,
  store: (records, size, oldest) => `${records} 件、${size}${oldest === undefined ? "" : `、${oldest} 以降`}`,
  dns: (questions, percent, timeouts, entries) =>
    `問い合わせ ${questions} 回（キャッシュ ${percent}）、応答なし ${timeouts} 回、キャッシュ中 ${entries} 件`,
  collect: (arrivals, documents) => `メールとファイル ${arrivals} 通: ${documents}`,
  wayIn: { connecting: "接続中", up: "稼働", waiting: "再試行待ち", closed: "終了" },
  lastTaken: (at) => `${at} まで取り込み済み`,
  mailsLeft: (mails) => `、取り込めず残したメール ${mails} 通`,
  duration: (days, hours, minutes, seconds) =>
    days > 0
      ? `${days} 日 ${hours} 時間`
      : hours > 0
        ? `${hours} 時間 ${minutes} 分`
        : minutes > 0
          ? `${minutes} 分 ${seconds} 秒`
          : `${seconds} 秒`,
};

export const statusText: Readonly<Record<Lang, StatusText>> = { en, ja };
