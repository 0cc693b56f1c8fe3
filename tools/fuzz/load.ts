import { readdirSync } from "node:fs";
import type { FuzzTarget } from "./target.ts";

const folder = new URL("targets/", import.meta.url);

/** Every target of `tools/fuzz/targets`, by name. */
export async function loadTargets(): Promise<FuzzTarget[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const targets = await Promise.all(files.sort().map(loadTarget));
  return targets.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function loadTarget(file: string): Promise<FuzzTarget> {
  const { target }: { target?: FuzzTarget } = await import(new URL(file, folder).href);
  if (target === undefined) throw new Error(`${file} exports no target`);
  return target;
}
