import { dmarcDifferences } from "../core/dmarc/difference.ts";
import type {
  ArcResult,
  BimiResult,
  DkimResult,
  DmarcResult,
  IprevResult,
  SpfResult,
} from "../core/results.ts";
import { problemText } from "../findings/problems.ts";
import type { Io } from "./io.ts";
import { displayWidth, padEnd, printable, printableOctets, wrap } from "./layout.ts";
import { paintVerdict } from "./spf-trace.ts";

type Spf = Omit<SpfResult, "trace">;

/** What `verify` has found, or a record has kept. */
export interface Verdicts {
  readonly iprev?: IprevResult;
  readonly spf?: Spf;
  readonly spfHelo?: Spf;
  readonly dkim: readonly DkimResult[];
  readonly arc?: ArcResult;
  readonly dmarc: DmarcResult;
  readonly dmarcOther?: DmarcResult;
  readonly bimi?: BimiResult;
}

interface Row {
  readonly method: string;
  readonly word: string;
  readonly what: string;
  readonly notes: readonly (string | undefined)[];
}

const methodWidth = 5;
const wordWidth = 9;
const maxArcSets = 10;

/**
 * One block for each method: the word, what it is about, and why.
 * @param noClient Why SPF and iprev are not there, when they are not.
 */
export function formatVerdicts(
  verdicts: Verdicts,
  io: Io,
  noClient: string = io.text.verdict.noClient,
): string[] {
  const rows = [
    ...clientRows(verdicts, noClient, io),
    ...(verdicts.dkim.length === 0 ? [noSignature(io)] : verdicts.dkim.map((one) => dkimRow(one, io))),
    ...arcRows(verdicts.arc, io),
    dmarcRow(verdicts, io),
    ...bimiRows(verdicts.bimi, io),
  ];
  return rows.flatMap((row) => formatRow(row, io));
}

function formatRow({ method, word, what, notes }: Row, io: Io): string[] {
  const indent = 2 + methodWidth + 2 + wordWidth + 1;
  const lines = [what, ...notes].flatMap((text) => (text ? wrap(text, io.columns - indent) : []));
  const painted = padEnd(paintVerdict(word, io.style), wordWidth);
  const first = `  ${padEnd(method, methodWidth)}  ${painted}${displayWidth(word) >= wordWidth ? "" : " "}`;
  const head = padEnd(first, indent);
  return lines.map((line, index) => `${index === 0 ? head : " ".repeat(indent)}${line}`.trimEnd());
}

function clientRows({ iprev, spf, spfHelo }: Verdicts, noClient: string, io: Io): Row[] {
  const rows: Row[] = [];
  if (iprev !== undefined) rows.push(iprevRow(iprev, io));
  if (spf !== undefined) rows.push(spfRow(spf, io));
  // For the null sender both are the one result for HELO.
  if (spfHelo !== undefined && spf?.identity !== "helo") rows.push(spfRow(spfHelo, io));
  if (rows.length === 0) rows.push({ method: "SPF", word: "-", what: noClient, notes: [] });
  return rows;
}

function iprevRow({ result, ip, name, problem }: IprevResult, io: Io): Row {
  const what = io.text.verdict.iprev(ip, name && printable(name), result === "pass");
  return { method: "iprev", word: result, what, notes: [problem && problemText(io.lang).iprev[problem]] };
}

function spfRow(spf: Spf, io: Io): Row {
  const { verdict, spf: spfText } = io.text;
  const facts = [verdict.spfLookups(spf.lookups, spf.voidLookups)];
  if (spf.matched !== undefined) facts.unshift(verdict.spfMatched(printableOctets(spf.matched)));
  return {
    method: "SPF",
    word: spf.result,
    what: `${verdict.spfIdentity[spf.identity]} ${printable(spf.domain)}`.trimEnd(),
    notes: [
      spf.problem && problemText(io.lang).spf[spf.problem],
      spf.result === "none" ? undefined : verdict.join(facts),
      spf.explanation && `${spfText.labels.says}: ${spfText.explanation(printableOctets(spf.explanation))}`,
    ],
  };
}

function noSignature(io: Io): Row {
  return { method: "DKIM", word: "none", what: io.text.verdict.dkimNone, notes: [] };
}

