import { chmodSync, mkdirSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NameServer, startKnot } from "./knot.ts";
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

export interface InstallationOptions {
  readonly socket?: "tcp" | "unix";
  /** Where Sekisho asks: a Knot of its own when undefined, else that port of 127.0.0.1. */
  readonly nameserverPort?: number;
  readonly dnsTimeout?: string;
  readonly timeBudget?: string;
  readonly postfix?: Readonly<Record<string, string>>;
}

type Closer = () => Promise<unknown>;

const networks = `networks:
  submitters: [127.0.0.0/8, 192.0.2.10]
  own: [{ network: 192.0.2.64/28, name: 研究室A }]
  relays: [{ network: 192.0.2.20, authserv_id: gw.rcpt.example }]
`;

/** Name server, Sekisho and Postfix, put together and running. */
export async function install(options: InstallationOptions = {}): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-system-"));
  const closers: Closer[] = [() => rm(folder, { recursive: true, force: true })];
  const end = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return { ...(await startAll(folder, options, closers)), end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function startAll(
  folder: string,
  options: InstallationOptions,
  closers: Closer[],
): Promise<Omit<Installation, "end">> {
  // Postfix's processes go by other names than root.
  chmodSync(folder, 0o755);
  const inside = (name: string): string => {
    mkdirSync(join(folder, name));
    return join(folder, name);
  };
  let { nameserverPort } = options;
  if (nameserverPort === undefined) {
    const knot: NameServer = await startKnot(inside("knot"), zoneTexts());
    closers.push(() => knot.stop());
    nameserverPort = knot.port;
  }
  const socketPath = options.socket === "unix" ? join(inside("run"), "milter.sock") : undefined;
  const listen = socketPath === undefined ? `inet:127.0.0.1:${await freePort()}` : `unix:${socketPath}`;
  const webPort = await freePort();
  const sekisho = new Sekisho(
    inside("sekisho"),
    {
      listen,
      ...(socketPath !== undefined && { group: "postfix" }),
      ...(options.timeBudget !== undefined && { timeBudget: options.timeBudget }),
    },
    `dns: { nameservers: ["127.0.0.1:${nameserverPort}"], timeout: ${options.dnsTimeout ?? "5s"} }\n` +
      `web: { listen: "127.0.0.1:${webPort}" }\n${networks}`,
  );
  await sekisho.start();
  closers.push(() => sekisho.end());
  const postfix = await startPostfix(inside("postfix"), {
    smtpd_milters: listen,
    non_smtpd_milters: listen,
    ...options.postfix,
  });
  closers.push(() => postfix.stop());
  return { sekisho, postfix, web: `http://127.0.0.1:${webPort}`, socketPath };
}
