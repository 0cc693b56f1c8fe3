import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Config } from "../../config/config.ts";
import { parseConfig } from "../../config/load.ts";
import type { PolicyConfig } from "../../config/policy-config.ts";
import { type IpAddress, parseIp } from "../../core/ip.ts";
import type {
  ArcResult,
  AuthResults,
  DkimResult,
  DmarcResult,
  IprevResult,
  SpfResult,
} from "../../core/results.ts";
import { formatReply } from "../../milter/reply.ts";
import { decide, hangsOnParked } from "./decide.ts";
import type { Decision } from "./decision.ts";
import type { PolicyInput } from "./input.ts";

// ---------------------------------------------------------------- what was found

const dmarcOf = (changes: Partial<DmarcResult>): DmarcResult => ({
  method: "dmarc",
  result: "fail",
  domain: "a.example",
  organizationalDomain: "a.example",
  policyDomain: "a.example",
  policy: "reject",
  policyTag: "p",
  appliedPolicy: "reject",
  testing: false,
  discovery: "treewalk",
  alignedDkim: [],
  alignedSpf: false,
  ...changes,
});
const spfOf = (result: SpfResult["result"], changes: Partial<SpfResult> = {}): SpfResult => ({
  method: "spf",
  result,
  identity: "mailfrom",
  domain: "a.example",
  lookups: 1,
  voidLookups: 0,
  trace: [],
  ...changes,
});
const iprevOf = (result: IprevResult["result"]): IprevResult => ({
  method: "iprev",
  result,
  ip: "203.0.113.9",
});
const dkimOf = (changes: Partial<DkimResult> = {}): DkimResult => ({
  method: "dkim",
  result: "pass",
  domain: "list.example",
  selector: "s",
  identity: "@list.example",
  algorithm: "rsa-sha256",
  signer: "third-party",
  fieldIndex: 0,
  ...changes,
});
const arcOf = (result: ArcResult["result"]): ArcResult => ({
  method: "arc",
  result,
  instances: 1,
  sealers: ["list.example"],
  sets: [],
});
const record = (domain: string, text: string): Pick<SpfResult, "trace"> => ({
  trace: [{ kind: "record", domain, record: text, depth: 0 }],
});

const fails: AuthResults = {
  iprev: iprevOf("pass"),
  spf: spfOf("softfail"),
  dkim: [],
  dmarc: dmarcOf({}),
  dns: [],
};
const withDmarc = (changes: Partial<DmarcResult>): AuthResults => ({ ...fails, dmarc: dmarcOf(changes) });
const quarantine = withDmarc({ policy: "quarantine", appliedPolicy: "quarantine" });
const none = withDmarc({ policy: "none", appliedPolicy: "none" });
const passes = withDmarc({ result: "pass", alignedDkim: ["a.example"] });
const noRecord: AuthResults = {
  ...fails,
  dmarc: {
    method: "dmarc",
    result: "none",
    domain: "a.example",
    problem: "no-record",
    discovery: "treewalk",
    alignedDkim: [],
    alignedSpf: false,
  },
};
const withoutSpf = ({ spf: _, ...rest }: AuthResults): AuthResults => rest;
const noAuthor: AuthResults = {
  ...fails,
  dmarc: {
    method: "dmarc",
    result: "permerror",
    problem: "from-multiple-domains",
    discovery: "treewalk",
    alignedDkim: [],
    alignedSpf: false,
  },
};

// ---------------------------------------------------------------- the table

let defaults: PolicyConfig;
const policies = new Map<string, PolicyConfig>();
async function policyOf(yaml: string): Promise<PolicyConfig> {
  const loaded = await parseConfig(`verify: { ${yaml} }`, { file: "test", hostname: "mx.rcpt.example" });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const config: Config = loaded.config;
  return config.verify.policy;
}
beforeAll(async () => {
  defaults = await policyOf("");
});

interface Row {
  readonly it: string;
  readonly yaml?: string;
  readonly results: AuthResults | undefined;
  readonly with?: Partial<PolicyInput>;
  readonly action: Decision["action"];
  /** Entries of `why`, in order; the last ones when there are more. */
  readonly why?: readonly string[];
  readonly reasons?: readonly string[];
  readonly answer?: string;
  readonly field?: string;
  /** The reason of a hold. */
  readonly held?: string;
}

const ip = parseIp("203.0.113.9") as IpAddress;
const usual: PolicyInput = {
  results: fails,
  origin: "stranger",
  clientIp: ip,
  helo: "mail.client.example",
  ourNames: ["mx.rcpt.example"],
  signs: { listIds: [], fields: [] },
  broken: [],
};
const listed = { signs: { listIds: ["dev.list.example"], fields: ["list-id"] } };

async function decision(row: Row): Promise<Decision> {
  const yaml = row.yaml ?? "";
  let policy = yaml === "" ? defaults : policies.get(yaml);
  if (policy === undefined) {
    policy = await policyOf(yaml);
    policies.set(yaml, policy);
  }
  return decide({ ...usual, results: row.results, ...row.with }, policy);
}

function check(rows: readonly Row[]): void {
  test.each(rows)("$it", async (row) => {
    const found = await decision(row);
    expect(found.action).toBe(row.action);
    if (row.why !== undefined) expect(found.why.slice(-row.why.length || found.why.length)).toEqual(row.why);
    if (row.reasons !== undefined) expect(found.reasons.map(({ type }) => type)).toEqual(row.reasons);
    const { answer } = found;
    if (row.answer !== undefined)
      expect(answer && `${answer.code} ${answer.enhanced} ${answer.text}`).toContain(row.answer);
    const quarantined = found.fields.find(({ name }) => name === "X-Sekisho-Quarantine");
    if (row.field !== undefined) expect(quarantined?.value).toBe(row.field);
    // Whatever was decided: an answer exactly when something is refused or put off.
    expect(answer !== undefined).toBe(found.action === "reject" || found.action === "defer");
    if (row.held !== undefined) expect(found.holdReason).toBe(row.held);
    expect(found.holdReason !== undefined).toBe(found.action === "hold");
    expect(quarantined !== undefined).toBe(found.action === "quarantine");
  });
}

