import { createDestinationCheck, type DestinationOf } from "../../collect/check-destination.ts";
import type { Mail } from "../../collect/extract/mime-part.ts";
import { type JudgeContext, judgeMail } from "../../collect/judge-mail.ts";
import type { Config } from "../../config/config.ts";
import { systemClock } from "../../core/clock.ts";
import type { MailJudgement } from "../../store/reports/port.ts";
import { dnsOptions, openDns } from "../dns-options.ts";
import { refuseAlone } from "../idle-options.ts";
import type { Io } from "../io.ts";
import type { ReportValues } from "./options.ts";

export interface Judge {
  of(mail: Mail): Promise<MailJudgement>;
  /** Absent where DNS is not to be asked. */
  readonly destination?: DestinationOf;
  close(): void;
}

/** Judges report mail by the fields of this site, and by DNS where that is asked for. @throws SekishoError with code USAGE. */
export function openJudge(values: ReportValues, config: Config, io: Io): Judge {
  refuseAlone(values, Object.keys(dnsOptions), "check-mail", io);
  const dns = values["check-mail"] ? openDns(values, config.dns, io) : undefined;
  const context: JudgeContext = {
    authservIds: siteAuthservIds(config),
    trustedSealers: config.verify.policy.trustedSealers,
    clock: systemClock,
    ...(dns !== undefined && { dns: dns.resolver }),
  };
  return {
    of: (mail) => judgeMail(mail, context),
    ...(dns !== undefined && { destination: createDestinationCheck(dns.resolver, systemClock) }),
    close: () => dns?.close(),
  };
}

/** Names under which this site and its relays write Authentication-Results. */
function siteAuthservIds({ authservId, hostname, networks }: Config): string[] {
  const relays = networks.relays.flatMap((relay) => relay.authservId ?? []);
  return [...(authservId === undefined ? [] : [authservId]), hostname, ...relays].map((id) =>
    id.toLowerCase(),
  );
}
