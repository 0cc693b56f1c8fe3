import { readdirSync, readFileSync } from "node:fs";

/** What a worker calls itself in the list of processes; by its parent there, orphans are known. */
export function workerTitle(id: string, supervisorPid: string): string {
  return `sekisho: worker ${id} of ${supervisorPid}`;
}

const title = /^sekisho: worker \S+ of (\d+)/;
/** What it was started with, before it gives itself that name. */
const started = /\/worker-main\.[jt]s\0\d+\0[a-z]+\0(\d+)\0/;

/**
 * Whether workers are left of a program that was killed: they listen until they have noticed. Also true where the
 * system does not tell.
 * @param processes Where Linux tells of them.
 */
export function orphansAreLeft(processes = "/proc"): boolean {
  try {
    return readdirSync(processes)
      .filter((name) => /^\d+$/.test(name))
      .some((pid) => isOrphan(`${processes}/${pid}`));
  } catch {
    return true;
  }
}

function isOrphan(folder: string): boolean {
  try {
    const commandLine = readFileSync(`${folder}/cmdline`, "latin1");
    const supervisor = (title.exec(commandLine) ?? started.exec(commandLine))?.[1];
    return supervisor !== undefined && supervisor !== parentIn(readFileSync(`${folder}/stat`, "latin1"));
  } catch {
    // It has ended meanwhile.
    return false;
  }
}

/** `pid (name) state parent ...`; a name may hold blanks and parentheses. */
function parentIn(stat: string): string | undefined {
  return stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ", 2)
    .at(1);
}
