import { createSocket } from "node:dgram";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, start, until } from "./process.ts";

export interface NameServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Debian's Knot on a free port of 127.0.0.1, authoritative for the zones given as text with all names absolute. */
export async function startKnot(folder: string, zones: ReadonlyMap<string, string>): Promise<NameServer> {
  const port = await freePort();
  const declared: string[] = [];
  for (const [zone, text] of zones) {
    const file = join(folder, `${zone}.zone`);
    writeFileSync(file, text);
    declared.push(
      `  - domain: ${zone}\n    file: ${file}\n    journal-content: none\n    zonefile-load: whole\n`,
    );
  }
  const config = join(folder, "knot.conf");
  writeFileSync(
    config,
    `server:\n    rundir: ${folder}\n    listen: 127.0.0.1@${port}\n    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 1\n` +
      `database:\n    storage: ${folder}/db\nlog:\n  - target: stderr\n    any: warning\nzone:\n${declared.join("")}`,
  );
  const knot = start("/usr/sbin/knotd", ["-c", config]);
  const first = [...zones.keys()][0] ?? "";
  await until(`knot on port ${port}: ${knot.output()}`, () => answers(port, first));
  return { port, stop: () => knot.end() };
}

/** One SOA question by hand: this must not depend on the client under test. */
function answers(port: number, zone: string): Promise<boolean> {
  const labels = zone.split(".").flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  const header = Buffer.from([0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const question = Buffer.concat([header, ...labels, Buffer.from([0, 0, 6, 0, 1])]);
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const done = (ok: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(ok);
    };
    const timer = setTimeout(() => done(false), 300);
    socket.on("error", () => done(false));
    socket.on("message", (answer) => done(answer.length > 12 && ((answer[3] as number) & 0x0f) === 0));
    socket.send(question, port, "127.0.0.1");
  });
}
