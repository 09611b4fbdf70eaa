// Paths as texts, without a look at any disk: where they lead, and why not there.

/** A path with forward slashes, also where Windows wrote it. */
export function withSlashes(path: string): string {
  return path.replaceAll("\\", "/");
}

/** Why a path cannot be below the folder that it starts from, to follow the path in a message; undefined where it can. */
export function whyOutside(path: string): string | undefined {
  const plain = withSlashes(path);
  if (/^\/\/[^/]/u.test(plain)) return "is the path of a network share";
  if (/^[A-Za-z]:/u.test(plain)) return "is the path of a Windows drive";
  if (plain.includes("\0")) return "holds a NUL character";
  if (plain.startsWith("/")) return "is an absolute path";
  if (leadsUp(plain)) return "leads out of it by ..";
  return undefined;
}

/** The last name of a path, with slashes or as Windows writes it. */
export function lastName(path: string): string {
  return (
    path
      .replace(/[/\\]+$/u, "")
      .split(/[/\\]/u)
      .at(-1) ?? path
  );
}

/** Whether a path, read as text, does not stay below the folder it is relative to. */
export function escapes(text: string): boolean {
  return /^\/|[\\\0]|^[A-Za-z]:/u.test(text) || leadsUp(text);
}

/** Whether a path has more steps up than down, which it need not have in front. */
function leadsUp(path: string): boolean {
  return plainPath(path).startsWith("../") || plainPath(path) === "..";
}

/** A relative path with slashes, without steps that lead nowhere: `./a.png` and `b/../a.png` are `a.png`; "" for the folder itself. */
export function plainPath(path: string): string {
  const steps: string[] = [];
  for (const step of path.split("/")) {
    if (step === "" || step === ".") continue;
    if (step === ".." && steps.length > 0 && steps.at(-1) !== "..") steps.pop();
    else steps.push(step);
  }
  return steps.join("/");
}
