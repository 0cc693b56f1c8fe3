import { createLog, type Log, type LogOptions } from "../log.ts";

/** A log whose level and format may change while everybody holds on to it. */
export interface SwitchableLog extends Log {
  use(options: LogOptions): void;
}

export function createSwitchableLog(options: LogOptions): SwitchableLog {
  let log = createLog(options);
  return {
    debug: (message, fields) => log.debug(message, fields),
    info: (message, fields) => log.info(message, fields),
    warn: (message, fields) => log.warn(message, fields),
    error: (message, fields) => log.error(message, fields),
    child: (fields) => log.child(fields),
    use(changed) {
      log = createLog({ ...options, ...changed });
    },
  };
}
