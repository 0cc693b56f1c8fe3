import { createSocket } from "node:dgram";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeResponse, type TestResponse } from "../dns-server.ts";
import { freePort, start, until } from "./process.ts";

export interface Stoppable {
  stop(): Promise<void>;
}

/** Debian's Knot at port 53 of a loopback address, authoritative for zones with all names absolute. */
export async function startKnotAt(
  address: string,
  folder: string,
  zones: ReadonlyMap<string, string>,
): Promise<Stoppable> {
  const place = join(folder, `knot-${address}`);
  mkdirSync(place);
  const declared = [...zones].map(([zone, text], index) => {
    const file = join(place, `${index}.zone`);
    writeFileSync(file, text);
    return `  - domain: ${zone}\n    file: ${file}\n    journal-content: none\n    zonefile-load: whole\n`;
  });
  const config = join(place, "knot.conf");
  writeFileSync(
    config,
    `server:\n    rundir: ${place}\n    listen: ${address}@53\n    udp-workers: 1\n    tcp-workers: 1\n    background-workers: 1\n` +
      `database:\n    storage: ${place}/db\nlog:\n  - target: stderr\n    any: warning\nzone:\n${declared.join("")}`,
  );
  const knot = start("/usr/sbin/knotd", ["-c", config]);
  await until(`knot at ${address}: ${knot.output()}`, () => isAnswered(address, 53));
  return { stop: () => knot.end() };
}

/** A validating Unbound that knows no root but this one. @param anchor DNSKEY record of the root. */
export async function startUnbound(
  folder: string,
  rootServer: string,
  anchor: string,
): Promise<Stoppable & { readonly port: number }> {
  const place = join(folder, "unbound");
  mkdirSync(place);
  const port = await freePort();
  writeFileSync(join(place, "root.hints"), `. 3600 NS ns.root.\nns.root. 3600 A ${rootServer}\n`);
  writeFileSync(join(place, "root.key"), `${anchor}\n`);
  const config = join(place, "unbound.conf");
  writeFileSync(
    config,
    `server:\n  directory: "${place}"\n  chroot: ""\n  username: ""\n  pidfile: ""\n  use-syslog: no\n  verbosity: 1\n` +
      `  interface: 127.0.0.1\n  port: ${port}\n  do-not-query-localhost: no\n  do-ip6: no\n  num-threads: 1\n` +
      '  root-hints: "root.hints"\n  trust-anchor-file: "root.key"\n  local-zone: "test." nodefault\n  ede: yes\n' +
      '  module-config: "validator iterator"\n  infra-cache-min-rtt: 50\nremote-control:\n  control-enable: no\n',
  );
  const unbound = start("/usr/sbin/unbound", ["-d", "-p", "-c", config]);
  await until(`unbound: ${unbound.output()}`, () => isAnswered("127.0.0.1", port));
  return { port, stop: () => unbound.end() };
}

function isAnswered(address: string, port: number): Promise<boolean> {
  const query = Buffer.from("123401000001000000000000000002", "hex");
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    const done = (ok: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(ok);
    };
    const timer = setTimeout(() => done(false), 500);
    socket.on("error", () => done(false));
    socket.on("message", () => done(true));
    socket.send(Buffer.concat([query, Buffer.from([0, 1])]), port, address);
  });
}

/** A server at port 53 of a loopback address, over UDP only, that answers as told. */
export async function startUdpServer(
  address: string,
  answer: (name: string, type: number) => TestResponse | Buffer | undefined,
): Promise<Stoppable> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { name, type } = readQuestion(query);
    const reply = answer(name, type);
    if (reply !== undefined)
      socket.send(Buffer.isBuffer(reply) ? reply : encodeResponse(query, reply), from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(53, address, resolve);
  });
  return { stop: () => new Promise((resolve) => socket.close(() => resolve())) };
}

function readQuestion(query: Buffer): { readonly name: string; readonly type: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1) };
}
