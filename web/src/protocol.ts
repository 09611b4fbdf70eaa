// What page and worker tell each other. All that is heavy is in the worker; the page draws.

/** What is trained on what: all of it is in the address of the page, so that a link shows the same. */
export interface Setup {
  readonly classes: readonly string[];
  readonly sources: readonly SourceSetup[];
  /** Radiographs of each source; those of the test are half as many of each. */
  readonly images: number;
  /** Pixels along each side. */
  readonly size: number;
  readonly epochs: number;
  readonly seed: number;
  readonly device: "auto" | "webgpu" | "reference";
  /** Of images of one's own, which are then learned from instead of drawn radiographs. */
  readonly own?: OwnData;
}

/** Images that somebody dropped, in two halves that stand for two hospitals. */
export interface OwnData {
  /** Of the folder or the file. */
  readonly name: string;
  /** Those that are learned from, and those of the test. */
  readonly images: number;
  readonly testImages: number;
  readonly channels: number;
}

export const channelsOf = ({ own }: Setup): number => own?.channels ?? 1;

/** Images that a model of the sources learns from. */
export const imagesOf = ({ own, images, sources }: Setup, arm: Arm): number =>
  own === undefined
    ? arm.sources.length * images
    : Math.round((own.images * arm.sources.length) / sources.length);

export const testImagesOf = ({ own, images, sources }: Setup): number =>
  own === undefined ? sources.length * testOfEach(images) : own.testImages;

/** Test images of each source. */
export const testOfEach = (images: number): number => Math.max(1, Math.round(images / 2));

export interface SourceSetup {
  readonly name: string;
  /** The classes it has labels of. */
  readonly knows: readonly string[];
}

/** A model of the comparison: of one source alone, or of all of them. */
export interface Arm {
  readonly name: string;
  /** By name. */
  readonly sources: readonly string[];
  /** Those that its sources know: it answers for no other. */
  readonly classes: readonly string[];
}

export const assembledName = "assembled";

/** The models that are trained side by side: each source that knows something, and all of them together. */
export function armsOf({ classes, sources }: Setup): Arm[] {
  const known = sources.filter(({ knows }) => knows.length > 0);
  const arm = (name: string, of: readonly SourceSetup[]): Arm => ({
    name,
    sources: of.map((source) => source.name),
    classes: classes.filter((each) => of.some(({ knows }) => knows.includes(each))),
  });
  const alone = known.map((source) => arm(source.name, [source]));
  return known.length < 2 ? alone : [...alone, arm(assembledName, known)];
}

export interface Radiograph {
  /** Which of the images of the test. */
  readonly index: number;
  readonly size: number;
  readonly channels: number;
  /** [size, size, channels] */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

export interface Mistake extends Radiograph {
  /** Absent for an image of neither hospital. */
  readonly source?: string;
  readonly class: string;
  /** Whether the image shows it. */
  readonly truth: boolean;
  /** Of the class, by the model; between 0 and 1. */
  readonly probability: number;
  /** [height, width] Where the model looked, from 0 to 1; absent where its head has no such map. */
  readonly heat?: {
    readonly height: number;
    readonly width: number;
    readonly values: Float32Array<ArrayBuffer>;
  };
}

export interface Adapter {
  readonly device: "webgpu" | "reference";
  readonly name: string;
  /** Whether it computes on the CPU. */
  readonly isSoftware: boolean;
  /** Why the reference backend computes, where WebGPU was wanted. */
  readonly why?: string;
}

/** What a training needs, before it begins. */
export interface Estimate {
  /** Of graphics memory, by all models together; of the computer's where there is no WebGPU. */
  readonly bytes: number;
  readonly seconds: number;
  /** Steps that were measured here; 0 for a guess by the kind of device. */
  readonly measuredSteps: number;
}

/** To the worker. */
export type Request =
  | { readonly kind: "open"; readonly device: Setup["device"] }
  | { readonly kind: "examples"; readonly setup: Setup }
  | { readonly kind: "estimate"; readonly setup: Setup }
  | { readonly kind: "train"; readonly setup: Setup; readonly goOn: boolean }
  | { readonly kind: "stop" }
  | { readonly kind: "classify"; readonly file: File }
  | { readonly kind: "take-model"; readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | {
      readonly kind: "files";
      readonly name: string;
      readonly files: readonly OwnFile[];
      /** Whose size, seed and epochs hold for them. */
      readonly base: Setup;
      /** Images that each hospital learns from at most. */
      readonly most: number;
    }
  | { readonly kind: "download"; readonly what: Download };

/** A dropped file, and its path within what was dropped. */
export interface OwnFile {
  readonly path: string;
  readonly file: File;
}

export const downloads = ["model.safetensors", "report.html", "run.json"] as const;
export type Download = (typeof downloads)[number];

/** From the worker. */
export type Told =
  | { readonly kind: "opened"; readonly adapter: Adapter; readonly kept: Setup | undefined }
  | {
      readonly kind: "preparing";
      readonly what: "Drawing the radiographs" | "Reading the images";
      readonly done: number;
      readonly total: number;
    }
  | { readonly kind: "examples"; readonly source: string; readonly images: readonly Radiograph[] }
  | { readonly kind: "estimate"; readonly estimate: Estimate }
  | { readonly kind: "history"; readonly arm: string; readonly history: History }
  | {
      readonly kind: "steps";
      readonly arm: string;
      readonly reports: readonly StepLosses[];
      readonly imagesPerSecond: number;
      readonly left: number;
    }
  | ({ readonly kind: "epoch"; readonly arm: string } & EpochAuc)
  | {
      readonly kind: "similarities";
      readonly arm: string;
      readonly classes: readonly string[];
      readonly values: readonly number[];
    }
  | { readonly kind: "mistakes"; readonly arm: string; readonly list: readonly Mistake[] }
  /** `lasting`: whether it goes on after the tab was closed, where it was stopped. */
  | { readonly kind: "ended"; readonly stopped: boolean; readonly lasting: boolean }
  | {
      readonly kind: "classified";
      /** Whose answer it is, in words. */
      readonly by: string;
      readonly probabilities: Readonly<Record<string, number>>;
      readonly seen: Radiograph;
    }
  | { readonly kind: "model-taken"; readonly name: string; readonly classes: readonly string[] }
  | { readonly kind: "found"; readonly setup: Setup; readonly words: string }
  | { readonly kind: "download"; readonly what: Download; readonly content: Uint8Array<ArrayBuffer> | string }
  /** Something that a person should know, while the training goes on. */
  | { readonly kind: "notice"; readonly text: string }
  /** What was asked for was not done; it says what to do. `lasting`: whether a training that it ended can go on where it is. */
  | {
      readonly kind: "trouble";
      readonly of: Request["kind"];
      readonly text: string;
      readonly lasting: boolean;
    };

export interface StepLosses {
  readonly step: number;
  readonly steps: number;
  readonly total: number;
}

/** By class, and the mean over those that it is defined for. */
export interface EpochAuc {
  readonly epoch: number;
  readonly meanAuc: number | null;
  readonly auc: Readonly<Record<string, number | null>>;
}

/** What was told of a model, also before its training was stopped. */
export interface History {
  readonly steps: readonly (StepLosses & {
    readonly epoch: number;
    readonly losses: Readonly<Record<string, number>>;
  })[];
  readonly epochs: readonly (EpochAuc & {
    readonly learningRate: number;
    readonly losses: Readonly<Record<string, number>>;
  })[];
}
