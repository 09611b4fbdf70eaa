// `tessera inspect`: what a manifest selects, before anything is trained on it.

import { DataError } from "../../errors/data-errors.ts";
import { pixelRemarks } from "../../data/inspection/grey-ranges.ts";
import { imageSizes, type SizeCount } from "../../data/inspection/sizes.ts";
import { inspect, type Inspection } from "../../data/inspection/findings.ts";
import { counted } from "../../errors/counted.ts";
import { noClass } from "../../data/manifest/class-filter.ts";
import { sliceOf } from "../../data/volumes/volume-slices.ts";
import { openedCatalogue, uncertaintyPolicy } from "../../data/inspection/opened.ts";
import { readTrainingManifest } from "../../assemble/training-manifest.ts";
import { refuseEmpty } from "../../data/assembly/load.ts";
import type { Catalogue } from "../../data/catalogue/catalogue.ts";
import type { DecodedAssembly } from "../../data/assembly/pixels.ts";
import { findingLines, labelTables } from "../../report/inspection-report.ts";
import { depthsOf, type Parents } from "../../labels/class-tree.ts";
import { lastingEngine } from "../on-engine.ts";
import { writeSheets, writeViews } from "../inspection-sheets.ts";
import { skippedLines } from "../loading.ts";
import { decodeImages, imageCacheFolder, listImages } from "../../runs/load-images.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import { passingNames } from "../../runs/patient-names.ts";
import { makeFolder, makeFolderOf } from "../terminal/output-files.ts";
import { counting } from "../terminal/counter.ts";
import { stopCode, unlessInterrupted } from "../terminal/signals.ts";

export interface InspectOptions extends DeviceOptions {
  readonly dataRoot: string;
  readonly followLinks?: boolean;
  readonly json: boolean;
  readonly sheets?: string;
  readonly views?: string;
  readonly skipBad: boolean;
  readonly cache?: string;
  readonly limit?: number;
  readonly seed: number;
  /** Whether patients are shown by their names. */
  readonly identify: boolean;
  readonly quiet: boolean;
}

/** Bytes of pixels to hold in memory; more stay on disk, since only examples are looked at again. */
const memory = 2 ** 27;

/**
 * Prints the tables and findings, or with --json one object:
 *
 *     manifest, dataRoot, seed, limit (null: none), task, classes
 *     parents      { <class>: the class above it }, where the manifest's classes are a tree
 *     image        { height, width, channels, fit }: the size of every image after loading, and how it is brought to it
 *     lists        [{ source, part, images, patients, withoutPatient, unlabelled,
 *                     classes: { <class>: { positive, negative, absent, soft, uncertain, uncertainAs, pixels? } },
 *                     pixels?: { total, ignored } }], pixels of masks at their own size, for segmentation
 *                  soft: a probability; uncertain: so labelled in the source, and taken as `uncertainAs`
 *     sizes        { <source>: [{ height, width, images }] } as the files have it, of at most 500 image files a source
 *     findings     [{ kind, severity, sentence, cases: [{ class?, patient?, name?, count?,
 *                samples: [{ source, part, id }], reason? }] }]
 *                  the gravest first; kinds and severities: data/inspection/finding-kinds.ts; a patient is a hash that
 *                  means nothing elsewhere, or with --identify a name
 *     clean        [sentence]: checks that found nothing
 *     records      [sentence]: rows of tables and lines of lists that cannot be read, and are left out
 *     decoding     { files: decoded now, fromCache, fromArrays, undecodable, seconds, filesPerSecond (null: none decoded) }
 *     sheets       [file]; views: file or null
 *
 * @throws DataError, after everything is printed, when records cannot be read or images not decoded without --skip-bad, or
 *   when a source has no image left: training would refuse them as well
 */
