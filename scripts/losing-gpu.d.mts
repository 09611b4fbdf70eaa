export declare const providerSymbol: unique symbol;

export declare function losingGpu(
  real: GPU,
  losses: { readonly plan: readonly number[]; readonly submits: number[] },
): GPU;
