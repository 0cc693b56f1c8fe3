import { canonicalName } from "../../../src/core/dns/name.ts";
import { readReply } from "../../../src/core/dns/reply.ts";
import type { DnsType } from "../../../src/core/dns/resolver.ts";
import { type DnsQuestion, decodeResponse, encodeQuery, encodeQuestion } from "../../../src/core/dns/wire.ts";
import {
  aRecord,
  encodeResponse,
  mxRecord,
  nameRecord,
  soaRecord,
  type TestResponse,
  txtRecord,
} from "../../../test/dns-server.ts";
import type { FuzzTarget } from "../target.ts";

const id = 0x1234;
const types: readonly DnsType[] = ["A", "AAAA", "MX", "TXT", "PTR", "CNAME", "NS", "SOA", "TLSA"];
const questions = types.map((type) => encodeQuestion("a.example.jp", type));

function response(type: DnsType, content: TestResponse): Buffer {
  return encodeResponse(encodeQuery(encodeQuestion("a.example.jp", type), id, true), content);
}

const compressed = Buffer.concat([
  response("MX", {}),
  Buffer.from("c00c000f00010000003c0007000a026d78c00c", "hex"),
  Buffer.from("c00e000f00010000003c00040014c00c", "hex"),
]);
compressed.writeUInt16BE(2, 6);

/** DNS responses: whatever the octets, no throw; whatever is read, in its own bounds. */
export const target: FuzzTarget = {
  name: "dns-packet",
  seeds: [
    response("A", { answers: [aRecord("a.example.jp", "192.0.2.1")], ad: true }),
    response("AAAA", { answers: [aRecord("a.example.jp", "2001:db8::1")] }),
    response("TXT", {
      answers: [nameRecord("a.example.jp", "CNAME", "b.jp"), txtRecord("b.jp", ["v=spf1 ", "-all"])],
    }),
    response("MX", {
      answers: [mxRecord("a.example.jp", 10, "mx.example.jp"), mxRecord("a.example.jp", 0, "")],
    }),
    response("PTR", { rcode: 3, authority: [soaRecord("example.jp", 60)] }),
    response("NS", { rcode: 2, extendedErrors: [6, 22] }),
    response("SOA", { answers: [soaRecord("a.example.jp", 60)] }),
    response("TLSA", {
      answers: [{ name: "a.example.jp", type: "TLSA", data: Buffer.from("030101abcdef", "hex") }],
    }),
    compressed,
    response("A", { tc: true, question: "none" }),
  ],
  run(input) {
    for (const question of questions) {
      const decoded = decodeResponse(answering(input, question), question, id);
      if (typeof decoded === "string") continue;
      // Twelve octets are the least that a record takes.
      if (decoded.answers.length * 11 > input.length) throw new Error("more records than octets for them");
      for (const { name, ttl } of decoded.answers) {
        if (canonicalName(name === "" ? "." : name) !== name) throw new Error(`not canonical: ${name}`);
        if (ttl > 0x7fffffff) throw new Error(`TTL ${ttl}`);
      }
      const reply = readReply(decoded, question);
      if (!(reply.ttl >= 0 && reply.ttl <= 86_400)) throw new Error(`TTL of the reply ${reply.ttl}`);
    }
  },
};

/** The input made to answer the question, so that what stands behind the question is reached. */
function answering(input: Buffer, question: DnsQuestion): Buffer {
  const message = Buffer.from(input);
  if (message.length < 12) return message;
  message.writeUInt16BE(id, 0);
  message.writeUInt8(0x81, 2);
  message.writeUInt16BE(1, 4);
  question.section.copy(message, 12);
  return message;
}
