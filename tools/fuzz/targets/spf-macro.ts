import { memoryResolver } from "../../../src/core/dns/memory.ts";
import { type IpAddress, parseIp } from "../../../src/core/ip.ts";
import { checkHost } from "../../../src/core/spf/check-host.ts";
import { isPrintable } from "../../../src/core/spf/domain-spec.ts";
import { parseMacroString } from "../../../src/core/spf/macro-string.ts";
import type { FuzzTarget } from "../target.ts";

// The macro-string, then the local part and the HELO name that it is expanded with.
const seeds = [
  "%{ir}.%{v}._spf.%{d2}\nstrong-bad\nmx.example.org",
  "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}\nbounce+taro=example.net\nmail.example.jp",
  "%{p}.%{s}.%{o127r.-+,/_=}\nfirst.last\n[192.0.2.1]",
  "See http://%{d}/why.html?s=%{S}&i=%{I}\n~jack&jill=up-a_b3.c\nJUMPIN' JUPITER",
  "%{c}%{r}%{t} 100%%%_%-\n\u7528\u6237\n\u30e1\u30fc\u30eb.example",
  "%{h1r-}%{H}%{L1}.example\n..\n--",
];
/** RFC 1035 §3.2.1: RDLENGTH has 16 bits. */
const maxTxtOctets = 65_535;
const clients = ["192.0.2.3", "2001:db8::cb01"].map((text) => parseIp(text) as IpAddress);

/** Expands any macro-string as a domain-spec and as an explanation: only names that can be asked, only clean texts. */
export const target: FuzzTarget = {
  name: "spf-macro",
  seeds: seeds.map((text) => Buffer.from(text)),
  async run(input) {
    const [text = "", localPart = "", helo = ""] = input
      .subarray(0, maxTxtOctets)
      .toString("utf8")
      .split("\n", 3);
    for (const ip of clients) {
      const dns = memoryResolver({
        "example.jp": [{ TXT: `v=spf1 exists:${text} exists:${text}.example -all exp=exp.example.jp` }],
        "plain.example.jp": [{ TXT: "v=spf1 -all exp=exp.example.jp" }],
        "exp.example.jp": [{ TXT: text }],
      });
      const common = { ip, helo, dns, sender: `${localPart}@example.jp` };
      await checkHost({ ...common, domain: "example.jp" });
      const { result, explanation } = await checkHost({ ...common, domain: "plain.example.jp" });
      if (result !== "fail") throw new Error(`-all gave ${result}`);
      checkExplanation(text, explanation);
      for (const question of dns.asked) checkName(question.slice(0, question.lastIndexOf(" ")));
    }
  },
};

function checkExplanation(text: string, explanation: string | undefined): void {
  if (explanation === undefined) return;
  if (parseMacroString(text, true).kind === "error") throw new Error("a faulty text was expanded");
  if (explanation.length > 1000 || !isPrintable(explanation)) throw new Error(`explanation ${explanation}`);
}

function checkName(name: string): void {
  const labels = name.split(".");
  if (name.length > 253 || !isPrintable(name) || labels.some(({ length }) => length === 0 || length > 63))
    throw new Error(`asked for ${JSON.stringify(name)}`);
}
