// As wrong-arguments.test.ts, of kernels, data and studies.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as data from "../../src/data/index.ts";
import * as kernelsEntry from "../../src/kernels/index.ts";
import * as studies from "../../src/studies/index.ts";
import { parseTrainingManifest } from "../../src/assemble/training-manifest.ts";
import type { Engine } from "../../src/runtime/engine.ts";
import { openEngine } from "../../src/runtime/open-engine.ts";
import { smallSettings } from "../assemble/settings.ts";
import { twoSites } from "../cli/two-sites.ts";
import { temporaryFolder } from "../data/formats/idx-files.ts";
import { writePng } from "../data/images/image-files.ts";
import { armScores, base, comparing, smallStudy, worse } from "../studies/small-study.ts";
import { context, full, given } from "../studies/two-sites.ts";
import { complaintsAbout, walksOf, type Rows, type Strangers } from "./argument-walk.ts";

const folder = temporaryFolder();
const manifestText = twoSites({ images: 4, tested: 4, train: "batch: 4, epochs: 1" });
const manifestFile = join(folder.path, "sites.yaml");
writeFileSync(manifestFile, manifestText);

let engine: Engine;
let other: Engine;
let strangers: Strangers;
let listed: data.Catalogue;
let decoded: data.DecodedAssembly;
const manifest = data.parseManifest(manifestText, "sites.yaml");
beforeAll(async () => {
  engine = await openEngine({ device: "reference" });
  other = await openEngine({ device: "reference" });
  const disposed = engine.zeros([2, 2]);
  disposed.dispose();
  strangers = { stranger: other.zeros([2, 2]), disposed };
  listed = await data.catalogue(manifest, { dataRoot: folder.path, seed: 1 });
  decoded = await data.decodeAssembly(listed, { cache: "", memory: Infinity, skipBad: false });
});
afterAll(() => {
  engine.close();
  other.close();
  folder.remove();
});

const named = Object.fromEntries(Object.keys(kernelsEntry.kernels).map((name) => [name, "no function"]));
const ofKernels: Rows<typeof kernelsEntry> = {
  ...(named as Record<kernelsEntry.KernelName, "no function">),
  KernelError: "not called by users",
  kernelOf: () => [kernelsEntry.kernels.unary.text, { name: "unary" }],
  kernels: "no function",
};

const set = (source: string, states: readonly number[]): data.ImageSet => ({
  ...{ source, count: 2, height: 2, width: 3, channels: 1 },
  ...{ pixels: new Uint8Array(12), states: Uint8Array.from(states) },
});
const a = set("A", [0, 255, 1, 255]);
const b = set("B", [255, 1, 255, 0]);
const small = { classes: ["x", "y"], sources: [a, b], test: set("test", [0, 1, 1, 0]) };
const opened = (): data.OpenedCatalogue => data.openedCatalogue(manifest, listed, decoded);

const pictures = ["x/1.png", "y/2.png"].map((path) => ({
  ...{ path, bytes: new Uint8Array(writePng({ width: 2, height: 2, depth: 8, colorType: 0 })) },
}));
let planned: data.ImagePlan;
beforeAll(async () => {
  planned = await data.planImages(pictures);
});

