import type { AggregateDraft, RecordDraft } from "./aggregate-draft.ts";

/** What an element of a report means: which elements stand in it, and what its text is for. */
export interface ElementRule {
  readonly children?: ReadonlyMap<string, ElementRule>;
  readonly open?: (draft: AggregateDraft) => void;
  readonly close?: (draft: AggregateDraft) => void;
  /** With the text of the element, trimmed. */
  readonly text?: (draft: AggregateDraft, value: string) => void;
}

type Rules = Readonly<Record<string, ElementRule>>;

function element(children: Rules, more: Omit<ElementRule, "children"> = {}): ElementRule {
  return { children: new Map(Object.entries(children)), ...more };
}

/** The first value counts: a second one of the same name is told. */
function value(set: (draft: AggregateDraft, text: string) => void): ElementRule {
  return { text: set };
}

const metadata = element({
  org_name: value((draft, text) => draft.setMetadata("orgName", text)),
  email: value((draft, text) => draft.setMetadata("email", text)),
  extra_contact_info: value((draft, text) => draft.setMetadata("extraContactInfo", text)),
  report_id: value((draft, text) => draft.setMetadata("reportId", text)),
  generator: value((draft, text) => draft.setMetadata("generator", text)),
  error: value((draft, text) => draft.addError(text)),
  // Also without the element that they belong into.
  begin: value((draft, text) => draft.setMetadata("begin", text)),
  end: value((draft, text) => draft.setMetadata("end", text)),
  date_range: element({
    begin: value((draft, text) => draft.setMetadata("begin", text)),
    end: value((draft, text) => draft.setMetadata("end", text)),
  }),
});

const policy = element(
  {
    domain: value((draft, text) => draft.setPolicy("domain", text)),
    p: value((draft, text) => draft.setPolicy("p", text)),
    sp: value((draft, text) => draft.setPolicy("sp", text)),
    np: value((draft, text) => draft.setPolicy("np", text)),
    adkim: value((draft, text) => draft.setPolicy("adkim", text)),
    aspf: value((draft, text) => draft.setPolicy("aspf", text)),
    pct: value((draft, text) => draft.setPolicy("pct", text)),
    fo: value((draft, text) => draft.setPolicy("fo", text)),
    testing: value((draft, text) => draft.setPolicy("testing", text)),
    // One reporting library writes the tag's own name.
    t: value((draft, text) => draft.setPolicy("testing", text)),
    discovery_method: value((draft, text) => draft.setPolicy("discoveryMethod", text)),
  },
  { open: (draft) => draft.openPolicy() },
);

function inRecord(set: (record: RecordDraft, text: string) => void): ElementRule {
  return { text: (draft, text) => set(draft.record, text) };
}

const reason = element(
  {
    type: inRecord((record, text) => record.setReason("type", text)),
    comment: inRecord((record, text) => record.setReason("comment", text)),
  },
  { open: (draft) => draft.record.addReason() },
);

const row = element(
  {
    source_ip: inRecord((record, text) => record.set("sourceIp", text)),
    count: inRecord((record, text) => record.set("count", text)),
    policy_evaluated: element({
      disposition: inRecord((record, text) => record.set("disposition", text)),
      dkim: inRecord((record, text) => record.set("dkimEvaluated", text)),
      spf: inRecord((record, text) => record.set("spfEvaluated", text)),
      reason,
    }),
  },
  { open: (draft) => draft.openInRecord("row") },
);

const identifiers = element(
  {
    header_from: inRecord((record, text) => record.set("headerFrom", text)),
    envelope_from: inRecord((record, text) => record.set("envelopeFrom", text)),
    envelope_to: inRecord((record, text) => record.set("envelopeTo", text)),
  },
  { open: (draft) => draft.openInRecord("identifiers") },
);

const authResults = element({
  dkim: element(
    {
      domain: inRecord((record, text) => record.setDkim("domain", text)),
      selector: inRecord((record, text) => record.setDkim("selector", text)),
      result: inRecord((record, text) => record.setDkim("result", text)),
      human_result: inRecord((record, text) => record.setDkim("humanResult", text)),
    },
    { open: (draft) => draft.record.addDkim() },
  ),
  spf: element(
    {
      domain: inRecord((record, text) => record.setSpf("domain", text)),
      scope: inRecord((record, text) => record.setSpf("scope", text)),
      result: inRecord((record, text) => record.setSpf("result", text)),
      human_result: inRecord((record, text) => record.setSpf("humanResult", text)),
    },
    { open: (draft) => draft.record.addSpf() },
  ),
});

const record = element(
  // `identities` is what some reporters write for `identifiers`.
  { row, identifiers, identities: identifiers, auth_results: authResults },
  { open: (draft) => draft.openRecord(), close: (draft) => draft.closeRecord() },
);

/** `feedback` of RFC 7489 appendix C and RFC 9990 appendix A, in any order of its elements. */
export const feedback: ElementRule = element(
  {
    version: value((draft, text) => draft.setVersion(text)),
    report_metadata: metadata,
    policy_published: policy,
    record,
    records: element({ record }),
    // An `xs:schema` that nobody closes: what it does not know belongs to the report.
    schema: {},
  },
  { open: (draft) => draft.openFeedback(), close: (draft) => draft.closeFeedback() },
);
