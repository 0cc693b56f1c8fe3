import { resolve } from "node:path";
import { type LoadedConfig, loadConfig } from "../../config/load.ts";
import { formatProblem } from "../../config/problem.ts";
import { statedDataDir } from "../../config/stated-data-dir.ts";
import { askControl } from "../../daemon/control.ts";
import type { Status } from "../../daemon/status.ts";
import { SekishoError } from "../../errors.ts";
import { type AnyCommand, defineCommand, exitFindings, exitOk } from "../command.ts";
import { configOption, invalidConfig } from "../config-option.ts";
import { formatJson, type Io } from "../io.ts";
import { statusLines } from "../status-lines.ts";
import { type StatusText, statusText } from "../text/status-text.ts";

type BadConfig = Extract<LoadedConfig, { ok: false }>;

export const status: AnyCommand = defineCommand({
  usage: ["sekisho status [--json] [--config FILE]"],
  about: {
    en: "Asks the sekisho serve that runs with the data_dir of the configuration: workers, sockets, counters, the queue of records, DNS. Exit 0 when all is well, 1 when something is not, 3 when none is running.",
    ja: "設定の data_dir で動いている sekisho serve に、ワーカー・ソケット・件数・記録の待ち行列・DNS の状態を尋ねます。すべて正常なら 0、異常があれば 1、動いていなければ 3 で終了します。",
  },
  options: {
    json: { type: "boolean", help: { en: "print everything as JSON", ja: "すべてを JSON で出力する" } },
    ...configOption,
  },
  maxArguments: 0,
  async run(values, _args, io) {
    // As `serve` takes it.
    const file = values.config === undefined ? {} : { file: values.config };
    const loaded = await loadConfig({ ...file, refuseEmpty: true });
    const state = loaded.ok
      ? await ask(loaded.config.dataDir, statusText[io.lang])
      : await askInSpite(loaded, io);
    if (values.json) io.out(formatJson(state, io.isTty));
    else for (const line of statusLines(state, io)) io.out(line);
    return loaded.ok && state.problems.length === 0 ? exitOk : exitFindings;
  },
});

/** A program at work goes on with the configuration that it has, when the file is bad by now; that is told on stderr. */
async function askInSpite(bad: BadConfig, io: Io): Promise<Status> {
  const dataDir = await statedDataDir(bad.file);
  const state =
    dataDir === undefined ? undefined : await ask(dataDir, statusText[io.lang]).catch(() => undefined);
  if (state === undefined) throw invalidConfig(bad, io);
  for (const problem of bad.errors) io.err(`sekisho: ${formatProblem(problem, io.lang, bad.file)}`);
  return state;
}

async function ask(dataDir: string, text: StatusText): Promise<Status> {
  const folder = resolve(dataDir);
  let answer: unknown;
  try {
    answer = await askControl(dataDir, "status");
  } catch (error) {
    throw new SekishoError("NOT_RUNNING", reason(error, folder, text), { cause: error });
  }
  if (isStatus(answer)) return answer;
  throw new SekishoError("NOT_RUNNING", text.noAnswer(JSON.stringify(answer).slice(0, 200)));
}

function reason(error: unknown, folder: string, text: StatusText): string {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case undefined:
      return text.noneToRead;
    case "ENOENT":
    case "ENOTDIR":
    case "ECONNREFUSED":
      return text.notRunning(folder);
    case "EACCES":
    case "EPERM":
      return text.notAllowed(folder);
    default:
      return text.noAnswer(code);
  }
}

function isStatus(answer: unknown): answer is Status {
  return typeof answer === "object" && answer !== null && "problems" in answer && "workers" in answer;
}
