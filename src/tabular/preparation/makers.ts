// Identifiers, names and addresses that are made anew, and never from the data: what can be made, and what a column's name says.
import type { Faker } from "@faker-js/faker";
import { randomStream } from "../../data/random-stream.ts";

export const makers = [
  "number",
  "uuid",
  "name",
  "first-name",
  "last-name",
  "street",
  "address",
  "city",
  "postcode",
  "email",
  "phone",
  "company",
  "user",
  "iban",
  "text",
] as const;

/** number: 1, 2, 3, ...; text: a sentence of filler words; the others as they say. */
export type Maker = (typeof makers)[number];

const byMaker: Readonly<Record<Exclude<Maker, "number">, (faker: Faker) => string>> = {
  uuid: (faker) => faker.string.uuid(),
  name: (faker) => faker.person.fullName(),
  "first-name": (faker) => faker.person.firstName(),
  "last-name": (faker) => faker.person.lastName(),
  street: (faker) => faker.location.streetAddress(),
  address: (faker) =>
    `${faker.location.streetAddress()}, ${faker.location.zipCode()} ${faker.location.city()}`,
  city: (faker) => faker.location.city(),
  postcode: (faker) => faker.location.zipCode(),
  // A domain that is reserved: nobody gets mail.
  email: (faker) => faker.internet.exampleEmail().toLowerCase(),
  phone: (faker) => faker.phone.number(),
  company: (faker) => faker.company.name(),
  user: (faker) => faker.internet.username().toLowerCase(),
  iban: (faker) => faker.finance.iban(),
  text: (faker) => faker.lorem.sentence(),
};

/** What is made for an identifier of which nothing is said. */
export function defaultMaker(column: string): Maker {
  const name = column
    .trim()
    .toLowerCase()
    .replace(/[\s_.-]+/gu, " ");
  const rules: readonly (readonly [RegExp, Maker])[] = [
    [/e ?mail/u, "email"],
    [/phone|mobile|\btel\b/u, "phone"],
    [/uuid|guid/u, "uuid"],
    [/iban/u, "iban"],
    [/first ?name|given ?name|forename/u, "first-name"],
    [/last ?name|surname|family ?name/u, "last-name"],
    [/company|employer/u, "company"],
    [/user ?(?:name)?$|login/u, "user"],
    [/street/u, "street"],
    [/address/u, "address"],
    [/post ?code|\bzip\b/u, "postcode"],
    [/\bcity\b|\btown\b/u, "city"],
    [/^(?:full |patient |person )?name$/u, "name"],
    [/\b(?:comment|note|notes|text|remark|remarks|description)$/u, "text"],
  ];
  return rules.find(([rule]) => rule.test(name))?.[1] ?? "number";
}

/**
 * Cells of an identifier, [rows]: same seed, same cells. Those with a pattern have a random digit for each # and a capital letter for
 * each ?, and are all different where the pattern has room.
 */
export async function makeIdentifiers(
  column: string,
  make: Maker | { readonly pattern: string },
  rows: number,
  seed: number,
): Promise<string[]> {
  if (make === "number") return Array.from({ length: rows }, (_, row) => String(row + 1));
  if (typeof make === "object") return fromPattern(column, make.pattern, rows, seed);
  // Names of many countries weigh megabytes: only who makes some loads them.
  const { Faker, en, base } = await import("@faker-js/faker");
  const faker = new Faker({ locale: [en, base], seed: randomStream(seed, "identifiers", column).bits() });
  const made = byMaker[make];
  return Array.from({ length: rows }, () => made(faker));
}

function fromPattern(column: string, pattern: string, rows: number, seed: number): string[] {
  const { below } = randomStream(seed, "identifiers", column);
  const draw = (): string =>
    pattern.replace(/[#?]/gu, (mark) =>
      mark === "#" ? String(below(10)) : String.fromCharCode(65 + below(26)),
    );
  const room = Array.from(pattern).reduce(
    (product, mark) => product * (mark === "#" ? 10 : mark === "?" ? 26 : 1),
    1,
  );
  const seen = new Set<string>();
  return Array.from({ length: rows }, () => {
    let cell = draw();
    while (seen.has(cell) && room >= 4 * rows) cell = draw();
    seen.add(cell);
    return cell;
  });
}
