// Intervals by bootstrap, whose progress is shown where they take long.

import type { CountWork } from "./run-observer.ts";

/** Some two seconds on one core of 2024: resamples x images x (classes and the draw, which takes as long as two of them). */
const longWork = 8e7;
const resamples = 2000;

/** Carries out work of 2,000 resamples of so many images and classes, with progress where that takes long. */
export function countedWork<Result>(
  images: number,
  classes: number,
  count: CountWork | undefined,
  work: (progress: (done: number, total: number) => void) => Result,
): Result {
  const isLong = resamples * images * (classes + 2) >= longWork;
  using counter = isLong ? count?.("intervals", resamples) : undefined;
  return work((done, total) => counter?.update(done, total));
}
