// The losses of a step, and their means over many.

export interface Losses {
  readonly total: number;
  readonly bce: number;
  readonly pseudo: number;
  readonly consistency: number;
}

export const noLosses: Losses = { total: 0, bce: 0, pseudo: 0, consistency: 0 };

export function added(sums: Losses, { total, bce, pseudo, consistency }: Losses): Losses {
  return {
    total: sums.total + total,
    bce: sums.bce + bce,
    pseudo: sums.pseudo + pseudo,
    consistency: sums.consistency + consistency,
  };
}

/** @param steps how many the sums are of */
export function meansOf({ total, bce, pseudo, consistency }: Losses, steps: number): Losses {
  return {
    total: total / steps,
    bce: bce / steps,
    pseudo: pseudo / steps,
    consistency: consistency / steps,
  };
}
