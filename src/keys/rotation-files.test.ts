import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { generatePrivateKey, writePrivateKey } from "./generate-key.ts";
import type { RotatedKey } from "./rotation.ts";
import { keyFiles } from "./rotation-files.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sekisho-keys-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const files = keyFiles();
let count = 0;
function keyAt(more: Partial<RotatedKey> = {}): RotatedKey {
  count += 1;
  const selector = `e${count}`;
  return {
    domain: "example.jp",
    selector,
    type: "ed25519",
    file: join(folder, "keys", "example.jp", `${selector}.pem`),
    origin: "rotation",
    state: "planned",
    since: 0,
    why: "first",
    history: [],
    zone: "example.jp",
    staleMs: 0,
    jitter: 0,
    nextAt: 0,
    ...more,
  };
}

test("a key is written for its owner only, with its folders, and nothing else is left", async () => {
  const key = keyAt();
  const written = await files.write(key);
  expect(written.record).toBe(`v=DKIM1; k=ed25519; p=${written.publicKey}`);
  expect(statSync(key.file).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, "keys")).mode & 0o777).toBe(0o700);
  expect(readdirSync(join(folder, "keys", "example.jp"))).toEqual([`${key.selector}.pem`]);
});

test("one that is there is taken as it is: after a kill the key is the same", async () => {
  const key = keyAt();
  const first = await files.write(key);
  const text = readFileSync(key.file, "utf8");
  expect(await files.write(key)).toEqual(first);
  expect(readFileSync(key.file, "utf8")).toBe(text);
});

test("a file that is no such key is neither used nor replaced", async () => {
  const key = keyAt();
  await files.write(keyAt());
  writeFileSync(key.file, "hello", { mode: 0o600 });
  await expect(files.write(key)).rejects.toThrow();
  expect(readFileSync(key.file, "utf8")).toBe("hello");
  const rsa = keyAt({ type: "rsa" });
  await writePrivateKey(rsa.file, await generatePrivateKey("ed25519"));
  await expect(files.write(rsa)).rejects.toThrow("another kind of key");
});

test("writing over a file is refused, and leaves no draft", async () => {
  const key = keyAt();
  await files.write(key);
  const other = await generatePrivateKey("ed25519");
  await expect(writePrivateKey(key.file, other)).rejects.toMatchObject({ code: "EEXIST" });
  expect(readdirSync(join(folder, "keys", "example.jp")).filter((name) => name.startsWith("."))).toEqual([]);
});

test("what a kill has left of the writing goes with the next look, or with the key", async () => {
  const key = keyAt();
  const { publicKey } = await files.write(key);
  const folderOfKeys = join(folder, "keys", "example.jp");
  const left = (): readonly string[] => readdirSync(folderOfKeys).filter((name) => name.startsWith("."));
  const leave = (): void => writeFileSync(join(folderOfKeys, `.${key.selector}.pem.0123456789ab`), "PRIVATE");
  writeFileSync(join(folderOfKeys, `.${key.selector}0.pem.0123456789ab`), "of another");
  leave();
  await files.write(key);
  expect(left()).toEqual([`.${key.selector}0.pem.0123456789ab`]);
  leave();
  await files.remove({ ...key, publicKey });
  expect(left()).toEqual([`.${key.selector}0.pem.0123456789ab`]);
  rmSync(join(folderOfKeys, `.${key.selector}0.pem.0123456789ab`));
});

describe("before it comes into use", () => {
  test.each([
    ["others can read it", (key: RotatedKey) => chmodSync(key.file, 0o644)],
    ["it is gone", (key: RotatedKey) => rmSync(key.file)],
    ["it is another key", (key: RotatedKey) => rmSync(key.file)],
  ])("%s", async (name, spoil) => {
    const key = keyAt();
    const { publicKey } = await files.write(key);
    await files.check({ ...key, publicKey });
    spoil(key);
    if (name === "it is another key") await files.write(key);
    await expect(files.check({ ...key, publicKey })).rejects.toThrow();
  });
});

describe("when it is gone", () => {
  test("its file is deleted, twice as well as once", async () => {
    const key = keyAt();
    const { publicKey } = await files.write(key);
    await files.remove({ ...key, publicKey });
    expect(existsSync(key.file)).toBe(false);
    await files.remove({ ...key, publicKey });
  });
  test("another key in its place stays", async () => {
    const key = keyAt();
    await files.write(key);
    await expect(files.remove({ ...key, publicKey: "AAAA" })).rejects.toThrow("another key");
    expect(existsSync(key.file)).toBe(true);
  });
});
