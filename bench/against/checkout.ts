// Another version of Tessera, built from a commit in a temporary git worktree, for comparisons with the present one.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A version cannot be had; the message says what to do. */
export class CheckoutError extends Error {
  override readonly name = "CheckoutError";
}

/** A built version in a folder of its own. */
export interface Checkout {
  readonly folder: string;
  /** The first ten digits of the commit. */
  readonly commit: string;
  /** The first line of its message, cut to a length that fits a line. */
  readonly subject: string;
  /** Takes the worktree away; safe to call twice. */
  remove(): void;
}

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** Runs a program to its end, in silence. @throws CheckoutError when there is no such program */
function run(program: string, words: readonly string[], folder: string, missing: string): Ended {
  const { error, status, stdout, stderr } = spawnSync(program, [...words], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 1 << 26,
    shell: process.platform === "win32" && program === "npm",
  });
  if (error !== undefined) {
    const absent = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new CheckoutError(absent ? missing : `${program} ${words.join(" ")}: ${error.message}`);
  }
  return { status, output: `${stdout}${stderr}`.trim() };
}

/** Cuts a message's first line. */
const short = "%<(60,trunc)%s";

/** The lines of an output that say what is wrong, as far as a person reads them. */
const firstLines = (output: string): string => output.split("\n").slice(0, 12).join("\n");

/**
 * Checks a commit out and builds it with the packages that are installed here.
 *
 * @param root a git checkout with `node_modules`
 * @param name a commit, branch or tag
 * @param doing told of what takes a while
 * @param git the program, for tests
 * @throws CheckoutError when there is no git, no repository or no such commit, or when the commit does not build
 */
export function checkOut(
  root: string,
  name: string,
  doing: (what: string) => void = () => undefined,
  git = "git",
): Checkout {
  const asked = (folder: string, ...words: string[]): Ended =>
    run(
      git,
      words,
      folder,
      `--against ${name}: git is not installed, and without it no other version can be had`,
    );
  if (asked(root, "rev-parse", "--is-inside-work-tree").output !== "true") {
    throw new CheckoutError(
      `--against ${name}: ${root} is not a git checkout; clone the repository to compare versions`,
    );
  }
  const found = asked(root, "rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`);
  if (found.status !== 0) {
    throw new CheckoutError(
      `--against ${name}: no commit, branch or tag is named so here; git log --oneline lists commits, git fetch gets those ` +
        "of others",
    );
  }
  const commit = found.output;
  const folder = mkdtempSync(join(tmpdir(), "tessera-against-"));
  const modules = join(folder, "node_modules");
  let removed = false;
  const remove = (): void => {
    if (removed) return;
    removed = true;
    // The link first, so that nothing that deletes a folder can follow it.
    if (existsSync(modules)) unlinkSync(modules);
    asked(root, "worktree", "remove", "--force", folder);
    rmSync(folder, { recursive: true, force: true });
    asked(root, "worktree", "prune");
  };
  try {
    doing(`checking out ${name}`);
    const made = asked(root, "worktree", "add", "--detach", "--force", folder, commit);
    if (made.status !== 0) {
      throw new CheckoutError(`--against ${name}: git worktree add failed\n${firstLines(made.output)}`);
    }
    symlinkSync(join(root, "node_modules"), modules, "junction");
    doing(`building ${name}`);
    // Types were checked when it was committed; to check them takes longer than all the rest.
    const words = ["run", "--silent", "build", "--", "--noCheck"];
    const built = run("npm", words, folder, `--against ${name}: npm is not installed`);
    if (built.status !== 0) {
      throw new CheckoutError(
        `--against ${name}: this commit does not build with the packages installed here\n${firstLines(built.output)}`,
      );
    }
    const subject = asked(folder, "log", "-1", `--format=${short}`).output;
    return { folder, commit: commit.slice(0, 10), subject, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The present version in words: its commit, and whether files differ from it. */
export function presentVersion(root: string): string {
  const asked = (...words: string[]): string => run("git", words, root, "git is not installed").output;
  const changed = asked("status", "--porcelain", "--untracked-files=no") === "" ? "" : ", with changes";
  return asked("log", "-1", `--format=%h, ${short}`) + changed;
}
