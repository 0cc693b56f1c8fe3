import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import type { Config } from "../config/config.ts";
import { parseConfig } from "../config/load.ts";
import { createLog } from "../log.ts";
import { createCollectorProcess } from "./collector-process.ts";
import { daemonText } from "./text.ts";

test("a mode or group that cannot be set is told before anything of the configuration is in use", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "lmtp.sock");
  const configOf = async (rights: string): Promise<Config> => {
    const lmtp = `{ listen: "unix:${path}", recipients: ["r@example.jp"], ${rights} }`;
    const loaded = await parseConfig(`data_dir: ${join(folder, "data")}\ncollect: { lmtp: ${lmtp} }`, {
      file: "test",
    });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    return loaded.config;
  };
  const log = createLog({ level: "error", format: "text", write: () => {} });
  const collector = createCollectorProcess({ log, text: daemonText("en") });
  onTestFinished(() => collector.close(0));
  await (await collector.prepare(await configOf(`mode: "0660"`))).use();
  const mode = (): string => (statSync(path).mode & 0o777).toString(8);
  expect(mode()).toBe("660");
  const refused = await collector.prepare(await configOf(`mode: "0666", group: no-such-group`));
  expect(() => refused.permit()).toThrow(/^unix:\S+lmtp\.sock: there is no group no-such-group/);
  refused.undo();
  expect(mode()).toBe("660");
  const taken = await collector.prepare(await configOf(`mode: "0666"`));
  expect(mode()).toBe("660");
  taken.permit();
  expect(mode()).toBe("666");
  await taken.use();
});