describe("RFC 9989 §5.4: what is done by default", () => {
  check([
    { it: "a pass is delivered", results: passes, action: "none", why: [], reasons: [] },
    { it: "p=none changes nothing", results: none, action: "none", why: [], reasons: [] },
    {
      it: "p=quarantine is only watched",
      results: quarantine,
      action: "none",
      why: ["dmarc.quarantine a.example", "enforce.monitor"],
      reasons: ["local_policy"],
    },
    {
      it: "p=reject is only watched",
      results: fails,
      action: "none",
      why: ["dmarc.reject a.example", "enforce.monitor"],
      reasons: ["local_policy"],
    },
    { it: "no record, nothing done", results: noRecord, action: "none", why: [] },
    { it: "no single author: nothing done", results: noAuthor, action: "none", why: [] },
    { it: "SPF fail is only recorded", results: { ...none, spf: spfOf("fail") }, action: "none", why: [] },
    {
      it: "iprev fail is only recorded",
      results: { ...none, iprev: iprevOf("fail") },
      action: "none",
      why: [],
    },
    { it: "not authenticated: nothing to decide", results: undefined, action: "none", why: [] },
    {
      it: "broken rules are only recorded",
      results: passes,
      with: { broken: ["repeated-date"] },
      action: "none",
      why: [],
    },
  ]);
});

describe("verify.enforce: quarantine", () => {
  const yaml = "enforce: quarantine";
  check([
    {
      it: "p=quarantine is quarantined",
      yaml,
      results: quarantine,
      action: "quarantine",
      why: ["dmarc.quarantine a.example"],
      reasons: [],
      field: "dmarc; domain=a.example; policy=quarantine; reason=dmarc.quarantine",
    },
    {
      it: "p=reject too, and the report says why not refused",
      yaml,
      results: fails,
      action: "quarantine",
      why: ["dmarc.reject a.example", "enforce.quarantine"],
      reasons: ["local_policy"],
      field: "dmarc; domain=a.example; policy=reject; reason=enforce.quarantine",
    },
    { it: "never more than asked for: p=none", yaml, results: none, action: "none" },
    { it: "a pass is delivered", yaml, results: passes, action: "none" },
    {
      it: "even with a second reason nothing is refused",
      yaml: "enforce: quarantine, own_domains: [a.example]",
      results: fails,
      action: "quarantine",
    },
    {
      it: "§4.7 t=y: quarantine under test is nothing",
      yaml,
      results: withDmarc({ policy: "quarantine", appliedPolicy: "none", testing: true }),
      action: "none",
      why: ["dmarc.quarantine a.example", "dmarc.testing"],
      reasons: ["policy_test_mode"],
    },
    {
      it: "hold is the other way to quarantine",
      yaml: "enforce: quarantine, quarantine_action: hold",
      results: quarantine,
      action: "hold",
      held: "dmarc; reason=dmarc.quarantine; policy=quarantine; domain=a.example",
    },
    {
      it: "what an MTA shows of it is cut: the reason stands in front of a long domain (Postfix: 100 octets)",
      yaml: "enforce: quarantine, quarantine_action: hold",
      results: withDmarc({ domain: `${"x".repeat(60)}.${"y".repeat(60)}.example` }),
      action: "hold",
      held: `dmarc; reason=enforce.quarantine; policy=reject; domain=${"x".repeat(44)}`,
    },
  ]);
});

describe("RFC 9989 §7.4: reject only with a second reason", () => {
  const yaml = "enforce: reject";
  check([
    {
      it: "p=reject alone is quarantine",
      yaml,
      results: fails,
      action: "quarantine",
      why: ["dmarc.reject a.example", "second.none"],
      reasons: ["local_policy"],
      field: "dmarc; domain=a.example; policy=reject; reason=second.none",
    },
    { it: "p=quarantine stays quarantine", yaml, results: quarantine, action: "quarantine", reasons: [] },
    {
      it: "a second reason makes no reject of p=quarantine",
      yaml: "enforce: reject, own_domains: [a.example]",
      results: quarantine,
      action: "quarantine",
    },
    { it: "p=none stays nothing", yaml, results: none, action: "none" },
    { it: "a pass is delivered", yaml, results: passes, action: "none" },
    {
      it: "§4.7 t=y: reject under test is quarantine",
      yaml,
      results: withDmarc({ appliedPolicy: "quarantine", testing: true }),
      action: "quarantine",
      why: ["dmarc.reject a.example", "dmarc.testing"],
      reasons: ["policy_test_mode"],
    },
    {
      it: "RFC 7489 §6.6.4 pct: the message is not in the share",
      yaml,
      results: withDmarc({ appliedPolicy: "quarantine", sampledOut: true }),
      action: "quarantine",
      why: ["dmarc.reject a.example", "dmarc.sampled-out"],
      reasons: ["other"],
    },
    {
      it: "reject_alone: against §7.4, by the operator's will",
      yaml: "enforce: reject, reject_alone: true",
      results: fails,
      action: "reject",
      why: ["dmarc.reject a.example", "reject-alone"],
      reasons: [],
      answer: "550 5.7.1 Email rejected per DMARC policy for a.example",
    },
    {
      it: "reject_alone does not go beyond what is asked for",
      yaml: "enforce: reject, reject_alone: true",
      results: quarantine,
      action: "quarantine",
    },
    {
      it: "reject_alone is nothing without enforce",
      yaml: "reject_alone: true",
      results: fails,
      action: "none",
    },
  ]);
});

