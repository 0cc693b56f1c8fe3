import { readFileSync, statSync } from "node:fs";
import { stringify } from "yaml";
import { codeOf } from "../../config/file-fault.ts";
import { writeKeyFinding } from "../../daemon/written-key-finding.ts";
import { readKeyFile } from "../../keys/key-file.ts";
import type { TextReader } from "../../keys/opendkim/conf.ts";
import { importOpendkim } from "../../keys/opendkim/import.ts";
import { type ExitCode, exitFindings, exitOk } from "../command.ts";
import { isSerious } from "../finding-lines.ts";
import { fileUnreadable } from "../input.ts";
import { formatJson, type Io } from "../io.ts";
import { hanging, printable } from "../layout.ts";
import { signingText } from "../text/signing-text.ts";

const maxFileOctets = 16 * 1024 * 1024;

/** `sekisho config import-opendkim FILE`: prints, and changes nothing. Exit 1 when something needs to be looked at. */
export async function printOpendkimImport(file: string, json: boolean, io: Io): Promise<ExitCode> {
  try {
    // Of a folder nothing would be told but that it does not sign.
    if (statSync(file).isDirectory()) throw Object.assign(new Error("directory"), { code: "EISDIR" });
  } catch (error) {
    throw fileUnreadable(file, error, io);
  }
  const { config, findings } = await importOpendkim(file, {
    text: readText,
    // OpenDKIM's keys belong to its own user; what they are is told all the same.
    key: (path) => readKeyFile(path, { lookOnly: true }),
  });
  const written = findings.map((found) => writeKeyFinding(found, io.lang));
  if (json) io.out(formatJson({ config, findings: written }, io.isTty));
  else {
    const { title, nothing } = signingText(io.lang).imported;
    const comment = (line: string): string => `# ${line}`.trimEnd();
    for (const line of hanging("", printable(title(file)), io.columns - 2)) io.out(comment(line));
    if (written.length === 0) io.out(comment(nothing));
    for (const { severity, text, fix } of written) {
      io.out("#");
      const word = `${io.text.config.severity[severity]}: `;
      for (const line of hanging(word, printable(text), io.columns - 2)) io.out(comment(line));
      if (fix === undefined) continue;
      for (const line of hanging(`  ${io.text.config.fix}: `, printable(fix), io.columns - 2))
        io.out(comment(line));
    }
    io.out("");
    io.out(stringify(config, { lineWidth: 0 }).trimEnd());
  }
  return written.some(isSerious) ? exitFindings : exitOk;
}

const readText: TextReader = (file) => {
  try {
    if (statSync(file).size > maxFileOctets) return { reason: `> ${maxFileOctets} octets` };
    return { text: readFileSync(file, "utf8") };
  } catch (error) {
    return { reason: codeOf(error) };
  }
};
