import { describe, expect, test } from "vitest";
import { isStore, showStore } from "./store-url.ts";

describe("what may stand as store", () => {
  test.each([
    ["postgres://sekisho@db.example.jp/sekisho", true],
    ["postgresql://sekisho:s3cret@db.example.jp:5433/sekisho?sslmode=verify-full", true],
    ["postgres:///sekisho?host=/run/postgresql", true],
    ["file:/etc/sekisho/store", true],
    ["env:SEKISHO_STORE", true],
    ["file:", false],
    ["postgres:sekisho", false],
    ["mysql://db/x", false],
    ["/var/lib/sekisho/reports.sqlite", false],
    ["", false],
  ])("%s: %s", (written, is) => expect(isStore(written)).toBe(is));
});

describe("what is shown of it", () => {
  test.each([
    ["postgres://u:s3cret@h/db", "postgres://u:***@h/db"],
    ["postgres:///db?host=/run&password=s3cret", "postgres:///db?host=%2Frun&password=***"],
    ["postgres://u@h/db", "postgres://u@h/db"],
    ["file:/etc/sekisho/store", "file:/etc/sekisho/store"],
  ])("%s as %s", (written, shown) => expect(showStore(written)).toBe(shown));
});
