import { createHash } from "node:crypto";
import { copyFile, lstat, mkdir, rename, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Turns } from "../../store/turns.ts";
import { type FilePath, keyOf, nameOf, within } from "./file-path.ts";

/** By folder: whoever finds a free name takes it before the next one looks. */
const moving = new Turns();

/** Into a folder, or into `cur` of a Maildir; nothing that lies there is replaced, and nothing half is left there. */
export function moveFile(path: FilePath, folder: string): Promise<void> {
  return moving.take(resolve(folder), () => move(path, folder));
}

async function move(path: FilePath, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const into = (await exists(join(folder, "cur"))) ? join(folder, "cur") : folder;
  const target = await freeTarget(into, nameOf(path));
  try {
    await rename(path, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    await moveOver(path, into, target);
  }
}

async function freeTarget(into: string, name: Buffer): Promise<FilePath> {
  const plain = within(into, name);
  let free = plain;
  for (let number = Date.now(); await exists(free); number += 1)
    free = within(into, Buffer.concat([name, Buffer.from(`.${number}`)]));
  return free;
}

/** To another device: hidden until it is whole. The next try begins the same file anew. */
async function moveOver(path: FilePath, into: string, target: FilePath): Promise<void> {
  const part = join(into, `.${createHash("sha256").update(keyOf(path)).digest("hex").slice(0, 32)}.part`);
  let copied: FilePath = part;
  try {
    await copyFile(path, part);
    await rename(part, target);
    copied = target;
    await unlink(path);
  } catch (error) {
    // Somebody else has deleted it: now there is only this one.
    if (copied === target && !(await exists(path))) return;
    // What stays where it was must not be there, too: each new try would leave one more.
    await unlink(copied).catch(() => {});
    throw error;
  }
}

function exists(path: FilePath): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
