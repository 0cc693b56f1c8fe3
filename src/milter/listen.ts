import { chmodSync, chownSync, lstatSync, unlinkSync } from "node:fs";
import { BlockList, connect, isIP, type ListenOptions, type Server } from "node:net";
import { isMainThread } from "node:worker_threads";
import type { Peer } from "./types.ts";

export type ListenAddress =
  /** `port` 0 lets the system choose. */
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** An address and how many of its first bits count; the shape of `IpNetwork` in core. */
export interface PeerNetwork {
  readonly address: { readonly family: 4 | 6; readonly octets: Uint8Array };
  readonly prefix: number;
}

export type MilterListenErrorCode =
  /** Beyond loopback nothing listens without a list of peers. */
  | "PEERS_MISSING"
  /** Another process listens there. */
  | "ADDRESS_IN_USE"
  /** There is a file of that name which is no socket, or the path is too long for one. */
  | "PATH_UNUSABLE"
  | "LISTEN_FAILED";

/** The operator has to act: nothing listens. */
export class MilterListenError extends Error {
  override readonly name = "MilterListenError";
  readonly code: MilterListenErrorCode;

  constructor(code: MilterListenErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Octets of `sun_path` without its NUL. */
const maxPathOctets = 107;

/**
 * Reads where to listen: `inet:host:port`, `inet:[v6]:port` and `unix:/path` as Postfix writes it, `inet:port@host`,
 * `inet6:port@host` and `local:/path` as Sendmail does.
 * @returns undefined when it is none of these.
 */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const colon = text.indexOf(":");
  const rest = text.slice(colon + 1);
  switch (text.slice(0, Math.max(0, colon)).toLowerCase()) {
    case "unix":
    case "local":
      return rest === "" || rest.includes("\0") ? undefined : { kind: "unix", path: rest };
    case "inet":
    case "inet6":
      return parseTcp(rest);
    default:
      return undefined;
  }
}

function parseTcp(text: string): ListenAddress | undefined {
  const at = text.indexOf("@");
  const colon = text.lastIndexOf(":");
  if (at < 0 && colon < 0) return undefined;
  const [hostText, portText] =
    at < 0 ? [text.slice(0, colon), text.slice(colon + 1)] : [text.slice(at + 1), text.slice(0, at)];
  const host = hostText.startsWith("[") && hostText.endsWith("]") ? hostText.slice(1, -1) : hostText;
  // A v6 address without brackets before a port could be read in two ways.
  if (at < 0 && host === hostText && host.includes(":")) return undefined;
  if (host !== hostText && isIP(host) !== 6) return undefined;
  if (host === "" || !/^[0-9A-Za-z.:_%-]+$/.test(host) || !/^\d{1,5}$/.test(portText)) return undefined;
  const port = Number(portText);
  return port <= 65_535 ? { kind: "tcp", host, port } : undefined;
}

/** The form that Postfix takes in `smtpd_milters`. */
export function formatListenAddress(address: ListenAddress): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return `inet:${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

function listed(list: BlockList, address: string): boolean {
  const version = isIP(address);
  return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
}

/** Whether only this machine can reach it. A host name other than localhost is taken to reach further. */
export function isLoopback(host: string): boolean {
  return host.toLowerCase() === "localhost" || listed(loopback, host);
}

/** A test for addresses of TCP peers. An IPv4-mapped IPv6 address counts as the IPv4 address. */
export function peerTest(networks: readonly PeerNetwork[]): (address: string) => boolean {
  const list = new BlockList();
  for (const { address, prefix } of networks) {
    if (address.family === 4) list.addSubnet(address.octets.join("."), prefix, "ipv4");
    else list.addSubnet(groups(address.octets), prefix, "ipv6");
  }
  return (address) => listed(list, address);
}

function groups(octets: Uint8Array): string {
  const hex = Buffer.from(octets).toString("hex");
  return Array.from({ length: 8 }, (_, i) => hex.slice(4 * i, 4 * i + 4)).join(":");
}

/** The other side of a socket as a `Peer`; `::ffff:192.0.2.1` becomes `192.0.2.1`. */
export function peerOf(
  address: string | undefined,
  port: number | undefined,
  path: string | undefined,
): Peer {
  if (path !== undefined) return { family: "unix", path };
  if (address === undefined) return { family: "unknown" };
  const plain = /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address;
  const version = isIP(plain);
  return version === 4 || version === 6
    ? { family: version, address: plain, port: port ?? 0 }
    : { family: "unknown" };
}

export interface UnixOptions {
  /** Permission bits of the socket file, e.g. 0o660. */
  readonly mode: number;
  /** Numeric group that the file is given to. */
  readonly group?: number | undefined;
}

/**
 * Begins to listen. The file of a unix socket that nobody listens on any more is replaced.
 * @throws MilterListenError
 */
export async function listenAt(
  server: Server,
  address: ListenAddress,
  backlog: number,
  unix: UnixOptions,
): Promise<void> {
  if (address.kind === "tcp") {
    return bind(server, { host: address.host, port: address.port, backlog }, address);
  }
  const { path } = address;
  if (Buffer.byteLength(path) > maxPathOctets) {
    throw new MilterListenError("PATH_UNUSABLE", `${path}: longer than a socket's path may be`);
  }
  await bindUnix(server, path, backlog, unix);
  try {
    chmodSync(path, unix.mode);
    if (unix.group !== undefined) chownSync(path, -1, unix.group);
  } catch (cause) {
    await new Promise((resolve) => server.close(resolve));
    throw new MilterListenError("LISTEN_FAILED", `${path}: mode or group cannot be set`, { cause });
  }
}

