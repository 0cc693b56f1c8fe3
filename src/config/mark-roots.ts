import { readFile } from "node:fs/promises";
import { type ReadCertificate, readMarkRoots } from "../core/bimi/mark-certificate.ts";
import { codeOf } from "./file-fault.ts";
import { type ConfigProblem, configProblem } from "./problem.ts";

export type LoadedMarkRoots =
  | { readonly ok: true; readonly roots: readonly ReadCertificate[] }
  | { readonly ok: false; readonly problem: ConfigProblem };

const maxOctets = 10_000_000;

/** The certificates in the file that `verify.bimi.roots` names. */
export async function loadMarkRoots(file: string): Promise<LoadedMarkRoots> {
  const unreadable = (reason: string): LoadedMarkRoots => {
    return { ok: false, problem: configProblem("bad-mark-roots", "verify.bimi.roots", { file, reason }) };
  };
  try {
    const octets = await readFile(file);
    if (octets.length > maxOctets) return unreadable(`> ${maxOctets} octets`);
    const roots = readMarkRoots(octets.toString("latin1"));
    if (roots === undefined) return unreadable("a certificate in it is damaged");
    return roots.length === 0 ? unreadable("no certificate in it") : { ok: true, roots };
  } catch (error) {
    return unreadable(codeOf(error));
  }
}
