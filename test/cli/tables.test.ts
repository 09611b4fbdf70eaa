// The commands about tables as processes of their own: describe, synthesise, sample, judge. Bad input is one line and exit code 2.

import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random-stream.ts";
import type { TableJudgement } from "../../src/tabular/judging/table-judgement.ts";
import { own, runBuilt, workingFolder, type Ended } from "./built.ts";

const folder = workingFolder();
const run = (...parameters: string[]): Promise<Ended> => runBuilt(folder, parameters);
const put = (name: string, lines: readonly string[]): void =>
  writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
const text = (name: string): string => readFileSync(join(folder, name), "utf8");

const header = "id,age,sex,job,code,town,province,label";
const towns = ["Leuven,Brabant", "Aalst,Flanders", "Gent,Flanders", "Tienen,Brabant"];
const jobs = ["nurse", "clerk", "smith"];

function people(count: number, seed = 1): string[] {
  const { below } = randomStream(seed, "people");
  return Array.from({ length: count }, (_, row) => {
    const [age, job] = [18 + below(50), below(3)];
    const label = age > 50 === below(5) > 0 ? "ill" : "well";
    return `p${seed}x${row},${age},${"FM"[below(2)]},${jobs[job]},${job + 1},${towns[below(4)]},${label}`;
  });
}

const onReference = ["--device", "reference", "--steps", "2", "--quiet"];
const synthesise = (manifest: string, out: string, ...more: string[]): Promise<Ended> =>
  run("synthesise", manifest, "--out", out, ...onReference, ...more);

/** A manifest of people.csv with other lines at its end. */
const manifest = (name: string, ...lines: readonly string[]): void =>
  put(name, ["table: people.csv", ...lines]);

beforeAll(async () => {
  put("people.csv", [header, ...people(400)]);
  put("others.csv", [header, ...people(150, 2)]);
  const { errors, code } = await run("describe", "people.csv", "--manifest", "people.yaml");
  expect(own(errors)).toBe("");
  expect(code).toBe(0);
  const made = await synthesise("people.yaml", "run");
  expect(own(made.errors)).toBe("");
  expect(made.code).toBe(0);
});

/** Rows of a CSV text, by column. */
function rowsOf(csv: string): Record<string, string>[] {
  const [names, ...rows] = csv.trimEnd().split("\n");
  return rows.map((row) =>
    Object.fromEntries(
      row
        .trimEnd()
        .split(",")
        .map((cell, c) => [names.trimEnd().split(",")[c], cell]),
    ),
  );
}

describe("synthesise", () => {
  test("takes the manifest that describe wrote as it stands", () => {
    expect(text("people.yaml")).toContain("{computed: code, from: [job]}");
    const rows = rowsOf(text("run/synthetic.csv"));
    expect(rows).toHaveLength(320);
    for (const { job, code, town, province } of rows) {
      expect(code).toBe(String(jobs.indexOf(job) + 1));
      expect(towns).toContain(`${town},${province}`);
    }
    const quality = JSON.parse(text("run/quality.json")) as TableJudgement;
    expect(quality.rows).toMatchObject({
      real: 320,
      holdout: 80,
      synthetic: 320,
      compared: 320,
      against: 80,
    });
    expect(text("run/report.html")).not.toContain("Nearest real rows");
  });

  test("refuses a folder with a run, and overwrites it when told to; the hold-out may be a file", async () => {
    const again = await synthesise("people.yaml", "run");
    expect(own(again.errors)).toMatch(/^error: --out run: the folder is not empty.*--force.*$/u);
    expect(again.code).toBe(2);
    put("held.yaml", [text("people.yaml").replace("holdout: 0.2", "holdout: others.csv")]);
    expect((await synthesise("people.yaml", "forced")).code).toBe(0);
    const forced = await synthesise(
      ...(["held.yaml", "forced", "--force", "--judge-rows", "120", "--show-records"] as const),
    );
    expect(own(forced.errors)).toMatch(/^warning: \d+ rows of the hold-out are equal|^$/u);
    expect(forced.output).toMatch(
      /Of 400 real and 150 hold-out and 400 synthetic rows, 120 each were drawn/u,
    );
    const page = text("forced/report.html");
    expect(page).toMatch(/rows of the real table as they are, since it was asked to/u);
    expect(page.match(/nearest real row</gu)).toHaveLength(10);
    expect(page).not.toContain("p1x"); // identifiers are not judged
    expect((JSON.parse(text("forced/quality.json")) as TableJudgement).rows.holdout).toBe(150);
  });

  test("goes on with a network that was stopped as if it had not been", async () => {
    manifest("network.yaml", "model: network", "network: {embedding: 4, hidden: 8}", "leave: [id]");
    const options = ["--device", "reference", "--steps", "1", "--epochs", "6"];
    const whole = await run("synthesise", "network.yaml", "--out", "whole", ...options, "--quiet");
    expect(own(whole.errors)).toBe("");
    let isStopped = false;
    const parameters = ["synthesise", "network.yaml", "--out", "part", ...options];
    const part = await runBuilt(folder, parameters, (errors, kill) => {
      if (isStopped || !errors.includes("training")) return;
      isStopped = true;
      kill();
    });
    expect(own(part.errors)).toContain("stopped; go on with it: tessera synthesise --resume part");
    expect(part.code).toBe(130);
    expect(existsSync(join(folder, "part/synthetic.csv"))).toBe(false);
    const resumed = await run("synthesise", "--resume", "part", ...options, "--quiet");
    expect(own(resumed.errors)).toBe("");
    expect(text("part/synthetic.csv")).toBe(text("whole/synthetic.csv"));
  });
});

