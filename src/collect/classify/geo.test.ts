import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mmdb } from "../../../test/mmdb.ts";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { openGeo } from "./geo.ts";

const cases = [
  {
    name: "MaxMind ASN",
    entry: { autonomous_system_number: 64_496, autonomous_system_organization: "Example Net" },
    is: { asn: 64_496, asnName: "Example Net" },
  },
  { name: "MaxMind Country", entry: { country: { iso_code: "JP" } }, is: { country: "JP" } },
  {
    name: "IPinfo",
    entry: { asn: "AS64497", as_name: "Example", country_code: "jp" },
    is: { asn: 64_497, asnName: "Example", country: "JP" },
  },
  { name: "IPinfo of old", entry: { country: "US", name: "not an AS" }, is: { country: "US" } },
  { name: "a name of a country", entry: { country: "Japan" }, is: {} },
  { name: "no number", entry: { asn: "AS-EXAMPLE" }, is: {} },
];
test.each(cases)("entries of $name are understood", async ({ entry, is }) => {
  const file = join(temporaryFolder(), "geo.mmdb");
  writeFileSync(file, mmdb({ "192.0.2.0/24": entry }));
  const geo = await openGeo({ asn: file });
  expect(geo.problems).toEqual([]);
  expect(geo.find("192.0.2.77")).toEqual(is);
  expect(geo.find("198.51.100.1")).toEqual({});
});

test("two databases add up, and IPv6 is found where there is some", async () => {
  const folder = temporaryFolder();
  const [asn, country] = [join(folder, "asn.mmdb"), join(folder, "country.mmdb")];
  writeFileSync(asn, mmdb({ "2001:db8::/32": { autonomous_system_number: 64_500 } }, 6));
  writeFileSync(country, mmdb({ "192.0.2.0/24": { country: { iso_code: "DE" } } }));
  const geo = await openGeo({ asn, country });
  expect(geo.find("2001:db8::1")).toEqual({ asn: 64_500 });
  expect(geo.find("192.0.2.1")).toEqual({ country: "DE" });
});

test("what cannot be used is told, and the other is used", async () => {
  const folder = temporaryFolder();
  const [good, bad] = [join(folder, "good.mmdb"), join(folder, "bad.mmdb")];
  writeFileSync(good, mmdb({ "192.0.2.0/24": { country: { iso_code: "DE" } } }));
  writeFileSync(bad, "no database");
  const damaged = await openGeo({ asn: bad, country: good });
  expect(damaged.problems).toMatchObject([{ file: bad }]);
  expect(damaged.find("192.0.2.1")).toEqual({ country: "DE" });
  const missing = await openGeo({ asn: join(folder, "none.mmdb") });
  expect(missing.problems).toEqual([{ file: join(folder, "none.mmdb"), reason: "ENOENT" }]);
});

test("without databases nothing is known, and nothing is wrong", async () => {
  const geo = await openGeo({});
  expect(geo).toMatchObject({ problems: [] });
  expect(geo.find("192.0.2.1")).toEqual({});
});
