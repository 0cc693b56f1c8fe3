import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
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
