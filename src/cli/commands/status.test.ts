import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
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

describe("a configuration that is bad now", () => {
  async function configFile(text: string): Promise<string> {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "data"));
    const file = join(folder, "sekisho.yaml");
    writeFileSync(file, `data_dir: ${folder}/data\n${text}`);
    return file;
  }

  test.each([
    ["an unknown key", "milterr: 1\n", "milterr"],
    ["no YAML", "milter: [\n", ":3:"],
  ])("does not hide the program that runs: %s", async (_name, text, says) => {
    const file = await configFile(text);
    const server = createServer((socket) => socket.end('{"problems":[],"workers":[]}\n'));
    onTestFinished(() => void server.close());
    await new Promise<void>((done) => server.listen(join(dirname(file), "data", "control.sock"), done));
    const { code, out, err } = await runCli(["status", "--json", "--config", file]);
    expect([code, JSON.parse(out)]).toEqual([1, { problems: [], workers: [] }]);
    expect(err).toContain(`sekisho: ${file}:`);
    expect(err).toContain(says);
  });

  test("is all that can be told where none runs", async () => {
    const file = await configFile("milterr: 1\n");
    const { code, out, err } = await runCli(["status", "--config", file]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("milterr");
  });

  test("an empty file was lost, and is not the defaults", async () => {
    const file = await configFile("");
    writeFileSync(file, "");
    const { code, err } = await runCli(["status", "--config", file]);
    expect([code, err.replaceAll(/\s+/g, " ")]).toEqual([
      2,
      `sekisho: ${file}: the file cannot be read: it is empty `,
    ]);
  });
});