describe("sample", () => {
  test("draws rows under conditions, the same ones for the same seed", async () => {
    const asked = ["run", "--rows", "40", "--where", "town=Leuven", "--where", "age>=50", "--seed", "7"];
    const [first, second] = [await run("sample", ...asked), await run("sample", ...asked)];
    expect(own(first.errors)).toBe("");
    expect(first.output).toBe(second.output);
    const rows = rowsOf(first.output);
    expect(rows).toHaveLength(40);
    for (const { town, province, age } of rows) {
      expect(`${town},${province}`).toBe(towns[0]);
      expect(Number(age)).toBeGreaterThanOrEqual(50);
    }
    const other = await run("sample", ...asked.slice(0, -1), "8");
    expect(other.output).not.toBe(first.output);
  });

  test("fills empty cells, and leaves the others", async () => {
    put("partial.csv", ["age,sex,label", "30,,", ",F,ill"]);
    const { output, errors } = await run("sample", "run", "--fill", "partial.csv");
    expect(own(errors)).toBe("");
    const rows = rowsOf(output);
    expect(
      rows
        .map(({ age, sex, label }) => [age === "30", sex === "F", label === "ill"])
        .at(1)
        ?.slice(1),
    ).toEqual([true, true]);
    expect(rows[0].age).toBe("30");
    for (const row of rows) expect(Object.values(row)).not.toContain("");
  });

  test("fills what a column is computed from by its cell, and tells of one that nothing has", async () => {
    put("codes.csv", ["age,code,job", ...Array.from({ length: 30 }, (_, row) => `,${1 + (row % 3)},`)]);
    const { output, errors } = await run("sample", "run", "--fill", "codes.csv");
    expect(own(errors)).toBe("");
    expect(rowsOf(output).map(({ job }) => job)).toEqual(
      Array.from({ length: 30 }, (_, row) => jobs[row % 3]),
    );
    put("alone.csv", ["code", "2", "9"]);
    const odd = await run("sample", "run", "--fill", "alone.csv");
    expect(own(odd.errors)).toMatch(/^warning: alone\.csv: line 3: code is computed from job: /u);
    const [first, second] = rowsOf(odd.output);
    expect([first.code, first.job, second.code]).toEqual(["2", "clerk", "9"]);
    expect(jobs).toContain(second.job);
  });

  const refused: [name: string, where: string[], message: RegExp][] = [
    ["an unknown category", ["sex=G"], /^error: condition.*sex.*"G"/u],
    ["an unknown part of a pair", ["town=Leuvn"], /^error: .*town "Leuvn"; did you mean "Leuven"\?$/u],
    [
      "what never occurs with another",
      ["town=Leuven", "province=Flanders"],
      /province.*together with what else/u,
    ],
    ["a number beyond the table", ["age>=200"], /no value of age is at least 200/u],
    ["an unknown column", ["agee>=20"], /no column "agee"; did you mean "age"/u],
  ];
  test.each(refused)("refuses %s", async (_, where, message) => {
    const conditions = where.flatMap((each) => ["--where", each]);
    await expectLine(run("sample", "run", "--rows", "3", ...conditions), message);
  });

  test("refuses a model that is damaged", async () => {
    expect((await synthesise("people.yaml", "damaged")).code).toBe(0);
    writeFileSync(join(folder, "damaged/model.json"), '{"format":');
    await expectLine(run("sample", "damaged", "--rows", "3"), /damaged\/model\.json: is damaged/u);
  });
});

