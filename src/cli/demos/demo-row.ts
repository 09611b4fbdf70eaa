// What a demo is: models of two sites that each know some of the findings, a model of both, and what is shown of them. The command,
// `tessera demo`, does what all demos have in common.

import type { Model } from "../../assemble/assembly-task.ts";
import type { Evaluation } from "../../assemble/evaluation.ts";
import type { TrainingSettings } from "../../assemble/training-settings.ts";
import { restrict, type Assembly, type ImageSet } from "../../data/assembly/assembly.ts";
import type { PhantomOptions } from "../../data/phantoms/index.ts";
import type { Finding, Site } from "../../data/phantoms/phantom-names.ts";
import type { Engine } from "../../runtime/engine.ts";

/** What is drawn. */
export interface DemoImages {
  readonly sites: Readonly<Record<Site, ImageSet>>;
  /** Of both sites, with the labels of all findings. */
  readonly test: ImageSet;
}

/** A model that a demo trains. */
export interface DemoArm {
  readonly title: string;
  /** `assembled` is compared with the better one of those of a single `site`; a `mistake` is shown beside them. */
  readonly role: "site" | "assembled" | "mistake";
  readonly assembly: Assembly;
  /** How the model learns from both sites. */
  readonly explanation?: string;
  /** What differs from the settings of the demo. */
  readonly changes?: Partial<TrainingSettings>;
}

export interface DemoContext {
  readonly seed: number;
  /** The file that `--sheet` names. */
  readonly sheet: string | undefined;
  readonly say: (text: string) => void;
}

/** A picture that is made while models are trained. */
export interface DemoPicture {
  /** Told of each model, which is disposed afterwards. */
  add(engine: Engine, trained: TrainedArm): Promise<void>;
  /** After the last one. */
  write(): void;
}

export interface TrainedArm {
  readonly arm: DemoArm;
  readonly model: Model;
  readonly settings: TrainingSettings;
}

export interface Demo {
  /** "each labels only some of them". */
  readonly verb: string;
  /** What is trained, in the singular. */
  readonly model: string;
  readonly findings: readonly Finding[];
  readonly knowledge: Readonly<Record<Site, readonly Finding[]>>;
  readonly perSite: number;
  readonly testPerSite: number;
  /** Pixels along each side of a radiograph. */
  readonly size: number;
  readonly drawing: Pick<PhantomOptions, "outlines" | "prevalence">;
  readonly settings: Omit<TrainingSettings, "seed">;
  /** Without WebGPU a step takes longer on the same cores, and the demo should still end within minutes. */
  readonly withoutAdapter: Partial<TrainingSettings>;
  readonly arms: (images: DemoImages) => readonly DemoArm[];
  readonly measure: string;
  readonly byClass: (evaluation: Evaluation) => Readonly<Record<string, number | null>>;
  /** Shows something at once, or makes sure that it can be shown later. */
  readonly before: (context: DemoContext) => void;
  /** What is shown at the end. */
  readonly picture?: (images: DemoImages, context: DemoContext) => DemoPicture;
  /** A command to go on with. */
  readonly next: string;
}

/** The assembly of one site alone: its model learns the findings that the site knows, and is tested on them. */
export function alone(
  set: ImageSet,
  test: ImageSet,
  findings: readonly Finding[],
  known: readonly Finding[],
): Assembly {
  const narrow = (from: ImageSet): ImageSet => restrict(from, findings, known);
  return { classes: known, sources: [narrow(set)], test: narrow(test) };
}
