import { gzipSync } from "node:zlib";
import { checkSvg, recommendedSvgOctets } from "../../../src/core/bimi/svg.ts";
import { sampleSvg } from "../../../test/sample-svg.ts";
import type { FuzzTarget } from "../target.ts";

const seeds: readonly (string | Buffer)[] = [
  sampleSvg(),
  sampleSvg(
    '<linearGradient id="a"><stop/></linearGradient><use xlink:href="#a"/><g fill="url(#a)">&#x41;&amp;</g>',
  ),
  sampleSvg('<g id="a"><use xlink:href="#b"/></g><g id="b"><use xlink:href="#a"/></g>'),
  sampleSvg("<!-- c --><desc><![CDATA[<script>]]></desc>"),
  '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
  "<svg onload='x' style=\"a\"><script/><image href='data:x'/></svg>",
  gzipSync(sampleSvg()),
];
/** What must stand in no document that is let through, outside comments and CDATA. */
const dangerous =
  /<\s*(?:script|image|foreignObject|animate|set|style|a|video|audio)[\s/>]|<!DOCTYPE|\bon[a-z]+\s*=\s*["']|href\s*=\s*["'](?!\s*#)/i;

/** Checks any octets. A document that is let through may hold nothing that acts or reaches out. */
export const target: FuzzTarget = {
  name: "svg",
  seeds: seeds.map((seed) => Buffer.from(seed)),
  run(input) {
    const checked = checkSvg(input, recommendedSvgOctets);
    if (checked.problem !== undefined) return;
    if (checked.svg.length > recommendedSvgOctets) throw new Error("too large, and let through");
    const text = checked.svg.toString("utf8").replaceAll(/<!--.*?-->|<!\[CDATA\[.*?\]\]>/gs, "");
    if (dangerous.test(withoutText(text))) throw new Error("dangerous, and let through");
    const again = checkSvg(checked.svg, recommendedSvgOctets);
    if (again.problem !== undefined) throw new Error("valid, and not when checked again");
  },
};

/** Tags only: the title may say what it likes. */
function withoutText(text: string): string {
  return (text.match(/<[^>]*>?/g) ?? []).join("");
}
