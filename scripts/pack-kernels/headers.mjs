// What the comments of a shader say to people: what it computes, and what its uniforms mean.

/** The header's first sentence: a formula with its shapes, of which those that stand on lines of their own stay there. */
export function computes(text) {
  const [header] = /^(?:\s*\/\/.*\r?\n)*/u.exec(text);
  const lines = header.split("\n").map((line) => line.replace(/^\s*\/\/ ?/u, "").trimEnd());
  const paragraph = lines.slice(0, lines.includes("") ? lines.indexOf("") : undefined);
  const joined = paragraph.reduce((sum, line, i) => {
    const isApart = line.startsWith("  ") || paragraph[i - 1].startsWith("  ");
    return `${sum}${isApart ? "\n" : " "}${line}`;
  });
  return /^[^]*?[.:](?=\s*$|\s+[A-Z"])/u.exec(joined)?.[0] ?? joined;
}

/** The meanings of the members of a struct, by name; one that has none beside it is left out. */
export function memberMeanings(text, struct) {
  const body = new RegExp(`struct\\s+${struct}\\s*\\{([^}]*)\\}`, "u").exec(text)?.[1] ?? "";
  return Object.fromEntries(
    [...body.matchAll(/^\s*(\w+)\s*:[^/\n]*\/\/\s*(.*\S)\s*$/gmu)].map(([, name, meaning]) => [
      name,
      meaning,
    ]),
  );
}