test("judge says of a target that is written otherwise that nothing was learned, and reads it as a manifest spells it", async () => {
  const spelt = (row: string): string => row.replace(/(ill|well)$/u, "$1.");
  put("dotted.csv", [header, ...people(400, 3).map(spelt)]);
  const judged = ["judge", "people.csv", "dotted.csv", "--target", "label", ...onReference];
  const plain = await run(...judged);
  expect(own(plain.errors)).toBe("");
  expect(plain.output).toMatch(
    /Train on it, test on real\. Not defined for this table: too few of its rows have label (ill|well) or (ill|well)\./u,
  );
  put("spelt.yaml", ["table: people.csv", "columns:", "  label: { spellings: { ill.: ill, well.: well } }"]);
  const { output, errors } = await run(...judged, "--manifest", "spelt.yaml", "--json", "spelt.json");
  expect(own(errors)).toBe("");
  expect(output).not.toContain("too few of its rows");
  const { columns, use } = JSON.parse(text("spelt.json")) as TableJudgement;
  expect(columns.find(({ name }) => name === "label")?.shape.value).toBeGreaterThan(0.9);
  expect(use?.target.column).toBe("label");
});

test("judge takes at most so many rows, and shows real ones only in a report that is asked to", async () => {
  const tables = ["people.csv", "run/synthetic.csv", "--holdout", "others.csv", ...onReference];
  const { output, errors } = await run("judge", ...tables, "--rows", "100", "--out", "judged.html");
  expect(own(errors)).toBe("");
  expect(output).toMatch(/100 each were drawn by the seed/u);
  expect(text("judged.html")).not.toContain("Nearest real rows");
  await expectLine(
    run("judge", ...tables, "--show-records"),
    /--show-records shows them in the report: add --out/u,
  );
});

/** One line, exit code 2, and nothing else. */
async function expectLine(ended: Promise<Ended>, message: RegExp): Promise<void> {
  const { code, output, errors } = await ended;
  expect(own(errors)).toMatch(message);
  expect(own(errors)).toMatch(/^error: [^\n]*$/u);
  expect(output).toBe("");
  expect(code).toBe(2);
}

describe("a table that cannot be", () => {
  const kinds = Array.from({ length: 300 }, (_, row) => `${row % 7},${row % 3 === 0 ? "p" : "q"}`);
  const cases: [name: string, file: string, content: string | Uint8Array, message: RegExp][] = [
    [
      "without a header",
      "headless.csv",
      people(200).join("\n"),
      /headless\.csv: line 1: is a row.*--no-header/u,
    ],
    [
      "with a ragged row",
      "ragged.csv",
      [header, ...people(9), "1,2"].join("\n"),
      /line 11: has 2 cells.*--skip-bad/u,
    ],
    [
      "with another delimiter",
      "semicolons.csv",
      people(20).concat(header).reverse().join("\n").replaceAll(",", ";"),
      /semicolons\.csv: is one column, .*say --delimiter ";"/u,
    ],
    [
      "that is binary",
      "binary.csv",
      Uint8Array.from({ length: 999 }, (_, i) => (i * 97) % 256),
      /binary data/u,
    ],
    ["that is empty", "empty.csv", "", /empty\.csv: is empty/u],
    [
      "that breaks off",
      "torn.csv.gz",
      gzipSync(people(200).join("\n")).subarray(0, 500),
      /breaks off early/u,
    ],
  ];
  test.each(cases)("%s is one line", async (_, file, content, message) => {
    writeFileSync(join(folder, file), content);
    await expectLine(run("describe", file), message);
  });

  const told: [name: string, file: string, lines: string[], finding: RegExp][] = [
    ["of one value", "one.csv", ["a,b,c", ...kinds.map((row) => `x,${row}`)], /a is "x" in every row/u],
    [
      "all different",
      "all.csv",
      ["a,b,c", ...kinds.map((row, i) => `w${i}q,${row}`)],
      /a says who a row is/u,
    ],
    [
      "of two orders",
      "two.csv",
      ["a,b,c", ...kinds.map((row, i) => `${i % 2 ? "14/02" : "02/14"}/2020,${row}`)],
      /dates in two orders/u,
    ],
    [
      "with decimal commas",
      "marks.csv",
      ["a;b", ...kinds.map((_, i) => `0,${i}5;${i % 3}`)],
      /say decimal: ","/u,
    ],
    ["of one name twice", "twice.csv", ["a,a", ...kinds], /a \[column 2\]/u],
  ];
  test.each(told)(
    "a column %s is told by describe, whose manifest works",
    async (_, file, lines, finding) => {
      put(file, lines);
      const delimiter = file === "marks.csv" ? ["--delimiter", ";"] : [];
      const { output, code } = await run("describe", file, ...delimiter, "--manifest", `${file}.yaml`);
      expect(output).toMatch(finding);
      expect(code).toBe(0);
      const { errors } = await synthesise(`${file}.yaml`, `${file}-run`);
      if (file !== "marks.csv") expect(own(errors)).toBe("");
      else expect(own(errors)).toMatch(/^warning: column "a": each of its 240 categories [^\n]*$/u);
    },
  );

  test("of 100,000 categories is told in seconds, and merged", async () => {
    put("many.csv", ["a,b", ...Array.from({ length: 200_000 }, (_, i) => `w${i >> 1},${i % 2}`)]);
    const { output, code } = await run("describe", "many.csv");
    expect(output).toMatch(/100,000/u);
    expect(code).toBe(0);
  });
});

