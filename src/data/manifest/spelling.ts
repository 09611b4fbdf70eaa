// Classes that an entry names in another spelling than the manifest's list of classes ("1.0" for "1", letters composed in another
// way) get the list's: all that reads a manifest may then compare names of classes letter by letter.
import { placeOf } from "../../labels/wording.ts";
import { entriesOf } from "./entries.ts";
import { isMaskValues } from "./mask-values.ts";
import type { HeldEntry, SourceEntry } from "./entry-schema.ts";
import type { Fail } from "./complaints.ts";
import type { ManifestContent } from "./manifest-schema.ts";

/** The content with every name of a class as `classes` spells it; a name that is no class stays, and is refused later. */
export function inClassSpelling<Content extends ManifestContent>(content: Content, fail: Fail): Content {
  const { classes, exclusive, sources, validation, test } = content;
  const place = placeOf(classes);
  const classSpelling = (name: string): string => classes[place(name)] ?? name;
  const paths = new Map(entriesOf(content).map(({ entry, path }) => [entry, path]));
  const targets = (setting: Readonly<Record<string, string>>): Record<string, string> =>
    Object.fromEntries(Object.entries(setting).map(([label, name]) => [label, classSpelling(name)]));
  const respell = <Entry extends SourceEntry | HeldEntry>(entry: Entry): Entry => {
    const byClass = <Setting>(setting: Setting, field: string): Setting => {
      if (typeof setting !== "object" || setting === null) return setting;
      const respelled = new Map<string, unknown>();
      for (const [name, value] of Object.entries(setting)) {
        const own = classSpelling(name);
        if (respelled.has(own)) {
          fail([...(paths.get(entry) ?? []), field, name], `names "${own}" a second time`);
        }
        respelled.set(own, value);
      }
      return Object.fromEntries(respelled) as Setting; // the same fields, under other names of the same classes
    };
    return {
      ...entry,
      ...(entry.knows === undefined ? {} : { knows: entry.knows.map(classSpelling) }),
      ...(entry.mapping === undefined ? {} : { mapping: targets(entry.mapping) }),
      ...(isMaskValues(entry.values) ? { values: targets(entry.values) } : {}),
      ...(entry.colours === undefined ? {} : { colours: targets(entry.colours) }),
      uncertain: byClass(entry.uncertain, "uncertain"),
      blank: byClass(entry.blank, "blank"),
      ...(entry.limitPerClass === undefined
        ? {}
        : { limitPerClass: byClass(entry.limitPerClass, "limitPerClass") }),
    };
  };
  return {
    ...content,
    ...(typeof exclusive === "boolean"
      ? {}
      : { exclusive: exclusive.map((group) => group.map(classSpelling)) }),
    sources: sources.map(respell),
    ...(validation === undefined ? {} : { validation: respell(validation) }),
    ...(test === undefined ? {} : { test: respell(test) }),
  };
}
