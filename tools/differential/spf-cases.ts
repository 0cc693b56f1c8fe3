import { type MemoryZone, memoryResolver } from "../../src/core/dns/memory.ts";
import { type IpAddress, parseIp, reverseName } from "../../src/core/ip.ts";
import { verifySpf } from "../../src/core/spf/verify.ts";
import type { Random } from "./random.ts";

/** One SPF question with the whole of DNS that it can see. */
export interface SpfDifferentialCase {
  readonly id: number;
  readonly ip: string;
  readonly helo: string;
  readonly mailFrom: string;
  readonly zone: MemoryZone;
}

type Entry = MemoryZone[string][number];
type Zone = Record<string, Entry[]>;

const domains = Array.from({ length: 5 }, (_, i) => `d${i}.example`);
const hosts = Array.from({ length: 7 }, (_, i) => `h${i}.${i < 3 ? "d0." : ""}example`);
const missing = ["x0.example", "x1.example", "x2.d1.example"] as const;
const addresses4 = Array.from({ length: 6 }, (_, i) => `192.0.2.${i + 1}`);
const addresses6 = Array.from({ length: 6 }, (_, i) => `2001:db8::${i + 1}`);
const targetMacros =
  "%{i} %{ir} %{l} %{l1r-} %{lr+} %{d} %{d2} %{d1r} %{o} %{h} %{v} %{s} %{S} %{L} %{H} %{D2} %{p} %{p2} %{i2} %{i3r} %{l.+-} %{o2r.} %% %_ %-".split(
    " ",
  );
const textMacros = [...targetMacros, "%{c}", "%{r}", "%{C}", "%{cr:}", "%{x}", "%", " "];

/** Makes up a case: zones with every mechanism, mostly sound, with a fault here and there. */
export async function randomCase(random: Random, id: number): Promise<SpfDifferentialCase> {
  const ip = randomClient(random);
  const zone: Zone = {};
  for (const host of hosts) if (random.chance(0.85)) zone[host] = randomHost(random);
  for (const domain of domains)
    if (domain === "d0.example" || random.chance(0.92)) zone[domain] = randomDomain(random, domain);
  if (random.chance(0.7)) zone[pointerName(ip)] = randomPointers(random);
  zone["exp0.example"] = [{ TXT: randomText(random) }, ...(random.chance(0.1) ? [{ TXT: "two" }] : [])];
  const draft = { id, ip, helo: randomHelo(random), mailFrom: randomMailFrom(random), zone };
  return { ...draft, zone: await grantSomeNames(random, draft) };
}

function pointerName(ip: string): string {
  const address = parseIp(ip) as IpAddress;
  return ip.startsWith("::ffff:") ? reverseName(parseIp(ip.slice(7)) as IpAddress) : reverseName(address);
}

/** Adds what the evaluation asked for in vain to some names, so that expanded macros can match. */
async function grantSomeNames(random: Random, draft: SpfDifferentialCase): Promise<MemoryZone> {
  const dns = memoryResolver(draft.zone);
  await verifySpf({ ...draft, ip: parseIp(draft.ip) as IpAddress, dns });
  const zone: Zone = Object.fromEntries(
    Object.entries(draft.zone).map(([name, entries]) => [name, [...entries]]),
  );
  for (const question of dns.asked) {
    const name = question.slice(0, question.lastIndexOf(" "));
    if (zone[name] !== undefined || missing.some((one) => one === name) || !random.chance(0.5)) continue;
    // A name with escapes is written otherwise on each side.
    if (!name.endsWith(".arpa") && !name.includes("\\"))
      zone[name] = [{ A: random.pick(addresses4) }, { AAAA: random.pick(addresses6) }];
  }
  return zone;
}

function randomClient(random: Random): string {
  if (random.chance(0.05)) return `::ffff:${random.pick(addresses4)}`;
  return random.pick(random.chance(0.6) ? addresses4 : addresses6);
}

function randomHelo(random: Random): string {
  if (random.chance(0.8)) return random.pick(hosts);
  return random.pick([
    ...domains,
    "[192.0.2.1]",
    "localhost",
    "MAIL.D0.EXAMPLE",
    "a b.example",
    "x..example",
  ]);
}

function randomMailFrom(random: Random): string {
  if (random.chance(0.1)) return "";
  const domain = random.chance(0.9) ? "d0.example" : random.pick([...domains, "D1.EXAMPLE", "x0.example"]);
  const local = [
    "taro",
    "a-b-c",
    "bounce+taro=example.net",
    "first.last",
    "Up-a_b3.c~x",
    "a&b=c",
    "",
  ] as const;
  return `${random.pick(local)}@${domain}`;
}

function randomHost(random: Random): Entry[] {
  if (random.chance(0.08)) return [{ CNAME: random.pick([...hosts, ...missing]) }];
  if (random.chance(0.04)) return [random.pick(["TIMEOUT", "SERVFAIL"] as const)];
  const entries: Entry[] = [];
  while (random.chance(0.6)) entries.push({ A: random.pick(addresses4) });
  while (random.chance(0.5)) entries.push({ AAAA: random.pick(addresses6) });
  if (random.chance(0.3)) entries.push({ TXT: randomRecord(random) });
  return entries;
}

function randomDomain(random: Random, domain: string): Entry[] {
  if (random.chance(0.04)) return [{ CNAME: random.pick(domains) }];
  const entries: Entry[] = randomHost(random).filter(
    (entry) => typeof entry !== "string" && !("CNAME" in entry) && !("TXT" in entry),
  );
  if (random.chance(domain === "d0.example" ? 0.97 : 0.85)) entries.push({ TXT: randomTxt(random) });
  if (random.chance(0.03)) entries.push({ TXT: randomTxt(random) });
  if (random.chance(0.2)) entries.push({ TXT: random.pick(["v=spf10 -all", "other", "\u00e9t\u00e9", ""]) });
  const mx = random.chance(0.03) ? random.pick([10, 11]) : random.pick([0, 1, 1, 2, 3]);
  for (let i = 0; i < mx; i++)
    entries.push({ MX: [10 * (i + 1), random.pick([...hosts, ...hosts, ...missing])] });
  return entries;
}

