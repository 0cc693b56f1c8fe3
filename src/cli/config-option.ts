import type { Config } from "../config/config.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { formatProblem } from "../config/problem.ts";
import { SekishoError } from "../errors.ts";
import type { Io } from "./io.ts";
import type { Translated } from "./lang.ts";

/** The option that names the configuration file. */
export const configOption: {
  readonly config: { readonly type: "string"; readonly value: "FILE"; readonly help: Translated };
} = {
  config: {
    type: "string",
    value: "FILE",
    help: {
      en: "configuration; else ./sekisho.yaml, then /etc/sekisho/sekisho.yaml, then the built-in defaults",
      ja: "設定ファイル（省略時は ./sekisho.yaml、/etc/sekisho/sekisho.yaml の順に探し、なければ既定の設定）",
    },
  },
};

/**
 * The configuration, or the built-in defaults where there is no file.
 * @throws SekishoError with code CONFIG_INVALID, with one line for each problem.
 */
export async function readConfig(file: string | undefined, io: Io): Promise<Config> {
  const loaded = await loadConfig(file === undefined ? {} : { file });
  if (!loaded.ok) throw invalidConfig(loaded, io);
  return loaded.config;
}

/** What is wrong with a configuration, as an error with one line for each problem. */
export function invalidConfig({ file, errors }: Extract<LoadedConfig, { ok: false }>, io: Io): SekishoError {
  const lines = errors.map((problem) => formatProblem(problem, io.lang, file));
  const unreadable = errors.some(({ code }) => code === "unreadable");
  return new SekishoError(unreadable ? "CONFIG_UNREADABLE" : "CONFIG_INVALID", lines.join("\n"));
}
