// The shaders as a page loads them: the same WGSL without comments and blanks, but for the lines that describe a kernel. What
// several shaders share stays in each of them, and names stay as they are: gzip makes as much of it (59.6 KB of 151 shaders;
// 59.2 with shared regions written once, 62 with one-letter names).

/** Comments that say what a kernel is: src/kernels reads them, less the meaning behind the colon. */
const told = [
  /^\/\/ (?:launch: .+ workgroups?|work: .+ operations?)$/u,
  /^(?:const|alias) \w+\s*=\s*[\w.+-]+;\s*\/\/ (?:knob|value of \w+):/u,
  /^alias \w+\s*=\s*i32;\s*\/\/ bits of \w+$/u,
  /^alias \w+\s*=\s*(?:f32|vec4f);\s*\/\/ stored:/u,
];
const sign = "[{}()\\[\\];,:=+\\-*/%<>&|^!?@.~]";
const besideSign = new RegExp(` (?=${sign})|(?<=${sign}) `, "gu");

/** A line without its comment and its blanks; empty where nothing is left. */
function bareLine(line) {
  const trimmed = line.trim().replace(/\s+/gu, " ");
  for (const form of told) {
    const kept = form.exec(trimmed)?.[0];
    if (kept !== undefined) return kept;
  }
  const code = trimmed.replace(/\/\/.*$/u, "").trim();
  return code.replace(besideSign, (blank, at) => {
    // Two signs that would be read as one: a - -b, a > =b.
    const wouldJoin = /[-+&|<>=/*!%^]/u.test(code[at - 1]) && /[-+&|<>=/*]/u.test(code[at + 1]);
    return wouldJoin ? blank : "";
  });
}

/** The text of a shader without what only people read, line by line. */
export function bareText(text) {
  if (text.includes("/*"))
    throw new Error("a shader with a block comment: say it in lines that begin with //");
  return text
    .split("\n")
    .map(bareLine)
    .filter((line) => line !== "")
    .join("\n");
}
