// `tessera plan`: prints what a training run needs, before anything is allocated.

import { counted } from "../../errors/counted.ts";
import { mirrorWarnings } from "../../assemble/mirrored-classes.ts";
import Table from "cli-table3";
import { checkBatchParts } from "../../assemble/training-settings.ts";
import { declaredLabels, settingsOf } from "../../assemble/manifest-settings.ts";
import { planTraining, type TrainingPlan } from "../../assemble/planning/training-plan.ts";
import type { ImageShape } from "../../assemble/planning/planned-training.ts";
import { readTrainingManifest, type Manifest } from "../../assemble/training-manifest.ts";
import { warningLines, warningsOf } from "../../data/inspection/warnings.ts";
import { KernelError, OutOfMemoryError, ShapeError, UsageError } from "../../errors/errors.ts";
import type { AdapterTraits } from "../../device/traits.ts";
import { plainTable } from "../../report/tables.ts";
import type { Engine } from "../../runtime/engine.ts";
import { openEngine } from "../../runtime/open-engine.ts";
import { expectMemory, type PlannedRun } from "../../runs/expect-memory.ts";
import { launchesOf, type Purpose } from "../../runtime/step-plan.ts";
import { defaultMemory, listImages } from "../../runs/load-images.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import { labelMapBytes, labelMapsHeld } from "../loading.ts";
import { mebibytes } from "../../runtime/step-plan.ts";

export interface PlanOptions extends DeviceOptions {
  readonly batch?: number;
  readonly image?: ImageShape;
  readonly images?: number;
  /** Bytes. */
  readonly memory?: number;
  /** Where the tables are, to look at the labels. */
  readonly dataRoot?: string;
  readonly followLinks?: boolean;
  readonly json: boolean;
}

