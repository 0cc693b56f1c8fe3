import { execFileSync } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";

// The pages and the program are built into one folder, so that a package never carries a file of an older build.
rmSync("dist", { recursive: true, force: true });
execFileSync("tsc", ["-p", "tsconfig.build.json"], { stdio: "inherit" });
chmodSync("dist/cli/main.js", 0o755);
// The JSON Schema of the configuration is part of the package.
writeFileSync(
  "sekisho.schema.json",
  execFileSync(process.execPath, ["dist/cli/main.js", "config", "schema"], { encoding: "utf8" }),
);
