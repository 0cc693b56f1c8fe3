import { type CollectFile, findProgram } from "./collect-files.ts";
import type { Config } from "./config.ts";

/** The files that `sign.rotate.publish` names, as those of the collection; a program is looked for as the system does. */
export async function rotateFiles({ sign }: Pick<Config, "sign">): Promise<readonly CollectFile[]> {
  const publish = sign.rotate?.publish;
  const path = "sign.rotate.publish";
  switch (publish?.method) {
    case "nsupdate": {
      const { keyFile, program } = publish;
      return [
        { path: `${path}.program`, file: await findProgram(program), use: "program" },
        ...(keyFile === undefined ? [] : [{ path: `${path}.key_file`, file: keyFile, use: "key" } as const]),
      ];
    }
    case "hook":
      return [{ path: `${path}.command`, file: await findProgram(publish.command[0] ?? ""), use: "program" }];
    default:
      return [];
  }
}