describe("a manifest that cannot be", () => {
  const cases: [name: string, lines: string[], message: RegExp][] = [
    [
      "a constraint that real rows break",
      ["constraints:", "  - range: {age: {max: 30}}"],
      /:3: constraints\[0\] range.*\d+ rows of 400 break it, the first: people\.csv:.* line \d+: age/u,
    ],
    [
      "a constraint that nothing can keep",
      ["constraints:", "  - range: {age: {min: 80, max: 10}}"],
      /:3: constraints\[0\] .*no number is from 80 to 10/u,
    ],
    [
      "a table that there is not",
      ["holdout: othres.csv"],
      /:2: holdout names othres\.csv: does not exist; did you mean "others\.csv"\?/u,
    ],
    ["a kind that there is not", ["columns: {age: intger}"], /:2: columns\.age .*did you mean "integer"\?/u],
    ["a column that there is not", ["columns: {agee: integer}"], /"agee".*did you mean "age"/u],
    ["a key that there is not", ["holdut: 0.2"], /holdut.*did you mean "holdout"/u],
  ];
  test.each(cases)("%s is one line", async (name, lines, message) => {
    const file = `${name.replaceAll(" ", "-")}.yaml`;
    manifest(file, ...lines);
    await expectLine(synthesise(file, "never"), message);
    expect(existsSync(join(folder, "never"))).toBe(false);
  });

  test("constraints that contradict each other are told by both, before anything is fitted", async () => {
    // So few pilots that neither constraint is refused for the rows that break it.
    const rows = people(2000, 3).map((row, at) =>
      at % 160 === 0 ? row.replace(/nurse|clerk|smith/u, "pilot") : row,
    );
    put("pilots.csv", [header, ...rows]);
    put("pilots.yaml", [
      "table: pilots.csv",
      "constraints:",
      "  - {when: {job: pilot}, then: {sex: F}}",
      "  - {when: {job: pilot}, then: {sex: M}}",
    ]);
    const { code, errors } = await synthesise("pilots.yaml", "never");
    expect(code).toBe(2);
    const lines = own(errors).split("\n");
    for (const line of lines.slice(0, -1)) expect(line).toMatch(/^warning: when job is "pilot" then sex is/u);
    expect(lines.at(-1)).toMatch(
      /^error: pilots\.yaml:2: constraints \(when .*"F"\) and \(when .*"M"\) contradict each other/u,
    );
    expect(existsSync(join(folder, "never"))).toBe(false);
  });

  test("dates that may be read in two ways are refused until the manifest says which, for judge, too", async () => {
    const rows = Array.from({ length: 300 }, (_, at) => `0${1 + (at % 9)}/1${at % 3}/2020,${"pq"[at % 2]}`);
    put("ambiguous.csv", ["seen,b", ...rows]);
    put("ambiguous.yaml", ["table: ambiguous.csv"]);
    const doubt =
      /^error: ambiguous\.csv: .*line 2: seen: has dates such as "01\/10\/2020".*: say dates: day-first or dates: month-first/u;
    await expectLine(synthesise("ambiguous.yaml", "never"), doubt);
    const judged = ["judge", "ambiguous.csv", "ambiguous.csv", ...onReference];
    await expectLine(run(...judged), doubt);
    await expectLine(run(...judged), /name it by --manifest/u);
    put("said.yaml", ["table: ambiguous.csv", "columns: {seen: {kind: date, dates: day-first}}"]);
    expect((await synthesise("said.yaml", "said")).code).toBe(0);
    expect(rowsOf(text("said/synthetic.csv"))[0].seen).toMatch(
      /^0\d\/1[012]\/20(?:20|21|19)$|^\d\d\/\d\d\/2020$/u,
    );
    expect((await run(...judged, "--manifest", "said.yaml")).code).toBe(0);
  });

  test("rows that were left out stay out when the run goes on, and the next command says so", async () => {
    put("ragged.csv", [header, ...people(400), "1,2"]);
    const described = await run("describe", "ragged.csv", "--skip-bad", "--manifest", "left.yaml");
    expect(described.output).toContain("then: tessera synthesise left.yaml --out runs/left --skip-bad");
    expect((await synthesise("left.yaml", "left", "--skip-bad")).code).toBe(0);
    const before = text("left/synthetic.csv");
    expect((await run("synthesise", "--resume", "left", ...onReference)).code).toBe(0);
    expect(text("left/synthetic.csv")).toBe(before);
  });

  test("a table in the place of a manifest is told what to do, and what is neither is not printed whole", async () => {
    await expectLine(
      run("synthesise", "people.csv", "--out", "never"),
      /tessera describe people\.csv --manifest people\.yaml writes one/u,
    );
    put("neither.yaml", people(200));
    const { errors } = await run("synthesise", "neither.yaml", "--out", "never");
    expect(own(errors)).toMatch(
      /^error: neither\.yaml:1: must be a group of keys, not "p1x0,.{40,90}\.\.\."$/u,
    );
  });

  test("fewer than a hundred rows are too few", async () => {
    put("few.csv", [header, ...people(60)]);
    put("few.yaml", ["table: few.csv"]);
    await expectLine(
      synthesise("few.yaml", "never"),
      /table has 60 rows, of which 48 are learned from: too few/u,
    );
  });

  test("a hold-out that was learned from is counted", async () => {
    put("over.csv", [header, ...people(400).slice(0, 120)]);
    manifest("over.yaml", "holdout: over.csv");
    const { errors, code } = await synthesise("over.yaml", "over");
    expect(own(errors)).toMatch(
      /^warning: 120 rows of the hold-out are equal to a row that is learned from/u,
    );
    expect(code).toBe(0);
  });
});

