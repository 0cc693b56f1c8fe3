import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import type * as FileSystem from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { moveFile } from "./move-file.ts";

/** What the file system does: two folders are two devices, and what else fails. */
const faults = vi.hoisted(() => ({ isTwoDevices: false, copying: false, deleting: false }));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof FileSystem>();
  const fail = (code: string): never => {
    throw Object.assign(new Error(code), { code });
  };
  return {
    ...real,
    rename: async (from: string, to: string) =>
      faults.isTwoDevices && dirname(from) !== dirname(to) ? fail("EXDEV") : real.rename(from, to),
    copyFile: async (from: string, to: string) => {
      if (!faults.copying) return real.copyFile(from, to);
      writeFileSync(to, readFileSync(from, "utf8").slice(0, 2));
      return fail("ENOSPC");
    },
    unlink: async (path: string) =>
      faults.deleting && path.endsWith("/here/a.eml") ? fail("EACCES") : real.unlink(path),
  };
});

interface Place {
  readonly path: string;
  readonly folder: string;
}

function place(fails: Partial<typeof faults> = {}): Place {
  Object.assign(faults, fails);
  onTestFinished(() => void Object.assign(faults, { isTwoDevices: false, copying: false, deleting: false }));
  const root = temporaryFolder();
  mkdirSync(join(root, "here"));
  const path = join(root, "here", "a.eml");
  writeFileSync(path, "a mail");
  return { path, folder: join(root, "there") };
}

test.each([false, true])("nothing that lies there is replaced (two devices: %s)", async (isTwoDevices) => {
  const { path, folder } = place({ isTwoDevices });
  mkdirSync(folder);
  symlinkSync("nowhere", join(folder, "a.eml"));
  await moveFile(path, folder);
  expect(existsSync(path)).toBe(false);
  const [link, moved = ""] = readdirSync(folder).sort();
  expect([link, moved]).toEqual(["a.eml", expect.stringMatching(/^a\.eml\.\d+$/)]);
  expect(readFileSync(join(folder, moved), "utf8")).toBe("a mail");
});

test("to another device, into cur of a Maildir", async () => {
  const { path, folder } = place({ isTwoDevices: true });
  mkdirSync(join(folder, "cur"), { recursive: true });
  await moveFile(path, folder);
  expect(existsSync(path)).toBe(false);
  expect(readdirSync(join(folder, "cur"))).toEqual(["a.eml"]);
});

test.each([
  ["copied whole", { copying: true }, "ENOSPC"],
  ["deleted where it was", { deleting: true }, "EACCES"],
] as const)(
  "what cannot be %s is not at the other place, however often it is tried",
  async (_, fails, code) => {
    const { path, folder } = place({ isTwoDevices: true, ...fails });
    for (let tries = 0; tries < 3; tries += 1) await expect(moveFile(path, folder)).rejects.toThrow(code);
    expect(readdirSync(folder)).toEqual([]);
    expect(readFileSync(path, "utf8")).toBe("a mail");
  },
);

test("files of one name that several folders bring at the same moment", async () => {
  const { folder } = place();
  const paths = Array.from({ length: 5 }, (_, index) => join(folder, "..", `${index}`, "a.eml"));
  for (const path of paths) {
    mkdirSync(dirname(path));
    writeFileSync(path, path);
  }
  await Promise.all(paths.map((path, index) => moveFile(path, index % 2 === 0 ? folder : `${folder}/`)));
  const found = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  expect(found.sort()).toEqual(paths);
});
