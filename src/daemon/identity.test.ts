import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { type Identity, identityOf } from "./identity.ts";
import { daemonText } from "./text.ts";

const folder = mkdtempSync(join(tmpdir(), "sekisho-"));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("who the program becomes", () => {
  test.each([
    { name: "nobody named", config: {}, uid: 0, is: undefined },
    { name: "by name", config: { user: "nobody" }, uid: 0, is: { user: "nobody", uid: 65534, gid: 65534 } },
    { name: "by number", config: { user: "65534" }, uid: 0, is: { user: "65534", uid: 65534, gid: 65534 } },
    {
      name: "with a group",
      config: { user: "nobody", group: "root" },
      uid: 0,
      is: { user: "nobody", uid: 65534, gid: 0 },
    },
    { name: "who we are already", config: { user: "nobody" }, uid: 65534, is: undefined },
    { name: "root on purpose", config: { user: "root" }, uid: 0, is: { user: "root", uid: 0, gid: 0 } },
  ])("$name", ({ config, uid, is }) => {
    expect(identityOf(config, { uid }, daemonText("en"))).toEqual(is);
  });

  test.each([
    { config: { user: "no-such-user" }, uid: 0, en: "no user no-such-user", ja: "ユーザー no-such-user" },
    { config: { user: "-n" }, uid: 0, en: "no user -n", ja: "ユーザー -n" },
    { config: { user: "nobody", group: "no-such" }, uid: 0, en: "no group no-such", ja: "グループ no-such" },
    { config: { user: "nobody" }, uid: 1000, en: "only root can change to nobody", ja: "root だけ" },
  ])("refused: $config as uid $uid", ({ config, uid, en, ja }) => {
    expect(() => identityOf(config, { uid }, daemonText("en"))).toThrow(en);
    expect(() => identityOf(config, { uid }, daemonText("ja"))).toThrow(ja);
  });
});

const isRoot = process.getuid?.() === 0;

