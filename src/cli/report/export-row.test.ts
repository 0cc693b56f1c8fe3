import { expect, test } from "vitest";
import { parseIp } from "../../core/ip.ts";
import type { StoredRecord } from "../../store/reports/port.ts";
import { csvLine, exportColumns, exportRow } from "./export-row.ts";

const ip = parseIp("192.0.2.1");
const stored: StoredRecord = {
  key: "1",
  domain: "example.com",
  reporter: "R, Inc.",
  reportId: "r1",
  begin: 1_700_000_000,
  end: 1_700_086_399,
  record: {
    ...(ip !== undefined && { sourceIp: ip }),
    count: 3,
    disposition: "none",
    dkimAligned: true,
    spfAligned: false,
    overrides: [{ type: "forwarded" }],
    headerFrom: "example.com",
    envelopeFrom: "",
    dkim: [{ domain: "example.com", selector: "s1", result: "pass" }],
    spf: [],
  },
};

test("a row has what the interface names, in its order", () => {
  const row = exportRow(stored);
  expect(row).toEqual({
    domain: "example.com",
    reporter: "R, Inc.",
    reportId: "r1",
    begin: "2023-11-14T22:13:20Z",
    end: "2023-11-15T22:13:19Z",
    sourceIp: "192.0.2.1",
    count: 3,
    headerFrom: "example.com",
    envelopeFrom: "",
    disposition: "none",
    dkimAligned: true,
    spfAligned: false,
    dkim: [{ domain: "example.com", selector: "s1", result: "pass" }],
    spf: [],
    overrides: [{ type: "forwarded" }],
  });
  expect(Object.keys(row)).toEqual(exportColumns.filter((name) => name in row));
});

test("no address is null", () => {
  const { sourceIp: _, ...record } = stored.record;
  expect(exportRow({ ...stored, record }).sourceIp).toBeNull();
  expect(csvLine(exportRow({ ...stored, record })).split(",")[6]).toBe("");
});

test("RFC 4180 §2: cells with commas and quotation marks", () => {
  expect(csvLine(exportRow(stored))).toBe(
    'example.com,"R, Inc.",r1,2023-11-14T22:13:20Z,2023-11-15T22:13:19Z,192.0.2.1,3,example.com,,,none,true,false,' +
      '"[{""domain"":""example.com"",""selector"":""s1"",""result"":""pass""}]",[],"[{""type"":""forwarded""}]",',
  );
});

test.each(["=1+1", "+1", "-1", "@a", "＝1+1", "＠a"])(
  "no spreadsheet takes a stranger's %j for a formula",
  (reporter) => {
    expect(csvLine(exportRow({ ...stored, reporter })).split(",")[1]).toBe(`'${reporter}`);
  },
);

test("nothing of a stranger's drives a terminal, and no cell has a line end", () => {
  const hostile = "a\u001b[2J\u009b1m\u202eb\r\nc\u061c";
  const record = { ...stored.record, headerFrom: hostile, dkim: [{ domain: hostile, result: "pass" }] };
  const line = csvLine(exportRow({ ...stored, reporter: hostile, record }));
  expect(line).toContain(",a\\x1b[2J\\x9b1m\\u202eb\\x0d\\x0ac\\u061c,");
  for (const one of ["\u001b", "\u009b", "\u202e", "\u061c", "\r", "\n"]) expect(line).not.toContain(one);
});

test("the group stands in the last column", () => {
  expect(csvLine(exportRow(stored, "own-unknown")).split(",").at(-1)).toBe("own-unknown");
});
