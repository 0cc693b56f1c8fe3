import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe } from "vitest";

const root = fileURLToPath(new URL("../../shared/", import.meta.url));

/** A path in the folder of shared test data beside the project. */
export function sharedPath(...parts: readonly string[]): string {
  return root + parts.join("/");
}

/** A suite over shared test data: skipped with a line where the folder is missing, a failure there when CI=true. */
export function describeShared(name: string, body: () => void): void {
  if (existsSync(root)) describe(name, body);
  else if (process.env["CI"] === "true") throw new Error(`${name}: the shared test data is missing`);
  else {
    console.warn(`skipped: ${name} (no ../shared)`);
    describe.skip(name, () => {});
  }
}
