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
}

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
  /** [size, size] grey levels. */
  readonly pixels: Uint8Array<ArrayBuffer>;
}

export interface Mistake extends Radiograph {
  readonly source: string;
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
  /** Why the reference backend computes, where WebGPU was wanted. */
  readonly why?: string;
}

/** To the worker. */
export type Request =
  | { readonly kind: "open"; readonly device: Setup["device"] }
  | { readonly kind: "examples"; readonly setup: Setup }
  | { readonly kind: "train"; readonly setup: Setup; readonly goOn: boolean }
  | { readonly kind: "stop" }
  | { readonly kind: "classify"; readonly arm: string; readonly image: ImageBitmap }
  | { readonly kind: "model"; readonly arm: string };

/** From the worker. */
export type Told =
  | { readonly kind: "opened"; readonly adapter: Adapter; readonly kept: Setup | undefined }
  | { readonly kind: "drawing"; readonly done: number; readonly total: number }
  | { readonly kind: "examples"; readonly source: string; readonly images: readonly Radiograph[] }
  | {
      readonly kind: "steps";
      readonly arm: string;
      readonly reports: readonly StepLosses[];
      readonly imagesPerSecond: number;
      readonly left: number;
    }
  | {
      readonly kind: "epoch";
      readonly arm: string;
      readonly epoch: number;
      readonly meanAuc: number | null;
      readonly auc: Readonly<Record<string, number | null>>;
    }
  | {
      readonly kind: "similarities";
      readonly arm: string;
      readonly classes: readonly string[];
      readonly values: readonly number[];
    }
  | { readonly kind: "mistakes"; readonly arm: string; readonly list: readonly Mistake[] }
  | { readonly kind: "ended"; readonly stopped: boolean }
  | {
      readonly kind: "classified";
      readonly arm: string;
      readonly probabilities: Readonly<Record<string, number>>;
      readonly seen: Radiograph;
    }
  | { readonly kind: "model"; readonly arm: string; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: "trouble"; readonly text: string };

export interface StepLosses {
  readonly step: number;
  readonly steps: number;
  readonly total: number;
}
