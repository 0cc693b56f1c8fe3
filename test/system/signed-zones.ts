import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The programs of bind9-utils that sign. */
export const signers: readonly string[] = ["/usr/bin/dnssec-keygen", "/usr/bin/dnssec-signzone"];

export interface SignedZone {
  readonly text: string;
  /** DS records for the zone above. */
  readonly ds: string;
  /** DNSKEY record of the key that signs keys, for resolvers. */
  readonly anchor: string;
}

/** Signs a zone given as text with absolute names. Times are seconds from now. */
export function signZone(
  folder: string,
  zone: string,
  text: string,
  { begins = -3600, ends = 14 * 86_400 }: { readonly begins?: number; readonly ends?: number } = {},
): SignedZone {
  const place = join(folder, `sign-${zone === "." ? "root" : zone}`);
  mkdirSync(place);
  const run = (program: string | undefined, ...args: readonly string[]): string =>
    execFileSync(program ?? "", args, {
      cwd: place,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  const keygen = (...flags: readonly string[]): string =>
    run(signers[0], "-q", "-a", "ECDSAP256SHA256", ...flags, "-n", "ZONE", zone);
  const ksk = keygen("-f", "KSK");
  const zsk = keygen();
  const keys = [ksk, zsk].map((name) => readFileSync(join(place, `${name}.key`), "utf8"));
  writeFileSync(join(place, "zone"), [text, ...keys].join("\n"));
  const times = ["-s", `now${begins < 0 ? begins : `+${begins}`}`, "-e", `now+${ends}`];
  run(signers[1], "-q", "-o", zone, ...times, "-k", ksk, "-f", "signed", "zone", zsk);
  const anchor = keys[0]?.split("\n").find((line) => !line.startsWith(";") && line.includes("DNSKEY")) ?? "";
  const dsset = readFileSync(join(place, `dsset-${zone === "." ? "" : zone}.`), "utf8");
  return { text: readFileSync(join(place, "signed"), "utf8"), ds: dsset, anchor };
}
