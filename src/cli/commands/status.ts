import { resolve } from "node:path";
import { askControl } from "../../daemon/control.ts";
import type { Status } from "../../daemon/status.ts";
import { SekishoError } from "../../errors.ts";
import { type AnyCommand, defineCommand, exitFindings, exitOk } from "../command.ts";
import { configOption, readConfig } from "../config-option.ts";
import { formatJson } from "../io.ts";
import { statusLines } from "../status-lines.ts";
import { type StatusText, statusText } from "../text/status-text.ts";

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
    const { dataDir } = await readConfig(values.config, io);
    const state = await ask(dataDir, statusText[io.lang]);
    if (values.json) io.out(formatJson(state, io.isTty));
    else for (const line of statusLines(state, io)) io.out(line);
    return state.problems.length === 0 ? exitOk : exitFindings;
  },
});

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
