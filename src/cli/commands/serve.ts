import { loadConfig } from "../../config/load.ts";
import { formatProblem } from "../../config/problem.ts";
import type { Daemon } from "../../daemon/daemon.ts";
import { createLog, type Log } from "../../log.ts";
import { type AnyCommand, defineCommand, exitOk } from "../command.ts";
import { configOption, readConfig } from "../config-option.ts";
import type { Io } from "../io.ts";
import type { Lang } from "../lang.ts";

interface ServeText {
  readonly milter: (address: string) => string;
  readonly web: (address: string) => string;
  readonly monitoring: string;
  readonly enforcing: (setting: string) => string;
  readonly stopping: (signal: string) => string;
  readonly stopped: string;
  readonly noReload: string;
}

const texts: Readonly<Record<Lang, ServeText>> = {
  en: {
    milter: (address) => `milter listens on ${address}`,
    web: (address) => `metrics and health on http://${address}/`,
    monitoring: "monitoring: mail is judged and marked, DMARC policies are not applied",
    enforcing: (setting) => `DMARC policies are applied (verify.enforce: ${setting})`,
    stopping: (signal) => `${signal}: finishing the messages in flight`,
    stopped: "stopped",
    noReload: "SIGHUP: this version reads its configuration only at the start; restart it to apply changes",
  },
  ja: {
    milter: (address) => `milter は ${address} で待ち受けています`,
    web: (address) => `メトリクスと稼働状態は http://${address}/ にあります`,
    monitoring: "監視のみ: メールを判定して結果を書き込みますが、DMARC のポリシーは適用しません",
    enforcing: (setting) => `DMARC のポリシーを適用します（verify.enforce: ${setting}）`,
    stopping: (signal) => `${signal}: 処理中のメールを終えてから停止します`,
    stopped: "停止しました",
    noReload: "SIGHUP: このバージョンは起動時にのみ設定を読みます。変更を反映するには再起動してください",
  },
};

export const serve: AnyCommand = defineCommand({
  usage: ["sekisho serve [--config FILE]"],
  about: {
    en: "Without a configuration: the milter on 127.0.0.1:8891, the web port on 127.0.0.1:8025, data in ./data.",
    ja: "設定がなければ、milter は 127.0.0.1:8891、Web は 127.0.0.1:8025 で待ち受け、データは ./data に置きます。",
  },
  options: { ...configOption },
  maxArguments: 0,
  async run(values, _args, io) {
    const config = await readConfig(values.config, io);
    const log = createLog(config.log);
    await logWarnings(values.config, io, log);
    const { startDaemon } = await import("../../daemon/daemon.ts");
    const daemon = await startDaemon(config, log);
    const text = texts[io.lang];
    for (const address of daemon.milter) log.info(text.milter(address));
    if (daemon.web !== undefined) log.info(text.web(daemon.web));
    const { enforce } = config.verify.policy;
    log.info(enforce === "monitor" ? text.monitoring : text.enforcing(enforce));
    await runUntilTold(daemon, text, log);
    return exitOk;
  },
});

async function logWarnings(file: string | undefined, io: Io, log: Log): Promise<void> {
  const loaded = await loadConfig(file === undefined ? {} : { file });
  if (!loaded.ok) return;
  for (const warning of loaded.warnings) log.warn(formatProblem(warning, io.lang, loaded.file));
}

/** SIGTERM and SIGINT end the program once what is in flight is done; a second one ends it at once. */
async function runUntilTold(daemon: Daemon, text: ServeText, log: Log): Promise<void> {
  process.on("SIGHUP", () => log.warn(text.noReload));
  const signal = await new Promise<string>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => resolve(name));
  });
  log.info(text.stopping(signal));
  await daemon.close();
  log.info(text.stopped);
}
