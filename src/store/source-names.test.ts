import { closeSync, existsSync, openSync, statSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { fillDisk } from "../../test/full-disk.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import {
  openSourceNames,
  openSourceNamesInMemory,
  openSourceNamesToRead,
  type SourceName,
} from "./source-names.ts";

function named(ip: string, expiresAt: number, name = "mx.example"): SourceName {
  return { ip, result: "pass", name, domain: "example", listed: [], fetchedAt: 0, expiresAt };
}

test("names are found by address, the newest of each", () => {
  const store = openSourceNamesInMemory();
  store.put([named("192.0.2.1", 10), named("2001:db8::1", 20)]);
  store.put([named("192.0.2.1", 30, "mx2.example")]);
  expect([...store.get(["192.0.2.1", "2001:db8::1", "192.0.2.9"])]).toEqual([
    ["192.0.2.1", named("192.0.2.1", 30, "mx2.example")],
    ["2001:db8::1", named("2001:db8::1", 20)],
  ]);
  store.close();
});

test("due is what is unknown or has run out, in its order; what has run out is still known", () => {
  const store = openSourceNamesInMemory();
  store.put([named("192.0.2.1", 10), named("192.0.2.2", 20)]);
  expect(store.due(["192.0.2.3", "192.0.2.2", "192.0.2.1"], 9)).toEqual(["192.0.2.3"]);
  expect(store.due(["192.0.2.3", "192.0.2.2", "192.0.2.1"], 10)).toEqual(["192.0.2.3", "192.0.2.1"]);
  expect(store.get(["192.0.2.1"]).size).toBe(1);
  expect(store.forget(20)).toBe(1);
  expect(store.get(["192.0.2.1"]).size).toBe(0);
  store.close();
});

test("the file is the owner's alone, and is begun anew when it is damaged", () => {
  const folder = join(temporaryFolder(), "data");
  const first = openSourceNames(folder);
  first.put([named("192.0.2.1", 10)]);
  first.close();
  const path = join(folder, "source-names.sqlite");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const again = openSourceNames(folder);
  expect(again.get(["192.0.2.1"]).size).toBe(1);
  again.close();
  writeFileSync(path, "no database at all, but long enough for SQLite to look at".repeat(50));
  const renewed = openSourceNames(folder);
  expect(renewed.get(["192.0.2.1"]).size).toBe(0);
  renewed.put([named("192.0.2.1", 10)]);
  renewed.close();
});

test("who only reads makes no file, and stumbles over none that is damaged", () => {
  const folder = temporaryFolder();
  const path = join(folder, "source-names.sqlite");
  const none = openSourceNamesToRead(folder);
  expect(none.get(["192.0.2.1"]).size).toBe(0);
  none.close();
  expect(existsSync(path)).toBe(false);
  const writing = openSourceNames(folder);
  writing.put([named("192.0.2.1", 10)]);
  const reading = openSourceNamesToRead(folder);
  expect(reading.get(["192.0.2.1"]).size).toBe(1);
  reading.close();
  writing.close();
  writeFileSync(path, "no database at all, but long enough for SQLite to look at".repeat(50));
  expect(openSourceNamesToRead(folder).get(["192.0.2.1"]).size).toBe(0);
});

test("a folder that cannot be made is an error of the store", () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  expect(() => openSourceNames(join(file, "data"))).toThrow(
    expect.objectContaining({ code: "STORE_UNAVAILABLE" }),
  );
});

/** Overwrites all pages but the first two, as a failing disk does. */
function damage(path: string): void {
  const file = openSync(path, "r+");
  for (let at = 8192; at < statSync(path).size; at += 4096)
    writeSync(file, Buffer.alloc(2000, 1), 0, 2000, at);
  closeSync(file);
}

test("a file that is damaged in the middle keeps nobody from reading, and is begun anew", () => {
  const folder = join(temporaryFolder(), "data");
  const first = openSourceNames(folder);
  first.put(Array.from({ length: 500 }, (_, at) => named(`192.0.2.${at}`, 10)));
  first.close();
  damage(join(folder, "source-names.sqlite"));
  const reader = openSourceNamesToRead(folder);
  expect(reader.get(["192.0.2.1", "192.0.2.400"]).size).toBe(0);
  reader.close();
  const again = openSourceNames(folder);
  expect(again.due(["192.0.2.1"], 9)).toEqual(["192.0.2.1"]);
  again.put([named("192.0.2.1", 10)]);
  expect(again.get(["192.0.2.1"]).size).toBe(1);
  again.close();
});

test("a name that cannot be read is none, and asked for again", () => {
  const folder = join(temporaryFolder(), "data");
  const store = openSourceNames(folder);
  store.put([named("192.0.2.1", 10), named("192.0.2.2", 10)]);
  const db = new DatabaseSync(join(folder, "source-names.sqlite"));
  db.exec("UPDATE source_name SET json = substr(json, 1, 9) WHERE ip = '192.0.2.1'");
  db.close();
  expect([...store.get(["192.0.2.1", "192.0.2.2"]).keys()]).toEqual(["192.0.2.2"]);
  expect(store.due(["192.0.2.1", "192.0.2.2"], 9)).toEqual(["192.0.2.1"]);
  store.close();
});

test("a disk that is full is an error of ours that names the file", () => {
  const folder = join(temporaryFolder(), "data");
  const store = openSourceNames(folder);
  store.put([named("192.0.2.1", 10)]);
  const disk = fillDisk(0);
  const many = Array.from({ length: 500 }, (_, at) => named(`192.0.3.${at}`, 10));
  expect(() => store.put(many)).toThrow(
    expect.objectContaining({
      code: "STORE_UNAVAILABLE",
      place: { kind: "file", path: join(folder, "source-names.sqlite") },
      failure: expect.objectContaining({ fault: "disk-full" }),
    }),
  );
  expect([...store.get(["192.0.2.1", "192.0.3.1"]).keys()]).toEqual(["192.0.2.1"]);
  disk.makeRoom();
  store.put(many);
  expect(store.get(["192.0.2.1", "192.0.3.1"]).size).toBe(2);
  store.close();
});
