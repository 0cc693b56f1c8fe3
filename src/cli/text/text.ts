import type { DmarcDifference } from "../../core/dmarc/difference.ts";
import type {
  DiscoveryMethod,
  DkimResult,
  DmarcPolicy,
  DnsOutcome,
  SpfTraceStep,
  SpfWord,
} from "../../core/results.ts";
import type { DmarcOutcome } from "../../store/port.ts";
import type { Action, DispositionReason, MessageRecord, RemovedField } from "../../store/record.ts";
import type { Origin } from "../../trust/classify-client.ts";

type Line = (value: string) => string;

/** What `sekisho shadow` says. */
export interface ShadowText {
  readonly notSet: string;
  readonly nothing: (since: string, messages: number) => string;
  readonly summary: (since: string, messages: number, domains: number) => string;
  readonly title: (domain: string, messages: number) => string;
  readonly noDomain: string;
  /** What would have been done, how often. */
  readonly action: (action: Action, messages: number) => string;
  readonly labels: { readonly would: string; readonly newest: string };
  readonly client: (address: string, messages: number) => string;
  /** A reason that not all of the messages have. */
  readonly reason: (sentence: string, messages: number) => string;
  readonly examples: (queueIds: readonly string[]) => string;
  readonly unknownClient: string;
  readonly moreClients: (clients: number) => string;
  readonly more: (domains: number) => string;
  readonly comma: string;
}

