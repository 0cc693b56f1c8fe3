import { deflateSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { tarOf, zipOf } from "../../../test/report-files.ts";
import { sniff } from "./sniff.ts";

const report = "<feedback></feedback>";
const gzip = gzipSync(report);
const zip = zipOf([{ name: "a.xml", octets: report }]);

/** What a sender writes into the envelope stands at the top of a mail. */
function mailLikeTar(): Buffer {
  const mail = Buffer.from(
    `Return-Path: <${"7".repeat(200)}@a.example>\r\nFrom: a@b\r\n\r\n${"x".repeat(600)}`,
  );
  const rest = mail
    .subarray(0, 512)
    .reduce((sum, octet, at) => (at >= 148 && at < 156 ? sum : sum + octet), 8 * 0x20);
  mail.write(`${rest.toString(8).padStart(6, "0")}  `, 148, "latin1");
  return mail;
}

test.each<readonly [string, Buffer | string, ReturnType<typeof sniff>["kind"]]>([
  ["XML", `<?xml version="1.0"?>${report}`, "xml"],
  ["XML without a declaration", report, "xml"],
  ["XML behind blank space", `\r\n  ${report}`, "xml"],
  ["XML behind a byte order mark", `\ufeff${report}`, "xml"],
  ["XML in UTF-16", Buffer.from(`\ufeff${report}`, "utf16le"), "xml"],
  ["XML that was escaped once more", "&lt;feedback&gt;", "xml"],
  ["HTML", "<!DOCTYPE html><html>", "xml"],
  ["gzip", gzip, "gzip"],
  ["gzip behind a line end", Buffer.concat([Buffer.from("\r\n"), gzip]), "gzip"],
  ["gzip behind other octets", Buffer.concat([Buffer.from("\x01junk"), gzip]), "gzip"],
  ["ZIP", zip, "zip"],
  ["an empty ZIP", zipOf([]), "zip"],
  ["ZIP behind other octets", Buffer.concat([Buffer.from("MZ\x90junk"), zip]), "zip"],
  ["tar", tarOf([{ name: "a.xml", octets: report }]), "tar"],
  ["zlib", deflateSync(report), "zlib"],
  ["base64", gzip.toString("base64"), "base64"],
  ["base64 of XML", Buffer.from(`<?xml version="1.0"?>${report}`).toString("base64"), "base64"],
  ["JSON", '{"organization-name":"x"}', "json"],
  ["JSON on lines", '\n{\n  "a": 1 }', "json"],
  ["an empty object", "{}", "json"],
  ["a list in JSON", '[{"from":"a"}]', "other"],
  ["a mail", "Return-Path: <a@b>\r\nFrom: a@b\r\n\r\nx", "mail"],
  ["a mail without a body", "From: a@b", "mail"],
  ["a mail whose first field nobody knows", "X-Spam: no\r\n\tmaybe\r\nSubject: x\r\n\r\n", "mail"],
  ["a mailbox", "From a@b Fri Nov 20 2026\nFrom: a@b\n\n", "mbox"],
  ["an address of the web", "https://example.com/", "other"],
  ["a note", "Note: the reports are elsewhere\n\nFrom: me\n", "other"],
  ["YAML", "report:\n  from: x\n", "other"],
  ["text", "Hello", "other"],
  ["a mail whose first octets come to the sum of a tar header", mailLikeTar(), "mail"],
  ["XML behind a line of text", `Here it is:\r\n\r\n<?xml version="1.0"?>${report}`, "xml"],
  ["a report behind a line of text", `Here it is:\r\n\r\n${report}`, "xml"],
  [
    "base64 of JSON",
    Buffer.from(JSON.stringify({ "organization-name": "x".repeat(90) })).toString("base64"),
    "base64",
  ],
  ["nothing", "", "empty"],
  ["blank space", " \r\n\0", "empty"],
])("%s", (_name, octets, kind) => {
  expect(sniff(Buffer.from(octets as string)).kind).toBe(kind);
});