describe("second reasons", () => {
  const yaml = "enforce: reject, own_domains: [a.example], parked_domains: [parked.example]";
  const plain = "enforce: reject";
  check([
    {
      it: "own-domain: ours, from outside",
      yaml,
      results: fails,
      action: "reject",
      why: ["dmarc.reject a.example", "second.own-domain a.example"],
      reasons: [],
      answer: "550 5.7.1 Email rejected per DMARC policy for a.example (own-domain)",
    },
    {
      it: "own-domain: a subdomain of ours",
      yaml,
      results: withDmarc({ domain: "sub.a.example" }),
      action: "reject",
      why: ["second.own-domain sub.a.example"],
    },
    {
      it: "own-domain: a name that only ends alike is not ours",
      yaml,
      results: withDmarc({ domain: "nota.example" }),
      action: "quarantine",
      why: ["second.none"],
    },
    {
      it: "own-domain: a list that says so and is signed by somebody brings our users' posts back",
      yaml,
      results: { ...fails, dkim: [dkimOf()] },
      with: listed,
      action: "quarantine",
      why: ["second.none"],
    },
    {
      it: "own-domain: a list with an envelope of its own, too",
      yaml,
      results: { ...fails, spf: spfOf("pass", { domain: "list.example" }) },
      with: listed,
      action: "quarantine",
    },
    {
      it: "own-domain: a list whose key DNS does not tell",
      yaml,
      results: { ...fails, dkim: [dkimOf({ result: "temperror" })] },
      with: listed,
      action: "quarantine",
    },
    {
      it: "own-domain: a list of whose envelope DNS does not tell",
      yaml,
      results: { ...fails, spf: spfOf("temperror", { domain: "list.example" }) },
      with: listed,
      action: "quarantine",
    },
    {
      it: "own-domain: a list whose chain DNS does not bear out",
      yaml,
      results: { ...fails, arc: { ...arcOf("fail"), problem: "dns-failure" } },
      with: listed,
      action: "quarantine",
    },
    {
      it: "own-domain: a list whose chain is broken",
      yaml,
      results: { ...fails, arc: { ...arcOf("fail"), problem: "seal" } },
      with: listed,
      action: "reject",
    },
    {
      it: "own-domain: a list field that nothing proves does not help",
      yaml,
      results: fails,
      with: listed,
      action: "reject",
    },
    {
      it: "own-domain: a third party's signature without any sign of a list does not help",
      yaml,
      results: { ...fails, dkim: [dkimOf()] },
      action: "reject",
    },
    {
      it: "parked-domain: by the operator's list",
      yaml,
      results: withDmarc({ domain: "parked.example" }),
      action: "reject",
      why: ["second.parked-domain parked.example"],
      answer: "(parked-domain)",
    },
    {
      it: "parked-domain: the SPF record is v=spf1 -all and nothing else",
      yaml: plain,
      results: { ...fails, spf: spfOf("fail", record("a.example", "v=spf1 -all")) },
      action: "reject",
      why: ["second.parked-domain a.example"],
    },
    {
      it: "parked-domain: not where the domain has the key of a signature that a list broke",
      yaml: plain,
      results: {
        ...fails,
        spf: spfOf("fail", record("a.example", "v=spf1 -all")),
        dkim: [dkimOf({ result: "fail", domain: "a.example", signer: "author", keyBits: 2048 })],
      },
      with: { parked: true },
      action: "quarantine",
      why: ["second.none"],
    },
    {
      it: "parked-domain: a signature in its name without a key in DNS is anybody's",
      yaml: plain,
      results: {
        ...fails,
        dkim: [dkimOf({ result: "permerror", domain: "a.example", signer: "author", problem: "no-key" })],
      },
      with: { parked: true },
      action: "reject",
      why: ["second.parked-domain a.example"],
    },
    {
      it: "parked-domain: the key of a domain above it says nothing of its own mail",
      yaml: plain,
      results: {
        ...withDmarc({ domain: "sub.a.example" }),
        dkim: [dkimOf({ result: "fail", domain: "a.example", signer: "author", keyBits: 2048 })],
      },
      with: { parked: true },
      action: "reject",
    },
    {
      it: "parked-domain: the operator's list needs no word of DNS",
      yaml,
      results: {
        ...withDmarc({ domain: "parked.example" }),
        dkim: [dkimOf({ result: "fail", domain: "parked.example", signer: "author", keyBits: 2048 })],
      },
      action: "reject",
    },
    {
      it: "parked-domain: blanks and case do not matter",
      yaml: plain,
      results: { ...fails, spf: spfOf("fail", record("a.example", "V=SPF1   -ALL ")) },
      action: "reject",
    },
    {
      it: "parked-domain: a record that allows somebody is none",
      yaml: plain,
      results: { ...fails, spf: spfOf("fail", record("a.example", "v=spf1 mx -all")) },
      action: "quarantine",
    },
    {
      it: "parked-domain: ~all is none",
      yaml: plain,
      results: { ...fails, spf: spfOf("softfail", record("a.example", "v=spf1 ~all")) },
      action: "quarantine",
    },
    {
      it: "parked-domain: the record of another domain says nothing of the author's",
      yaml: plain,
      results: {
        ...fails,
        spf: spfOf("fail", { domain: "b.example", ...record("b.example", "v=spf1 -all") }),
      },
      action: "quarantine",
    },
    {
      it: "parked-domain: the HELO name may be the author domain",
      yaml: plain,
      results: {
        ...fails,
        spfHelo: spfOf("fail", { identity: "helo", ...record("a.example", "v=spf1 -all") }),
      },
      action: "reject",
    },
    {
      it: "parked-domain: DNS was asked and says so",
      yaml: plain,
      results: fails,
      with: { parked: true },
      action: "reject",
      why: ["second.parked-domain a.example"],
    },
    {
      it: "parked-domain: DNS was asked and does not say so",
      yaml: plain,
      results: fails,
      with: { parked: false },
      action: "quarantine",
      why: ["second.none"],
    },
    {
      it: "nonexistent-domain: np= was applied (§4.7)",
      yaml: plain,
      results: withDmarc({ domain: "nowhere.a.example", policyTag: "np" }),
      action: "reject",
      why: ["second.nonexistent-domain nowhere.a.example"],
      answer: "(nonexistent-domain)",
    },
    {
      it: "sp= says nothing of that",
      yaml: plain,
      results: withDmarc({ policyTag: "sp" }),
      action: "quarantine",
    },
    {
      it: "own-helo: a stranger greets with this host's name",
      yaml: plain,
      results: fails,
      with: { helo: "mx.rcpt.example" },
      action: "reject",
      why: ["second.own-helo mx.rcpt.example"],
      answer: "(own-helo)",
    },
    {
      it: "own-helo: every name of ours counts",
      yaml: plain,
      results: fails,
      with: { helo: "mta1.rcpt.example", ourNames: ["mx.rcpt.example", "mta1.rcpt.example"] },
      action: "reject",
      why: ["second.own-helo mta1.rcpt.example"],
    },
    {
      it: "own-helo: a name that the operator lists",
      yaml: "enforce: reject, own_names: [GW.rcpt.example.]",
      results: fails,
      with: { helo: "gw.rcpt.example" },
      action: "reject",
      why: ["second.own-helo gw.rcpt.example"],
    },
    {
      it: "own-helo: a name below one that the operator lists is another host's",
      yaml: "enforce: reject, own_names: [gw.rcpt.example]",
      results: fails,
      with: { helo: "x.gw.rcpt.example" },
      action: "quarantine",
    },
    {
      it: "own-helo: the address bears out a name that the operator lists",
      yaml: "enforce: reject, own_names: [gw.rcpt.example]",
      results: { ...fails, iprev: { ...iprevOf("pass"), name: "gw.rcpt.example" } },
      with: { helo: "gw.rcpt.example" },
      action: "quarantine",
    },
    {
      it: "own-helo: with a name in a domain of ours",
      yaml: "enforce: reject, own_domains: [rcpt.example]",
      results: fails,
      with: { helo: "pc.rcpt.example" },
      action: "reject",
    },
    {
      it: "own-helo: SPF bears the name out",
      yaml: "enforce: reject, own_domains: [rcpt.example]",
      results: { ...fails, spfHelo: spfOf("pass", { identity: "helo", domain: "cloud.rcpt.example" }) },
      with: { helo: "cloud.rcpt.example" },
      action: "quarantine",
    },
    {
      it: "own-helo: the address bears the name out (RFC 8601 §2.7.3)",
      yaml: "enforce: reject, own_domains: [rcpt.example]",
      results: { ...fails, iprev: { ...iprevOf("pass"), name: "mail.dept.rcpt.example" } },
      with: { helo: "mail.dept.rcpt.example" },
      action: "quarantine",
      why: ["second.none"],
    },
    {
      it: "own-helo: an address with a name of somebody else's",
      yaml: "enforce: reject, own_domains: [rcpt.example]",
      results: { ...fails, iprev: { ...iprevOf("pass"), name: "mail.client.example" } },
      with: { helo: "mail.dept.rcpt.example" },
      action: "reject",
    },
    {
      it: "own-helo: DNS does not tell whose the address is",
      yaml: "enforce: reject, own_domains: [rcpt.example]",
      results: { ...fails, iprev: iprevOf("temperror") },
      with: { helo: "mail.dept.rcpt.example" },
      action: "quarantine",
    },
    {
      it: "no-list-or-forwarder: no sign of any, and iprev fails",
      yaml: plain,
      results: { ...fails, iprev: iprevOf("fail") },
      action: "reject",
      why: ["second.no-list-or-forwarder"],
      answer: "(no-list-or-forwarder)",
    },
    {
      it: "no-list-or-forwarder: the address has no name at all (RFC 8601 §2.7.3 permerror)",
      yaml: plain,
      results: { ...fails, iprev: iprevOf("permerror") },
      action: "reject",
    },
    {
      it: "no-list-or-forwarder: DNS does not tell",
      yaml: plain,
      results: { ...fails, iprev: iprevOf("temperror") },
      action: "quarantine",
    },
    {
      it: "no-list-or-forwarder: iprev was not evaluated",
      yaml: plain,
      results: { dkim: [], ...(fails.spf !== undefined && { spf: fails.spf }), dmarc: dmarcOf({}), dns: [] },
      action: "quarantine",
    },
    {
      it: "SPF could not be evaluated: nobody knows whether DMARC fails",
      yaml: plain,
      results: { dkim: [], dmarc: dmarcOf({}), dns: [] },
      action: "none",
    },
    {
      it: "§11.5: no single author, auto under monitor",
      yaml: "enforce: monitor",
      results: noAuthor,
      action: "none",
    },
    {
      it: "§11.5: no single author, auto when enforced",
      yaml: plain,
      results: noAuthor,
      action: "quarantine",
    },
    {
      it: "no-list-or-forwarder: a list field is a sign",
      yaml: plain,
      results: { ...fails, iprev: iprevOf("fail") },
      with: listed,
      action: "quarantine",
    },
    {
      it: "no-list-or-forwarder: an ARC chain is a sign, even one that fails",
      yaml: plain,
      results: { ...fails, iprev: iprevOf("fail"), arc: arcOf("fail") },
      action: "quarantine",
    },
    {
      it: "no-list-or-forwarder: somebody else signed",
      yaml: plain,
      results: { ...fails, iprev: iprevOf("fail"), dkim: [dkimOf()] },
      action: "quarantine",
    },
    {
      it: "no-list-or-forwarder: somebody else signed, and DNS does not tell his key",
      yaml: plain,
      results: { ...fails, iprev: iprevOf("fail"), dkim: [dkimOf({ result: "temperror" })] },
      action: "quarantine",
    },
    {
      it: "no-list-or-forwarder: a signature that fails is nobody's",
      yaml: plain,
      results: { ...fails, iprev: iprevOf("fail"), dkim: [dkimOf({ result: "fail" })] },
      action: "reject",
    },
    {
      it: "the strongest of several is told",
      yaml,
      results: { ...fails, iprev: iprevOf("fail") },
      action: "reject",
      why: ["second.no-list-or-forwarder", "second.own-domain a.example"],
      answer: "(own-domain)",
    },
  ]);
});