/** What the command line says, in one language. `problems` and findings have tables of their own. */
export interface CliText {
  readonly usage: {
    readonly unknownCommand: (name: string, meant: string | undefined) => string;
    readonly unknownOption: (option: string, meant: string | undefined) => string;
    readonly optionNeedsValue: (option: string, value: string) => string;
    readonly optionTakesNoValue: Line;
    readonly missingArgument: Line;
    readonly tooManyArguments: Line;
    readonly emptyArgument: string;
    readonly unknownAction: (command: string, action: string, actions: readonly string[]) => string;
    readonly missingAction: (command: string, actions: readonly string[]) => string;
    readonly badLang: Line;
    readonly badIp: (where: string, value: string) => string;
    readonly badTime: (option: string, value: string) => string;
    readonly badSeconds: (option: string, value: string) => string;
    readonly badServer: (option: string, value: string) => string;
    readonly offlineNeedsZone: string;
    readonly nullSenderNeedsHelo: string;
    readonly notWithBatch: Line;
    /** @param others Actions of the same command that take the option. */
    readonly notForAction: (option: string, command: string, others: readonly string[]) => string;
    readonly onlyWith: (option: string, needed: string) => string;
    readonly nothingBeside: (option: string, other: string) => string;
    readonly domainTwice: (argument: string) => string;
    readonly badAuthservId: Line;
    readonly seeHelp: (command: string | undefined) => string;
  };
  readonly failed: {
    readonly fileUnreadable: (file: string, reason: string) => string;
    readonly fileUnwritable: (file: string, reason: string) => string;
    readonly fileUnusable: (file: string, reason: string) => string;
    readonly noRight: string;
    readonly noSuchFolder: string;
    readonly noSuchFile: string;
    readonly noPermission: string;
    readonly noPermissionToWrite: string;
    readonly oldNode: Line;
    /** @param reference Such as `file:/etc/secret`. */
    readonly secretUnreadable: (reference: string, reason: string) => string;
    readonly secretEmpty: Line;
    readonly unexpected: Line;
    readonly moreErrors: (file: string, count: number) => string;
  };
  readonly help: {
    readonly title: string;
    readonly usage: string;
    readonly commands: string;
    readonly options: string;
    readonly exitCodes: string;
    readonly exitCode: readonly [string, string, string, string];
    readonly more: string;
    readonly lang: string;
    readonly help: string;
    readonly version: string;
    readonly command: string;
    readonly commandOptions: string;
  };
  readonly batch: {
    readonly notJson: string;
    readonly notObject: string;
    readonly tooLong: (maxOctets: number) => string;
    readonly missing: Line;
    readonly notString: Line;
    readonly badIp: Line;
    readonly badTime: Line;
    readonly fileOrMessage: string;
    readonly badBase64: string;
  };
  readonly spf: {
    readonly asked: (ip: string, sender: string, helo: string | undefined) => string;
    readonly columns: {
      readonly outcome: string;
      readonly lookups: string;
      readonly voids: string;
      readonly query: string;
      readonly term: string;
      readonly name: string;
    };
    readonly outcome: Readonly<Record<Extract<SpfTraceStep, { kind: "term" }>["outcome"], string>>;
    readonly dns: Readonly<Record<DnsOutcome, string>>;
    readonly records: (count: number) => string;
    readonly verdict: Readonly<Record<SpfWord, (domain: string, ip: string) => string>>;
    readonly lookups: (lookups: number) => string;
    readonly voids: (query: number, term: number, name: number) => string;
    readonly explanation: Line;
    readonly noTrace: string;
    readonly labels: {
      readonly result: string;
      readonly why: string;
      readonly term: string;
      readonly lookups: string;
      readonly voids: string;
      readonly says: string;
    };
  };
  readonly verdict: {
    readonly join: (facts: readonly string[]) => string;
    readonly iprev: (ip: string, name: string | undefined, passed: boolean) => string;
    readonly spfIdentity: Readonly<Record<"mailfrom" | "helo", string>>;
    readonly spfMatched: Line;
    readonly spfLookups: (lookups: number, voids: number) => string;
    readonly dkimNone: string;
    readonly dkimKey: (result: DkimResult) => string;
    readonly dkimSigner: Readonly<Record<"author" | "third-party", string>>;
    readonly dkimBodyLength: (octets: number) => string;
    readonly arcSets: (count: number, sealers: readonly string[]) => string;
    /** @param instance The oldest set that the message has not been changed since; 0 is the first. */
    readonly arcUnchanged: (instance: number) => string;
    readonly arcClaims: (instance: number, domain: string, claims: readonly string[]) => string;
    readonly bimiRecord: (domain: string, selector: string) => string;
    readonly bimiDeclined: string;
    readonly bimiSelectorIgnored: Readonly<Record<"unsigned" | "several" | "syntax", string>>;
    readonly bimiLocation: (uri: string) => string;
    readonly bimiAuthority: (uri: string, evidence: "vmc" | "cmc" | undefined) => string;
    readonly dmarcPolicy: (tag: string, policy: DmarcPolicy, domain: string) => string;
    readonly dmarcApplied: Readonly<Record<DmarcPolicy, string>>;
    readonly dmarcTesting: string;
    readonly dmarcSampledOut: string;
    /** With the other discovery: not applied, only told. */
    readonly dmarcOther: (outcome: DmarcOutcome) => string;
    readonly dmarcOutcome: (outcome: DmarcOutcome) => string;
    readonly discovery: Readonly<Record<DiscoveryMethod, string>>;
    readonly dmarcAuthor: (domain: string, organizational: string | undefined) => string;
    readonly aligned: (what: readonly string[]) => string;
    readonly alignedNone: string;
    readonly alignedSpf: Line;
    readonly alignedDkim: Line;
    readonly noClient: string;
    readonly field: string;
    readonly questions: (count: number, ms: number) => string;
    readonly dnsLine: (ttl: number | undefined, ms: number, authentic: boolean) => string;
  };
  readonly explain: {
    readonly notFound: (key: string, keep: string, folder: string) => string;
    readonly keep: (days: number) => string;
    readonly several: (key: string, count: number) => string;
    readonly headings: {
      readonly client: string;
      readonly envelope: string;
      readonly verdicts: string;
      readonly done: string;
      readonly wouldBe: string;
      readonly dns: string;
    };
    readonly labels: {
      readonly message: string;
      readonly when: string;
      readonly size: string;
      readonly socket: string;
      readonly client: string;
      readonly helo: string;
      readonly counts: string;
      readonly because: string;
      readonly spfClient: string;
      readonly from: string;
      readonly to: string;
      readonly action: string;
      readonly removed: string;
      readonly wrote: string;
      readonly told: string;
      readonly fault: string;
      readonly subject: string;
      readonly rules: string;
      readonly shadow: string;
    };
    readonly elapsed: (at: string, ms: number) => string;
    readonly size: (header: number, body: number | undefined) => string;
    readonly origin: Readonly<Record<Origin, string>>;
    /** The same where a socket or a list host settles what follows from it. */
    readonly plainOrigin: Readonly<Record<Origin, string>>;
    readonly authenticated: string;
    readonly unknownClient: string;
    readonly nullSender: string;
    readonly notRecorded: string;
    readonly recipients: (count: number) => string;
    readonly smtputf8: string;
    readonly noResults: string;
    /** When nothing tells why SPF and iprev were not evaluated. */
    readonly leftOut: string;
    readonly monitoring: Line;
    readonly action: Readonly<Record<Action, string>>;
    readonly reason: Readonly<Record<DispositionReason["type"], string>>;
    readonly removed: (field: RemovedField) => string;
    readonly nothingRemoved: string;
    readonly nothingWritten: string;
    readonly told: Readonly<Record<MessageRecord["reply"], string>>;
    readonly fault: (stage: string, message: string) => string;
    readonly noQuestions: string;
    readonly truncated: string;
  };
  readonly shadow: ShadowText;
  readonly dmarcDiff: {
    readonly badSince: Line;
    readonly nothingCompared: Line;
    readonly summary: (since: string, compared: number, different: number) => string;
    readonly messages: (count: number) => string;
    readonly more: (groups: number) => string;
    readonly noDomain: string;
    readonly differs: string;
    readonly difference: Readonly<Record<DmarcDifference, string>>;
    readonly comma: string;
    readonly newest: string;
  };
  readonly config: {
    readonly good: (file: string | undefined) => string;
    readonly defaults: string;
    readonly postfixRead: (source: string) => string;
    readonly postfixGood: string;
    readonly noMainCf: (place: string) => string;
    readonly severity: Readonly<Record<"error" | "warning" | "notice" | "info", string>>;
    readonly fix: string;
    readonly summary: (errors: number, warnings: number, notices: number) => string;
  };
}
