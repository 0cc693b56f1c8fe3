import { type Logger, pino } from "pino";

export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, unknown>>;

/** Where parts of the program tell what they do. Fields hold data, the message is a fixed English sentence. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with fields that go on every line. */
  child(fields: LogFields): Log;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: "text" | "json";
  /** Stderr when left out. */
  readonly write?: (line: string) => void;
}

/** Fields whose value is never written, at the top and one level down. */
const secretFields = ["password", "token", "secret", "key", "authorization", "cookie"];
const redacted = secretFields.flatMap((name) => [name, `*.${name}`]);

/** Opens the log: one line for each entry, as JSON (pino's) or as text. Control characters never reach a text line. */
export function createLog({ level, format, write = toStderr }: LogOptions): Log {
  const stream = { write: format === "json" ? write : (line: string) => write(`${formatText(line)}\n`) };
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: redacted, censor: "***" },
  };
  return wrap(pino(options, stream));
}

function toStderr(line: string): void {
  process.stderr.write(line);
}

function wrap(logger: Logger): Log {
  return {
    debug: (message, fields) => logger.debug({ ...fields }, message),
    info: (message, fields) => logger.info({ ...fields }, message),
    warn: (message, fields) => logger.warn({ ...fields }, message),
    error: (message, fields) => logger.error({ ...fields }, message),
    child: (fields) => wrap(logger.child(fields)),
  };
}

/** `2026-11-21T10:00:00.000Z INFO  message key=value key="two words"` */
function formatText(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${formatValue(value)}`);
  return `${String(time)} ${String(level).toUpperCase().padEnd(5)} ${plainLine(String(msg))}${pairs.join("")}`;
}

function formatValue(value: unknown): string {
  if (typeof value === "string" && /^[\p{L}\p{N}.:/@<>[\]_+-]+$/u.test(value)) return value;
  return plainLine(JSON.stringify(value) ?? "");
}

/** Without control characters, which could forge lines or steer a terminal (JSON has escaped those below U+0020). */
function plainLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, "?");
}
