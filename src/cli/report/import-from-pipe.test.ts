import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { aggregateXml, mailOf } from "../../../test/report-files.ts";
import { runCli } from "../../../test/run-cli.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));
const mail = mailOf([{ type: "application/gzip", octets: gzipSync(aggregateXml()) }]);

function place(): { readonly folder: string; readonly config: string; readonly mail: string } {
  const folder = temporaryFolder();
  const config = join(folder, "sekisho.yaml");
  writeFileSync(config, `data_dir: ${join(folder, "data")}\n`);
  writeFileSync(join(folder, "m"), mail);
  return { folder, config, mail: join(folder, "m") };
}

// What Node gives a child is a socket, and what a shell gives it is a pipe.
test.each([
  ["a pipe, by a name of the system", 'cat "$3" | "$0" "$1" report import --pipe --config "$2" /dev/stdin'],
  ["a socket, by a name of the system", '"$0" "$1" report import --pipe --config "$2" /dev/stdin'],
  ["a file, by a name of the system", '"$0" "$1" report import --pipe --config "$2" /dev/stdin < "$3"'],
])(
  "a mail from %s is taken in",
  async (_name, script) => {
    const { config, mail: file } = place();
    const { status, stdout } = spawnSync("sh", ["-c", script, process.execPath, main, config, file], {
      input: mail,
      encoding: "utf8",
    });
    expect({ status, stdout }).toMatchObject({ status: 0 });
    const { out } = await runCli(["report", "list", "--config", config, "--json"]);
    expect(out).toContain('"example.com"');
  },
  60_000,
);

test.each([
  ["nothing", (folder: string) => join(folder, "empty"), 75, 0],
  ["an empty mail", (folder: string) => join(folder, "blank"), 75, 0],
  ["a device", () => "/dev/null", 75, 3],
  ["no such file", (folder: string) => join(folder, "gone"), 75, 3],
  ["a letter", (folder: string) => join(folder, "letter"), 0, 0],
] as const)("of %s the MTA is told whether it is kept", async (_name, pathOf, piped, plain) => {
  const { folder, config } = place();
  mkdirSync(join(folder, "empty"));
  writeFileSync(join(folder, "blank"), "");
  writeFileSync(join(folder, "letter"), "From: a@b.example\nSubject: Lunch\n\nShall we?\n");
  const argv = ["report", "import", "--config", config, pathOf(folder)];
  expect((await runCli([...argv, "--pipe"])).code).toBe(piped);
  expect((await runCli(argv)).code).toBe(plain);
});
