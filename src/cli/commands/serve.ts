import { type LoadedConfig, loadConfig } from "../../config/load.ts";
import { formatProblem } from "../../config/problem.ts";
import type { Daemon, GoodConfig } from "../../daemon/daemon.ts";
import type { SwitchableLog } from "../../daemon/switchable-log.ts";
import type { DaemonText } from "../../daemon/text.ts";
import { type AnyCommand, defineCommand, exitFailed, exitOk } from "../command.ts";
import { configOption, invalidConfig } from "../config-option.ts";
import type { Io } from "../io.ts";

export const serve: AnyCommand = defineCommand({
  usage: ["sekisho serve [--config FILE]"],
  about: {
    en: "Without a configuration: the milter on 127.0.0.1:8891, the web port on 127.0.0.1:8025, data in ./data. SIGHUP reads the configuration again, SIGTERM finishes the messages in flight and stops.",
    ja: "設定がなければ、milter は 127.0.0.1:8891、Web は 127.0.0.1:8025 で待ち受け、データは ./data に置きます。SIGHUP で設定を読み直し、SIGTERM で処理中のメールを終えて停止します。",
  },
  options: { ...configOption },
  maxArguments: 0,
  async run(values, _args, io) {
    const waiting = listenToSignals();
    // A file that is gone or empty for a moment must not become that of another place, or no settings at all.
    const readFrom = (file: string | undefined): Promise<LoadedConfig> =>
      loadConfig({ ...(file !== undefined && { file }), refuseEmpty: true });
    const loaded = await readFrom(values.config);
    if (!loaded.ok) throw invalidConfig(loaded, io);
    const read = (): Promise<LoadedConfig> => readFrom(loaded.file);
    // Loaded here, so that `serve --help` does not pay for it.
    const [{ startDaemon }, { createSwitchableLog }, { daemonText }] = await Promise.all([
      import("../../daemon/daemon.ts"),
      import("../../daemon/switchable-log.ts"),
      import("../../daemon/text.ts"),
    ]);
    const log = createSwitchableLog(loaded.config.log);
    const text = daemonText(io.lang);
    logWarnings(loaded, io, log);
    const { signal } = waiting;
    const daemon = await startDaemon({ loaded, read, log, lang: io.lang, signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
      return undefined;
    });
    if (daemon !== undefined) logStart(daemon, loaded, text, log);
    log.info(text.stopping(await waiting.toldToStop(() => void daemon?.reload())));
    await daemon?.close();
    log.info(text.stopped);
    return exitOk;
  },
});

function logWarnings({ warnings, file }: GoodConfig, io: Io, log: SwitchableLog): void {
  for (const warning of warnings) log.warn(formatProblem(warning, io.lang, file));
}

function logStart(daemon: Daemon, { config }: GoodConfig, text: DaemonText, log: SwitchableLog): void {
  for (const address of daemon.milter) log.info(text.milter(address));
  if (daemon.web !== undefined) log.info(text.web(daemon.web));
  const { enforce } = config.verify.policy;
  log.info(enforce === "monitor" ? text.monitoring : text.enforcing(enforce));
}

interface Signals {
  /** Aborted when one asks to stop. */
  readonly signal: AbortSignal;
  /** Settles with the signal that asks to stop; SIGHUP calls `reload` from now on, and now when it came before. */
  toldToStop(reload: () => void): Promise<string>;
}

/** Listens from before the start on: a signal in between is not lost. A second one to stop ends the program at once. */
function listenToSignals(): Signals {
  const stop = Promise.withResolvers<string>();
  const abortion = new AbortController();
  let mustReload = false;
  let reload = (): void => {
    mustReload = true;
  };
  let isTold = false;
  process.on("SIGHUP", () => reload());
  for (const name of ["SIGTERM", "SIGINT"] as const)
    process.on(name, () => {
      if (isTold) process.exit(exitFailed);
      isTold = true;
      abortion.abort();
      stop.resolve(name);
    });
  return {
    signal: abortion.signal,
    toldToStop(action) {
      reload = action;
      // Somebody may have changed the configuration after it was read.
      if (mustReload) action();
      return stop.promise;
    },
  };
}
