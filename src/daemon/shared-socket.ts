import { lookup } from "node:dns/promises";
import { chmodSync, chownSync, lstatSync, unlinkSync } from "node:fs";
import * as net from "node:net";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { getSystemErrorName } from "node:util";
import { isMainThread } from "node:worker_threads";
import type { MilterSocketConfig } from "../config/config.ts";
import { SekishoError } from "../errors.ts";
import {
  type ListenAddress,
  MilterListenError,
  parseListenAddress,
  removeStaleSocket,
} from "../milter/index.ts";
import { groupId } from "./group-id.ts";
import type { DaemonText } from "./text.ts";

/** What Node has inside of a `net.Server`; other processes accept from the same one. */
export interface SocketHandle {
  readonly fd: number;
  getsockname?(out: { address?: string; port?: number }): number;
  close(): void;
}

/**
 * A socket that the program holds open for its workers without accepting anything itself: connections wait in the
 * system's queue while no worker is there to take them.
 */
export interface SharedSocket {
  /** As configured. */
  readonly listen: string;
  /** With the port that the system chose. */
  readonly address: ListenAddress;
  readonly handle: SocketHandle;
  /** The handle for a listener in this process, which closes it then. */
  handOver(): SocketHandle;
  /** Gives a unix socket the mode and group of the configuration. */
  permit(socket: MilterSocketConfig): void;
  /** Lets go of it and removes its file; a worker that still listens does so until it closes its own. */
  close(): void;
}

export interface BindOptions {
  readonly text: DaemonText;
  /** Who shall own the file of a unix socket. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** How long to wait for whoever listens there to go away; 0 when left out. */
  readonly patienceMs?: number;
  /** Asked when somebody does: whether waiting can help. Taken for yes when left out. */
  readonly isWorthWaiting?: () => boolean;
}

type CreateHandle = (
  address: string,
  port: number,
  addressType: number,
  fd?: number,
  flags?: number,
) => SocketHandle | number;

/** Not in Node's documentation, but what its own `cluster` module binds with; there is no other way to bind only. */
const createHandle = (net as unknown as { readonly _createServerHandle?: CreateHandle })._createServerHandle;

/**
 * Binds the socket. A worker begins to listen on it.
 * @throws SekishoError LISTEN_FAILED in the operator's language.
 */
export async function bindSocket(socket: MilterSocketConfig, options: BindOptions): Promise<SharedSocket> {
  const { text } = options;
  const address = parseListenAddress(socket.listen);
  if (address === undefined) throw listenFailed(text, socket.listen, "EINVAL");
  const handle = await patiently(options, () => bind(socket, address, text));
  const bound = { listen: socket.listen, handle, address: addressOf(handle, address) };
  const made = address.kind === "unix" ? lstatSync(address.path) : undefined;
  let isOurs = true;
  let isRegrouped = false;
  const shared: SharedSocket = {
    ...bound,
    handOver: () => {
      isOurs = false;
      return handle;
    },
    permit: (wanted) => {
      isRegrouped ||= wanted.group !== undefined;
      permit(address, wanted, text, options.owner ?? (isRegrouped ? made : undefined));
    },
    close: () => {
      if (isOurs) handle.close();
      if (address.kind === "unix") removeFile(address.path, made?.ino);
    },
  };
  try {
    shared.permit(socket);
  } catch (error) {
    shared.close();
    throw error;
  }
  return shared;
}

/** A program that was killed leaves workers behind that listen until they have noticed. */
async function patiently<T>(
  { patienceMs = 0, isWorthWaiting = () => true }: BindOptions,
  attempt: () => Promise<T>,
): Promise<T> {
  const end = performance.now() + patienceMs;
  for (let mayHelp = true; ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() >= end || !mayHelp || !(error instanceof InUse)) throw error;
      // After a "no" once more: they may have gone between the attempt and the question.
      mayHelp = isWorthWaiting();
      if (mayHelp) await sleep(100);
    }
  }
}

class InUse extends SekishoError {}

function listenFailed(text: DaemonText, listen: string, code: string, cause?: unknown): SekishoError {
  const Kind = code === "EADDRINUSE" ? InUse : SekishoError;
  return new Kind("LISTEN_FAILED", text.cannotListen(listen, code), { cause });
}