/** Runs a piece of the program as root in a process of its own, and gives what it prints. */
function inProcess(code: string): unknown {
  const url = fileURLToPath(new URL("./identity.ts", import.meta.url));
  const script = `import { becomeUser, prepareFolders } from ${JSON.stringify(url)};\n${code}`;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--input-type=module-typescript", "-e", script],
    {
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const nobody: Identity = { user: "nobody", uid: 65534, gid: 65534 };
const text = `new Proxy({}, { get: (_, name) => (...args) => [name, ...args].join(" ") })`;

describe.runIf(isRoot)("as root", () => {
  test("all rights are given up for good: user, group, groups", () => {
    expect(
      inProcess(`
        becomeUser(${JSON.stringify(nobody)});
        const tries = [() => process.setuid(0), () => process.setgid(0), () => process.setgroups([0])];
        const failed = tries.filter((one) => { try { one(); return false; } catch { return true; } });
        console.log(JSON.stringify({ uid: process.geteuid(), gid: process.getegid(), groups: process.getgroups(), failed: failed.length }));
      `),
    ).toEqual({ uid: 65534, gid: 65534, groups: [65534], failed: 3 });
  });

  interface Preparation {
    readonly listen?: string;
    readonly lmtp?: string;
    /** What is run before it. */
    readonly before?: string;
  }

  function prepare(dataDir: string, options: Preparation = {}): unknown {
    const { listen = "inet:127.0.0.1:0", lmtp, before = "" } = options;
    return inProcess(`
      ${before}
      const config = { dataDir: ${JSON.stringify(dataDir)}, milter: { sockets: [{ listen: ${JSON.stringify(listen)} }] }, collect: ${JSON.stringify({ lmtp: lmtp && { listen: lmtp } })} };
      try { prepareFolders(config, ${JSON.stringify(nobody)}, ${text}); console.log("true"); }
      catch (error) { console.log(JSON.stringify(error.message)); }
    `);
  }

  test("folders that are not there are made for the user", () => {
    const dataDir = join(folder, "new", "data");
    expect(
      prepare(dataDir, { listen: `unix:${folder}/run/m.sock`, lmtp: `unix:${folder}/lmtp/l.sock` }),
    ).toBe(true);
    expect(statSync(join(folder, "lmtp"))).toMatchObject({ uid: 65534 });
    expect((statSync(join(folder, "lmtp")).mode & 0o777).toString(8)).toBe("755");
    expect(statSync(dataDir)).toMatchObject({ uid: 65534, gid: 65534 });
    expect((statSync(dataDir).mode & 0o777).toString(8)).toBe("700");
    expect(statSync(join(folder, "run"))).toMatchObject({ uid: 65534 });
    expect((statSync(join(folder, "run")).mode & 0o777).toString(8)).toBe("755");
  });

  test("what root made in an earlier run is given over", () => {
    const dataDir = join(folder, "earlier");
    mkdirSync(join(dataDir, "spool"), { recursive: true });
    for (const name of [
      "records.sqlite",
      "records.sqlite-wal",
      "reports.sqlite",
      "source-names.sqlite",
      "list-memory.ndjson",
      "list-memory.ndjson.new",
      "spool/x.ndjson",
    ])
      writeFileSync(join(dataDir, name), "");
    expect(prepare(dataDir)).toBe(true);
    for (const name of [
      "",
      "records.sqlite",
      "reports.sqlite",
      "source-names.sqlite",
      "list-memory.ndjson",
      "spool",
      "spool/x.ndjson",
    ])
      expect(statSync(join(dataDir, name)).uid).toBe(65534);
  });

  test("behind a link it is the folder that counts, and is given over", () => {
    const [own, empty] = [join(folder, "own"), join(folder, "empty")];
    for (const path of [own, empty]) {
      mkdirSync(path);
      symlinkSync(path, `${path}.link`);
    }
    writeFileSync(join(own, "of-theirs"), "");
    chownSync(own, 65_534, 65_534);
    expect(prepare(`${own}.link`)).toBe(true);
    expect(prepare(`${empty}.link`)).toBe(true);
    expect(statSync(empty).uid).toBe(65_534);
  });

  test("where a link of the user leads is not given to him", () => {
    const [empty, link] = [join(folder, "of-root"), join(folder, "users.link")];
    mkdirSync(empty);
    symlinkSync(empty, link);
    lchownSync(link, 65_534, 65_534);
    for (const path of [link, `${link}/`]) expect(prepare(path)).toBe(`foreignDataDir ${path} 0 nobody`);
    expect(statSync(empty).uid).toBe(0);
  });

  test("what could not be given over to its end is given over at the next start", () => {
    const dataDir = join(folder, "interrupted");
    mkdirSync(join(dataDir, "spool"), { recursive: true });
    writeFileSync(join(dataDir, "spool", "x.ndjson"), "");
    const failing = `
      import fs from "node:fs";
      import { syncBuiltinESMExports } from "node:module";
      const { lchownSync } = fs;
      fs.lchownSync = (path, ...owner) => {
        if (path.endsWith("x.ndjson")) throw new Error("EIO");
        lchownSync(path, ...owner);
      };
      syncBuiltinESMExports();
    `;
    expect(prepare(dataDir, { before: failing })).toBe("EIO");
    expect(prepare(dataDir)).toBe(true);
    for (const name of ["", "spool", "spool/x.ndjson"])
      expect(statSync(join(dataDir, name)).uid).toBe(65_534);
  });

  test("a folder with other things in it is left alone, and so is somebody else's", () => {
    const shared = join(folder, "shared");
    mkdirSync(shared);
    writeFileSync(join(shared, "passwd"), "");
    expect(prepare(shared)).toBe(`foreignDataDir ${shared} 0 nobody`);
    expect(statSync(join(shared, "passwd")).uid).toBe(0);
    expect(statSync(shared).uid).toBe(0);
    expect(existsSync(join(shared, "spool"))).toBe(false);
  });
});
