import { organizationalDomainBelow, parsePublicSuffixList } from "../../../src/core/dmarc/public-suffix.ts";
import { toAsciiDomain } from "../../../src/core/domain-name.ts";
import type { FuzzTarget } from "../target.ts";

const seeds = [
  "a.b.example.com\ncom\nnet\n",
  "a.city.kobe.jp\njp\n*.kobe.jp\n!city.kobe.jp\n",
  "b.test.ck\n*.ck\n!www.ck\n// comment\n",
  "食狮.公司.cn\ncn\n公司.cn\n",
  "me.github.io\nio\n// ===BEGIN PRIVATE DOMAINS===\ngithub.io \tx\n",
  "x\n\n..\n*.\n!\n*\n",
];

/** A domain in the first line, a list in the others: what is found are ends of the domain, and nothing changes the second time. */
export const target: FuzzTarget = {
  name: "public-suffix-list",
  seeds: seeds.map((text) => Buffer.from(text)),
  run(input) {
    // A list is the operator's own file and may be long; here it is not about time.
    const [first = "", ...list] = input.toString("utf8", 0, 4096).split("\n");
    const domain = toAsciiDomain(first);
    const find = parsePublicSuffixList(list.join("\n"));
    if (domain === undefined || find === undefined) return;
    const organizational = organizationalDomainBelow(domain, find);
    for (const end of [find(domain), organizational])
      if (!`.${domain}`.endsWith(`.${end}`)) throw new Error(`${end} is no end of ${domain}`);
    if (organizationalDomainBelow(organizational, find) !== organizational)
      throw new Error(`${organizational} is not its own organizational domain`);
  },
};
