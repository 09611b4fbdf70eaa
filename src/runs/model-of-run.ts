// What a run writes into its model file beside the weights: all that is needed to use them, and what validation chose.

import type { Model } from "../assemble/assembly-task.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";
import { examplesOf } from "../data/inspection/example-figures.ts";
import type { KeptThresholds } from "./kept-thresholds.ts";
import type { Beginning } from "./beginnings.ts";
import { distinctReadings, distinctVolumeReadings, type Loaded } from "./load-images.ts";
import { trainedRecord } from "./model-bytes.ts";
import type { ModelRecord } from "./model-record.ts";
import type { RunStart } from "./run-start.ts";

/** A run, as far as a model file tells of it. */
interface FinishedRun {
  readonly start: RunStart;
  readonly settings: TrainingSettings;
  readonly images: Loaded;
}

interface Finding {
  /** Whose weights they are. */
  readonly kept: number;
  readonly thresholds: KeptThresholds | undefined;
  readonly warn: (text: string) => void;
}

export async function modelRecordOf(
  trained: Model,
  run: FinishedRun,
  { kept, thresholds, warn }: Finding,
): Promise<ModelRecord> {
  const { start, settings, images } = run;
  // A grown model keeps what its former training knows, too.
  const former = formerOf(start);
  const readings = distinctReadings([...(former?.readings ?? []), ...images.readings]);
  const volumes = distinctVolumeReadings([...(former?.volumes ?? []), ...images.volumes]);
  return {
    ...trainedRecord(trained, images.assembly, settings, start.manifest.image, kept),
    ...(readings.length === 0 ? {} : { readings: [...readings] }),
    ...(volumes.length === 0 ? {} : { volumes: [...volumes] }),
    ...(await examplesField(run, warn)),
    ...(thresholds === undefined ? {} : { thresholds }),
  };
}

/** The training that a run's first weights are of; a run that goes on from a checkpoint has it in its record alone. */
const formerOf = ({
  initial,
  record,
}: RunStart): Pick<Beginning, "classes" | "readings" | "volumes" | "examples"> | undefined =>
  initial ?? record?.initial;

/** What the training images look like, with those of a former training whose classes are kept. */
async function examplesField(
  { start, settings: { memory }, images }: FinishedRun,
  warn: (text: string) => void,
): Promise<Pick<ModelRecord, "examples">> {
  const training = formerOf(start);
  const former = training?.examples ?? [];
  // A former training of which nobody knows may have had any image.
  if (training !== undefined && training.classes.length > 0 && former.length === 0) return {};
  try {
    return { examples: [...former, ...(await examplesOf(images.assembly.sources, memory))] };
  } catch (error) {
    // Images may be gone from the cache by now, which should not cost the run its model.
    const [reason] = (error as Error).message.split("\n");
    warn(`warning: the model will not know what its training images look like (${reason})`);
    return {};
  }
}
