// Lists of names as people type them: parted by commas, by blanks, or both, in one word of the command line or several.

const between = /[\s,]/u;

/**
 * The names of a list, each once. A name that holds blanks or commas is found whole where it is known.
 *
 * @param values words of the command line
 * @param known all names that there are
 * @returns what is not known as it was written, up to the next comma, for the caller to refuse
 */
export function listedNames(values: readonly string[], known: readonly string[]): string[] {
  const each = values.flatMap((value) => namesOf(value, known));
  const isKnown = (name: string): boolean => known.includes(name);
  // A name of two words without quotes comes as two values.
  const together = each.every(isKnown) ? each : namesOf(values.join(" "), known);
  return [...new Set(together.every(isKnown) ? together : each)];
}

function namesOf(text: string, known: readonly string[]): string[] {
  const whole = text.trim();
  if (known.includes(whole)) return [whole];
  const names: string[] = [];
  for (let at = 0; at < whole.length;) {
    if (between.test(whole[at])) {
      at++;
      continue;
    }
    const name = longestAt(whole, at, known) ?? whole.slice(at).split(",", 1)[0].trimEnd();
    names.push(name);
    at += name.length;
  }
  return names;
}

/** The longest of some names that stands at a place of a text and ends there at a comma, a blank or the end. */
function longestAt(text: string, at: number, names: readonly string[]): string | undefined {
  const fitting = names.filter((name) => {
    const next = text.at(at + name.length);
    return name !== "" && text.startsWith(name, at) && (next === undefined || between.test(next));
  });
  return fitting.sort((a, b) => b.length - a.length).at(0);
}
