import { openReportDecoder } from "./text-decoder.ts";
import { WarningSink } from "./warnings.ts";

/** Octets of a text whose charset nobody declared: UTF-8, else what it looks like (Japanese charsets among them). */
export function readableText(octets: Buffer): string {
  const decoder = openReportDecoder(new WarningSink());
  return decoder.write(octets) + decoder.end();
}