/**
 * Begins to accept from a socket that has been bound.
 * @throws MilterListenError
 */
export function listenOn(
  server: Server,
  handle: object,
  address: ListenAddress,
  backlog: number,
): Promise<void> {
  return settled(server, address, () => server.listen(handle, backlog));
}

/** Tries first and looks at the file only then, so that processes that share one socket do not disturb each other. */
async function bindUnix(server: Server, path: string, backlog: number, unix: UnixOptions): Promise<void> {
  const address: ListenAddress = { kind: "unix", path };
  const once = (): Promise<void> => withUmask(unix.mode, () => bind(server, { path, backlog }, address));
  try {
    return await once();
  } catch (error) {
    if (!(error instanceof MilterListenError) || error.code !== "ADDRESS_IN_USE") throw error;
  }
  await removeStaleSocket(path);
  await once();
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

function bind(server: Server, options: ListenOptions, address: ListenAddress): Promise<void> {
  return settled(server, address, () => server.listen(options));
}

function settled(server: Server, address: ListenAddress, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException): void => {
      server.off("listening", listening);
      const code = cause.code === "EADDRINUSE" ? "ADDRESS_IN_USE" : "LISTEN_FAILED";
      reject(new MilterListenError(code, `cannot listen at ${formatListenAddress(address)}`, { cause }));
    };
    const listening = (): void => {
      server.off("error", failed);
      resolve();
    };
    server.once("error", failed).once("listening", listening);
    listen();
  });
}

/**
 * Removes the file of a unix socket that nobody listens on.
 * @throws MilterListenError when somebody does, or when the file is none of a socket.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (!status.isSocket()) throw new MilterListenError("PATH_UNUSABLE", `${path}: exists and is no socket`);
  if (await isAlive(path))
    throw new MilterListenError("ADDRESS_IN_USE", `${path}: another process listens there`);
  try {
    unlinkSync(path);
  } catch (cause) {
    throw new MilterListenError("PATH_UNUSABLE", `${path}: the old socket cannot be removed`, { cause });
  }
}

/** Only a refused connection proves that nobody listens. */
function isAlive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "ECONNREFUSED"));
  });
}
