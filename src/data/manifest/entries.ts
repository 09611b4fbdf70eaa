// The entries of a manifest with their roles: sources, which are trained on and may set images apart; images for validation;
// and images for the test.
import type { FieldPath } from "./complaints.ts";
import { isAbove, type Parents } from "../../labels/class-tree.ts";
import type { Entry, HeldEntry, SourceEntry } from "./entry-schema.ts";

export type PlacedEntry =
  | { readonly role: "source"; readonly path: FieldPath; readonly entry: SourceEntry }
  | { readonly role: "validation" | "test"; readonly path: FieldPath; readonly entry: HeldEntry };

interface Entries {
  readonly sources: readonly SourceEntry[];
  readonly validation?: HeldEntry | undefined;
  readonly test?: HeldEntry | undefined;
}

/** Sources in their order, then validation and test. */
export function entriesOf(manifest: Entries): PlacedEntry[] {
  const entries: PlacedEntry[] = manifest.sources.map((entry, i) => ({
    role: "source",
    path: ["sources", i],
    entry,
  }));
  for (const role of ["validation", "test"] as const) {
    const entry = manifest[role];
    if (entry !== undefined) entries.push({ role, path: [role], entry });
  }
  return entries;
}

/**
 * The labels that an entry names: those that it maps, and the classes that it knows without a mapped label for them, or for one
 * below them where classes are a tree.
 * @returns each once
 */
export function wantedLabels(
  { mapping = {}, knows = [] }: Pick<Entry, "mapping" | "knows">,
  { classes, parents }: { readonly classes: readonly string[]; readonly parents?: Parents | undefined },
): string[] {
  const mapped = Object.values(mapping);
  const isAboveMapped = (name: string): boolean =>
    parents !== undefined &&
    mapped.some((below) => isAbove(parents, classes.indexOf(name), classes.indexOf(below)));
  const unmapped = knows.filter((name) => !mapped.includes(name) && !isAboveMapped(name));
  return [...new Set([...Object.keys(mapping), ...unmapped])];
}