describe("whether DNS need be asked if the author domain is parked", () => {
  const reject = "enforce: reject";
  const rows: readonly {
    readonly it: string;
    readonly yaml: string;
    readonly results: AuthResults | undefined;
    readonly with?: Partial<PolicyInput>;
    readonly is: boolean;
  }[] = [
    { it: "p=reject without a second reason", yaml: reject, results: fails, is: true },
    {
      it: "under t=y reject is not reached",
      yaml: reject,
      results: withDmarc({ appliedPolicy: "quarantine" }),
      is: false,
    },
    { it: "p=quarantine", yaml: reject, results: quarantine, is: false },
    { it: "p=none", yaml: reject, results: none, is: false },
    { it: "a pass", yaml: reject, results: passes, is: false },
    { it: "nothing was evaluated", yaml: reject, results: undefined, is: false },
    { it: "reject is not enforced", yaml: "enforce: quarantine", results: fails, is: false },
    { it: "monitor", yaml: "", results: fails, is: false },
    {
      it: "another second reason is there",
      yaml: `${reject}, own_domains: [a.example]`,
      results: fails,
      is: false,
    },
    {
      it: "SPF told it already",
      yaml: reject,
      results: { ...fails, spf: spfOf("fail", record("a.example", "v=spf1 -all")) },
      is: false,
    },
    { it: "reject_alone needs none", yaml: `${reject}, reject_alone: true`, results: fails, is: false },
    {
      it: "an override decides",
      yaml: `${reject}, overrides: [{ domain: a.example, action: quarantine }]`,
      results: fails,
      is: false,
    },
    {
      it: "SPF refuses already",
      yaml: `${reject}, spf: { on_fail: reject }`,
      results: { ...fails, spf: spfOf("fail") },
      is: false,
    },
    {
      it: "a list spares it",
      yaml: `${reject}, lists: [{ list_id: dev.list.example }]`,
      results: fails,
      with: listed,
      is: false,
    },
    { it: "own networks are spared", yaml: reject, results: fails, with: { origin: "own" }, is: false },
    {
      it: "own networks are not spared",
      yaml: `${reject}, reject_own: true`,
      results: fails,
      with: { origin: "own" },
      is: true,
    },
    { it: "relays are spared", yaml: reject, results: fails, with: { origin: "relay" }, is: false },
  ];
  test.each(rows)("$it", async ({ yaml, results, is, ...row }) => {
    expect(hangsOnParked({ ...usual, results, ...row.with }, await policyOf(yaml))).toBe(is);
  });
});

