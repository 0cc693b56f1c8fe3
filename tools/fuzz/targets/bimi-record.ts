import { localPartSelector, matchesPrefix } from "../../../src/core/bimi/local-part.ts";
import { parseBimiRecord } from "../../../src/core/bimi/parse-record.ts";
import { parseSelectorField } from "../../../src/core/bimi/selector.ts";
import type { FuzzTarget } from "../target.ts";

const seeds = [
  "v=BIMI1; l=https://image.example.com/bimi/logo.svg; a=https://image.example.com/bimi/mark.pem",
  "v=BIMI1; l=; a=; lps=brand-indicators-;",
  "v=BIMI1; l=https://a.example/x.svgz; avp=personal; lps = brand-one-noreply , brand-two-noreply",
  "v=BIMI1; s=selector;",
  "V=BIMI1;\r\n S=a.b-c",
  "v=BIMI1; l=https://user@a.example:99999/%2C; x=y",
  "news.letter+tag_of-the..day",
];

/** Reads any text as a record, as a BIMI-Selector field and as a local part; what comes out must be clean. */
export const target: FuzzTarget = {
  name: "bimi-record",
  seeds: seeds.map((text) => Buffer.from(text)),
  run(input) {
    const text = input.toString("latin1");
    const record = parseBimiRecord(text);
    if (record !== undefined && record.problem === undefined) {
      for (const uri of [record.location, record.authority])
        if (uri !== undefined && !/^https:\/\/[!-+\--~]+$/i.test(uri)) throw new Error(`unclean: ${uri}`);
      if (record.declined !== (record.location === undefined)) throw new Error("declined, and a location");
    }
    const label = /^[a-z0-9-]{1,63}$/;
    const named = parseSelectorField(text);
    if (named?.split(".").every((part) => label.test(part)) === false) throw new Error(`unclean: ${named}`);
    const own = localPartSelector(text);
    if (
      own !== undefined &&
      (!label.test(own) || localPartSelector(own) !== own || !matchesPrefix(own, [own]))
    )
      throw new Error(`unclean: ${own}`);
  },
};
