import { bodyRules, headerRules, type RuleId } from "../../../src/config/policy-config.ts";
import { parseHead } from "../../../src/core/message/message.ts";
import { listSigns } from "../../../src/filter/list-signs.ts";
import { BodyRules, brokenHeaderRules } from "../../../src/filter/message-rules.ts";
import type { FuzzTarget } from "../target.ts";

const all: ReadonlySet<RuleId> = new Set([...headerRules, ...bodyRules]);
const seeds = [
  "From: a@a.example\r\nDate: now\r\nList-Id: A list <dev.lists.example>\r\n",
  "From: a@a.example\r\nFrom: b@b.example\r\nSubject: a\rb\r\nSubject : c\r\n",
  "Subject: caf\u00e9\r\nResent-From: x\r\nList-Id: <a\r\n b.example>\r\n",
  `Subject: ${"x".repeat(1100)}\r\n\tfolded\r\nDate: a\nb\r\n`,
  "ARC-Seal: i=1\r\nTo: a\r\nTo: b\r\nCc:\r\n\r\nbody\n\u0000\r",
];

/** Every message gets an answer, each rule once; it is the same when the octets come one by one. */
export const target: FuzzTarget = {
  name: "message-rules",
  seeds: seeds.map((text) => Buffer.from(text, "latin1")),
  run(input) {
    const head = parseHead(input);
    const broken = brokenHeaderRules(head, { smtputf8: false, fromProblem: undefined }, all);
    if (new Set(broken).size !== broken.length) throw new Error("a rule is named twice");
    for (const id of listSigns(head).listIds)
      if (id === "" || id.length > 255 || /\s/.test(id)) throw new Error(`no List-Id: ${JSON.stringify(id)}`);
    const whole = scan([input]);
    const pieces = scan(Array.from(input, (octet) => Buffer.from([octet])));
    if (whole !== pieces) throw new Error(`${whole} at once, ${pieces} piece by piece`);
  },
};

function scan(chunks: readonly Buffer[]): string {
  const rules = new BodyRules({ ids: all, needBody: true }, true);
  for (const chunk of chunks) rules.body(chunk);
  return rules.broken().join(" ");
}
