import { memoryResolver } from "../../../src/core/dns/memory.ts";
import { type IpAddress, parseIp } from "../../../src/core/ip.ts";
import { checkHost } from "../../../src/core/spf/check-host.ts";
import { isSpfRecord, parseSpfRecord } from "../../../src/core/spf/parse-record.ts";
import type { SpfRecordParse } from "../../../src/core/spf/record.ts";
import type { FuzzTarget } from "../target.ts";

const seeds = [
  "v=spf1 +mx a:colo.example.com/28 -all",
  "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 include:_spf.example.com ~all",
  "v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d} redirect=_spf.example.com",
  "v=spf1 ptr:example.com ?a//64 mx:example.org/24//64 exp=explain._spf.%{d} -all",
  "V=SPF1  IP4:192.0.2.1  A  moo.cow-far_out=man:dog/cat  ",
  "v=spf1 a:macro%%percent%_%_space%-url-space.example.com include:example.jp -all",
  "v=spf10 -all",
];
/** RFC 1035 §3.2.1: RDLENGTH has 16 bits. */
const maxTxtOctets = 65_535;
const client = parseIp("192.0.2.1") as IpAddress;

/** Reads any text as a record and evaluates it. Terms lie where they say; spacing changes nothing; limits hold. */
export const target: FuzzTarget = {
  name: "spf-record",
  seeds: seeds.map((text) => Buffer.from(text)),
  async run(input) {
    const text = input.subarray(0, maxTxtOctets).toString("latin1");
    const parsed = parseSpfRecord(text);
    checkPositions(text, parsed);
    if (parsed.kind === "record") checkSpacing(parsed.record.terms.map((term) => term.text));
    await checkEvaluation(text, parsed);
  },
};

function checkPositions(text: string, parsed: SpfRecordParse): void {
  if (parsed.kind === "error" && parsed.errors.length === 0) throw new Error("an error that is none");
  const parts = parsed.kind === "record" ? parsed.record.terms : [...parsed.terms, ...parsed.errors];
  for (const { start, end, text: part } of parts)
    if (text.slice(start, end) !== part) throw new Error(`not at ${start}: ${part}`);
  for (const error of parsed.kind === "error" ? parsed.errors : [])
    if (error.at < error.start || error.at > error.end)
      throw new Error(`an error outside its term: ${error.at}`);
}

function checkSpacing(terms: readonly string[]): void {
  const again = parseSpfRecord(["v=spf1", ...terms].join(" "));
  if (again.kind === "error" || again.record.terms.some((term, index) => term.text !== terms[index]))
    throw new Error("with single spaces it is another record");
}

async function checkEvaluation(text: string, parsed: SpfRecordParse): Promise<void> {
  const dns = memoryResolver({ "example.jp": [{ TXT: text }] });
  const sender = "taro@example.jp";
  const result = await checkHost({ ip: client, domain: "example.jp", sender, helo: "mail.example.jp", dns });
  if (isSpfRecord(text) !== (result.result !== "none")) throw new Error(`result ${result.result}`);
  if ((parsed.kind === "error") !== (result.result === "none" || result.problem === "syntax"))
    throw new Error(`parsed as ${parsed.kind}, evaluated as ${result.result}`);
  // Ten terms with one query and ten names each, the record itself, and an explanation.
  if (result.lookups > 11 || dns.asked.length > 1 + 10 * 11 + 12) throw new Error("a limit was passed over");
}
