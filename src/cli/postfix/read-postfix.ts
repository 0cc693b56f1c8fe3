import { execFile } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { SekishoError } from "../../errors.ts";
import { fileUnreadable } from "../input.ts";
import type { Io } from "../io.ts";
import type { PostfixSettings } from "./check-postfix.ts";
import { type MainCf, maxFileOctets, parseMainCf } from "./main-cf.ts";
import { parseMasterCf } from "./master-cf.ts";

const usualFolder = "/etc/postfix";

/**
 * The settings of Postfix: from the file or folder named, else from `postconf -n`, else from /etc/postfix.
 * @throws SekishoError with code FILE_UNREADABLE.
 */
export async function readPostfix(place: string | undefined, io: Io): Promise<PostfixSettings> {
  if (place !== undefined) return fromFile(isDirectory(place) ? join(place, "main.cf") : place, io);
  const told = await fromPostconf(io);
  if (told !== undefined) return told;
  const file = join(usualFolder, "main.cf");
  if (readBounded(file) === undefined)
    throw new SekishoError("FILE_UNREADABLE", io.text.config.noMainCf(usualFolder));
  return fromFile(file, io);
}

function fromFile(file: string, io: Io): PostfixSettings {
  let text: string;
  try {
    if (statSync(file).size > maxFileOctets) throw new Error(`> ${maxFileOctets} octets`);
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw fileUnreadable(file, error, io);
  }
  return settings(file, parseMainCf(text), dirname(file));
}

async function fromPostconf(io: Io): Promise<PostfixSettings | undefined> {
  const run = promisify(execFile);
  const options = { env: { ...io.env }, timeout: 10_000, maxBuffer: maxFileOctets };
  try {
    const [main, folder] = await Promise.all([
      run("postconf", ["-n"], options),
      run("postconf", ["-h", "config_directory"], options),
    ]);
    return settings("postconf -n", parseMainCf(main.stdout), folder.stdout.trim());
  } catch {
    return undefined;
  }
}

function settings(source: string, main: MainCf, folder: string): PostfixSettings {
  const master = readBounded(join(folder, "master.cf"));
  // Where main.cf lies is the default of config_directory, which tables are often named by.
  const parameters = new Map([["config_directory", folder], ...main.parameters]);
  return {
    source,
    main: { ...main, parameters },
    services: master === undefined ? undefined : parseMasterCf(master),
    readTable: readBounded,
  };
}

function readBounded(path: string): string | undefined {
  try {
    return statSync(path).size > maxFileOctets ? undefined : readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
