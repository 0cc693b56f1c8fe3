import { type IpAddress, unmapped } from "../../core/ip.ts";

const mappedPrefix = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/** 16 octets for every address, so that a network is one range in every engine; none for no address. */
export function addressOctets(ip: IpAddress | undefined): Uint8Array {
  if (ip === undefined) return new Uint8Array(0);
  if (ip.family === 6) return ip.octets;
  const octets = new Uint8Array(16);
  octets.set(mappedPrefix);
  octets.set(ip.octets, mappedPrefix.length);
  return octets;
}

export function octetsAddress(octets: Uint8Array): IpAddress | undefined {
  return octets.length === 16 ? unmapped({ family: 6, octets: Uint8Array.from(octets) }) : undefined;
}
