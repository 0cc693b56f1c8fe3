import { deflateSync, gzipSync } from "node:zlib";
import { defaultLimits, type ExtractLimits } from "../../../src/collect/extract/limits.ts";
import { readArrival } from "../../../src/collect/read-arrival.ts";
import { aggregateXml, mailOf, tarOf, zipOf } from "../../../test/report-files.ts";
import type { FuzzTarget } from "../target.ts";

const xml = Buffer.from(aggregateXml());
const gzip = gzipSync(xml);
const files = [
  { name: "a.xml", octets: xml },
  { name: "b/", octets: "" },
  { name: "b/c.xml.gz", octets: gzip, stored: true },
];
const seeds: readonly Buffer[] = [
  gzip,
  Buffer.concat([gzip, gzipSync(gzip), Buffer.from("x")]),
  deflateSync(xml),
  zipOf(files),
  zipOf([{ name: "a.xml", octets: xml, streamed: true }], { directory: false }),
  zipOf(files, { zip64: true }),
  tarOf([
    { name: "a.xml", octets: xml },
    { name: "d/", type: "5" },
  ]),
  mailOf([
    { type: "text/plain", encoding: "7bit", octets: "hello" },
    { type: "application/gzip", fileName: "r.xml.gz", octets: gzip },
    {
      type: "message/rfc822",
      encoding: "8bit",
      octets: mailOf([{ type: "text/xml", octets: xml }], "", "c").toString(),
    },
  ]),
  Buffer.from(`From: a@b\r\n\r\n${gzip.toString("base64").replaceAll(/.{70}/g, "$&\r\n")}`),
  Buffer.from(`From a@b\r\nFrom: a@b\r\n\r\n${aggregateXml()}`),
  Buffer.from('{"policies":[],"date-range":{"start-datetime":"2026-01-01T00:00:00Z"}}'),
];
const limits: ExtractLimits = {
  ...defaultLimits,
  maxOctets: 4 * 1024 * 1024,
  maxEntries: 100,
  maxRecords: 1_000,
};

/** Looks into any octets. There is always a document, and never more than the limits allow. */
export const target: FuzzTarget = {
  name: "extract-documents",
  seeds,
  async run(input) {
    const documents = await readArrival(input, { limits });
    if (documents.length === 0) throw new Error("no document");
    // Each level of containers may tell once that there were too many.
    if (documents.length > limits.maxEntries + limits.maxDepth)
      throw new Error(`${documents.length} documents`);
    const records = documents.reduce(
      (sum, read) => sum + (read.kind === "aggregate" ? read.records.length : 0),
      0,
    );
    if (records > limits.maxRecords) throw new Error(`${records} records`);
  },
};