export async function planCommand(file: string, options: PlanOptions): Promise<void> {
  const where = engineOptions(options);
  if (where.device === "reference") {
    throw new UsageError(
      "--device reference plans no memory and launches nothing; plan for a WebGPU adapter",
    );
  }
  const manifest = await readTrainingManifest(file);
  const image = options.image ?? manifest.image;
  const settings = settingsOf(manifest, 0);
  checkBatchParts(settings);
  const network = { ...settings.network, inputChannels: image.channels };
  const { channels } = image;
  const normalisation =
    channels === manifest.image.channels
      ? settings.normalisation
      : { mean: new Array<number>(channels).fill(0.5), deviation: new Array<number>(channels).fill(0.25) };
  const batch = options.batch ?? settings.batch;
  using engine = await openEngine({ ...where, device: "webgpu" });
  const { traits } = engine;
  const labels = await labelsAt(manifest, options);
  const { images } = options;
  const memory = options.memory ?? defaultMemory();
  const planned = { ...settings, network, normalisation, memory };
  const space = declaredLabels(manifest);
  const plan = await planOrSay(traits, planned, image, space, batch, images);
  const refusal = await refusalOf(engine, { settings: planned, image, labels: space, batch, images });
  if (refusal !== undefined) {
    process.stderr.write(`does not fit: ${refusal.message}\n`);
    process.exitCode = 1;
  }
  for (const line of warningLines(labels?.warnings ?? [])) process.stderr.write(`${line}\n`);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ ...asJson(plan), imageMemory: memory, fits: refusal === undefined, labelWarnings: labels?.warnings ?? null, labelMapBytes: labels?.mapBytes ?? null }, null, 2)}\n`
      : `${report(plan, image, batch, traits)}\n${wholeRun(plan)}\n${comparisons(plan, image, memory, images, refusal === undefined)}\n\n${labelsLookedAt(labels)}\n`,
  );
}

/** What the labels of the datasets are found to be. */
interface LabelsFound {
  readonly warnings: readonly string[];
  /** Of the label maps, which a training holds in memory. */
  readonly mapBytes: number;
}

/** Lists the tables and reads masks, where somebody says in which folder they are, and decodes no image. */
async function labelsAt(
  manifest: Manifest,
  { dataRoot, followLinks }: Pick<PlanOptions, "dataRoot" | "followLinks">,
): Promise<LabelsFound | undefined> {
  if (dataRoot === undefined) return undefined;
  const selected = await listImages(manifest, { dataRoot, seed: 0, skipBad: true, followLinks });
  const { skipped } = selected;
  const bad =
    skipped.length === 0
      ? []
      : [`${counted(skipped.length, "record")} cannot be read: ${skipped[0].message}.`];
  const mirrored = mirrorWarnings(manifest.classes, manifest.augment.weak.flip);
  return {
    warnings: [...bad, ...mirrored, ...warningsOf(manifest, selected)],
    mapBytes: labelMapBytes(selected),
  };
}

function labelsLookedAt(labels: LabelsFound | undefined): string {
  if (labels === undefined)
    return "The labels were not looked at: --data-root names the folder of the datasets.";
  const { warnings, mapBytes } = labels;
  const odd =
    warnings.length === 0
      ? "The labels were looked at, and nothing about them is odd."
      : `The labels were looked at: ${counted(warnings.length, "warning")}, on stderr.`;
  return mapBytes === 0 ? odd : `${odd}\n${labelMapsHeld(mapBytes)}`;
}

/** What training would refuse on the device of now: a plan that it cannot hold is still worth reading. */
async function refusalOf(engine: Engine, run: PlannedRun): Promise<OutOfMemoryError | undefined> {
  try {
    await expectMemory(engine, run);
    return undefined;
  } catch (error) {
    if (error instanceof OutOfMemoryError) return error;
    throw error;
  }
}

/** Plans, and blames the sizes that were asked for when an operator or a launch does not take them. */
async function planOrSay(...asked: Parameters<typeof planTraining>): Promise<TrainingPlan> {
  try {
    return await planTraining(...asked);
  } catch (error) {
    if (!(error instanceof ShapeError || error instanceof KernelError)) throw error;
    throw new UsageError(`${error.message}; plan for another --image or --batch`, { cause: error });
  }
}

function report(plan: TrainingPlan, image: ImageShape, batch: number, traits: AdapterTraits): string {
  const columns = plan.steps.map(({ views }) => (views === 1 ? "weak view only" : "both views"));
  const table = new Table({
    ...plainTable,
    head: ["one step", ...columns],
    colAligns: ["left", ...columns.map(() => "right" as const)],
  });
  const row = (name: string, cell: (step: TrainingPlan["steps"][number]) => string | number): void => {
    table.push([name, ...plan.steps.map(cell)]);
  };
  const phases = new Set(plan.steps.flatMap((step) => [...step.plan.launches.keys()]));
  for (const phase of phases) row(`launches, ${phase}`, ({ plan: step }) => step.launches.get(phase) ?? 0);
  row("launches", ({ plan: step }) => launchesOf(step));
  row("pipelines", ({ plan: step }) => step.pipelines);
  row("", () => "MiB");
  const lasting: readonly [string, Purpose][] = [
    ["gradients of the parameters", "packed"],
    ["fed each step", "feeds"],
    ["results and constants", "results"],
  ];
  for (const [name, purpose] of lasting) {
    row(name, ({ plan: { buffers } }) =>
      mebibytes(
        buffers.reduce((sum, each) => {
          const counts = each.purpose === purpose || (purpose === "results" && each.purpose === "constants");
          return sum + (counts ? each.bytes : 0);
        }, 0),
      ),
    );
  }
  row("activations and their gradients", ({ plan: step }) => mebibytes(step.reusedBytes));
  row("  of an image", ({ perImageBytes }) => mebibytes(perImageBytes));
  row("  beyond the images", ({ plan: step, perImageBytes }) =>
    mebibytes(step.reusedBytes - batch * perImageBytes),
  );
  row("  least that any plan needs", ({ plan: step }) => mebibytes(step.peakBytes));
  const { height, width, channels } = image;
  return (
    `${plan.parameterCount.toLocaleString("en")} parameters; batches of ${batch} images, ` +
    `${height} x ${width} x ${channels}; planned for ${traits.name}\n\n${table.toString()}\n${viewsLine(plan.views)}\n`
  );
}

/** What the device holds at the same time. */
function wholeRun({ memory, residentBytes }: TrainingPlan): string {
  const table = new Table({
    ...plainTable,
    head: ["the run, on the device", "MiB"],
    colAligns: ["left", "right"],
  });
  const { model, moments, average, working, own, reads, total } = memory;
  const rows: readonly (readonly [string, number])[] = [
    ["weights and running statistics", model],
    ["what the optimiser keeps", moments],
    ["moving average of the weights", average],
    ["images and labels of the sources", residentBytes],
    ["what steps, validation and tests work in, in turns", working],
    ["gradients, constants and sizes of their own", own],
    ["losses, predictions and checkpoints on their way back", reads],
    ["in all", total],
  ];
  for (const [name, bytes] of rows) table.push([name, mebibytes(bytes)]);
  return table.toString();
}

/** What there is, beside what is needed. */
function comparisons(
  { residentBytes }: TrainingPlan,
  { height, width, channels }: ImageShape,
  memory: number,
  images: number | undefined,
  fits: boolean,
): string {
  const device = fits
    ? "The device has it: that was tried just now."
    : "The device does not have it: that was tried just now.";
  const allowed = `--memory allows ${mebibytes(memory)} MiB of images`;
  if (images === undefined) return `${device} ${allowed}; how many there are, --images N says.`;
  const bytes = images * height * width * channels;
  const where =
    residentBytes > 0
      ? "they stay on the device"
      : bytes <= memory
        ? "each step's batch is fed, since one buffer of the device does not hold them"
        : "each step's batch is read from disk and fed";
  return `${device} ${allowed}, and there are ${mebibytes(bytes)}: ${where}.`;
}

/** How both views go through the network, and why one after the other where they do. */
function viewsLine({ atOnce, why }: TrainingPlan["views"]): string {
  return atOnce
    ? "Both views go through the network as one batch."
    : `Both views go through the network one after the other: ${why}.`;
}

function asJson(plan: TrainingPlan): object {
  return {
    ...plan,
    steps: plan.steps.map(
      ({ plan: { launches, peak, buffers, pipelines, bytes, reusedBytes, peakBytes }, ...step }) => ({
        ...step,
        launches: Object.fromEntries(launches),
        pipelines,
        bytes,
        reusedBytes,
        peakBytes,
        peak: Object.fromEntries(peak),
        buffers,
      }),
    ),
  };
}
