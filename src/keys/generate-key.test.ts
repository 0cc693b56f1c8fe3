import { mkdtempSync, rmSync } from "node:fs";
import type * as files from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { generatePrivateKey, writePrivateKey } from "./generate-key.ts";

const synced: string[] = [];
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof files>();
  const open = async (...given: Parameters<typeof real.open>): Promise<files.FileHandle> => {
    const handle = await real.open(...given);
    const sync = handle.sync.bind(handle);
    handle.sync = () => {
      synced.push(String(given[0]));
      return sync();
    };
    return handle;
  };
  return { ...real, open };
});

const folder = mkdtempSync(join(tmpdir(), "sekisho-generate-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a key survives a power failure: its file, and each folder that has a new entry", async () => {
  const key = await generatePrivateKey("ed25519");
  const keys = join(folder, "keys", "example.jp");
  await writePrivateKey(join(keys, "e1.pem"), key);
  expect(synced[0]).toMatch(/\/\.e1\.pem\.[0-9a-f]{12}$/);
  expect(synced.slice(1)).toEqual([keys, join(folder, "keys"), folder]);
  synced.length = 0;
  await writePrivateKey(join(keys, "e2.pem"), key);
  expect(synced.slice(1)).toEqual([keys]);
});
