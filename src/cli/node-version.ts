import { langOfEnvironment } from "./lang.ts";

interface RunningNode {
  readonly version: string;
  readonly program: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const oldest = 24;

/** Why the program cannot be run by that Node.js; undefined when it can. */
export function nodeFault({ version, program, env }: RunningNode): string | undefined {
  if (Number.parseInt(version, 10) >= oldest) return undefined;
  return langOfEnvironment(env) === "ja"
    ? `Node.js ${oldest} 以降が必要ですが、${program} は ${version} です`
    : `Node.js ${oldest} or newer is needed, and ${program} is ${version}`;
}
