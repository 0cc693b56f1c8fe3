import { HeadBuilder } from "../../../src/core/message/head-builder.ts";
import { headLimits, type MessageHead, parseHead, rawValue } from "../../../src/core/message/message.ts";
import { MessageReader } from "../../../src/core/message/message-reader.ts";
import type { FuzzTarget } from "../target.ts";

/** Message files: the head that the reader finds, and the same whatever the chunks. */
export const target: FuzzTarget = {
  name: "message",
  seeds: [
    "From: a@example.com\r\nTo: b@example.net\r\nSubject: x\r\n\r\nHi.\r\n",
    "Received: from a\n by b\nFrom: c\nsubject : folded\n\tline \n\nbody\r\nmixed\n\n\n",
    "From a@b Mon Jan  1 00:00:00 2024\nFrom: x\n\n>From y\n",
    "\u00ef\u00bb\u00bfFrom: \u00e3\u0081\u0082\r\nno field here\r\n with more\r\n: y\r\n\r\n\xff\r\r\n",
    "Subject: no separator\r\nX: \r\n \r\n\t",
    "\n\nonly a body\n",
    "A: x\r\nB: y\nC: z\n\n\r\n\r\nbody\n",
  ].map((text) => Buffer.from(text, "latin1")),
  run(input) {
    const whole = read([input]);
    checkHead(whole.head);
    for (const at of new Set([1, input.length >> 1, input.length - 1])) {
      const cut = read([input.subarray(0, at), input.subarray(at)]);
      if (!cut.head.octets.equals(whole.head.octets)) throw new Error(`another head when cut at ${at}`);
      if (!cut.body.equals(whole.body)) throw new Error(`another body when cut at ${at}`);
    }
    checkRebuilt(whole.head);
    checkHead(parseHead(input));
  },
};

function read(chunks: readonly Buffer[]): { head: MessageHead; body: Buffer } {
  const heads: MessageHead[] = [];
  const body: Buffer[] = [];
  const reader = new MessageReader({
    head: (head) => heads.push(head),
    body: (chunk) => body.push(Buffer.from(chunk)),
  });
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  const [head] = heads;
  if (head === undefined || heads.length > 1) throw new Error(`${heads.length} heads`);
  return { head, body: Buffer.concat(body) };
}

function checkHead({ octets, fields }: MessageHead): void {
  let last = 0;
  for (const field of fields) {
    if (field.start < last || field.valueStart <= field.start) throw new Error("fields overlap");
    if (octets[field.valueStart - 1] !== 0x3a) throw new Error("no colon before the value");
    if (octets.toString("latin1", field.end - 2, field.end) !== "\r\n") throw new Error("no CRLF at the end");
    last = field.end;
  }
  if (last > octets.length || fields.length > headLimits.fields) throw new Error("beyond the limits");
}

/** Fields handed over one by one, as a milter gets them, make the same fields. */
function checkRebuilt(head: MessageHead): void {
  const builder = new HeadBuilder();
  for (const field of head.fields) {
    const name = head.octets.subarray(field.start, field.valueStart - 1);
    builder.add(name, head.octets.subarray(field.valueStart, field.end - 2));
  }
  const rebuilt = builder.head();
  if (rebuilt.fields.length !== head.fields.length) throw new Error("another number of fields when rebuilt");
  for (const [index, field] of rebuilt.fields.entries()) {
    const original = head.fields[index];
    if (original === undefined || field.name !== original.name) throw new Error("another name when rebuilt");
    const wanted = rawValue(head, original).replace(/\r\n|\n/g, "\r\n");
    if (rawValue(rebuilt, field) !== wanted) throw new Error("another value when rebuilt");
  }
}
