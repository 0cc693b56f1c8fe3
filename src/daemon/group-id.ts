import { readFileSync } from "node:fs";
import { SekishoError } from "../errors.ts";

/**
 * The numeric id of a group, given by name or number.
 * @throws SekishoError NOT_FOUND when the system has no such group.
 */
export function groupId(group: string, file = "/etc/group"): number {
  if (/^\d{1,9}$/.test(group)) return Number(group);
  const line = readFileSync(file, "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${group}:`));
  const id = line?.split(":")[2];
  if (id === undefined)
    throw new SekishoError("NOT_FOUND", `milter socket group ${group}: no such group in ${file}`);
  return Number(id);
}
