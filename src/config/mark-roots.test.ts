import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeCertificate } from "../../test/certificates.ts";
import { runCli } from "../../test/run-cli.ts";
import { fileFaultText } from "./file-fault.ts";
import { loadMarkRoots } from "./mark-roots.ts";

const folder = mkdtempSync(join(tmpdir(), "sekisho-roots-"));
afterAll(() => rmSync(folder, { recursive: true }));
const root = makeCertificate({ subject: "Root", authority: {} });
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test("every certificate of the file", async () => {
  const loaded = await loadMarkRoots(file("two.pem", `# ours\n${root.pem}\n${root.pem}`));
  expect(loaded.ok && loaded.roots.length).toBe(2);
});

test.each([
  { name: "missing", path: join(folder, "none.pem"), is: "ENOENT" },
  { name: "empty", path: file("empty.pem", ""), is: "no certificate in it" },
  {
    name: "damaged",
    path: file("bad.pem", root.pem.replace("MII", "AAA")),
    is: "a certificate in it is damaged",
  },
  { name: "cut off", path: file("cut.pem", root.pem.slice(0, 100)), is: "a certificate in it is damaged" },
  { name: "a folder", path: folder, is: "EISDIR" },
])("$name: $is", async ({ path, is }) => {
  const loaded = await loadMarkRoots(path);
  expect(loaded.ok).toBe(false);
  if (loaded.ok) return;
  expect(loaded.problem).toMatchObject({ code: "bad-mark-roots", path: "verify.bimi.roots" });
  for (const lang of ["en", "ja"] as const)
    expect(loaded.problem.text[lang]).toContain(fileFaultText(is, lang));
});

test("config check reads it", async () => {
  const config = file(
    "sekisho.yaml",
    `hostname: mx.example.jp\nverify: { bimi: { roots: ${folder}/none.pem } }\n`,
  );
  const { code, out, err } = await runCli(["config", "check", "--config", config, "--json"]);
  expect(code).not.toBe(0);
  expect(out + err).toContain("bad-mark-roots");
});
