import { resolve } from "node:path";
import type { Config } from "../config/config.ts";
import type { RotateConfig } from "../config/rotate-config.ts";
import type { SignConfig } from "../config/sign-config.ts";
import { systemNameservers } from "../config/system-nameservers.ts";
import { authoritativeServers } from "../core/dns/authoritative.ts";
import { createDnsClient } from "../core/dns/client.ts";
import type { DnsResolver } from "../core/dns/resolver.ts";
import type { StateStore } from "../store/state.ts";
import type { KeyOwner } from "./file-safety.ts";
import { createProver } from "./prove.ts";
import { createPublisher } from "./publish.ts";
import { Rotator } from "./rotate.ts";
import type { ClockWatch } from "./rotation-clock.ts";
import type { RotatorOptions } from "./rotation-context.ts";
import { keyFiles } from "./rotation-files.ts";
import type { RotationNote } from "./rotation-journal.ts";

export interface OpenRotator {
  readonly rotator: Rotator;
  close(): void;
}

/** The rotation as a configuration asks for it; undefined when it asks for none. */
export function openRotator(
  config: Pick<Config, "sign" | "dns" | "dataDir">,
  state: StateStore,
  options: {
    tell(note: RotationNote): void;
    readonly owner?: KeyOwner;
    /** In place of the configuration's. */
    readonly dns?: DnsResolver;
    /** Of the rotator before this one. */
    readonly clock?: ClockWatch;
  },
): OpenRotator | undefined {
  const { rotate } = config.sign;
  if (rotate === undefined) return undefined;
  const sign: SignConfig & { readonly rotate: RotateConfig } = { ...config.sign, rotate };
  const { nameservers, timeoutMs, authoritative } = config.dns;
  const client = createDnsClient({ servers: nameservers ?? systemNameservers(), timeoutMs });
  const dns = options.dns ?? client;
  const servers = authoritativeServers({ dns, timeoutMs, named: authoritative });
  const parts: RotatorOptions = {
    state,
    sign,
    // Whole: other commands look for the key files from elsewhere.
    dataDir: resolve(config.dataDir),
    prover: createProver({ servers }),
    publisher: createPublisher(rotate.publish),
    files: keyFiles(options.owner),
    tell: options.tell,
  };
  const rotator = new Rotator(parts, options.clock);
  return {
    rotator,
    close() {
      rotator.stop();
      client.close();
    },
  };
}
