import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { testIo } from "../../../test/run-cli.ts";
import { readCheckedZones } from "./zone-files.ts";

const soa = "@ IN SOA ns1.example.net. root.example.net. 1 3600 900 604800 3600\n";

/** The origins that files of these names get which do not say theirs. */
function originsOf(
  files: readonly string[],
  domains: readonly string[],
  text = soa,
): readonly (string | undefined)[] {
  const folder = mkdtempSync(join(tmpdir(), "sekisho-zones-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const paths = files.map((name) => join(folder, name));
  for (const path of paths) writeFileSync(path, text);
  return readCheckedZones(paths, domains, testIo("en")).map(({ origin }) => origin);
}

// RFC 1035 §5.1: what names are relative to before any $ORIGIN is the server's affair.
test.each([
  // Of the same name under another public suffix.
  [["example.com.zone", "example.com.au.zone"], ["example.com"], ["example.com", "example.com.au"]],
  [["example.co.jp.db", "db.example.co"], ["example.co"], ["example.co.jp", "example.co"]],
  [
    ["mail.example.com.au", "mail.example.com"],
    ["mail.example.com"],
    ["mail.example.com.au", "mail.example.com"],
  ],
  // As it is to become, or was.
  [
    ["example.com.zone", "example.jp.zone.new"],
    ["example.com", "example.jp"],
    ["example.com", "example.jp"],
  ],
  [["example.jp.old"], ["example.com", "example.jp"], ["example.jp"]],
  [["example.co.jp.new"], ["example.co", "example.co.jp"], ["example.co.jp"]],
  [["example.jp.new", "example.com"], ["example.jp"], ["example.jp", "example.com"]],
  // With what the file is in front of the name.
  [
    ["pri.example.com", "pri.example.jp"],
    ["example.com", "example.jp"],
    ["example.com", "example.jp"],
  ],
  [["named.example.com", "forward.example.jp.db"], ["example.jp"], ["example.com", "example.jp"]],
  [
    ["zone.example.jp", "example.jp"],
    ["zone.example.jp", "example.jp"],
    ["zone.example.jp", "example.jp"],
  ],
  [["sub.example.com", "example.com"], ["example.com"], ["sub.example.com", "example.com"]],
  // In U-labels, as people write it.
  [["日本語.jp.zone"], ["example.jp", "xn--wgv71a119e.jp"], ["xn--wgv71a119e.jp"]],
  // Of a top-level domain nobody has the zone.
  [["jp.zone"], ["example.jp"], ["example.jp"]],
  // Nothing to go by.
  [
    ["a", "db-1"],
    ["example.jp", "example.com"],
    ["example.jp", "example.jp"],
  ],
])("files %j with %j are of %j", (files, domains, origins) => {
  expect(originsOf(files, domains)).toEqual(origins);
});

test("one file alone is of the domain that is checked, whatever its name is", () => {
  for (const name of ["example.com.zone", "sub.example.jp", "db.example.com.au"])
    expect(originsOf([name], ["example.jp"])).toEqual(["example.jp"]);
});