describe("origin of the client", () => {
  const yaml = "enforce: reject, own_domains: [a.example], reject_alone: true";
  check([
    {
      it: "networks.own: quarantined at most",
      yaml,
      results: fails,
      with: { origin: "own" },
      action: "quarantine",
      why: ["reject-alone", "lowered.own"],
      reasons: ["local_policy"],
      field: "dmarc; domain=a.example; policy=reject; reason=lowered.own",
    },
    {
      it: "networks.own with reject_own",
      yaml: `${yaml}, reject_own: true`,
      results: fails,
      with: { origin: "own" },
      action: "reject",
    },
    {
      it: "networks.own: our domain from there is not from outside",
      yaml: "enforce: reject, own_domains: [a.example], reject_own: true",
      results: fails,
      with: { origin: "own" },
      action: "quarantine",
      why: ["second.none"],
    },
    {
      it: "networks.relays: quarantined at most, as a refusal would make a bounce",
      yaml,
      results: fails,
      with: { origin: "relay" },
      action: "quarantine",
      why: ["lowered.relay"],
    },
    {
      it: "networks.relays with reject_relayed",
      yaml: `${yaml}, reject_relayed: true`,
      results: fails,
      with: { origin: "relay" },
      action: "reject",
    },
    {
      it: "networks.relays: SPF too",
      yaml: "spf: { on_fail: reject }",
      results: { ...none, spf: spfOf("fail") },
      with: { origin: "relay" },
      action: "quarantine",
      field: "spf; reason=lowered.relay",
    },
    {
      it: "networks.own: a message rule too",
      yaml: "rules: { repeated_from: reject }",
      results: passes,
      with: { origin: "own", broken: ["repeated-from"] },
      action: "quarantine",
      field: "rules; rule=repeated-from; reason=lowered.own",
    },
    {
      it: "a 4xx is no refusal: a relay tries again",
      yaml: "spf: { on_temperror: defer }",
      results: { ...none, spf: spfOf("temperror") },
      with: { origin: "relay" },
      action: "defer",
    },
  ]);
});

describe("overrides", () => {
  const entry = (action: string, more = ""): string =>
    `overrides: [{ domain: a.example, action: ${action}${more} }]`;
  check([
    {
      it: "softer: none in place of reject",
      yaml: `enforce: reject, reject_alone: true, ${entry("none")}`,
      results: fails,
      action: "none",
      why: ["dmarc.reject a.example", "override.none a.example"],
      reasons: ["local_policy"],
    },
    {
      it: "softer: quarantine in place of reject",
      yaml: `enforce: reject, reject_alone: true, ${entry("quarantine")}`,
      results: fails,
      action: "quarantine",
      why: ["override.quarantine a.example"],
      reasons: ["local_policy"],
    },
    {
      it: "harder: reject in place of none, as the operator's entry",
      yaml: entry("reject"),
      results: none,
      action: "reject",
      why: ["second.operator-entry a.example"],
      reasons: ["local_policy"],
      answer: "550 5.7.1 Email rejected by local policy for a.example (operator-entry)",
    },
    {
      it: "harder: quarantine in place of none",
      yaml: entry("quarantine"),
      results: none,
      action: "quarantine",
    },
    { it: "harder: where monitor is in force", yaml: entry("reject"), results: quarantine, action: "reject" },
    {
      it: "harder: in spite of t=y",
      yaml: entry("reject"),
      results: withDmarc({ appliedPolicy: "quarantine", testing: true }),
      action: "reject",
    },
    { it: "harder: without any record", yaml: entry("reject"), results: noRecord, action: "reject" },
    {
      it: "without any record, but SPF passes for the author domain",
      yaml: entry("reject"),
      results: { ...noRecord, spf: spfOf("pass") },
      action: "none",
    },
    {
      it: "without any record, but the author signed",
      yaml: entry("reject"),
      results: { ...noRecord, dkim: [dkimOf({ domain: "a.example", signer: "author" })] },
      action: "none",
    },
    {
      it: "without any record, SPF of another domain is no help",
      yaml: entry("quarantine"),
      results: { ...noRecord, spf: spfOf("pass", { domain: "b.example" }) },
      action: "quarantine",
    },
    {
      it: "without any record, DNS does not tell whether SPF passes (RFC 9989 §5.3.6)",
      yaml: entry("reject"),
      results: { ...noRecord, spf: spfOf("temperror") },
      action: "none",
    },
    {
      it: "without any record, DNS does not tell whether the author signed, and that is to be put off",
      yaml: `dmarc: { on_temperror: defer }, ${entry("reject")}`,
      results: {
        ...noRecord,
        dkim: [dkimOf({ result: "temperror", domain: "a.example", signer: "author" })],
      },
      action: "defer",
      answer: "451 4.4.3 DMARC cannot be evaluated for a.example",
    },
    {
      it: "without any record, an error about another domain is no doubt",
      yaml: entry("reject"),
      results: { ...noRecord, spf: spfOf("temperror", { domain: "b.example" }) },
      action: "reject",
      answer: "550 5.7.1 Email rejected by local policy for a.example (operator-entry)",
    },
    {
      it: "without any record, SPF passes for the domain of the entry",
      yaml: entry("reject", ", include_subdomains: true"),
      results: { ...noRecord, spf: spfOf("pass"), dmarc: { ...noRecord.dmarc, domain: "sub.a.example" } },
      action: "none",
    },
    {
      it: "without any record, SPF of a domain above the entry is no help",
      yaml: "overrides: [{ domain: sub.a.example, action: reject }]",
      results: { ...noRecord, spf: spfOf("pass"), dmarc: { ...noRecord.dmarc, domain: "sub.a.example" } },
      action: "reject",
    },
    {
      it: "without any record, SPF is not known behind a relay that cannot be read",
      yaml: `reject_relayed: true, ${entry("reject")}`,
      results: withoutSpf(noRecord),
      with: { origin: "relay" },
      action: "none",
      why: ["dmarc.spf-unknown"],
      reasons: ["local_policy"],
    },
    { it: "never for what passes", yaml: entry("reject"), results: passes, action: "none" },
    {
      it: "only the domain itself",
      yaml: entry("reject"),
      results: withDmarc({ domain: "sub.a.example", policy: "none", appliedPolicy: "none" }),
      action: "none",
    },
    {
      it: "with its subdomains",
      yaml: entry("reject", ", include_subdomains: true"),
      results: withDmarc({ domain: "sub.a.example", policy: "none", appliedPolicy: "none" }),
      action: "reject",
    },
    {
      it: "the longest name decides",
      yaml: "overrides: [{ domain: example, include_subdomains: true, action: reject }, { domain: a.example, action: none }]",
      results: fails,
      action: "none",
    },
    {
      it: "temperror is not a failure",
      yaml: entry("reject"),
      results: withDmarc({ result: "temperror" }),
      action: "none",
    },
    {
      it: "own networks are not refused by it",
      yaml: entry("reject"),
      results: fails,
      with: { origin: "own" },
      action: "quarantine",
    },
  ]);
});

