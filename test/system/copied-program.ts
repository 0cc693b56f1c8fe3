import { execFileSync } from "node:child_process";
import { constants, copyFileSync, cpSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * The program with what it needs, copied to where every user can read it: the checkout may lie below a folder of one user alone.
 * @returns What stands before the arguments of its commands.
 */
export function copyProgram(folder: string): readonly string[] {
  const names = ["src", "package.json", ...runtimePackages()];
  for (const name of names) cpSync(join(root, name), join(folder, name), { recursive: true });
  const node = join(folder, "node");
  copyFileSync(realpathSync(join(root, "node_modules/.bin/node")), node, constants.COPYFILE_FICLONE);
  execFileSync("chmod", ["-R", "a+rX", folder]);
  return [node, join(folder, "src/cli/main.ts")];
}

/** Folders of the packages that are not for development only. */
function runtimePackages(): readonly string[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
  };
  return Object.entries(packages).flatMap(([path, { dev, optional }]) =>
    path === "" || dev === true || optional === true ? [] : [path],
  );
}
