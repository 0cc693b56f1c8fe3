import { logicalLines, splitWords, unbraced } from "./logical-lines.ts";

/** One service of master.cf. */
export interface MasterService {
  /** First column: `smtp`, `submission`, `127.0.0.1:10025`. */
  readonly name: string;
  readonly type: string;
  /** Undefined when the column says "-". */
  readonly chroot: boolean | undefined;
  /** The program: `smtpd`, `cleanup`. */
  readonly command: string;
  /** `-o name=value`, as written. */
  readonly overrides: ReadonlyMap<string, string>;
  /** Where it begins, from 1. */
  readonly line: number;
}

/** Reads master.cf (master(5)). Lines that are no service are left out. */
export function parseMasterCf(text: string): MasterService[] {
  return logicalLines(text).flatMap(({ text: content, line }) => {
    const words = splitWords(content);
    const [name, type, , , chroot, , , command] = words;
    if (name === undefined || type === undefined || command === undefined) return [];
    return [
      { name, type, chroot: readFlag(chroot), command, overrides: readOverrides(words.slice(8)), line },
    ];
  });
}

function readFlag(text: string | undefined): boolean | undefined {
  return text === "y" ? true : text === "n" ? false : undefined;
}

function readOverrides(words: readonly string[]): Map<string, string> {
  const overrides = new Map<string, string>();
  for (const [index, word] of words.entries()) {
    const setting = word === "-o" ? words[index + 1] : word.startsWith("-o") ? word.slice(2) : undefined;
    if (setting === undefined || setting === "") continue;
    const text = unbraced(setting) ?? setting;
    const equals = text.indexOf("=");
    if (equals > 0) overrides.set(text.slice(0, equals).trim(), text.slice(equals + 1).trim());
  }
  return overrides;
}
