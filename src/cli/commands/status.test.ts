import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { runCli } from "../../../test/run-cli.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";

test.each([
  { lang: "en", says: "sekisho: the program does not answer, or its answer cannot be read\n" },
  { lang: "ja", says: "sekisho: プログラムが応答しないか、応答を読み取れません\n" },
])("a program whose answer cannot be read: $lang", async ({ lang, says }) => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "data"));
  const server = createServer((socket) => socket.end("{"));
  onTestFinished(() => void server.close());
  await new Promise<void>((done) => server.listen(join(folder, "data", "control.sock"), done));
  const file = join(folder, "sekisho.yaml");
  writeFileSync(file, `data_dir: ${folder}/data\n`);
  expect(await runCli(["status", "--config", file, "--lang", lang])).toEqual({ code: 3, out: "", err: says });
});
