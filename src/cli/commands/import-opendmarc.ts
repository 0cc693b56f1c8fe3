import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { stringify } from "yaml";
import { type ExitCode, exitFindings, exitOk } from "../command.ts";
import { fileUnreadable } from "../input.ts";
import { formatJson, type Io } from "../io.ts";
import { hanging, printable } from "../layout.ts";
import { type Imported, type ImportNote, importConf } from "../opendmarc/import-conf.ts";
import { fates, type ImportCode, type ImportFate, type ImportText, importText } from "../opendmarc/text.ts";

/** `sekisho config import-opendmarc FILE`: prints, and changes nothing. Exit 1 when something was left out. */
export function importOpendmarc(file: string, json: boolean, io: Io): ExitCode {
  const imported = importConf(readText(file, io), {
    folder: dirname(resolve(file)),
    readFile: (path) => readFileSync(path, "utf8"),
  });
  const text = importText[io.lang];
  if (json) io.out(formatJson(asJson(imported, text), io.isTty));
  else for (const line of asYaml(imported, file, text, io)) io.out(line);
  return imported.notes.some(({ code }) => fates[code] === "left-out") ? exitFindings : exitOk;
}

function readText(file: string, io: Io): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw fileUnreadable(file, error, io);
  }
}

function asJson({ config, notes }: Imported, text: ImportText): object {
  return {
    config,
    notes: notes.map((note) => ({
      line: note.line,
      parameter: note.name,
      id: note.code,
      fate: fates[note.code],
      params: note.params,
      text: noteText(note, text),
    })),
  };
}

function noteText<Code extends ImportCode>({ code, params }: ImportNote<Code>, text: ImportText): string {
  return text.note[code](params);
}

/** The notes are comments, so that the whole can be saved as a file. */
function asYaml({ config, notes }: Imported, file: string, text: ImportText, io: Io): string[] {
  const comment = (lines: readonly string[]): string[] => lines.map((line) => `# ${line}`.trimEnd());
  const width = io.columns - 2;
  const about = (["left-out", "differs", "other"] as const satisfies readonly ImportFate[]).flatMap(
    (fate) => {
      const ofFate = notes.filter(({ code }) => fates[code] === fate);
      if (ofFate.length === 0) return [];
      return [
        "",
        text.fate[fate],
        ...ofFate.flatMap((note) =>
          hanging("- ", printable(`${text.line(note.line, note.name)}: ${noteText(note, text)}`), width),
        ),
      ];
    },
  );
  return [
    ...comment(hanging("", printable(text.title(file)), width)),
    ...comment(about.length === 0 ? ["", text.nothing] : about),
    "",
    ...(Object.keys(config).length === 0 ? [] : stringify(config, { lineWidth: 0 }).trimEnd().split("\n")),
  ];
}
