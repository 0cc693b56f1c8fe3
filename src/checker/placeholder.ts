import { isWithin, labelsOf } from "../core/domain-name.ts";

/** RFC 2606 §2, RFC 6761 §6: no mail ever goes there. */
const reservedTops: readonly string[] = ["example", "test", "invalid", "localhost", "local"];
/** RFC 2606 §3, and what registries keep for examples. */
const reservedDomains: readonly string[] =
  "example.com example.net example.org example.jp example.co.jp example.ne.jp example.or.jp".split(" ");
/** What stands before the top-level label in instructions and in samples of services. */
const sampleNames: ReadonlySet<string> = new Set(
  "yourdomain your-domain yourcompany your-company mydomain my-domain domain company yourserver yourhost".split(
    " ",
  ),
);

/**
 * Whether a domain is one out of instructions. Not where `own`, the domain that is checked, is one itself: then it is
 * an exercise, and its own kind is no sample.
 */
export function isPlaceholder(host: string, own: string): boolean {
  const top = labelsOf(host).at(-1) ?? "";
  if (reservedTops.includes(top)) return labelsOf(own).at(-1) !== top;
  if (reservedDomains.some((domain) => isWithin(host, domain)))
    return !reservedDomains.some((domain) => isWithin(host, domain) && isWithin(own, domain));
  const [first = "", second = "", ...rest] = labelsOf(host);
  // `yourdomain.com`, `yourdomain.co.jp`
  return (
    sampleNames.has(first) &&
    second !== "" &&
    (rest.length === 0 || (rest.length === 1 && second.length <= 3))
  );
}
