/** Mnemonics of the IANA registry "Resource Record (RR) TYPEs" that can stand in a zone file, and ALIAS names in use. */
const mnemonics = `
A NS MD MF CNAME SOA MB MG MR NULL WKS PTR HINFO MINFO MX TXT RP AFSDB X25 ISDN RT NSAP NSAP-PTR SIG KEY PX GPOS AAAA
LOC NXT EID NIMLOC SRV ATMA NAPTR KX CERT A6 DNAME SINK APL DS SSHFP IPSECKEY RRSIG NSEC DNSKEY DHCID NSEC3 NSEC3PARAM
TLSA SMIMEA HIP NINFO RKEY TALINK CDS CDNSKEY OPENPGPKEY CSYNC ZONEMD SVCB HTTPS DSYNC HHIT BRID SPF UINFO UID GID
UNSPEC NID L32 L64 LP EUI48 EUI64 URI CAA AVC DOI AMTRELAY RESINFO WALLET CLA IPN TA DLV`;

const known: ReadonlySet<string> = new Set(mnemonics.trim().split(/\s+/));

/** Whether a word (capital letters) names a record type, `TYPE65280` of RFC 3597 §5 included. */
export function isKnownType(word: string): boolean {
  return known.has(word) || (/^TYPE(0|[1-9]\d{0,4})$/.test(word) && Number(word.slice(4)) <= 65_535);
}
