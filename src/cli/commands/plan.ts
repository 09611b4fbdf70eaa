// `tessera plan`: prints what a training run needs, before anything is allocated.

import { counted } from "../../errors/counted.ts";
import { mirrorWarnings } from "../../assemble/mirrored-classes.ts";
import Table from "cli-table3";
import { declaredLabels, settingsOf } from "../../assemble/manifest-settings.ts";
import { planTraining, type TrainingPlan } from "../../assemble/planning/training-plan.ts";
import type { ImageShape } from "../../assemble/planning/planned-training.ts";
import { readTrainingManifest, type Manifest } from "../../assemble/training-manifest.ts";
import { warningLines, warningsOf } from "../../data/inspection/warnings.ts";
import { KernelError, ShapeError, UsageError } from "../../errors/errors.ts";
import { openGpu } from "../../device/gpu.ts";
import { largestBinding, type AdapterTraits } from "../../device/traits.ts";
import { plainTable } from "../../report/tables.ts";
import { launchesOf, type Purpose } from "../../runtime/step-plan.ts";
import { defaultMemory, listImages } from "../../runs/load-images.ts";
import { engineOptions, type DeviceOptions } from "../../runs/device-options.ts";
import { labelMapBytes, labelMapsHeld } from "../loading.ts";
import { mebibytes } from "../../errors/mebibytes.ts";

export interface PlanOptions extends DeviceOptions {
  readonly batch?: number;
  readonly image?: ImageShape;
  readonly images?: number;
  /** Bytes. */
  readonly memory?: number;
  /** Where the tables are, to look at the labels. */
  readonly dataRoot?: string;
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
  const network = { ...settings.network, inputChannels: image.channels };
  const { channels } = image;
  const normalisation =
    channels === manifest.image.channels
      ? settings.normalisation
      : { mean: new Array<number>(channels).fill(0.5), deviation: new Array<number>(channels).fill(0.25) };
  const batch = options.batch ?? settings.batch;
  const traits = await traitsOfAdapter(where);
  const labels = options.dataRoot === undefined ? undefined : await labelsAt(manifest, options.dataRoot);
  const plan = await planOrSay(
    traits,
    { ...settings, network, normalisation, memory: options.memory ?? defaultMemory() },
    image,
    declaredLabels(manifest),
    batch,
    options.images,
  );
  complain(plan, traits);
  for (const line of warningLines(labels?.warnings ?? [])) process.stderr.write(`${line}\n`);
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ ...asJson(plan), labelWarnings: labels?.warnings ?? null, labelMapBytes: labels?.mapBytes ?? null }, null, 2)}\n`
      : `${report(plan, image, batch, traits)}\n${labelsLookedAt(labels)}\n`,
  );
}

/** What the labels of the datasets are found to be. */
interface LabelsFound {
  readonly warnings: readonly string[];
  /** Of the label maps, which a training holds in memory. */
  readonly mapBytes: number;
}

/** Lists the tables and reads masks, and decodes no image. */
async function labelsAt(manifest: Manifest, dataRoot: string): Promise<LabelsFound> {
  const selected = await listImages(manifest, { dataRoot, seed: 0, skipBad: true });
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

async function traitsOfAdapter(where: ReturnType<typeof engineOptions>): Promise<AdapterTraits> {
  const gpu = await openGpu(where);
  gpu.destroy();
  return gpu.traits;
}

/** Warns of what training would refuse: a plan that the adapter cannot hold is still worth reading. */
function complain(plan: TrainingPlan, traits: AdapterTraits): void {
  const { name } = traits;
  const most = largestBinding(traits);
  const largest = plan.steps
    .flatMap((step) => step.plan.buffers)
    .reduce((a, b) => (b.bytes > a.bytes ? b : a));
  if (largest.bytes <= most) return;
  process.stderr.write(
    `does not fit: one buffer may hold ${mebibytes(most)} MiB on ${name}, and the ${largest.purpose} of ` +
      `${largest.label} need ${mebibytes(largest.bytes)} MiB; use a smaller batch or image\n`,
  );
  process.exitCode = 1;
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
  row("parameters", () => mebibytes(plan.parameterBytes));
  row("moments", () => mebibytes(plan.momentBytes));
  row("running statistics", () => mebibytes(plan.statisticBytes));
  row("images and labels of the sources", () => mebibytes(plan.residentBytes));
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
  row("in all", ({ plan: step }) =>
    mebibytes(step.bytes + plan.parameterBytes + plan.momentBytes + plan.statisticBytes + plan.residentBytes),
  );
  const { height, width, channels } = image;
  return (
    `${plan.parameterCount.toLocaleString("en")} parameters; batches of ${batch} images, ` +
    `${height} x ${width} x ${channels}; planned for ${traits.name}\n\n${table.toString()}\n${viewsLine(plan.views)}\n`
  );
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