export async function inspectCommand(file: string, options: InspectOptions): Promise<void> {
  const { seed, quiet, limit, dataRoot, followLinks } = options;
  const where = engineOptions(options);
  if (options.sheets !== undefined) makeFolder("--sheets", options.sheets);
  if (options.views !== undefined) makeFolderOf("--views", options.views);
  // Also a manifest for evaluating a model or for adding a class, whose sources need not teach every class.
  const manifest = await readTrainingManifest(file, noClass);
  const selected = await listImages(
    manifest,
    { dataRoot, seed, limit, skipBad: true, followLinks },
    counting(quiet),
  );
  using lasting = options.views === undefined ? undefined : await lastingEngine(where);

  const decoded = await unlessInterrupted((signal) => {
    const cache = options.cache ?? imageCacheFolder();
    return decodeImages(selected, { cache, memory, skipBad: true, hashes: true, signal }, counting(quiet));
  });
  if (decoded === undefined) {
    process.exitCode = stopCode();
    return;
  }
  const opened = openedCatalogue(manifest, selected, decoded);
  const remarks = [...selected.remarks, ...(await pixelRemarks(selected, decoded))];
  const found = inspect(selected.classes, opened.lists, opened.undecodable, remarks, selected.exclusive);
  const inspection = options.identify ? found : withoutNames(found);
  const sizes = await sizesBySource(selected, seed);
  const contents = { catalogue: selected, opened, sets: decoded.sets, seed, quiet };
  const sheets = options.sheets === undefined ? [] : await writeSheets(options.sheets, contents);
  const { views } = options;
  if (lasting !== undefined && views !== undefined) {
    await lasting.run((engine) => writeViews(views, engine, manifest, contents));
  }

  const { parents } = selected;
  const policy = (source: string, className: string): string =>
    uncertaintyPolicy(manifest, source, className);
  if (options.json) {
    const report = {
      ...{ manifest: file, dataRoot, seed, limit: limit ?? null },
      task: manifest.task,
      classes: selected.classes,
      ...(parents === undefined ? {} : { parents: parentNames(selected.classes, parents) }),
      image: selected.image,
      lists: listsAsJson(selected.classes, inspection, policy),
      sizes: Object.fromEntries(sizes),
      findings: inspection.findings,
      clean: inspection.clean,
      records: selected.skipped.map(({ message }) => message),
      decoding: decodingAsJson(decoded),
      sheets,
      views: options.views ?? null,
    };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } else {
    const sizesOf = (source: string): string => describeSizes(sizes.get(source) ?? []);
    const depths = parents && depthsOf(parents);
    const tables = labelTables(selected.classes, inspection.counts, { policy, sizes: sizesOf, depths });
    const { height, width, channels } = selected.image;
    const lines = [
      `${file}: ${manifest.task === "segmentation" ? "segmentation of " : ""}${counted(selected.classes.length, "class", "classes")}, images of ${height} x ${width} x ${channels}`,
      ...[
        "",
        tables,
        "",
        findingLines(inspection),
        "",
        ...describeSkipped(selected),
        describeDecoding(decoded, selected),
      ],
      ...sheets.map((sheet) => `Sheet: ${sheet}`),
      ...(options.views === undefined ? [] : [`Both views: ${options.views}`]),
    ];
    process.stdout.write(`${lines.join("\n")}\n`);
  }
  refuseEmpty(selected, decoded);
  const [bad, ...others] = [...selected.skipped, ...decoded.skipped];
  if (bad !== undefined && !options.skipBad) {
    const more = others.length === 0 ? "" : `, and ${others.length} more that cannot be listed or decoded`;
    throw new DataError(
      bad.file,
      `${bad.reason}${more}; mend or remove such images and records, or train with --skip-bad`,
      { cause: bad },
    );
  }
}

/** What was found, with hashes in the place of names of patients. */
function withoutNames(inspection: Inspection): Inspection {
  const { hashOf } = passingNames();
  const hidden = (text: string): string =>
    text.replace(/"(?:[^"\\]|\\.)*"/gu, (quoted) => hashOf(String(JSON.parse(quoted))));
  const findings = inspection.findings.map((finding) => {
    const isNames = finding.kind === "patient-names" || finding.kind === "near-patients";
    const cases = finding.cases.map(({ name, reason, patient, ...each }) => ({
      ...each,
      ...(patient === undefined ? {} : { patient: hashOf(patient) }),
      ...(name === undefined ? {} : { name: isNames ? hashOf(name) : name }),
      ...(reason === undefined ? {} : { reason: isNames ? hidden(reason) : reason }),
    }));
    if (!isNames) return { ...finding, cases };
    // The first name of a remark is that of its source.
    const [source] = /^"(?:[^"\\]|\\.)*"/u.exec(finding.sentence) ?? [""];
    const sentence = `${source}${hidden(finding.sentence.slice(source.length))} --identify shows the names.`;
    return { ...finding, sentence, cases };
  });
  return { ...inspection, findings };
}

