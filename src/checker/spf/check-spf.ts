import type { Finding, FindingId, RecordChange } from "../../findings/finding.ts";
import type { Check, CheckContext, SubjectReport } from "../context.ts";
import { findOnServers } from "./find-at-name.ts";
import { type Observation, observe } from "./observe.ts";
import { ownChange, serversChange } from "./own-changes.ts";
import { textOf } from "./record-text.ts";
import { openRepair, type Repair, type RepairInput, repair, standsTrial } from "./repair.ts";
import { spfFacts } from "./spf-facts.ts";
import { tryTerms } from "./what-if.ts";
import { findLongStrings } from "./zone-strings.ts";

/**
 * SPF: the records of the domain, the tree of their includes, what clients of both families get from verifiers of both
 * schools, and the record to publish instead. A change is told only after the changed zone was evaluated as well.
 */
export const checkSpf: Check = async (context): Promise<SubjectReport> => {
  const { dns, domain } = context;
  const before = await observe(context, dns);
  const input = await openRepair(context, dns, before);
  const repaired = await repair(input);
  const findings = await withChanges(before.findings, input, repaired);
  const onServers = await findServers(context, before);
  const inZones = findLongStrings(domain, context.zones);
  const addresses = before.witnesses.map(({ ip }) => ip);
  const whatIf =
    context.spfChange === undefined
      ? undefined
      : await tryTerms(context.spfChange, before, context, dns, addresses);
  return {
    // A record that no server can load is not there, but not missing.
    findings: [
      ...onServers,
      ...inZones,
      ...findings.filter(({ id }) => id !== "spf.missing" || inZones.length === 0),
    ],
    facts: { ...spfFacts(before, isShown(repaired, findings) ? repaired : undefined, whatIf) },
  };
};

async function findServers(context: CheckContext, { analysis }: Observation): Promise<readonly Finding[]> {
  const [found] = await findOnServers(analysis.root, context.servers);
  if (found === undefined) return [];
  if (!isOf(found, "spf.multiple-records")) return [];
  const { name, records } = found.params;
  const change = await serversChange(name, records, context, context.dns);
  return [change === undefined ? found : withRecord(found, change)];
}

/** The whole repair is a fact when at least one finding shows it. */
function isShown(repaired: Repair | undefined, findings: readonly Finding[]): boolean {
  return findings.some(({ change }) => change !== undefined && change === repaired?.changes);
}

/**
 * One record to publish whatever the finding: that with all repairs, where it stands the trial. Where it does not, that
 * which mends the one thing.
 */
async function withChanges(
  findings: readonly Finding[],
  input: RepairInput,
  repaired: Repair | undefined,
): Promise<readonly Finding[]> {
  const singly = new Map<FindingId, Promise<Repair | undefined>>();
  const withChange = async (found: Finding): Promise<Finding> => {
    const change = await changeFor(found, input, repaired, singly);
    return change === undefined ? found : withRecord(found, change);
  };
  const changed: Finding[] = [];
  for (const found of findings) changed.push(await withChange(found));
  return changed;
}

/** The finding with its change, and with the record to publish where its sentences name it. */
function withRecord(found: Finding, change: readonly RecordChange[]): Finding {
  const added = change.find(
    ({ action, name, type }) => action === "add" && name === found.subject && type === "TXT",
  );
  const record = added === undefined ? undefined : textOf(added);
  if (record === undefined) return { ...found, change };
  if (isOf(found, "spf.multiple-records"))
    return { ...found, params: { ...found.params, merged: record }, change };
  if (isOf(found, "spf.version")) return { ...found, params: { ...found.params, mended: record }, change };
  return { ...found, change };
}

function isOf<Id extends FindingId>(found: Finding, id: Id): found is Finding<Id> {
  return found.id === id;
}

async function changeFor(
  found: Finding,
  input: RepairInput,
  repaired: Repair | undefined,
  singly: Map<FindingId, Promise<Repair | undefined>>,
): Promise<readonly RecordChange[] | undefined> {
  if (repaired !== undefined && standsTrial(input, repaired.after, found)) return repaired.changes;
  const own = await ownChange(found, input, repaired);
  if (own !== undefined) return own;
  const single = singly.get(found.id) ?? repair(input, found.id);
  singly.set(found.id, single);
  const one = await single;
  return one !== undefined && standsTrial(input, one.after, found) ? one.changes : undefined;
}