describe("known lists and trusted sealers (RFC 9990: mailing_list, trusted_forwarder)", () => {
  const all = "enforce: reject, reject_alone: true, own_domains: [a.example]";
  const list = (entry: string): string => `${all}, lists: [{ ${entry} }]`;
  check([
    {
      it: "a list with its signature",
      yaml: list("list_id: dev.list.example, domain: list.example"),
      results: { ...fails, dkim: [dkimOf()] },
      with: listed,
      action: "none",
      why: ["dmarc.reject a.example", "list.known dev.list.example list.example"],
      reasons: ["mailing_list"],
    },
    {
      it: "the same List-Id without the signature: not exempt",
      yaml: list("list_id: dev.list.example, domain: list.example"),
      results: fails,
      with: listed,
      action: "reject",
    },
    {
      it: "another List-Id with the signature: not exempt",
      yaml: list("list_id: other.list.example, domain: list.example"),
      results: { ...fails, dkim: [dkimOf()] },
      with: listed,
      action: "reject",
    },
    {
      it: "a domain by SPF",
      yaml: list("domain: list.example"),
      results: { ...fails, spf: spfOf("pass", { domain: "bounces.list.example" }) },
      action: "none",
      why: ["forwarder.known list.example"],
      reasons: ["trusted_forwarder"],
    },
    {
      it: "a domain whose signature fails",
      yaml: list("domain: list.example"),
      results: { ...fails, dkim: [dkimOf({ result: "fail" })] },
      action: "reject",
    },
    {
      it: "a network",
      yaml: list("network: 203.0.113.0/24"),
      results: fails,
      action: "none",
      why: ["forwarder.known 203.0.113.0/24"],
      reasons: ["trusted_forwarder"],
    },
    { it: "another network", yaml: list("network: 198.51.100.0/24"), results: fails, action: "reject" },
    {
      it: "a network, with the client unknown",
      yaml: "enforce: reject, reject_alone: true, lists: [{ network: 0.0.0.0/0 }]",
      results: fails,
      with: { clientIp: parseIp("2001:db8::1") as IpAddress },
      action: "reject",
    },
    {
      it: "a List-Id alone, which anybody may write, only keeps from a refusal",
      yaml: "enforce: reject, own_domains: [a.example], lists: [{ list_id: dev.list.example }]",
      results: fails,
      with: listed,
      action: "quarantine",
      why: ["list.unproven dev.list.example"],
      reasons: ["mailing_list"],
    },
    {
      it: "a list goes before an override",
      yaml: "overrides: [{ domain: a.example, action: reject }], lists: [{ domain: list.example }]",
      results: { ...fails, dkim: [dkimOf()] },
      action: "none",
    },
    {
      it: "a list goes before an override of a domain without any record",
      yaml: "overrides: [{ domain: a.example, action: reject }], lists: [{ list_id: dev.list.example, domain: list.example }]",
      results: { ...noRecord, dkim: [dkimOf()] },
      with: listed,
      action: "none",
      why: ["list.known dev.list.example list.example"],
      reasons: ["mailing_list"],
    },
    {
      it: "a List-Id alone is no help against an override of a domain without any record",
      yaml: "overrides: [{ domain: a.example, action: reject }], lists: [{ list_id: dev.list.example }]",
      results: noRecord,
      with: listed,
      action: "reject",
    },
    {
      it: "where nothing is asked for a list needs no mention",
      yaml: list("network: 203.0.113.0/24"),
      results: none,
      action: "none",
      why: [],
      reasons: [],
    },
    {
      it: "RFC 8617 §9.4: a trusted sealer that vouches",
      yaml: all,
      results: { ...fails, arc: arcOf("pass") },
      with: { sealer: "list.example" },
      action: "none",
      why: ["sealer.trusted list.example"],
      reasons: ["trusted_forwarder"],
    },
  ]);
});

describe("SPF of its own (RFC 7208 §8, RFC 7372 §3.2)", () => {
  const of = (result: SpfResult["result"], changes: Partial<SpfResult> = {}): AuthResults => ({
    ...none,
    spf: spfOf(result, changes),
  });
  check([
    {
      it: "§8.4 fail: reject",
      yaml: "spf: { on_fail: reject }",
      results: of("fail"),
      action: "reject",
      why: ["spf.fail a.example"],
      reasons: ["local_policy"],
      answer: "550 5.7.23 SPF MAIL FROM check failed for a.example",
    },
    {
      it: "§8.4 the publisher's words are told as such",
      yaml: "spf: { on_fail: reject }",
      results: of("fail", { explanation: "see http://a.example/why" }),
      action: "reject",
      answer: "\nThe domain a.example explains:\nsee http://a.example/why",
    },
    {
      it: "fail: defer",
      yaml: "spf: { on_fail: defer }",
      results: of("fail"),
      action: "defer",
      answer: "451 4.7.23",
    },
    {
      it: "§2.4 the null sender is judged by HELO",
      yaml: "spf: { on_fail: reject }",
      results: of("fail", { identity: "helo", domain: "mail.a.example" }),
      action: "reject",
      answer: "550 5.7.23 SPF HELO check failed for mail.a.example",
    },
    {
      it: "§8.7 permerror: reject",
      yaml: "spf: { on_permerror: reject }",
      results: of("permerror", { problem: "lookup-limit" }),
      action: "reject",
      why: ["spf.permerror a.example"],
      answer:
        "550 5.7.24 SPF MAIL FROM check of a.example ended in an error: the record cannot be interpreted (lookup-limit)",
    },
    {
      it: "§8.6 temperror: defer",
      yaml: "spf: { on_temperror: defer }",
      results: of("temperror"),
      action: "defer",
      answer: "451 4.7.24",
    },
    {
      it: "temperror: reject, which RFC 7372 §3.2 foresees",
      yaml: "spf: { on_temperror: reject }",
      results: of("temperror"),
      action: "reject",
      answer: "550 5.7.24",
    },
    { it: "§8.5 softfail never", yaml: "spf: { on_fail: reject }", results: of("softfail"), action: "none" },
    { it: "§8.2 neutral never", yaml: "spf: { on_fail: reject }", results: of("neutral"), action: "none" },
    {
      it: "each word has its own setting",
      yaml: "spf: { on_fail: reject }",
      results: of("permerror"),
      action: "none",
    },
    {
      it: "RFC 9989 §7.1: a DMARC pass by a signature stands",
      yaml: "spf: { on_fail: reject }",
      results: { ...passes, spf: spfOf("fail") },
      action: "none",
      why: ["spf.fail a.example", "spf.spared-by-dmarc"],
    },
    {
      it: "a known forwarder breaks SPF by its nature",
      yaml: "spf: { on_fail: reject }, lists: [{ network: 203.0.113.9 }]",
      results: of("fail"),
      action: "none",
      why: ["spf.fail a.example", "spf.spared-by-list"],
    },
    {
      it: "the separate HELO check has no say",
      yaml: "spf: { on_fail: reject }",
      results: { ...none, spf: spfOf("neutral"), spfHelo: spfOf("fail", { identity: "helo" }) },
      action: "none",
    },
    {
      it: "not evaluated",
      yaml: "spf: { on_fail: reject }",
      results: { dkim: [], dmarc: none.dmarc, dns: [] },
      action: "none",
    },
  ]);
});

