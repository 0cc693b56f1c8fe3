const cr = 0x0d;
const lf = 0x0a;

/**
 * Each LF without a CR before it gets one.
 * @param previous The octet that came before the first one.
 * @returns The buffer itself when nothing is to be done.
 */
export function withCrlf(octets: Buffer, previous?: number): Buffer {
  let bare = 0;
  for (let at = octets.indexOf(lf); at >= 0; at = octets.indexOf(lf, at + 1))
    if ((at === 0 ? previous : octets[at - 1]) !== cr) bare += 1;
  if (bare === 0) return octets;
  const result = Buffer.allocUnsafe(octets.length + bare);
  let from = 0;
  let to = 0;
  for (let at = octets.indexOf(lf); at >= 0; at = octets.indexOf(lf, at + 1)) {
    to += octets.copy(result, to, from, at);
    if ((at === 0 ? previous : octets[at - 1]) !== cr) {
      result[to] = cr;
      to += 1;
    }
    from = at;
  }
  octets.copy(result, to, from);
  return result;
}
