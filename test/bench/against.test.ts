// `npm run bench -- --against`: what it says where another version cannot be had, how one is built and taken away, and what
// pairs of samples come to. Nothing heavy runs.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkOut, CheckoutError, presentVersion } from "../../bench/against/checkout.ts";
import { comparisonText } from "../../bench/against/comparison-report.ts";
import { comparedOf, pairsOf, signTest, type Pair } from "../../bench/against/paired.ts";
import { shimOf } from "../../bench/against/shims.ts";
import { quartiles } from "../../bench/harness/statistics.ts";

const folder = mkdtempSync(join(tmpdir(), "tessera-against-test-"));
const repository = join(folder, "repository");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A package whose build writes its version, in a git repository of three commits; the second does not build. */
const builds = [
  'echo "one" > built.txt #',
  "echo 'src/a.ts: no such type'; exit 1 #",
  'echo "three" > built.txt #',
];

function git(...words: string[]): string {
  const identity = [
    "-c",
    "user.name=A test",
    "-c",
    "user.email=test@localhost",
    "-c",
    "commit.gpgsign=false",
  ];
  const { status, stdout, stderr } = spawnSync("git", [...identity, ...words], {
    cwd: repository,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

const hasGit = spawnSync("git", ["--version"]).status === 0;

function message(name: string, root = repository, program?: string): string {
  try {
    checkOut(root, name, undefined, program).remove();
  } catch (error) {
    expect(error).toBeInstanceOf(CheckoutError);
    return (error as Error).message;
  }
  throw new Error(`${name} was checked out`);
}

test("without git it says so", () => {
  mkdirSync(repository, { recursive: true });
  expect(message("HEAD", repository, "git-that-nobody-has")).toMatch(/^--against HEAD: git is not installed/);
});

describe.skipIf(!hasGit)("another version", () => {
  beforeAll(() => {
    mkdirSync(join(repository, "node_modules"), { recursive: true });
    git("init", "--quiet", "--initial-branch=main");
    writeFileSync(join(repository, ".gitignore"), "node_modules\nbuilt.txt\n");
    for (const [i, build] of builds.entries()) {
      writeFileSync(join(repository, "package.json"), JSON.stringify({ scripts: { build } }));
      git("add", "--all");
      git("commit", "--quiet", "--message", `Version ${i + 1}`);
    }
  }, 30_000);

  test("is built in a folder of its own, which goes away", () => {
    const said: string[] = [];
    const checkout = checkOut(repository, "HEAD~2", (what) => said.push(what));
    expect(said).toEqual(["checking out HEAD~2", "building HEAD~2"]);
    expect(checkout.subject).toBe("Version 1");
    expect(git("rev-parse", "HEAD~2").startsWith(checkout.commit)).toBe(true);
    expect(existsSync(join(checkout.folder, "built.txt"))).toBe(true);
    expect(existsSync(join(repository, "built.txt"))).toBe(false);
    checkout.remove();
    checkout.remove();
    expect(existsSync(checkout.folder)).toBe(false);
    expect(existsSync(join(repository, "node_modules")), "the packages are not theirs to delete").toBe(true);
    expect(git("worktree", "list").split("\n")).toHaveLength(1);
  }, 30_000);

  test("that does not build is named with what its build said, and leaves nothing behind", () => {
    expect(message("HEAD~1")).toMatch(
      /^--against HEAD~1: this commit does not build.*\nsrc\/a\.ts: no such type$/,
    );
    expect(git("worktree", "list").split("\n")).toHaveLength(1);
  }, 30_000);

  test("that nobody knows, or that looks like an option, is no commit", () => {
    expect(message("v9.9")).toMatch(/^--against v9\.9: no commit, branch or tag is named so here/);
    expect(message("--help")).toMatch(/^--against --help: no commit/);
  });

  test("outside of a git checkout it says so", () => {
    expect(message("HEAD", folder)).toMatch(/^--against HEAD: .* is not a git checkout/);
  });

  test("the present version is its commit, and says whether files differ from it", () => {
    expect(presentVersion(repository)).toMatch(/^[0-9a-f]+, Version 3$/);
    writeFileSync(join(repository, ".gitignore"), "node_modules\n");
    expect(presentVersion(repository)).toMatch(/, Version 3, with changes$/);
  });
});

test("a name that the other version lacks throws where it is called, and only there", async () => {
  const file = join(folder, "shim.mjs");
  const theirs = "data:text/javascript,export const add = 1";
  writeFileSync(file, shimOf("./optim", theirs, ["lion"]));
  // Written by this test.
  // eslint-disable-next-line no-restricted-syntax
  const shim = (await import(file)) as { add: number; lion(): void };
  expect(shim.add).toBe(1);
  expect(() => shim.lion()).toThrow("no lion in @tessera-gpu/tessera/optim");
});

/** Pairs whose ratios are these. */
const pairsWith = (ratios: readonly number[]): Pair[] =>
  ratios.map((ratio, i) => {
    const other = { wall: 10 + i, cpu: 20 };
    return { now: { wall: ratio * other.wall, cpu: 18 }, other };
  });

describe("pairs", () => {
  test("take turns at being the first, until the time is over", async () => {
    let now = 0;
    const order: string[] = [];
    const pairs = await pairsOf(
      (version) => {
        order.push(version);
        now += version === "now" ? 100 : 200;
        return Promise.resolve({ wall: now, cpu: 1 });
      },
      { seconds: 6, clock: () => now },
    );
    expect(pairs).toHaveLength(21); // 300 ms each: the first after 6 s ends it
    expect(order.slice(0, 6)).toEqual(["now", "other", "other", "now", "now", "other"]);
    expect(pairs[1]).toEqual({ now: { wall: 600, cpu: 1 }, other: { wall: 500, cpu: 1 } });
  });

  test("slow ones are few, and short ones enough for a verdict however little time there is", async () => {
    const count = async (milliseconds: number): Promise<number> => {
      let now = 0;
      const sample = (): Promise<{ wall: number; cpu: number }> => {
        now += milliseconds / 2;
        return Promise.resolve({ wall: 1, cpu: 1 });
      };
      return (await pairsOf(sample, { seconds: 0.001, clock: () => now })).length;
    };
    expect(await count(100)).toBe(10);
    expect(await count(30_000)).toBe(3);
  });

  test("their ratio is the median of ratios within pairs, with quartiles", () => {
    const compared = comparedOf(pairsWith([0.5, 0.8, 0.6, 0.7, 0.9]));
    expect(compared).toMatchObject({ pairs: 5, otherMs: 12, cpu: { median: 0.9 } });
    expect(compared.wall.median).toBeCloseTo(0.7, 12);
    expect(compared.wall.lowerQuartile).toBeCloseTo(0.6, 12);
    expect(compared.wall.upperQuartile).toBeCloseTo(0.8, 12);
    expect(compared.wall.verdict, "five pairs are too few").toBe("unclear");
  });

  test("a verdict needs a clear majority of pairs and a difference that is more than luck", () => {
    const verdict = (ratios: number[]): string => comparedOf(pairsWith(ratios)).wall.verdict;
    expect(verdict(new Array<number>(8).fill(0.9))).toBe("faster");
    expect(verdict(new Array<number>(8).fill(1.1))).toBe("slower");
    expect(verdict(new Array<number>(8).fill(0.99))).toBe("unclear");
    expect(verdict([...new Array<number>(8).fill(0.9), 1.1, 1.1, 1.1])).toBe("unclear");
  });

  test("the sign test is the binomial one", () => {
    expect(signTest(8, 8)).toBeCloseTo(2 / 256, 12);
    expect(signTest(1, 10)).toBeCloseTo((2 * 11) / 1024, 12);
    expect(signTest(5, 10)).toBe(1);
  });

  test("quartiles lie between values where they must", () => {
    expect(quartiles([4, 1, 3, 2])).toEqual([1.75, 3.25]);
    expect(quartiles([7])).toEqual([7, 7]);
    expect(() => quartiles([])).toThrow(RangeError);
  });
});

test("the report names what was left out, and says which way a ratio goes", () => {
  const text = comparisonText({
    adapter: { name: "paper", vendor: "", architecture: "", description: "", isSoftware: true, features: [] },
    date: new Date(0),
    now: "now",
    against: "then",
    results: [{ work: "relu", ...comparedOf(pairsWith(new Array<number>(9).fill(0.5))) }],
    leftOut: [{ work: "silu", because: "no silu in tessera" }],
  });
  expect(text).toMatch(/^relu +0\.500 +0\.500 \.\. 0\.500 +faster +0\.900 .* faster +7\.00 +14\.0 +9$/m);
  expect(text).toMatch(/^silu is left out; .*: no silu in tessera$/m);
  expect(text).toMatch(/below 1 this version is faster/);
});
