// Who watches a run: what it has to say, and how far it is. A command shows it on a terminal, a program as it likes.

import type { Evaluation } from "../assemble/evaluation.ts";
import type { TrainingSettings } from "../assemble/training-settings.ts";
import type { WarmedBudget } from "../assemble/warm-up.ts";
import type { Catalogue } from "../data/catalogue/catalogue.ts";
import type { DecodedAssembly } from "../data/assembly/pixels.ts";
import type { TrainingListener } from "../training/training-reports.ts";

/** Told of work that is counted; disposed when the work is over. */
export interface WorkCounter extends Disposable {
  update(done: number, total: number): void;
}

/** Called when work of so many pieces begins. */
export type CountWork = (title: string, total: number) => WorkCounter;

export interface RunObserver {
  /** Progress, as sentences. */
  readonly say?: ((text: string) => void) | undefined;
  /** Warnings, as sentences. */
  readonly warn?: ((text: string) => void) | undefined;
  /** Images are drawn or decoded, intervals are computed. */
  readonly count?: CountWork | undefined;
  /** After the images were listed and decoded: what was selected, and what was left out. */
  readonly loaded?: ((selected: Catalogue, decoded: DecodedAssembly) => void) | undefined;
  /** When the steps begin; what it returns hears of them. */
  readonly training?:
    | ((run: {
        readonly budget: WarmedBudget;
        readonly batch: number;
        readonly settings: TrainingSettings;
      }) => TrainingListener<Evaluation>)
    | undefined;
}

/** What a run tells nobody. */
export const silent = (): void => undefined;