function dkimRow(result: DkimResult, io: Io): Row {
  const { verdict } = io.text;
  const clean = { ...result, domain: printable(result.domain), selector: printable(result.selector) };
  const facts = [
    result.signer && verdict.dkimSigner[result.signer],
    result.bodyLength === undefined ? undefined : verdict.dkimBodyLength(result.bodyLength),
  ].filter((fact) => fact !== undefined);
  return {
    method: "DKIM",
    word: result.result,
    what: verdict.dkimKey({ ...clean, algorithm: printable(result.algorithm) }),
    notes: [
      result.problem && problemText(io.lang).dkim[result.problem],
      facts.length === 0 ? undefined : verdict.join(facts),
    ],
  };
}

/** Nothing about a message without a chain. What the sealers say is shown when the chain vouches for it. */
function arcRows(arc: ArcResult | undefined, io: Io): Row[] {
  if (arc === undefined || arc.result === "none") return [];
  const { verdict } = io.text;
  const claims = arc.result === "pass" ? arc.sets.slice(0, maxArcSets) : [];
  const notes = [
    arc.problem && problemText(io.lang).arc[arc.problem],
    arc.oldestPass === undefined ? undefined : verdict.arcUnchanged(arc.oldestPass),
    ...claims.map((set) => verdict.arcClaims(set.instance, printable(set.domain), set.claims.map(printable))),
  ];
  const what = verdict.arcSets(arc.instances, arc.sealers.slice(0, maxArcSets).map(printable));
  return [{ method: "ARC", word: arc.result, what, notes }];
}

function dmarcRow({ dmarc, dmarcOther, spf }: Verdicts, io: Io): Row {
  const { verdict } = io.text;
  const what =
    dmarc.domain === undefined ? "" : verdict.dmarcAuthor(dmarc.domain, dmarc.organizationalDomain);
  const problem = dmarc.problem && problemText(io.lang).dmarc[dmarc.problem];
  const notes = [
    problem,
    alignedText(dmarc, spf, io),
    policyText(dmarc, io),
    otherText(dmarc, dmarcOther, io),
  ];
  const lines = [what, ...notes].filter((text) => text !== undefined && text !== "");
  return { method: "DMARC", word: dmarc.result, what: lines[0] ?? "", notes: lines.slice(1) };
}

function alignedText(dmarc: DmarcResult, spf: Spf | undefined, io: Io): string | undefined {
  const { verdict } = io.text;
  if (dmarc.result === "fail") return verdict.alignedNone;
  const what = dmarc.alignedDkim.map((domain) => verdict.alignedDkim(printable(domain)));
  if (dmarc.alignedSpf) what.push(verdict.alignedSpf(printable(spf?.domain ?? "")).trimEnd());
  return what.length === 0 ? undefined : verdict.aligned(what);
}

function policyText(dmarc: DmarcResult, io: Io): string | undefined {
  const { verdict } = io.text;
  if (dmarc.policy === undefined || dmarc.policyDomain === undefined) return undefined;
  const parts = [verdict.dmarcPolicy(dmarc.policyTag ?? "p", dmarc.policy, dmarc.policyDomain)];
  if (dmarc.result === "fail") parts.push(verdict.dmarcApplied[dmarc.appliedPolicy ?? dmarc.policy]);
  if (dmarc.testing === true) parts.push(verdict.dmarcTesting);
  if (dmarc.sampledOut === true) parts.push(verdict.dmarcSampledOut);
  return verdict.join(parts);
}

/** What the discovery that is not applied came to, where that is something else. */
function otherText(dmarc: DmarcResult, other: DmarcResult | undefined, io: Io): string | undefined {
  if (other === undefined || dmarcDifferences(dmarc, other).length === 0) return undefined;
  return io.text.verdict.dmarcOther(other);
}

/** Nothing about a message whose domain publishes no logo, which most do not. */
function bimiRows(bimi: BimiResult | undefined, io: Io): Row[] {
  if (bimi === undefined || bimi.result === "none") return [];
  const { verdict } = io.text;
  const { bimi: problems, bimiDetail: details } = problemText(io.lang);
  const { domain, selector, location, authority, problem, detail, evidence, selectorIgnored } = bimi;
  const at =
    domain === undefined || selector === undefined
      ? undefined
      : verdict.bimiRecord(printable(domain), printable(selector));
  const notes = [
    at,
    bimi.result === "declined" ? verdict.bimiDeclined : undefined,
    problem && problems[problem],
    detail && details[detail],
    selectorIgnored && verdict.bimiSelectorIgnored[selectorIgnored],
    location && verdict.bimiLocation(printable(location)),
    authority && verdict.bimiAuthority(printable(authority), evidence),
  ].filter((note) => note !== undefined && note !== "");
  return [{ method: "BIMI", word: bimi.result, what: notes[0] ?? "", notes: notes.slice(1) }];
}
