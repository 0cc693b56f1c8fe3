import { execFileSync } from "node:child_process";
import { chownSync, lchownSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { SekishoError } from "../errors.ts";
import { parseListenAddress } from "../milter/index.ts";
import { makeFolder } from "../store/make-folder.ts";
import { groupId } from "./group-id.ts";
import type { DaemonText } from "./text.ts";

/** Whom the program runs as once its sockets are open. */
export interface Identity {
  /** As the configuration names it. */
  readonly user: string;
  readonly uid: number;
  readonly gid: number;
}

/** What of the process decides it, so that tests need not be root. */
export interface ProcessOwner {
  readonly uid: number;
}

/**
 * Whom to change to; undefined to stay who we are.
 * @throws SekishoError when there is no such user or group, or when we are neither root nor that user.
 */
export function identityOf(
  { user, group }: Pick<Config, "user" | "group">,
  { uid }: ProcessOwner,
  text: DaemonText,
): Identity | undefined {
  if (user === undefined) return undefined;
  const entry = userEntry(user);
  if (entry === undefined) throw new SekishoError("CONFIG_INVALID", text.noUser(user));
  if (uid === entry.uid && uid !== 0) return undefined;
  if (uid !== 0) throw new SekishoError("CONFIG_INVALID", text.cannotSwitch(user));
  return { user, uid: entry.uid, gid: group === undefined ? entry.gid : knownGroup(group, text) };
}

function knownGroup(group: string, text: DaemonText): number {
  const id = groupId(group);
  if (id === undefined) throw new SekishoError("CONFIG_INVALID", `group: ${text.noGroup(group)}`);
  return id;
}

/** The name of a user, or the number where nobody has it. */
export function userName(uid: number): string {
  return userEntry(String(uid))?.name ?? String(uid);
}

interface UserEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** From /etc/passwd, else from whatever else the system asks about users. */
function userEntry(user: string): UserEntry | undefined {
  const known = readFileSync("/etc/passwd", "utf8").split("\n");
  const wanted = (line: string): boolean => {
    const [name, , uid] = line.split(":");
    return name === user || uid === user;
  };
  const line = known.find(wanted) ?? askSystem(user);
  const [name, , uid, gid] = line?.split(":") ?? [];
  if (name === undefined || uid === undefined || gid === undefined) return undefined;
  return { name, uid: Number(uid), gid: Number(gid) };
}

function askSystem(user: string): string | undefined {
  if (user.startsWith("-")) return undefined;
  try {
    return execFileSync("getent", ["passwd", user], {
      encoding: "utf8",
      timeout: 10_000,
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  } catch {
    return undefined;
  }
}

/** Makes what the user will need while we may: folders of unix sockets that are not there, and the data folder. */
export function prepareFolders(config: Config, identity: Identity, text: DaemonText): void {
  const { lmtp } = config.collect;
  for (const { listen } of [...config.milter.sockets, ...(lmtp === undefined ? [] : [lmtp])]) {
    const address = parseListenAddress(listen);
    if (address?.kind === "unix") makeSocketFolder(dirname(address.path), identity);
  }
  giveDataDir(config.dataDir, identity, text);
}

function makeSocketFolder(folder: string, { uid, gid }: Identity): void {
  // The MTA must be able to enter it; who may use the socket is decided by the socket's own mode.
  if (makeFolder(folder, 0o755)) chownSync(folder, uid, gid);
}

/**
 * Makes the data folder where there is none, and gives what root has made to the user.
 * @throws SekishoError STORE_UNAVAILABLE when it is somebody else's; what the system says where it cannot be made.
 */
export function giveDataDir(folder: string, { uid, gid, user }: Identity, text: DaemonText): void {
  makeFolder(folder, 0o700);
  const owner = statSync(folder).uid;
  if (owner === uid) return;
  // A link that is not root's may lead to whatever its owner wants to have.
  const isRoots = owner === 0 && lstatSync(resolve(folder)).uid === 0;
  // What root has made in an earlier run is given over; a folder with anything else in it may be anybody's.
  if (!isRoots || readdirSync(folder).some((name) => !ours.test(name)))
    throw new SekishoError("STORE_UNAVAILABLE", text.foreignDataDir(folder, owner, user));
  giveTree(realpathSync(folder), uid, gid);
}

const ours =
  /^(?:(?:records|reports|source-names)\.sqlite.*|state\..*|list-memory\.ndjson.*|keys|spool|control\.sock)$/;

/** A folder after what is in it: until then nobody else changes that, and what was interrupted is done again. */
function giveTree(path: string, uid: number, gid: number): void {
  if (lstatSync(path).isDirectory())
    for (const name of readdirSync(path)) giveTree(join(path, name), uid, gid);
  lchownSync(path, uid, gid);
}

/** Documented by Node, and not among its types. */
type WithInitgroups = NodeJS.Process & { initgroups?(user: string, extraGroup: number): void };

/** Becomes the user for good: groups first, since only root may change them. */
export function becomeUser({ uid, gid }: Identity): void {
  const name = userEntry(String(uid))?.name;
  if (name === undefined) process.setgroups?.([gid]);
  else (process as WithInitgroups).initgroups?.(name, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
  if (process.getuid?.() !== uid || process.geteuid?.() !== uid || process.getgid?.() !== gid)
    throw new Error(`still uid ${process.getuid?.()} gid ${process.getgid?.()}`);
}