describe("iprev of its own (RFC 8601 §2.7.3, RFC 7372 §3.3)", () => {
  const of = (result: IprevResult["result"]): AuthResults => ({ ...none, iprev: iprevOf(result) });
  check([
    {
      it: "fail: reject",
      yaml: "iprev: { on_fail: reject }",
      results: of("fail"),
      action: "reject",
      why: ["iprev.fail 203.0.113.9"],
      answer: "550 5.7.25 Reverse DNS validation failed for 203.0.113.9",
    },
    {
      it: "fail: defer",
      yaml: "iprev: { on_fail: defer }",
      results: of("fail"),
      action: "defer",
      answer: "451 4.7.25",
    },
    {
      it: "permerror (no name): reject",
      yaml: "iprev: { on_permerror: reject }",
      results: of("permerror"),
      action: "reject",
      answer: "it has no name",
    },
    {
      it: "temperror: defer",
      yaml: "iprev: { on_temperror: defer }",
      results: of("temperror"),
      action: "defer",
    },
    { it: "pass", yaml: "iprev: { on_fail: reject }", results: of("pass"), action: "none" },
    {
      it: "a DMARC pass does not make it good",
      yaml: "iprev: { on_fail: reject }",
      results: { ...passes, iprev: iprevOf("fail") },
      action: "reject",
    },
    {
      it: "a network that you know does",
      yaml: "iprev: { on_fail: reject }, lists: [{ network: 203.0.113.0/24 }]",
      results: of("fail"),
      action: "none",
      why: ["iprev.fail 203.0.113.9", "iprev.spared-by-list"],
    },
    {
      it: "a network that you know, whichever entry names it",
      yaml: "iprev: { on_fail: reject }, lists: [{ domain: list.example }, { network: 203.0.113.0/24 }]",
      results: { ...of("fail"), dkim: [dkimOf()] },
      action: "none",
      why: ["iprev.fail 203.0.113.9", "iprev.spared-by-list"],
    },
  ]);
});

describe("DMARC without a verdict", () => {
  check([
    {
      it: "RFC 9989 §5.3.6 temperror: defer",
      yaml: "dmarc: { on_temperror: defer }",
      results: withDmarc({ result: "temperror", problem: "dns-failure" }),
      action: "defer",
      why: ["dmarc.temperror"],
      answer: "451 4.4.3 DMARC cannot be evaluated for a.example",
    },
    {
      it: "temperror: never the policy, whatever is enforced",
      yaml: "enforce: reject, reject_alone: true",
      results: withDmarc({ result: "temperror" }),
      action: "none",
    },
    {
      it: "§11.5 permerror: reject",
      yaml: "dmarc: { on_permerror: reject }",
      results: noAuthor,
      action: "reject",
      why: ["dmarc.permerror from-multiple-domains"],
      answer: "550 5.7.1 Email rejected: DMARC cannot be evaluated, authors in more than one domain in From",
    },
    {
      it: "§11.5 permerror: quarantine",
      yaml: "dmarc: { on_permerror: quarantine }",
      results: noAuthor,
      action: "quarantine",
      field: "dmarc; problem=from-multiple-domains; reason=dmarc.permerror",
    },
  ]);
});

describe("message rules", () => {
  const broken = { broken: ["repeated-date", "raw-8bit-header"] } as const;
  check([
    {
      it: "header: marked and delivered",
      yaml: "rules: { repeated_date: header }",
      results: passes,
      with: broken,
      action: "header",
      why: ["rule repeated-date"],
      reasons: [],
    },
    {
      it: "reject: the rule and its RFC",
      yaml: "rules: { repeated_date: reject }",
      results: passes,
      with: broken,
      action: "reject",
      answer:
        "550 5.6.0 Message refused by rule repeated-date: more than one Date field (RFC 5322 section 3.6)",
    },
    {
      it: "the first of several is told",
      yaml: "rules: { repeated_date: reject, raw_8bit_header: reject }",
      results: passes,
      with: broken,
      action: "reject",
      why: ["rule repeated-date", "rule raw-8bit-header"],
    },
    {
      it: "a header field more is no disposition: why DMARC was not applied stays told",
      yaml: "rules: { repeated_date: header }",
      results: fails,
      with: broken,
      action: "header",
      reasons: ["local_policy"],
    },
    {
      it: "off and record: nothing",
      yaml: "rules: { repeated_date: off }",
      results: passes,
      with: broken,
      action: "none",
    },
  ]);

  test("X-Sekisho-Rules names those that are set to header", async () => {
    const row = { it: "", yaml: "rules: { repeated_date: header, raw_8bit_header: header }" } as const;
    const { fields } = await decision({ ...row, results: passes, with: broken, action: "header" });
    expect(fields).toEqual([{ name: "X-Sekisho-Rules", value: "repeated-date, raw-8bit-header" }]);
  });
});

describe("several at once", () => {
  check([
    {
      it: "RFC 7372 §4: more than one check that failed has a code of its own",
      yaml: "spf: { on_fail: reject }, iprev: { on_fail: reject }",
      results: { ...none, spf: spfOf("fail"), iprev: iprevOf("fail") },
      action: "reject",
      why: ["spf.fail a.example", "iprev.fail 203.0.113.9"],
      answer: "550 5.7.26 Multiple authentication checks failed: SPF MAIL FROM for a.example, reverse DNS",
    },
    {
      it: "with DMARC among them the word stands there",
      yaml: "enforce: reject, reject_alone: true, spf: { on_fail: reject }",
      results: { ...fails, spf: spfOf("fail") },
      action: "reject",
      answer: "550 5.7.26 Multiple authentication checks failed: DMARC policy for a.example, SPF",
    },
    {
      it: "a rule of form is no such check",
      yaml: "spf: { on_fail: reject }, rules: { missing_date: reject }",
      results: { ...none, spf: spfOf("fail") },
      with: { broken: ["missing-date"] },
      action: "reject",
      answer: "550 5.7.23",
    },
    {
      it: "reject goes before defer",
      yaml: "spf: { on_temperror: defer }, iprev: { on_fail: reject }",
      results: { ...none, spf: spfOf("temperror"), iprev: iprevOf("fail") },
      action: "reject",
      answer: "550 5.7.25",
    },
    {
      it: "defer goes before quarantine",
      yaml: "enforce: quarantine, iprev: { on_temperror: defer }",
      results: { ...fails, iprev: iprevOf("temperror") },
      action: "defer",
    },
    {
      it: "quarantine goes before a mark, and the mark stays",
      yaml: "enforce: quarantine, rules: { missing_date: header }",
      results: fails,
      with: { broken: ["missing-date"] },
      action: "quarantine",
    },
  ]);
});

