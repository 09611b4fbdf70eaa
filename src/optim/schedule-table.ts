// The table of learning-rate schedules, by the names they have in settings and manifests. To add one: its class in
// epoch-schedules.ts or step-schedules.ts, and a row here.

import { aRecord } from "../errors/arguments.ts";
import { UsageError } from "../errors/errors.ts";
import { suggestion } from "../errors/nearest.ts";
import { ConstantRate, ReduceLROnPlateau, StepLR } from "./epoch-schedules.ts";
import { chosenOptions, type Chosen, type Given, type OptionTable } from "./option-table.ts";
import { expectTarget, type Schedule, type Scheduled } from "./schedule.ts";
import { CosineRate, GeometricRate, WarmUp } from "./step-schedules.ts";

interface ScheduleRow<Table extends OptionTable> {
  readonly options: Table;
  create(target: Scheduled, options: Chosen<Table>): Schedule;
}

const row = <Table extends OptionTable>(
  options: Table,
  create: ScheduleRow<Table>["create"],
): ScheduleRow<Table> => ({ options, create });

export const schedules = {
  /** Times `factor` after more than `patience` epochs without improvement, while that changes the rate by more than `epsilon`. */
  plateau: row(
    {
      patience: { default: 5, from: 0, whole: true },
      factor: { default: 0.5, above: 0, below: 1 },
      epsilon: { default: 1e-8, from: 0 },
    } as const,
    (target, options) => new ReduceLROnPlateau(target, options),
  ),
  /** From the first rate to `minimum` over the run, in half a wave of the cosine, step by step. */
  cosine: row(
    { minimum: { default: 0, from: 0 } } as const,
    (target, options) => new CosineRate(target, options),
  ),
  /** From the first rate to `final` over the run, by the same factor at each step. */
  geometric: row({ final: { above: 0 } } as const, (target, options) => new GeometricRate(target, options)),
  /** Times `factor` after `every` epochs, and again, whatever happens. */
  step: row(
    { every: { from: 1, whole: true }, factor: { default: 0.1, above: 0, below: 1 } } as const,
    (target, options) => new StepLR(target, options),
  ),
  /** The same with half the rate. */
  halving: row(
    { every: { default: 3, from: 1, whole: true } } as const,
    (target, { every }) => new StepLR(target, { every, factor: 0.5 }),
  ),
  constant: row({}, () => new ConstantRate()),
};

export type ScheduleName = keyof typeof schedules;
export const scheduleNames = Object.keys(schedules) as readonly ScheduleName[];

/** What every schedule takes beside options of its own. */
export const sharedScheduleOptions = {
  /** First steps of the run in which the rate rises to the schedule's in equal parts; default 0. */
  warmup: { default: 0, from: 0, whole: true },
} as const satisfies OptionTable;

/** Which schedule, by name, and its options. */
export type ScheduleSettings = {
  [Name in ScheduleName]: { readonly by: Name } & Given<(typeof schedules)[Name]["options"]> &
    Given<typeof sharedScheduleOptions>;
}[ScheduleName];

/**
 * The schedule that settings describe.
 *
 * @param target whose learning rate follows the schedule, from what it is now: that with which the run begins, also where the
 *   schedule then takes the state of another one
 * @throws UsageError for an unknown name or an option that does not fit
 */
export function scheduleOf(target: Scheduled, settings: ScheduleSettings): Schedule {
  expectTarget("schedule", target);
  const { by, ...given } = (settings as Partial<ScheduleSettings> | null | undefined) ?? {};
  if (!aRecord.fits(settings) || typeof by !== "string") {
    throw new UsageError(`schedule: write { by: NAME } with one of ${scheduleNames.join(", ")}`);
  }
  if (!Object.hasOwn(schedules, by)) {
    throw new UsageError(
      `there is no schedule "${by}"${suggestion(by, scheduleNames) || ";"} there are ${scheduleNames.join(", ")}`,
    );
  }
  const chosen: ScheduleRow<OptionTable> = schedules[by];
  const { warmup, ...own } = chosenOptions(
    by,
    { ...sharedScheduleOptions, ...chosen.options },
    given as never,
  );
  const create = (of: Scheduled): Schedule => chosen.create(of, own);
  return warmup > 0 ? new WarmUp(target, warmup, create) : create(target);
}
