import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { askDirectly } from "../../src/core/dns/direct.ts";
import type { ServerAddress } from "../../src/core/dns/server-address.ts";
import { start, until } from "./process.ts";

export const zone = "example.jp";

/** A TSIG key, as named and nsupdate read it. */
const tsigSecret = "c2VraXNobyByb3RhdGlvbiB0ZXN0IGtleSAxMjM0NTY=";
const tsigKey = `key "sekisho" { algorithm hmac-sha256; secret "${tsigSecret}"; };\n`;

export interface ZoneServer extends ServerAddress {
  stop(): Promise<void>;
}

/** A secondary that looks for changes only when it is told to. */
export interface LaggingServer extends ZoneServer {
  /** Lets it look for changes all the time, or no more; settles when that is so. */
  follow(wanted: boolean): Promise<void>;
}

export interface ServerSetup {
  readonly folder: string;
  readonly listen: ServerAddress;
  /** Where the zone comes from; it is the primary when absent. */
  readonly primary?: ServerAddress;
}

export interface ZoneTimes {
  /** How long a secondary takes to look for changes, in seconds. */
  readonly refresh: number;
  /** How long absence may be kept, in seconds. */
  readonly negative: number;
}

export function writeTsigKey(folder: string): string {
  const file = join(folder, "tsig.key");
  writeFileSync(file, tsigKey, { mode: 0o600 });
  return file;
}

function zoneText(servers: readonly ServerAddress[], { refresh, negative }: ZoneTimes): string {
  const names = servers.map((_, index) => `ns${index + 1}.${zone}.`);
  return [
    `${zone}. 60 IN SOA ns1.${zone}. root.${zone}. 1 ${refresh} 1 3600 ${negative}`,
    ...names.map((name) => `${zone}. 60 IN NS ${name}`),
    ...servers.map(({ address }, index) => `${names[index] ?? ""} 60 IN A ${address}`),
    "",
  ].join("\n");
}

/** Debian's BIND, for the zone alone, with dynamic updates signed with the key where it is the primary. */
export async function startBind(
  { folder, listen, primary }: ServerSetup,
  servers: readonly ServerAddress[],
  times: ZoneTimes,
): Promise<ZoneServer> {
  mkdirSync(folder);
  writeFileSync(join(folder, "zone.db"), zoneText(servers, times));
  const role =
    primary === undefined
      ? `type primary; file "zone.db"; update-policy { grant sekisho wildcard *._domainkey.${zone}. TXT; };`
      : `type secondary; file "copy.db"; primaries { ${primary.address} port ${primary.port}; };
         min-refresh-time 1; max-refresh-time ${times.refresh}; min-retry-time 1; max-retry-time 1;`;
  const config = join(folder, "named.conf");
  writeFileSync(
    config,
    `options { directory "${folder}"; pid-file none; session-keyfile "${folder}/session.key";
       listen-on port ${listen.port} { ${listen.address}; }; listen-on-v6 { none; };
       recursion no; notify no; allow-transfer { any; }; dnssec-validation no; };
     controls { };\n${tsigKey}zone "${zone}" { ${role} };\n`,
  );
  return run("/usr/sbin/named", ["-g", "-c", config], listen);
}

/** Debian's Knot in the same two roles. */
export async function startKnot(
  { folder, listen, primary }: ServerSetup,
  servers: readonly ServerAddress[],
  times: ZoneTimes,
): Promise<ZoneServer> {
  // Without it no journal, and without a journal no update.
  mkdirSync(join(folder, "db"), { recursive: true });
  writeFileSync(join(folder, "zone.db"), zoneText(servers, times));
  const role =
    primary === undefined
      ? "    zonefile-load: whole\n    acl: [update, transfer]\n"
      : `    master: primary\n    refresh-min-interval: ${Math.max(2, times.refresh - 2)}\n    retry-min-interval: 1\n    acl: transfer\n`;
  const config = join(folder, "knot.conf");
  writeFileSync(
    config,
    `server:\n    rundir: ${folder}\n    listen: ${listen.address}@${listen.port}\n    udp-workers: 1\n` +
      `    tcp-workers: 1\n    background-workers: 1\ndatabase:\n    storage: ${folder}/db\n` +
      "log:\n  - target: stderr\n    any: info\n" +
      `key:\n  - id: sekisho\n    algorithm: hmac-sha256\n    secret: ${tsigSecret}\n` +
      // As docs/rotation.md has it.
      "acl:\n  - id: update\n    key: sekisho\n    action: update\n    update-type: TXT\n" +
      "    update-owner: name\n    update-owner-match: sub\n    update-owner-name: _domainkey\n" +
      "  - id: transfer\n    address: 127.0.0.0/8\n    action: transfer\n" +
      (primary === undefined
        ? ""
        : `remote:\n  - id: primary\n    address: ${primary.address}@${primary.port}\n`) +
      `zone:\n  - domain: ${zone}\n    storage: ${folder}\n    file: ${primary === undefined ? "zone.db" : "copy.db"}\n${role}`,
  );
  return run("/usr/sbin/knotd", ["-c", config], listen);
}

/** Debian's Knot as a secondary. It follows from the start. */
export async function startLaggingKnot(
  setup: ServerSetup,
  servers: readonly ServerAddress[],
  times: ZoneTimes,
): Promise<LaggingServer> {
  const server = await startKnot(setup, servers, { ...times, refresh: 86_400 });
  let isWanted = true;
  let isOver = false;
  let look: Promise<unknown> = Promise.resolve();
  const socket = join(setup.folder, "knot.sock");
  const follow = async (): Promise<void> => {
    while (!isOver) {
      if (isWanted) look = promisify(execFile)("/usr/sbin/knotc", ["-b", "-s", socket, "zone-refresh", zone]);
      // One that it is too busy for is made up for by the next.
      await look.catch(() => {});
      await sleep(500);
    }
  };
  const following = follow();
  return {
    ...server,
    async follow(wanted) {
      isWanted = wanted;
      await look.catch(() => {});
    },
    async stop() {
      isOver = true;
      await following;
      await server.stop();
    },
  };
}

async function run(command: string, args: readonly string[], listen: ServerAddress): Promise<ZoneServer> {
  const running = start(command, args);
  try {
    await until("the zone to be served", async () => {
      if (running.child.exitCode !== null) throw new Error("it has ended");
      return (await askDirectly(listen, zone, "SOA", { timeoutMs: 300 })).answer.kind === "answer";
    });
  } catch (cause) {
    await running.end();
    throw new Error(`${command}: ${String(cause)}\n${running.output()}`, { cause });
  }
  return { ...listen, stop: () => running.end() };
}

/** nsupdate that can be held up: before it has done anything, or after it has done everything. */
export class HeldNsupdate {
  readonly program: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.program = join(folder, "held-nsupdate");
    const wait = (name: string): string => `while [ -e '${join(folder, name)}' ]; do sleep 0.1; done\n`;
    writeFileSync(
      this.program,
      `#!/bin/sh\ninput=$(cat)\n${wait("hold-before")}printf '%s\\n' "$input" | nsupdate "$@"\n` +
        `status=$?\n${wait("hold-after")}exit $status\n`,
    );
    chmodSync(this.program, 0o755);
  }

  hold(when: "before" | "after"): string {
    const file = join(this.#folder, `hold-${when}`);
    writeFileSync(file, "");
    return file;
  }
}
