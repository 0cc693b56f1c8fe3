import type { RuleId } from "../../config/policy-config.ts";
import type { DmarcResult, IprevResult, SpfResult } from "../../core/results.ts";
import { ruleTexts } from "../message-rules.ts";

/** What the SMTP client is told: ASCII, lines divided by LF; "%" is doubled where it goes on the wire. */
export interface SmtpAnswer {
  readonly code: 451 | 550;
  readonly enhanced: string;
  readonly text: string;
}

/** RFC 5321 §4.5.3.1.5: 512 octets with code, enhanced code and CRLF. */
const maxLineCharacters = 480;
const maxExplanation = 400;

/** One line that can be sent: other characters than printable ASCII become "?", and it is cut. */
function line(text: string): string {
  let ascii = "";
  for (const character of text.slice(0, maxLineCharacters))
    ascii += character >= " " && character <= "~" ? character : "?";
  return ascii;
}

function answer(code: 451 | 550, detail: string, ...lines: readonly string[]): SmtpAnswer {
  return { code, enhanced: `${code === 451 ? 4 : 5}.${detail}`, text: lines.map(line).join("\n") };
}

/**
 * RFC 9989 §7.2: 550 5.7.1 and the word DMARC, unless the domain did not ask for it and only our operator did.
 * @param why A word for the second reason.
 */
export function dmarcRefusal({ domain, policy }: DmarcResult, why: string): SmtpAnswer {
  const whose = policy === "reject" ? "per DMARC policy" : "by local policy";
  return answer(550, "7.1", `Email rejected ${whose} for ${domain ?? ""} (${why})`);
}

/** RFC 9989 §11.5: From names no author domain, or several. */
export function authorRefusal({ problem }: DmarcResult): SmtpAnswer {
  return answer(550, "7.1", `Email rejected: DMARC cannot be evaluated, ${fromProblem(problem)}`);
}

function fromProblem(problem: DmarcResult["problem"]): string {
  switch (problem) {
    case "from-missing":
      return "no From field";
    case "from-multiple-fields":
      return "more than one From field";
    case "from-multiple-domains":
      return "authors in more than one domain in From";
    default:
      return "no readable author domain in From";
  }
}

/** RFC 9989 §7.2: "best done with a 4xy SMTP reply code"; RFC 7208 §8.6 has 4.4.3 for the like. */
export function dmarcDeferral({ domain }: DmarcResult): SmtpAnswer {
  return answer(451, "4.3", `DMARC cannot be evaluated for ${domain ?? "this message"}, DNS does not answer`);
}

/** RFC 7372 §3.2: X.7.23 for fail, X.7.24 for errors, 451 or 550 as the operator has it. */
export function spfAnswer(spf: SpfResult, code: 451 | 550): SmtpAnswer {
  const identity = spf.identity === "helo" ? "HELO" : "MAIL FROM";
  if (spf.result === "fail")
    return answer(code, "7.23", `SPF ${identity} check failed for ${spf.domain}`, ...explanation(spf));
  const what =
    spf.result === "temperror"
      ? "DNS does not answer"
      : `the record cannot be interpreted (${spf.problem ?? "permerror"})`;
  return answer(code, "7.24", `SPF ${identity} check of ${spf.domain} ended in an error: ${what}`);
}

/** RFC 7208 §8.4: make clear whose words these are. */
function explanation({ domain, explanation }: SpfResult): string[] {
  if (explanation === undefined || explanation.trim() === "") return [];
  return [`The domain ${domain} explains:`, explanation.slice(0, maxExplanation)];
}

/** RFC 7372 §3.3. */
export function iprevAnswer({ ip, result }: IprevResult, code: 451 | 550): SmtpAnswer {
  const what = {
    fail: "its name does not lead back to it",
    permerror: "it has no name",
    temperror: "DNS does not answer",
    pass: "",
  }[result];
  return answer(code, "7.25", `Reverse DNS validation failed for ${ip}: ${what}`);
}

/** RFC 7372 §4: the code for several, where more than one check that failed warrants a refusal. */
export function severalFailures(methods: readonly string[]): SmtpAnswer {
  return answer(550, "7.26", `Multiple authentication checks failed: ${methods.join(", ")}`);
}

/** RFC 3463 §3.7: 5.6.0, something about the content. */
export function ruleRefusal(rule: RuleId): SmtpAnswer {
  const { breach, basis } = ruleTexts[rule];
  return answer(550, "6.0", `Message refused by rule ${rule}: ${breach} (${basis})`);
}
