import { toAsciiDomain } from "../core/domain-name.ts";
import { formatIp, type IpAddress, parseIp } from "../core/ip.ts";
import type { AddressFindings } from "../findings/check/address.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { Check, CheckContext } from "./context.ts";
import { addRecord } from "./record-change.ts";
import { isLoopback } from "./special-address.ts";
import { withTriedChanges } from "./try-change.ts";

type Problem = AddressFindings["helo.name"]["problem"];

/** The names that the operator's servers give in HELO and EHLO: RFC 5321 §2.3.5, §4.1.4. */
export const checkHelo: Check = withTriedChanges(async (context) => {
  if (context.heloNames.length === 0) return { findings: [], facts: {}, skipped: "no-helo" };
  const names = context.heloNames.slice(0, maxNames);
  const results = await Promise.all(names.map((name) => checkName(name, context)));
  return {
    findings: results.flatMap(({ found }) => found ?? []),
    facts: { names: results.map(({ fact }) => fact) },
  };
});

const maxNames = 50;

async function checkName(
  name: string,
  context: CheckContext,
): Promise<{ readonly found?: Finding; readonly fact: unknown }> {
  const { problem, addresses } = await problemOf(name, context);
  const fact = { name, addresses: addresses.map(formatIp) };
  if (problem === undefined) return { fact };
  const found = finding("helo.name", name, { name, problem });
  const [ip] = context.ownClients;
  const onlyOne = context.ownClients.length === 1 && context.heloNames.length === 1;
  if (problem !== "unresolvable" || ip === undefined || !onlyOne) return { found, fact };
  return {
    found: { ...found, change: [addRecord(name, ip.family === 4 ? "A" : "AAAA", formatIp(ip))] },
    fact,
  };
}

async function problemOf(
  name: string,
  { dns }: CheckContext,
): Promise<{ readonly problem?: Problem; readonly addresses: readonly IpAddress[] }> {
  const addresses: IpAddress[] = [];
  if (parseIp(name.replace(/^\[(?:IPv6:)?|\]$/gi, "")) !== undefined)
    return { problem: "address", addresses };
  const ascii = toAsciiDomain(name);
  if (ascii === undefined || !/^[a-z0-9.-]+$/.test(ascii)) return { problem: "no-name", addresses };
  if (ascii === "localhost" || ascii.startsWith("localhost.")) return { problem: "localhost", addresses };
  if (!ascii.includes(".")) return { problem: "no-dot", addresses };
  const answers = await Promise.all([dns.query(ascii, "A"), dns.query(ascii, "AAAA")]);
  for (const answer of answers) if (answer.kind === "answer") addresses.push(...answer.records);
  if (addresses.length > 0)
    return addresses.every(isLoopback) ? { problem: "loopback", addresses } : { addresses };
  // While a question is open, nobody knows that there is no address.
  const open = answers.some(({ kind }) => kind === "failure");
  return open ? { addresses } : { problem: "unresolvable", addresses };
}