// ---------------------------------------------------------------- whatever comes

describe("properties", () => {
  const word = <T extends string>(...words: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...words);
  const dmarc = fc.record({
    result: word("none", "pass", "fail", "temperror", "permerror"),
    policy: word("none", "quarantine", "reject"),
    appliedPolicy: word("none", "quarantine", "reject"),
    policyTag: word("p", "sp", "np"),
    domain: word("a.example", "sub.a.example", "b.example"),
  });
  const input = fc.record({
    results: fc.record({
      iprev: word("pass", "fail", "temperror", "permerror").map(iprevOf),
      spf: word("none", "neutral", "pass", "fail", "softfail", "temperror", "permerror").map((one) =>
        spfOf(one),
      ),
      dkim: fc.array(
        word("pass", "fail").map((result) => dkimOf({ result })),
        { maxLength: 2 },
      ),
      dmarc: dmarc.map(dmarcOf),
      dns: fc.constant([]),
    }),
    origin: word("stranger", "relay", "own"),
    helo: word("mx.rcpt.example", "mail.client.example"),
    signs: fc.constantFrom(usual.signs, listed.signs),
    broken: fc.subarray(["repeated-from", "missing-date", "nul-body"] as const),
  });
  const verdict = word("record", "defer", "reject");
  const verdicts = fc.record({ onFail: verdict, onPermerror: verdict, onTemperror: verdict });
  const policy = fc.record({
    enforce: word("monitor", "quarantine", "reject"),
    quarantineAction: word("header", "hold"),
    rejectAlone: fc.boolean(),
    rejectOwn: fc.boolean(),
    rejectRelayed: fc.boolean(),
    ownDomains: fc.subarray(["a.example"]),
    spf: verdicts,
    iprev: verdicts,
    dmarc: fc.record({
      onTemperror: word("record", "defer"),
      onPermerror: word("record", "quarantine", "reject"),
    }),
  });
  const row = fc.record({ input, policy });
  const runs = { numRuns: 500 };

  test("nothing is done by default", () => {
    fc.assert(
      fc.property(input, (one) => {
        expect(decide({ ...usual, ...one }, defaults).action).toBe("none");
      }),
      runs,
    );
  });

  test("an answer goes with reject and defer, and is fit for SMTP", () => {
    fc.assert(
      fc.property(row, ({ input: one, policy: of }) => {
        const { action, answer } = decide({ ...usual, ...one }, { ...defaults, ...of });
        expect(answer !== undefined).toBe(action === "reject" || action === "defer");
        if (answer === undefined) return;
        expect(answer.code).toBe(action === "reject" ? 550 : 451);
        expect(answer.enhanced).toMatch(action === "reject" ? /^5\.[67]\.\d+$/ : /^4\.[47]\.\d+$/);
        expect(answer.text).toMatch(/^[ -~\n]+$/);
      }),
      runs,
    );
  });

  test("own networks and relays are not refused unless the operator says so", () => {
    fc.assert(
      fc.property(row, ({ input: one, policy: of }) => {
        const spared = { ...defaults, ...of, rejectOwn: false, rejectRelayed: false };
        if (one.origin === "stranger") return;
        expect(decide({ ...usual, ...one }, spared).action).not.toBe("reject");
      }),
      runs,
    );
  });

  test("RFC 9989 §7.4: DMARC refuses nothing without a second reason", () => {
    fc.assert(
      fc.property(row, ({ input: one, policy: of }) => {
        const { spf, iprev, dmarc: errors } = defaults;
        const { action, why } = decide(
          { ...usual, ...one },
          { ...defaults, ...of, rejectAlone: false, spf, iprev, dmarc: errors },
        );
        const second = why.some((entry) => entry.startsWith("second.") && entry !== "second.none");
        if (action === "reject") expect(second).toBe(true);
      }),
      runs,
    );
  });

  test("RFC 9989 §5.4: never harsher than published, and nothing for what passes", () => {
    fc.assert(
      fc.property(row, ({ input: one, policy: of }) => {
        const { spf, iprev } = defaults;
        const errors = { onTemperror: "record", onPermerror: "record" } as const;
        const { action } = decide({ ...usual, ...one }, { ...defaults, ...of, spf, iprev, dmarc: errors });
        const { result, appliedPolicy } = one.results.dmarc;
        if (result !== "fail" || appliedPolicy === "none") expect(action).toBe("none");
        if (appliedPolicy === "quarantine") expect(action).not.toBe("reject");
      }),
      runs,
    );
  });
});

// ---------------------------------------------------------------- what is sent

describe("SMTP texts", () => {
  const hostile = "\u0000\r\n250 ok\u00ff%s%n日本語\u202e".repeat(40);
  const rows: readonly { yaml: string; results: AuthResults }[] = [
    { yaml: "enforce: reject, reject_alone: true", results: fails },
    { yaml: "dmarc: { on_permerror: reject }", results: noAuthor },
    {
      yaml: "dmarc: { on_temperror: defer }",
      results: withDmarc({ result: "temperror", domain: "x".repeat(253) }),
    },
    { yaml: "spf: { on_fail: reject }", results: { ...none, spf: spfOf("fail", { explanation: hostile }) } },
    {
      yaml: "spf: { on_fail: reject }",
      results: { ...none, spf: spfOf("fail", { explanation: "100%", domain: `${"%d".repeat(100)}日本` }) },
    },
    { yaml: "iprev: { on_fail: reject }", results: { ...none, iprev: iprevOf("fail") } },
  ];
  test.each(rows)(
    "$yaml: ASCII, lines that fit (RFC 5321 §4.5.3.1.5), and % doubled on the wire",
    async (row) => {
      const { answer } = await decision({ it: "", action: "reject", ...row });
      if (answer === undefined) throw new Error("no answer");
      const lines = answer.text.split("\n");
      expect(lines.length).toBeLessThanOrEqual(3);
      for (const line of lines) {
        expect(line).toMatch(/^[ -~]+$/);
        expect(`${answer.code} ${answer.enhanced} ${line}`.length).toBeLessThanOrEqual(510);
      }
      const packet = formatReply({ kind: "smtp", ...answer })?.toString("latin1") ?? "";
      expect(packet.replaceAll("%%", "")).not.toContain("%");
      expect(packet.split("%%").length).toBe(answer.text.split("%").length);
    },
  );
});
