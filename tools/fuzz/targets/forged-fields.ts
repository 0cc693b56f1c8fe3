import { parseHead } from "../../../src/core/message/message.ts";
import { deletionsFor, findForgedFields } from "../../../src/filter/forged-fields.ts";
import type { FuzzTarget } from "../target.ts";

const authservIds = ["mx.example.jp", "xn--fiq228c.example"];
const seeds = [
  "Authentication-Results: mx.example.jp; dkim=pass\r\nAuthentication-Results: other.example; none\r\n",
  'AUTHENTICATION-RESULTS : (a (b)) "mx\\.example.jp" 1; none\r\nReceived: by mx.example.jp\r\n',
  "Authentication-Results: (never closed mx.example.jp; none\r\nSubject: x\r\n",
  "Authentication-Results:\r\n mx.\r\n\texample.jp ; spf=pass smtp.mailfrom=a.example\r\n",
  "Authentication-Results: 中文.example; none\r\nAuthentication-Results: =?utf-8?q?mx.example.jp?=; none\r\n",
  "Authentication-Results: other.example 2; none\r\nARC-Authentication-Results: i=1; mx.example.jp; none\r\n",
];
const planted = "Authentication-Results: mx.example.jp; dkim=pass\r\n";

/**
 * Every head gives an answer whose deletions name existing fields once each, from the last to the first; and a plain
 * forgery on top of it is found, whatever stands below.
 */
export const target: FuzzTarget = {
  name: "forged-fields",
  seeds: seeds.map((text) => Buffer.from(text)),
  run(input) {
    const below = countRemoved(input);
    const all = countRemoved(Buffer.concat([Buffer.from(planted), input]));
    if (all !== below + 1) throw new Error(`${below} forged fields, ${all} with one more on top`);
  },
};

function countRemoved(octets: Buffer): number {
  const head = parseHead(octets);
  const removed = findForgedFields(head, { authservIds }, { fromStranger: true });
  const count = head.fields.filter(({ lowerName }) => lowerName === "authentication-results").length;
  let last = count + 1;
  for (const edit of deletionsFor(removed)) {
    if (edit.kind !== "delete-header" || edit.occurrence >= last || edit.occurrence < 1)
      throw new Error("a wrong deletion");
    last = edit.occurrence;
  }
  return removed.length;
}
