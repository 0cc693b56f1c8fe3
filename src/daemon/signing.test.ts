import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { ed25519TestKey } from "../../test/dkim-test-keys.ts";
import { MilterClient, type Outcome } from "../../test/milter-client.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { loadConfig } from "../config/load.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { createSwitchableLog } from "./switchable-log.ts";

let daemon: Daemon | undefined;
afterEach(async () => {
  await daemon?.close();
  daemon = undefined;
});

interface House {
  readonly folder: string;
  readonly lines: string[];
  reload(sign: string): Promise<boolean>;
}

/** A program that signs for ours.example. @param sign Lines of the section. */
async function start(workers: number, sign: string, mode = 0o600): Promise<House> {
  const folder = temporaryFolder();
  const key = ed25519TestKey(1).privateKey.export({ type: "pkcs8", format: "pem" });
  writeFileSync(join(folder, "e.pem"), key);
  chmodSync(join(folder, "e.pem"), mode);
  const file = join(folder, "sekisho.yaml");
  const write = (more: string): void =>
    writeFileSync(
      file,
      `hostname: mx.ours.example\ndata_dir: ${folder}/data\ndns: { nameservers: ["127.0.0.1:9"], timeout: 200ms }\n` +
        `milter: { workers: ${workers}, sockets: [ { listen: "inet:127.0.0.1:0", role: sign } ] }\nweb: { listen: "127.0.0.1:0" }\nlog: { level: error }\n` +
        `sign:\n  keys: [ { domain: ours.example, selector: e, file: ${folder}/e.pem } ]\n${more}`,
    );
  write(sign);
  const loaded = await loadConfig({ file });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const lines: string[] = [];
  const log = createSwitchableLog({ ...loaded.config.log, write: (line) => lines.push(line) });
  const started = await startDaemon({ loaded, read: () => loadConfig({ file }), log, lang: "en" });
  daemon = started;
  return {
    folder,
    lines,
    reload(more) {
      write(more);
      return started.reload();
    },
  };
}

async function send(login = "taro"): Promise<Outcome> {
  const port = Number(/(\d+)$/.exec(daemon?.milter[0] ?? "")?.[1]);
  const client = await MilterClient.open({ port });
  await client.connect({ macros: {} });
  const outcome = await client.message({
    raw: "From: taro@ours.example\r\nDate: x\r\nMessage-ID: <1@ours.example>\r\n\r\nhello\r\n",
    macros: { M: { "{auth_type}": "PLAIN", "{auth_authen}": login } },
  });
  await client.quit();
  return outcome;
}

function kinds({ edits }: Outcome): string[] {
  return edits.map((edit) => ("name" in edit ? edit.name : edit.kind));
}

const both = ["DKIM-Signature", "Authentication-Results"];

describe.each([0, 2])("with %s workers", (workers) => {
  test("signs, and counts bursts as one", async () => {
    await start(workers, "  burst: { messages: 3, per: 1h, action: hold }\n");
    const outcomes: string[][] = [];
    for (let i = 0; i < 5; i++) outcomes.push(kinds(await send()));
    expect(outcomes).toEqual([both, both, both, [...both, "quarantine"], [...both, "quarantine"]]);
    expect(kinds(await send("hanako"))).toEqual(both);
    const metrics = await (await fetch(`http://${daemon?.web}/metrics`)).text();
    expect(metrics).toContain('sekisho_signings_total{outcome="signed",reason=""} 6');
    expect(metrics).toContain('sekisho_signatures_total{algorithm="ed25519-sha256"} 6');
    expect(metrics).toContain('sekisho_burst_messages_total{held="true"} 2');
    expect(metrics).not.toMatch(/sekisho_unanswered_questions_total\{[^}]*\} [1-9]/);
  });
});

test("a key that others can read: no start, with the file and what to do", async () => {
  await expect(start(0, "", 0o644)).rejects.toMatchObject({
    code: "FILE_UNREADABLE",
    message: expect.stringMatching(/e\.pem.*chmod 0600 .*e\.pem/s) as unknown,
  });
});

test("at a reload it leaves the old configuration in force", async () => {
  const { folder, lines, reload } = await start(0, "");
  chmodSync(join(folder, "e.pem"), 0o644);
  expect(await reload("  burst: { action: off }\n")).toBe(false);
  expect(lines.join("")).toContain(`chmod 0600 ${folder}/e.pem`);
  expect(kinds(await send())).toEqual(both);
  chmodSync(join(folder, "e.pem"), 0o600);
  expect(await reload("  burst: { action: off }\n")).toBe(true);
});

test("a login file that cannot be read: the same", async () => {
  const { folder, lines, reload } = await start(0, "");
  writeFileSync(join(folder, "logins"), "taro\n");
  expect(await reload(`  logins: { file: ${folder}/logins }\n`)).toBe(false);
  expect(lines.join("")).toContain(`${folder}/logins:1: `);
  writeFileSync(join(folder, "logins"), "taro: hanako@ours.example\n");
  expect(await reload(`  logins: { file: ${folder}/logins }\n`)).toBe(true);
  expect(kinds(await send())).toEqual(["Authentication-Results"]);
});
