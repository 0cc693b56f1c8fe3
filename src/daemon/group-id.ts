import { readFileSync } from "node:fs";

/** The numeric id of a group, given by name or number; undefined when the system has no such group. */
export function groupId(group: string, file = "/etc/group"): number | undefined {
  if (/^\d{1,9}$/.test(group)) return Number(group);
  const line = readFileSync(file, "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${group}:`));
  const id = line?.split(":")[2];
  return id === undefined ? undefined : Number(id);
}
