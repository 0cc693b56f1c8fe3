import { authorDomain } from "../../../src/core/dmarc/author-domain.ts";
import { toAsciiDomain } from "../../../src/core/domain-name.ts";
import { parseAddressList } from "../../../src/core/message/address.ts";
import { parseHead } from "../../../src/core/message/message.ts";
import type { FuzzTarget } from "../target.ts";

const seeds = [
  " Joe Q. Public <john.q.public@example.com>",
  ' "Giant; \\"Big\\" Box" <sysservices@example.net>, boss@nil.test',
  " A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
  " Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
  " =?utf-8?B?5bGx55Sw?=\r\n <taro@example.jp>",
  " =?utf-8?Q?x@bank.example?= <a@evil.example>",
  " 山田 太郎 <太郎@日本語.jp>",
  " a@bank.example <b@evil.example>",
  " <@bank.example,@b.example:a@evil.example>",
  " a@[192.0.2.1], b@[IPv6:2001:db8::1]",
  " foo..bar.@docomo.example (comment (nested))",
];

const stranger = "stranger.invalid";

/** Reads any From. Where it names one domain, a second From or another address must take that away again. */
export const target: FuzzTarget = {
  name: "from-field",
  seeds: seeds.map((text) => Buffer.from(text)),
  run(input) {
    const list = parseAddressList(input.toString("latin1"));
    for (const { domain } of list.mailboxes)
      if (!list.domains.includes(domain)) throw new Error(`${domain} is not among the domains`);
    const author = authorOf(input);
    if (author.kind === "problem") {
      if (author.domains.length > 20) throw new Error("too many domains");
      return;
    }
    if (toAsciiDomain(author.domain) !== author.domain) throw new Error(`no A-labels: ${author.domain}`);
    if (author.domain === stranger) return;
    mustBeProblem(input, Buffer.from(`\r\nFrom: a@${stranger}`));
    // A header that goes on behind the From field would take the other address for a part of what follows.
    if (fieldCount(input) === 1) mustBeProblem(input, Buffer.from(`, a@${stranger}`));
  },
};

function headOf(value: Buffer): ReturnType<typeof parseHead> {
  return parseHead(Buffer.concat([Buffer.from("From:"), value, Buffer.from("\r\n")]));
}

function authorOf(value: Buffer): ReturnType<typeof authorDomain> {
  return authorDomain(headOf(value));
}

/** Lines, fields or not, so that nothing stands behind the From field. */
function fieldCount(value: Buffer): number {
  const head = headOf(value);
  return head.fields.length === 1 && head.fields[0]?.end === head.octets.length ? 1 : head.fields.length + 1;
}

function mustBeProblem(value: Buffer, more: Buffer): void {
  const author = authorOf(Buffer.concat([value, more]));
  if (author.kind === "domain")
    throw new Error(`still ${author.domain} with ${JSON.stringify(more.toString())}`);
}