async function bind(
  socket: MilterSocketConfig,
  address: ListenAddress,
  text: DaemonText,
): Promise<SocketHandle> {
  const { listen, mode } = socket;
  if (address.kind === "tcp") return tcpHandle(await resolved(address, listen, text), listen, text);
  const once = (): SocketHandle | number => withUmask(mode, () => create(address.path, -1, -1));
  const first = once();
  if (typeof first !== "number") return first;
  if (getSystemErrorName(first) !== "EADDRINUSE") throw listenFailed(text, listen, codeOf(first, address));
  await removeStale(address.path, listen, text);
  const second = once();
  if (typeof second === "number") throw listenFailed(text, listen, codeOf(second, address));
  return second;
}

/** A missing folder and a missing permission to write in it are told apart by the folder. */
function codeOf(error: number, { path }: Extract<ListenAddress, { kind: "unix" }>): string {
  const code = getSystemErrorName(error);
  const missing = lstatSync(dirname(path), { throwIfNoEntry: false }) === undefined;
  return missing ? "ENOENT" : code;
}

function create(
  ...[address, port, type]: [address: string, port: number, type: number]
): SocketHandle | number {
  if (createHandle === undefined) return -38;
  return createHandle(address, port, type);
}

async function resolved(
  { host, port }: Extract<ListenAddress, { kind: "tcp" }>,
  listen: string,
  text: DaemonText,
): Promise<{ readonly address: string; readonly family: number; readonly port: number }> {
  try {
    return { ...(await lookup(host)), port };
  } catch (cause) {
    throw listenFailed(text, listen, "ENOTFOUND", cause);
  }
}

function tcpHandle(
  { address, family, port }: { readonly address: string; readonly family: number; readonly port: number },
  listen: string,
  text: DaemonText,
): SocketHandle {
  const handle = create(address, port, family);
  if (typeof handle === "number") throw listenFailed(text, listen, getSystemErrorName(handle));
  // libuv keeps this one error back until somebody listens: the socket is then not bound to the port.
  const name: { port?: number } = {};
  if (handle.getsockname?.(name) !== 0 || (port !== 0 && name.port !== port)) {
    handle.close();
    throw listenFailed(text, listen, "EADDRINUSE");
  }
  return handle;
}

function addressOf(handle: SocketHandle, asked: ListenAddress): ListenAddress {
  if (asked.kind === "unix") return asked;
  const name: { address?: string; port?: number } = {};
  handle.getsockname?.(name);
  return { kind: "tcp", host: name.address ?? asked.host, port: name.port ?? asked.port };
}

async function removeStale(path: string, listen: string, text: DaemonText): Promise<void> {
  try {
    await removeStaleSocket(path);
  } catch (error) {
    if (!(error instanceof MilterListenError)) throw error;
    throw listenFailed(text, listen, error.code === "ADDRESS_IN_USE" ? "EADDRINUSE" : error.code, error);
  }
}

/** The file must not be open to others even between its creation and `chmod`. */
function withUmask<T>(mode: number, run: () => T): T {
  // A worker thread cannot set the mask of the process.
  if (!isMainThread) return run();
  const before = process.umask(0o777 & ~mode);
  try {
    return run();
  } finally {
    process.umask(before);
  }
}

/** @param owner Whose it becomes, with that group where the configuration names none; undefined to leave that as it is. */
function permit(
  address: ListenAddress,
  { listen, mode, group }: MilterSocketConfig,
  text: DaemonText,
  owner: BindOptions["owner"],
): void {
  if (address.kind === "tcp") return;
  const gid = group === undefined ? owner?.gid : groupId(group);
  if (group !== undefined && gid === undefined)
    throw new SekishoError("LISTEN_FAILED", `${listen}: ${text.noGroup(group)}`);
  try {
    // The group first, which may be refused: the mode shall not change without it.
    if (gid !== undefined || owner !== undefined) chownSync(address.path, owner?.uid ?? -1, gid ?? -1);
    chmodSync(address.path, mode);
  } catch (cause) {
    throw new SekishoError("LISTEN_FAILED", text.cannotPermit(listen, group ?? ""), { cause });
  }
}

function removeFile(path: string, inode: number | undefined): void {
  try {
    // Another program may have put its own there meanwhile.
    if (lstatSync(path, { throwIfNoEntry: false })?.ino === inode) unlinkSync(path);
  } catch {
    // The folder is not ours to look into or to write in any more: the next start replaces the file.
  }
}
