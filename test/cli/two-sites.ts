// The manifest of most tests of the command line: small drawn radiographs of two sites, which know two findings each and
// one of them both.

export interface TwoSites {
  /** Images of each site to train on, and of both to test on. */
  readonly images: number;
  readonly tested: number;
  /** And to validate by; default: none. */
  readonly validated?: number;
  /** Of a larger network, with two blocks. */
  readonly blocks?: 1 | 2;
  /** The train section. */
  readonly train: string;
}

export function twoSites({ images, tested, validated, blocks = 2, train }: TwoSites): string {
  const model =
    blocks === 1
      ? "{ stem: { features: 4, stride: 2 }, blocks: [1], growth: 4 }"
      : "{ stem: { features: 6, stride: 2 }, blocks: [1, 1], growth: 4 }";
  return `
classes: [nodule, effusion, cardiomegaly]
image: { height: 16, width: 16 }
sources:
  - { name: A, format: phantoms, site: A, count: ${images}, knows: [nodule, effusion] }
  - { name: B, format: phantoms, site: B, count: ${images}, knows: [effusion, cardiomegaly] }
${validated === undefined ? "" : `validation: { format: phantoms, site: both, count: ${validated} }\n`}test: { format: phantoms, site: both, count: ${tested} }
model: ${model}
train: { ${train} }
`;
}
