import { logicalLines } from "./logical-lines.ts";

export interface MainCf {
  /** Values as written; of a name set twice, the last one counts, as with Postfix. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Lines that are no `name = value`, from 1. */
  readonly unreadable: readonly number[];
}

/** Files larger than this are no main.cf. */
export const maxFileOctets = 1_000_000;
const maxDepth = 10;
const maxExpanded = 64_000;

/** Reads main.cf, or what `postconf -n` prints. */
export function parseMainCf(text: string): MainCf {
  const parameters = new Map<string, string>();
  const unreadable: number[] = [];
  for (const { text: content, line } of logicalLines(text)) {
    const equals = content.indexOf("=");
    const name = content.slice(0, Math.max(0, equals)).trim();
    if (/^[A-Za-z0-9_.-]+$/.test(name)) parameters.set(name, content.slice(equals + 1).trim());
    else unreadable.push(line);
  }
  return { parameters, unreadable };
}

/** Postfix's own values for what is not set, as far as the checks look at it. */
const defaults: Readonly<Record<string, string>> = {
  milter_protocol: "6",
  milter_command_timeout: "30s",
  milter_connect_timeout: "30s",
  milter_content_timeout: "300s",
  milter_macro_daemon_name: "$myhostname",
  queue_directory: "/var/spool/postfix",
};

/**
 * The value of a parameter with `$name`, `${name}`, `$(name)` and the conditional forms put in; "" when it is not set
 * and has no default that we know. Loops end at a depth and at a length.
 */
export function expandParameter(main: MainCf, name: string): string {
  return expandText(main, main.parameters.get(name) ?? defaults[name] ?? "", 0);
}

/** The same for a value that stands in master.cf. */
export function expandText(main: MainCf, text: string, depth = 0): string {
  if (depth > maxDepth || !text.includes("$")) return text;
  let out = "";
  let at = 0;
  while (at < text.length && out.length < maxExpanded) {
    const dollar = text.indexOf("$", at);
    if (dollar < 0) return out + text.slice(at);
    out += text.slice(at, dollar);
    const reference = readReference(text, dollar + 1);
    out += reference === undefined ? "$" : referenced(main, reference.body, depth);
    at = reference === undefined ? dollar + 1 : reference.end;
  }
  return out.slice(0, maxExpanded);
}

/** What stands after a dollar: `name`, `{...}`, `(...)`, or another dollar that stands for itself. */
function readReference(
  text: string,
  at: number,
): { readonly body: string; readonly end: number } | undefined {
  if (text[at] === "$") return { body: "$", end: at + 1 };
  if (text[at] === "{" || text[at] === "(") {
    const end = closing(text, at);
    return end < 0 ? undefined : { body: text.slice(at + 1, end), end: end + 1 };
  }
  let end = at;
  while (end < text.length && /[A-Za-z0-9_]/.test(text[end] as string)) end++;
  return end === at ? undefined : { body: text.slice(at, end), end };
}

/** Index of the bracket that closes the one at `at`; -1 when none does. */
function closing(text: string, at: number): number {
  const open = text[at];
  const close = open === "{" ? "}" : ")";
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    if (text[i] === open) depth++;
    else if (text[i] === close && --depth === 0) return i;
  }
  return -1;
}

/** `name`, `name?text`, `name:text` and `name?{text}:{text}`. Comparisons are beyond what the checks need: "". */
function referenced(main: MainCf, body: string, depth: number): string {
  if (body === "$") return "$";
  const match = /^\s*([A-Za-z0-9_]+)\s*([?:]?)/.exec(body);
  if (match === null) return "";
  const value = expandText(
    main,
    main.parameters.get(match[1] as string) ?? defaults[match[1] as string] ?? "",
    depth + 1,
  );
  if (match[2] === "") return value;
  const rest = body.slice(match[0].length).trimStart();
  const [whenSet, whenEmpty] = match[2] === "?" ? branches(rest) : ["", branches(rest)[0]];
  if (match[2] === ":" && value !== "") return value;
  return expandText(main, value === "" ? whenEmpty : whenSet, depth + 1);
}

function branches(text: string): [whenSet: string, whenEmpty: string] {
  if (!text.startsWith("{")) return [text, ""];
  const end = closing(text, 0);
  if (end < 0) return [text, ""];
  const rest = text.slice(end + 1).trimStart();
  const other = rest.startsWith(":") ? rest.slice(1).trimStart() : "";
  return [text.slice(1, end), other.startsWith("{") && other.endsWith("}") ? other.slice(1, -1) : other];
}

/** A Postfix time such as `30s` or `5m` (the unit is `s` when left out) in milliseconds. */
export function parseTime(text: string): number | undefined {
  const match = /^(\d{1,9})([smhdw]?)$/.exec(text.trim());
  if (match === null) return undefined;
  const unit = { "": 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }[
    match[2] as "" | "s" | "m" | "h" | "d" | "w"
  ];
  return Number(match[1]) * unit * 1000;
}