/** A record, at times cut into strings. */
function randomTxt(random: Random): string | readonly string[] {
  const record = randomRecord(random);
  if (!random.chance(0.1)) return record;
  const cut = random.integer(record.length);
  return [record.slice(0, cut), record.slice(cut)];
}

function randomPointers(random: Random): Entry[] {
  if (random.chance(0.05)) return ["TIMEOUT"];
  const count = random.chance(0.05) ? 12 : random.pick([1, 1, 2, 3]);
  const names = [...hosts, ...hosts, "d0.example", "X0.example", "x1.example", "d1.example", "p.d0.example"];
  const chosen = new Set(Array.from({ length: count }, () => random.pick(names)));
  return [...chosen].map((PTR) => ({ PTR }));
}

function randomRecord(random: Random): string {
  const terms: string[] = [];
  do terms.push(randomTerm(random));
  while (random.chance(0.7) && terms.length < 14);
  if (random.chance(0.06))
    terms.push(...Array.from({ length: 9 }, () => random.pick(["a", "mx", "a:h1.d0.example"])));
  if (random.chance(0.75)) terms.push(`${random.pick(["-", "-", "~", "?", "+", ""])}all`);
  if (random.chance(0.15)) terms.push(`redirect=${randomTarget(random, domains)}`);
  if (random.chance(0.15))
    terms.push(`exp=${random.chance(0.7) ? "exp0.example" : randomTarget(random, hosts)}`);
  if (random.chance(0.07)) terms.push(randomModifier(random));
  const version = random.chance(0.02) ? "V=SPF1" : "v=spf1";
  const record = [version, ...terms].join(random.chance(0.03) ? "  " : " ");
  return random.chance(0.05) ? damaged(random, record) : record;
}

function randomModifier(random: Random): string {
  return random.pick([
    "ra=x",
    "moo.cow-1=%{d}/:",
    "op=helo",
    "default=pass",
    "x=%{c}",
    "moo=",
    "moo=1 moo=2",
    "EXP=exp0.example",
    "Redirect=d1.example",
  ]);
}

function randomTerm(random: Random): string {
  const qualifier = random.chance(0.8) ? "" : random.pick(["+", "-", "~", "?"]);
  const mechanism = randomMechanism(random);
  return `${qualifier}${random.chance(0.02) ? mechanism.toUpperCase() : mechanism}`;
}

function randomMechanism(random: Random): string {
  switch (random.integer(12)) {
    case 0:
      return `ip4:${random.pick(addresses4)}${random.chance(0.3) ? `/${random.pick([0, 8, 29, 30, 31, 32, 33])}` : ""}`;
    case 1:
      return `ip6:${random.pick([...addresses6, "2001:DB8:0:0:0:0:0:1", "::ffff:192.0.2.1", "2001:db8::192.0.2.1"])}${random.chance(0.3) ? `/${random.pick([0, 32, 126, 127, 128, 129])}` : ""}`;
    case 2:
    case 3:
      return `include:${randomTarget(random, domains)}`;
    case 4:
      return `exists:${randomTarget(random, hosts)}`;
    case 5:
      return random.chance(0.5) ? "ptr" : `ptr:${randomTarget(random, ["example", "d0.example", ...hosts])}`;
    case 6:
      return `mx${random.chance(0.5) ? "" : `:${randomTarget(random, domains)}`}${randomDualCidr(random)}`;
    default:
      return `a${random.chance(0.3) ? "" : `:${randomTarget(random, hosts)}`}${randomDualCidr(random)}`;
  }
}

function randomDualCidr(random: Random): string {
  return random.chance(0.85)
    ? ""
    : random.pick(["/24", "/0", "/32", "//0", "//64", "/31//127", "/33", "//129", "/", "/08"]);
}

function randomTarget(random: Random, names: readonly string[]): string {
  if (random.chance(0.12)) return random.pick(missing);
  if (random.chance(0.03))
    return random.pick([
      "a..example",
      `${"x".repeat(64)}.example`,
      "example",
      "h0.d0.example.",
      "192.0.2.1",
      `${"long.".repeat(60)}example`,
    ]);
  if (random.chance(0.75)) return random.pick(names);
  const parts = [random.pick(targetMacros)];
  if (random.chance(0.3)) parts.push(random.pick(targetMacros));
  return `${parts.join(random.pick([".", "-", "_"]))}${random.chance(0.9) ? ".m.example" : ""}`;
}

function randomText(random: Random): string {
  const words = ["See", "why?", "http://example/", "\u00e9", ...textMacros, ...textMacros];
  return Array.from({ length: 1 + random.integer(3) }, () =>
    random.chance(0.05)
      ? random.pick(words)
      : random.pick(["See", "why", "%{d}", "%{i}", "%{L}", "%{c}", "%{o2}", "%{p}"]),
  ).join(random.pick([" ", ""]));
}

/** One character changed, lost or doubled. */
function damaged(random: Random, text: string): string {
  const at = 6 + random.integer(Math.max(1, text.length - 6));
  const odd = random.pick([...' :/=%{}.,;-+~0aZ\t\u0000\u007f\u00e9"\\']);
  const rest = random.pick([text.slice(at), text.slice(at + 1)]);
  return `${text.slice(0, at)}${random.chance(0.7) ? odd : ""}${rest}`;
}
