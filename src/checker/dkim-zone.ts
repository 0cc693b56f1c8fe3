import { canonicalName } from "../core/dns/name.ts";
import { zoneName } from "../core/dns/zone-data.ts";
import { type ZoneToken, zoneEntries } from "../core/dns/zone-lexer.ts";
import type { Finding } from "../findings/finding.ts";
import { finding } from "../findings/table.ts";
import type { CheckContext, CheckedZone } from "./context.ts";
import type { SelectorState } from "./dkim-selectors.ts";
import { addTxt, removeTxt } from "./record-change.ts";

const ofKeys = "._domainkey.";
const maxFindings = 50;

/** Key records with a string over 255 octets: the file cannot be loaded. RFC 1035 §3.3. */
export function splitFindings({ zones, domain }: CheckContext): Finding[] {
  return zones.flatMap(({ file, zone }) =>
    zone.errors
      .filter(
        ({ problem, name }) =>
          problem.id === "string-too-long" && name?.endsWith(`${ofKeys}${domain}`) === true,
      )
      .slice(0, maxFindings)
      .map(({ line, name = "", file: included }) => {
        const record = zone.records.find((one) => one.type === "TXT" && one.name === name);
        const text = record?.type === "TXT" ? record.data.text : "";
        const params = { name, why: "string-too-long" as const, octets: text.length, line };
        const found = finding("dkim.key-split", name, { ...params, file: included ?? file });
        return text === "" ? found : { ...found, change: [addTxt(name, text)] };
      }),
  );
}

/** Key records that stand at another name than the one that is looked for, or than their own comment says. */
export async function strayKeyFindings(
  context: CheckContext,
  states: readonly SelectorState[],
): Promise<Finding[]> {
  const entries = context.zones.flatMap(keyEntries).slice(0, maxFindings);
  const wanted = states.filter(
    ({ from, records, alias, unanswered }) =>
      ["option", "message", "key"].includes(from) &&
      records.length === 0 &&
      alias === undefined &&
      !unanswered,
  );
  // Beside keys of other systems one that is missing was not put in the place of any of them.
  const [only, more] = entries;
  const missing = more === undefined ? wanted[0]?.name : undefined;
  const inUse = only !== undefined && (await isPublished(context, only.owner, missing));
  const found = await Promise.all(
    entries.map((entry) => strayFinding(context, entry, inUse ? undefined : missing, states)),
  );
  return found.filter((one) => one !== undefined);
}

/** Whether live DNS has a key at one of these names: then none of them was meant to be put at the other. */
async function isPublished(
  { live }: CheckContext,
  owner: string,
  missing: string | undefined,
): Promise<boolean> {
  if (live === undefined || missing === undefined) return false;
  const answers = await Promise.all([owner, missing].map((name) => live.query(name, "TXT")));
  return answers.some(({ kind }) => kind === "answer");
}

interface KeyEntry {
  readonly file: string;
  readonly line: number;
  /** Canonical. */
  readonly owner: string;
  /** The name that the comment of the tool gives: `DKIM key SELECTOR for DOMAIN`. */
  readonly said?: string;
}

async function strayFinding(
  { dns, domain }: CheckContext,
  { file, line, owner, said }: KeyEntry,
  missing: string | undefined,
  states: readonly SelectorState[],
): Promise<Finding | undefined> {
  const inUse = states.some(({ name, from }) => name === owner && from !== "zone" && from !== "guess");
  const asked = said !== undefined && said !== owner ? said : inUse ? undefined : missing;
  if (asked === undefined || (!owner.endsWith(`${ofKeys}${domain}`) && !asked.endsWith(`${ofKeys}${domain}`)))
    return undefined;
  const params = { file, line, owner, asked, said: asked === said };
  const found = finding("dkim.other-selector", owner, params);
  const answer = await dns.query(owner, "TXT");
  // What is not read at the owner's name cannot stand there wrongly.
  if (answer.kind !== "answer") return answer.kind === "failure" ? found : undefined;
  // Without a word of the tool the key may be in use where it stands.
  const out = asked === said ? answer.records.map(({ strings }) => removeTxt(owner, strings)) : [];
  return { ...found, change: [...out, ...answer.records.map(({ text }) => addTxt(asked, text))] };
}

/** TXT entries below `_domainkey` in a file and in what it includes. */
function keyEntries({ file, text, included, origin, zone }: CheckedZone): readonly KeyEntry[] {
  const only = zone.origins.length === 1 ? zone.origins[0] : undefined;
  // In plain lines all names are whole.
  const ofIncluded = origin === "" ? origin : only;
  return [
    ...entriesOf(file, text, origin ?? only ?? ""),
    ...included.flatMap((part) => entriesOf(part.file, part.text, ofIncluded)),
  ];
}

/** @param first Undefined: not known, and relative names are left out. */
function entriesOf(file: string, text: string, first: string | undefined): KeyEntry[] {
  const found: KeyEntry[] = [];
  let origin = first;
  let owner: string | undefined;
  for (const { tokens, indented, line, comment } of zoneEntries(text)) {
    const [word, value] = tokens;
    if (word === undefined) continue;
    if (word.text.toUpperCase() === "$ORIGIN" && value !== undefined)
      origin = ownerName(value, origin) ?? origin;
    if (word.text.startsWith("$")) continue;
    if (!indented) owner = ownerName(word, origin);
    const isTxt = tokens
      .slice(0, 4)
      .some(({ text: type, quoted }) => !quoted && type.toUpperCase() === "TXT");
    if (!isTxt || owner === undefined || !owner.includes(ofKeys)) continue;
    const said = saidName(comment);
    found.push({ file, line, owner, ...(said !== undefined && { said }) });
  }
  return found;
}

function ownerName(token: ZoneToken, origin: string | undefined): string | undefined {
  if (origin === undefined && !token.text.endsWith(".")) return undefined;
  return zoneName(token, origin ?? "");
}

/** `----- DKIM key default for example.jp`, as opendkim-genkey writes it. */
function saidName(comment: string | undefined): string | undefined {
  const words = (comment ?? "")
    .slice(0, 400)
    .trim()
    .split(/[ \t]+/);
  const at = words.findIndex((word, index) => word === "DKIM" && words[index + 1]?.toLowerCase() === "key");
  const [selector, link, domain] = at < 0 ? [] : words.slice(at + 2, at + 5);
  if (selector === undefined || domain === undefined || link !== "for") return undefined;
  return canonicalName(`${selector}${ofKeys}${domain}`);
}