const ofData: Rows<typeof data> = {
  DataError: "not called by users",
  ManifestError: "not called by users",
  Sampler: () => [[a, b], { sampling: "proportional", batch: 2, seed: 1 }],
  absent: "no function",
  background: "no function",
  ignored: "no function",
  assembled: () => [listed, decoded, data.everyClass],
  assembly: () => [small, data.everyClass],
  assemblyDigest: () => [small],
  catalogue: () => [
    manifest,
    { dataRoot: folder.path, seed: 1, limit: 2, skipBad: true, onDrawn: () => undefined },
  ],
  classesBeyond: () => [["nodule"]],
  concatenate: () => ["both", [a, b]],
  coverageOf: () => [listed.lists[0], listed.lists[0].states, 3],
  decodeAssembly: () => [listed, { cache: "", memory: 1e9, skipBad: false, hashes: true, workers: 1 }],
  drawPhantom: () => [
    { seed: 1, site: "A", index: 0, present: ["nodule"], size: 16 },
    new Uint8Array(16 * 16),
  ],
  everyClass: "not called by users",
  fileFormats: "no function",
  findingKinds: "no function",
  findingNames: "no function",
  imageOfFile: () => [pictures[0], { height: 2, width: 2, channels: 1, fit: "pad" }],
  imageSet: () => [a, 2],
  imageSizes: () => [listed.lists, 1],
  inspect: () => [listed.classes, opened().lists, opened().undecodable],
  isSoft: () => [150],
  loadImages: () => [
    planned,
    { classes: ["x", "y"], others: ["z"], split: { test: 0.5, by: "image" }, most: 1e6 },
  ],
  loadAssembly: () => [manifest, { dataRoot: folder.path, seed: 1, cache: "", memory: 1e9, skipBad: false }],
  negative: "no function",
  noClass: "not called by users",
  openedCatalogue: () => [manifest, listed, decoded],
  outlinePhantom: () => [{ seed: 1, site: "A", index: 0, present: ["nodule"], size: 16 }],
  parseManifest: () => [manifestText, "sites.yaml", data.everyClass],
  parts: "no function",
  phantoms: () => [
    { count: 1, size: 16, site: "A", seed: 1, findings: ["mass"], prevalence: 0.5, knows: ["mass"] },
  ],
  pixelsInMemory: () => [a],
  planImages: () => [
    pictures,
    { source: "A", format: "folder", image: { height: 2, width: 2, channels: 1 }, skipBad: true, most: 1e6 },
  ],
  positive: "no function",
  randomStream: () => [1, "name", 2],
  readManifest: () => [manifestFile, data.everyClass],
  remarkKinds: "no function",
  restrict: () => [a, ["x", "y"], ["x"]],
  samplings: "no function",
  siteNames: "no function",
  softState: () => [0.5],
  targetOf: () => [150],
  warningLines: () => [["A has no label."]],
  warningsOf: () => [manifest, listed],
};

const samples = (): unknown[] => [[0.9, 0.8, 0.85], [0.7, 0.75, 0.72], 0.95];
const plan = studies.planStudy("overlap", context);
const scores = smallStudy([...armScores("p", base), ...armScores("q", worse)], [comparing("p", "q", 0.01)]);
const finished = join(folder.path, "finished");
mkdirSync(finished);
writeFileSync(join(finished, "scores.json"), JSON.stringify(scores));
const scoredImages = { scores: [0.1, 0.9], states: Uint8Array.of(0, 1), patients: ["x", "y"] };
const rankedQuery = { scores: [3, 2, 1], grades: [0, 2, 1], missed: [1] };
const ofStudies: Rows<typeof studies> = {
  StudyFolder: () => [join(folder.path, "study"), "overlap"],
  absentIsNegative: () => [given, full],
  analyse: () => [scores],
  compareRankings: () => [
    [rankedQuery, rankedQuery],
    [rankedQuery, rankedQuery],
    { pFound: "notebook", bestGrade: 3, ndcgAt: 5, recallAt: 5, level: 0.9 },
  ],
  detectableDifference: () => [
    { standardError: 0.01, degreesOfFreedom: 7 },
    { alpha: 0.01, power: 0.9 },
  ],
  detections: () => [
    scoredImages,
    scoredImages,
    ["a"],
    { specificity: 0.9, level: 0.9, resamples: 50, fewest: 1 },
  ],
  exactInterval: () => [1, 2, 0.9],
  fullLabels: () => [parseTrainingManifest(manifestText, "sites.yaml")],
  holmAdjusted: () => [[0.01, 0.2]],
  inSteps: () => [smallSettings, given],
  knowledgeOf: () => [given],
  meanInterval: () => [[0.9, 0.8, 0.85], 0.95],
  normalQuantile: () => [0.9],
  pairedEquivalence: () => [[0.9, 0.8, 0.85], [0.7, 0.75, 0.72], 0.1, 0.05],
  pairedTTest: samples,
  pearson: samples,
  planStudy: () => ["overlap", context],
  pooledTTest: samples,
  readStudy: () => [finished],
  runStudy: () => [
    [engine],
    [],
    () => undefined,
    {},
    { read: () => undefined, write: () => undefined, saved: () => undefined, save: () => undefined },
    { begin: () => ({}), end: () => undefined },
    new AbortController().signal,
  ],
  runsOf: () => [plan, [0, 1], context.settings, { specificity: 0.9, beginnings: new Map() }],
  scoresOf: () => [plan, [0], []],
  similarityOf: () => [
    [0, 1, 2].map((seed) => ({ class: "x", seed, similarity: 0.1 * seed, gain: 0.02 * seed ** 2 })),
  ],
  spearman: samples,
  studentTCdf: () => [1, 5],
  studentTQuantile: () => [0.9, 5],
  studies: "no function",
  studyNames: "no function",
  studyScores: () => [plan, { file: "m.yaml", classes: context.classes }, [0], []],
  welchEquivalence: () => [[0.9, 0.8, 0.85], [0.7, 0.75, 0.72], 0.1, 0.05],
  welchTTest: samples,
  withArms: () => [plan, ["single"]],
};

