import { chmodSync, mkdirSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NameServer, startKnot } from "./knot.ts";
import { onLoopback, zonesOnLoopback } from "./loopback.ts";
import { type Postfix, startPostfix } from "./postfix.ts";
import { freePort } from "./process.ts";
import { Sekisho } from "./sekisho.ts";
import { zoneTexts } from "./zones.ts";

/** What must be there, for `describeWith`. */
export const programs = ["/usr/sbin/postfix", "/usr/sbin/knotd"] as const;

export interface Installation {
  readonly sekisho: Sekisho;
  readonly postfix: Postfix;
  /** `http://127.0.0.1:PORT` of Sekisho. */
  readonly web: string;
  /** Path of the unix socket, or undefined with TCP. */
  readonly socketPath: string | undefined;
  /** Ends everything that is still running, and removes every file. */
  end(): Promise<void>;
}

export interface VerifierOptions {
  readonly socket?: "tcp" | "unix";
  /** Where Sekisho asks: a Knot of its own when undefined, else that port of 127.0.0.1. */
  readonly nameserverPort?: number;
  readonly dnsTimeout?: string;
  readonly timeBudget?: string;
  /** The section `verify`, in braces. */
  readonly verify?: string;
  /** All our hosts have addresses on loopback. */
  readonly onLoopback?: boolean;
}

export interface InstallationOptions extends VerifierOptions {
  readonly postfix?: Readonly<Record<string, string>>;
}

/** Name server and Sekisho, for an MTA to be put before them. */
export interface Verifier extends Pick<Installation, "sekisho" | "web" | "socketPath"> {
  /** As Sekisho and Postfix write it. */
  readonly listen: string;
}

export type Closer = () => Promise<unknown>;

const networks = `networks:
  submitters: [127.0.0.0/8, 192.0.2.10]
  own: [{ network: 192.0.2.64/28, name: 研究室A }]
  relays: [{ network: 192.0.2.20, authserv_id: gw.rcpt.example }]
`;

/** Name server, Sekisho and Postfix, put together and running. */
export function install(options: InstallationOptions = {}): Promise<Installation> {
  return installWith(async (folder, closers) => {
    const { listen, ...verifier } = await startVerifier(folder, options, closers);
    const postfix = await startPostfix(folderIn(folder, "postfix"), {
      smtpd_milters: listen,
      non_smtpd_milters: listen,
      ...options.postfix,
    });
    closers.push(() => postfix.stop());
    return { ...verifier, postfix };
  });
}

/** Starts things in a folder of their own, each of which leaves a closer, and ends them when one of them fails. */
export async function installWith<Parts>(
  startAll: (folder: string, closers: Closer[]) => Promise<Parts>,
): Promise<Parts & { end(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-system-"));
  const closers: Closer[] = [() => rm(folder, { recursive: true, force: true })];
  const end = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    // Postfix's processes go by other names than root.
    chmodSync(folder, 0o755);
    return { ...(await startAll(folder, closers)), end };
  } catch (error) {
    await end();
    throw error;
  }
}

export function folderIn(folder: string, name: string): string {
  mkdirSync(join(folder, name));
  return join(folder, name);
}

export async function startVerifier(
  folder: string,
  options: VerifierOptions,
  closers: Closer[],
): Promise<Verifier> {
  let { nameserverPort } = options;
  if (nameserverPort === undefined) {
    const zones = options.onLoopback === true ? zonesOnLoopback(zoneTexts()) : zoneTexts();
    const knot: NameServer = await startKnot(folderIn(folder, "knot"), zones);
    closers.push(() => knot.stop());
    nameserverPort = knot.port;
  }
  const socketPath = options.socket === "unix" ? join(folderIn(folder, "run"), "milter.sock") : undefined;
  const listen = socketPath === undefined ? `inet:127.0.0.1:${await freePort()}` : `unix:${socketPath}`;
  const webPort = await freePort();
  const sekisho = new Sekisho(
    folderIn(folder, "sekisho"),
    {
      listen,
      ...(socketPath !== undefined && { group: "postfix" }),
      ...(options.timeBudget !== undefined && { timeBudget: options.timeBudget }),
    },
    `dns: { nameservers: ["127.0.0.1:${nameserverPort}"], timeout: ${options.dnsTimeout ?? "15s"} }\n` +
      `web: { listen: "127.0.0.1:${webPort}" }\nverify: ${options.verify ?? "{}"}\n` +
      (options.onLoopback === true ? onLoopback(networks).replace("127.0.0.0/8, ", "") : networks),
  );
  await sekisho.start();
  closers.push(() => sekisho.end());
  return { sekisho, listen, web: `http://127.0.0.1:${webPort}`, socketPath };
}
