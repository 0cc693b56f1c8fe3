// Packs the project, installs it into an empty folder and uses it there as a stranger would: the command, every
// sub-path at run time, and every sub-path's types.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
const folder = mkdtempSync(join(tmpdir(), "sekisho-package-"));

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, [...args], { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

function specifiers(): string[] {
  return Object.keys(manifest.exports)
    .filter((path) => path !== "./package.json")
    .map((path) => manifest.name + path.slice(1));
}

function install(): void {
  const [packed] = JSON.parse(run("npm", ["pack", "--json", "--pack-destination", folder], ".")) as [
    { filename: string },
  ];
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "consumer", private: true, type: "module" }),
  );
  run("npm", ["install", "--omit=dev", "--no-audit", "--no-fund", join(folder, packed.filename)], folder);
}

function useCommand(): void {
  const command = join(folder, "node_modules", ".bin", "sekisho");
  const version = run(command, ["--version"], folder).trim();
  if (!version.includes(manifest.version)) throw new Error(`sekisho --version says ${version}`);
  writeFileSync(join(folder, "zone"), 'example.jp. TXT "v=spf1 ip4:192.0.2.1 -all"\n');
  const args = ["spf", "192.0.2.1", "user@example.jp", "--zone", "zone", "--offline", "--json"];
  const result = JSON.parse(run(command, args, folder)) as { result: string };
  if (result.result !== "pass") throw new Error(`sekisho spf says ${result.result}`);
}

/** Editors read it from the installed package. */
function readSchema(): void {
  const file = join(folder, "node_modules", manifest.name, "sekisho.schema.json");
  const { title } = JSON.parse(readFileSync(file, "utf8")) as { title?: string };
  if (title !== "Sekisho") throw new Error(`${file} is no schema of the configuration`);
}

function useLibrary(): void {
  const lines = specifiers().map(
    (path, i) =>
      `import * as m${i} from "${path}"; if (Object.keys(m${i}).length === 0) throw new Error("${path} is empty");`,
  );
  writeFileSync(join(folder, "use.mjs"), `${lines.join("\n")}\n`);
  run(process.execPath, ["use.mjs"], folder);
}

function useTypes(): void {
  const lines = specifiers().map(
    (path, i) => `import * as m${i} from "${path}"; export const keys${i}: string[] = Object.keys(m${i});`,
  );
  lines.push(
    'import { verify } from "sekisho";',
    "export type Results = Awaited<ReturnType<typeof verify>>;",
  );
  lines.push(
    'export const word = (results: Results): "none" | "pass" | "fail" | "temperror" | "permerror" => results.dmarc.result;',
  );
  writeFileSync(join(folder, "use.ts"), `${lines.join("\n")}\n`);
  const options = ["--noEmit", "--strict", "--target", "es2024", "--module", "nodenext", "--types", "node"];
  const types = ["--typeRoots", join(process.cwd(), "node_modules", "@types")];
  run(
    join(process.cwd(), "node_modules", ".bin", "tsc"),
    ["--ignoreConfig", ...options, ...types, "use.ts"],
    folder,
  );
}

try {
  install();
  useCommand();
  readSchema();
  useLibrary();
  useTypes();
  run("npx", ["--no-install", "publint", "--strict"], ".");
  run("npx", ["--no-install", "attw", "--pack", "--profile", "esm-only"], ".");
  console.log(`package: command, ${specifiers().length} sub-paths and their types work from another folder`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