const walks = [
  ...walksOf(kernelsEntry, ofKernels, { kernelOf: { name: "kernelOf|kernel unary" } }),
  ...walksOf(data, ofData, {
    Sampler: { whole: [0] },
    assembly: { name: "assembly|A: ", records: [0] },
    assembled: { whole: [0, 1] },
    assemblyDigest: { whole: [0] },
    catalogue: { name: "catalogue|randomStream|the limit of images", whole: [0] },
    concatenate: { name: "concatenate|both: joins" },
    drawPhantom: { name: "drawPhantom|randomStream", records: [0] },
    coverageOf: { whole: [0] },
    decodeAssembly: { whole: [0] },
    imageSet: { name: "imageSet|A: ", records: [0] },
    imageSizes: { name: "imageSizes|randomStream", whole: [0] },
    inspect: { whole: [1, 2] },
    imageOfFile: { name: "imageOfFile|x/1.png", records: [0] },
    loadImages: { name: "loadImages|files: |A: ", whole: [0] },
    planImages: { name: "planImages|files: |A: |x/1.png|y/2.png" },
    loadAssembly: { name: "loadAssembly|randomStream|the limit of images", whole: [0] },
    openedCatalogue: { whole: [0, 1, 2] },
    outlinePhantom: { name: "outlinePhantom|randomStream", records: [0] },
    parseManifest: { name: "parseManifest|sites.yaml" },
    phantoms: { name: "phantoms|randomStream" },
    pixelsInMemory: { whole: [0] },
    readManifest: { name: "readManifest|text: does not exist" },
    restrict: { name: "restrict|A: classes", whole: [0] },
    targetOf: { kinds: ["undefined"] },
    warningsOf: { whole: [0, 1] },
  }),
  ...walksOf(studies, ofStudies, {
    absentIsNegative: { whole: [0, 1] },
    analyse: { whole: [0] },
    compareRankings: { name: "compareRankings|pFound" },
    detectableDifference: { name: "detectableDifference|Student's t", records: [0] },
    detections: { name: "detections|patientScores|aucIntervals", records: [0, 1] },
    fullLabels: { whole: [0] },
    inSteps: { whole: [0, 1] },
    knowledgeOf: { whole: [0] },
    normalQuantile: { name: "normalQuantile|normal distribution" },
    planStudy: { name: "planStudy|study overlap" },
    readStudy: { name: "readStudy|text" },
    runStudy: { records: [3, 4, 5] },
    runsOf: { whole: [0, 2] },
    scoresOf: { whole: [0] },
    studentTCdf: { name: "studentTCdf|Student's t" },
    studentTQuantile: { name: "studentTQuantile|Student's t" },
    studyScores: { whole: [0], records: [1] },
    withArms: { name: "withArms|--arms", whole: [0] },
  }),
];

test.each(walks)("%s with wrong arguments works or says so in one line", async (_, walked) => {
  expect(await complaintsAbout(engine, strangers, walked)).toEqual([]);
});
