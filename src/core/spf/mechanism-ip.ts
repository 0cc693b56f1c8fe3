import { type IpAddress, inNetwork } from "../ip.ts";
import { type MechanismOutcome, match, noMatch } from "./evaluation.ts";
import type { IpMechanism } from "./record.ts";

/** Evaluates "ip4" and "ip6"; a client of the other family does not match: RFC 7208 §5.6. */
export function evaluateIp({ address, prefix }: IpMechanism, ip: IpAddress): MechanismOutcome {
  return inNetwork(ip, address, prefix) ? match : noMatch;
}