/** The class above each class that stands below one. */
function parentNames(classes: readonly string[], parents: Parents): Record<string, string> {
  return Object.fromEntries(
    classes.flatMap((name, k) => (parents[k] < 0 ? [] : [[name, classes[parents[k]]]])),
  );
}

async function sizesBySource(selected: Catalogue, seed: number): Promise<Map<string, SizeCount[]>> {
  const sizes = new Map<string, SizeCount[]>();
  for (const { source } of selected.lists) {
    if (sizes.has(source)) continue;
    sizes.set(
      source,
      await imageSizes(
        selected.lists.filter((list) => list.source === source),
        seed,
      ),
    );
  }
  return sizes;
}

/** `64 x 64`, or the range of several. */
function describeSizes(sizes: readonly SizeCount[]): string {
  if (sizes.length === 0) return "";
  const range = (side: "height" | "width"): string => {
    const all = sizes.map((size) => size[side]);
    const [least, most] = [Math.min(...all), Math.max(...all)];
    return least === most ? String(least) : `${least}-${most}`;
  };
  return `${range("height")} x ${range("width")} pixels`;
}

function listsAsJson(
  classes: readonly string[],
  { counts }: Inspection,
  policy: (source: string, className: string) => string,
): unknown[] {
  return counts.map(({ pixels, ...count }) => ({
    ...count,
    classes: Object.fromEntries(
      classes.map((name, k) => [
        name,
        {
          ...count.classes[k],
          uncertainAs: policy(count.source, name),
          ...(pixels === undefined ? {} : { pixels: pixels.classes[k] }),
        },
      ]),
    ),
    ...(pixels === undefined ? {} : { pixels: { total: pixels.total, ignored: pixels.ignored } }),
  }));
}

function describeSkipped({ skipped }: Catalogue): string[] {
  if (skipped.length === 0) return [];
  return [
    `${counted(skipped.length, "record")} of tables and lists cannot be read:`,
    ...skippedLines(skipped, "--json"),
    "",
  ];
}

function decodingAsJson({ decoded, skipped }: DecodedAssembly): Record<string, number | null> {
  const { images, fromCache, fromArrays, seconds } = decoded;
  return {
    files: images,
    fromCache,
    fromArrays,
    undecodable: skipped.length,
    seconds,
    filesPerSecond: images === 0 ? null : images / seconds,
  };
}

/** What arrays of images are of, in words. */
function arraysOf({ lists }: Catalogue): string {
  const images = lists.flatMap(({ samples }) => samples.map(({ image }) => image));
  const arrays = images.filter(({ kind }) => kind === "array");
  const slices = arrays.filter((image) => sliceOf(image) !== undefined).length;
  return slices === 0 ? "array files" : slices < arrays.length ? "array files and volumes" : "volumes";
}

function describeDecoding({ decoded }: DecodedAssembly, catalogue: Catalogue): string {
  const { images, fromCache, fromArrays, seconds } = decoded;
  const files = images + fromCache;
  const number = (value: number): string => value.toLocaleString("en");
  const rate =
    images === 0 ? "" : ` in ${seconds.toFixed(1)} s (${number(Math.round(images / seconds))} a second)`;
  const parts = [
    ...(files === 0
      ? []
      : [`${counted(images, "image file")} decoded${rate}, ${number(fromCache)} found in the cache`]),
    ...(fromArrays === 0
      ? []
      : [`${counted(fromArrays, "image")} came from ${arraysOf(catalogue)}, which need no decoding`]),
  ];
  return parts.length === 0 ? "No image can be decoded." : `${parts.join("; ")}.`;
}
