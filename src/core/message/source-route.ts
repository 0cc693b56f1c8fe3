/** A path without its source route, `@a,@b:user@domain`, which says nothing of the address: RFC 5321 appendix C. */
export function withoutSourceRoute(path: string): string {
  return path.startsWith("@") ? path.slice(path.indexOf(":") + 1) : path;
}