test("a table that a link leads to out of the data root is read where links are followed, and nowhere else", async () => {
  mkdirSync(join(folder, "linked"));
  symlinkSync("../people.csv", join(folder, "linked/people.csv"));
  manifest("linked.yaml");
  const linked = ["--data-root", "linked"];
  const { code, errors } = await synthesise("linked.yaml", "linked-run", ...linked);
  expect(code).toBe(2);
  expect(own(errors)).toMatch(
    /^error: linked\.yaml:1: table reads .*linked\/people\.csv, which a symbolic link leads to .*people\.csv, out of the data root/u,
  );
  expect((await synthesise("linked.yaml", "linked-run", ...linked, "--follow-links")).code).toBe(0);
  expect(JSON.parse(text("linked-run/run.json"))).toMatchObject({ followLinks: true });
});

test.each([
  ["describe", "people.csv", "--manifest", "people.csv"],
  ["sample", "run", "--fill", "people.csv", "--out", "./people.csv"],
  ["judge", "people.csv", "others.csv", "--out", "others.csv"],
  ["judge", "people.csv", "others.csv", "--json", "./people.csv"],
])("%s %s is not written over a table that it reads: %s %s %s", async (...parameters) => {
  const before = [text("people.csv"), text("others.csv")];
  const { code, errors } = await run(...parameters);
  expect([code, own(errors).split("\n").length]).toEqual([2, 1]);
  expect(own(errors)).toContain("is read by this command, and would be replaced; name another file");
  expect([text("people.csv"), text("others.csv")]).toEqual(before);
});
