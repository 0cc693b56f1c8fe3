import type { LoginLineProblem } from "./login-map.ts";
import { en } from "./text-en.ts";
import { ja } from "./text-ja.ts";
import type { YamlFault } from "./yaml-fault.ts";

/** What each problem says about itself. `found` is the value as written, cut short. */
export interface ProblemParams {
  readonly unreadable: { readonly reason: string };
  /** `reason` is what the YAML reader says, in English. */
  readonly "yaml-syntax": { readonly fault: YamlFault; readonly reason: string };
  readonly "duplicate-key": Empty;
  readonly "not-a-map": Empty;
  readonly "unknown-key": { readonly key: string; readonly suggestion?: string };
  readonly "later-key": { readonly key: string };
  readonly "later-value": { readonly found: string; readonly allowed: readonly string[] };
  readonly "missing-key": { readonly key: string };
  readonly "wrong-type": { readonly expected: string; readonly found: string };
  readonly "not-one-of": {
    readonly found: string;
    readonly allowed: readonly string[];
    readonly suggestion?: string;
  };
  readonly "out-of-range": {
    readonly minimum?: number | string;
    readonly maximum?: number | string;
    readonly found: string;
  };
  readonly "empty-text": Empty;
  readonly "bad-duration": Found;
  readonly "bad-size": Found;
  readonly "bad-network": Found;
  readonly "bad-server-address": Found;
  readonly "bad-hostname": Found;
  readonly "bad-authserv-id": Found;
  readonly "bad-listen": Found;
  readonly "bad-web-listen": Found;
  readonly "bad-mode": Found;
  readonly "bad-workers": Found;
  readonly "bad-store": Found;
  readonly "bad-keep": Found;
  readonly "bad-domain": Found;
  readonly "bad-list-entry": Found;
  readonly "bad-author": Found;
  readonly "bad-selector": Found;
  readonly "bad-secret": Found;
  readonly "bad-field-name": Found;
  readonly "bad-alignment": Found;
  readonly "bad-second-selector": Found;
  readonly "bad-seal-key": Found;
  readonly "bad-every": Found;
  readonly "bad-hook": Found;
  readonly "bad-mailbox": Found;
  readonly "bad-mailbox-login": Found;
  readonly "bad-mailbox-tls": Found;
  readonly "bad-after-mail": Found;
  readonly "bad-after-file": Found;
  readonly "bad-folder-name": Found;
  readonly "bad-lmtp-listen": Found;
  readonly "bad-smtp-server": Found;
  readonly "bad-list-host": Found;
  readonly "bad-list-name": Found;
  readonly "bad-list-id": Found;
  readonly "bad-list-socket": Found;
  readonly "bad-second-list": Found;
  readonly "duplicate-listen": Found;
  readonly "peers-needed": Found;
  readonly "web-beyond-loopback": Found;
  readonly "mark-roots-needed": Found;
  readonly "invalid-value": Found;
  readonly "bad-suffix-list": { readonly file: string; readonly reason: string };
  readonly "bad-mark-roots": { readonly file: string; readonly reason: string };
  readonly "bad-ca": { readonly file: string; readonly reason: string };
  readonly "bad-secret-file": { readonly file: string; readonly reason: string };
  readonly "bad-token-command": { readonly file: string; readonly reason: string };
  readonly "bad-login-file": { readonly file: string; readonly reason: string };
  readonly "bad-login-line": {
    readonly file: string;
    readonly line: number;
    readonly problem: LoginLineProblem;
    readonly found: string;
  };
  readonly "unreadable-as-user": { readonly file: string; readonly user: string };
  readonly "not-runnable-as-user": { readonly file: string; readonly user: string };
  // Warnings
  readonly "hostname-not-qualified": { readonly hostname: string };
  readonly "reject-alone": Empty;
  readonly "open-secret": { readonly file: string };
  readonly "rotate-nothing": Empty;
  readonly "rotate-retire-soon": { readonly retireAfter: string };
  readonly "network-everyone": { readonly network: string };
  readonly "list-unsigned": { readonly domain: string };
  readonly "list-below": { readonly domain: string; readonly parent: string };
}
type Empty = Readonly<Record<never, never>>;
interface Found {
  readonly found: string;
}
export type ProblemCode = keyof ProblemParams;

export type ProblemText = {
  readonly [Code in ProblemCode]: (params: ProblemParams[Code]) => string;
};

/** Something the operator has to mend in the configuration, or (as a warning) should look at. */
export interface ConfigProblem {
  /** Stable. */
  readonly code: ProblemCode;
  /** E.g. `milter.sockets[0].listen`; empty for the file as a whole. */
  readonly path: string;
  /** From 1; absent when no place in a file is meant. */
  readonly line?: number;
  readonly column?: number;
  /** One sentence in each language, without the place. */
  readonly text: { readonly en: string; readonly ja: string };
}

export interface Place {
  readonly line: number;
  readonly column: number;
}

export function configProblem<Code extends ProblemCode>(
  code: Code,
  path: string,
  params: ProblemParams[Code],
  place?: Place,
): ConfigProblem {
  return { code, path, ...place, text: { en: en[code](params), ja: ja[code](params) } };
}

/** `sekisho.yaml:3:5: dns.timeout: ...` in one line. */
export function formatProblem(problem: ConfigProblem, lang: "en" | "ja", file?: string): string {
  const place = problem.line === undefined ? "" : `:${problem.line}:${problem.column ?? 1}`;
  const parts = [
    file === undefined ? undefined : file + place,
    problem.path || undefined,
    problem.text[lang],
  ];
  return parts.filter((part) => part !== undefined).join(": ");
}
