// Where the voxels of a volume lie in the patient: the affine of a NIfTI header, and what follows from it.
// Coordinates are NIfTI's: x grows to the patient's right, y to the front, z to the head, in millimetres.

/** Rows x, y, z: x = row[0] i + row[1] j + row[2] k + row[3] for the voxel i, j, k, in millimetres. */
export type Affine = readonly [AffineRow, AffineRow, AffineRow];
type AffineRow = readonly [number, number, number, number];

/**
 * The affine of a rotation given as a quaternion (nifti1.h, method 2).
 *
 * @param quaternion b, c, d
 * @param offsets x, y, z of the first voxel
 * @param sides of a voxel
 * @param handedness 1, or -1 where the third axis is turned around
 * @returns undefined where b, c, d are no quaternion of a rotation
 */
export function quaternionAffine(
  quaternion: readonly number[],
  offsets: readonly number[],
  sides: readonly number[],
  handedness: 1 | -1,
): Affine | undefined {
  const [b, c, d] = quaternion;
  const rest = 1 - (b * b + c * c + d * d);
  // Numbers of 32 bits may sum to a little more than 1.
  if (!(rest > -1e-5)) return undefined;
  const a = Math.sqrt(Math.max(0, rest));
  const rows = [
    [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
    [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
    [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
  ];
  const row = (r: number): AffineRow => [
    rows[r][0] * sides[0],
    rows[r][1] * sides[1],
    rows[r][2] * sides[2] * handedness,
    offsets[r],
  ];
  return [row(0), row(1), row(2)];
}

/** Cubic millimetres of a voxel; 0 for an affine that puts voxels into a plane. */
export function voxelVolumeOf([x, y, z]: Affine): number {
  return Math.abs(
    x[0] * (y[1] * z[2] - y[2] * z[1]) -
      x[1] * (y[0] * z[2] - y[2] * z[0]) +
      x[2] * (y[0] * z[1] - y[1] * z[0]),
  );
}

/** Millimetres between neighbours along each of the volume's axes. */
export function voxelSides(affine: Affine): [number, number, number] {
  const side = (axis: 0 | 1 | 2): number => Math.hypot(affine[0][axis], affine[1][axis], affine[2][axis]);
  return [side(0), side(1), side(2)];
}

/** Which axis of a volume runs along a direction of the patient, and whether it runs that way (1) or against it (-1). */
export interface Direction {
  readonly axis: 0 | 1 | 2;
  readonly sign: 1 | -1;
}

const orders = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/**
 * For x (right), y (front) and z (head): the axis of the volume that is nearest to it. Each axis is given once: of all ways to
 * pair them, the one whose cosines have the largest sum.
 */
export function directionsOf(affine: Affine): readonly [Direction, Direction, Direction] {
  const sides = voxelSides(affine);
  const cosine = (world: number, axis: 0 | 1 | 2): number => affine[world][axis] / sides[axis];
  const score = (order: readonly (0 | 1 | 2)[]): number =>
    order.reduce<number>((sum, axis, world) => sum + Math.abs(cosine(world, axis)), 0);
  const best = orders.reduce((most, order) => (score(order) > score(most) + 1e-9 ? order : most));
  const direction = (world: 0 | 1 | 2): Direction => {
    const axis = best[world];
    return { axis, sign: cosine(world, axis) < 0 ? -1 : 1 };
  };
  return [direction(0), direction(1), direction(2)];
}

/** Where the middle of a voxel is. */
export function placeOfVoxel(affine: Affine, voxel: readonly number[]): [number, number, number] {
  const at = (row: AffineRow): number => row[0] * voxel[0] + row[1] * voxel[1] + row[2] * voxel[2] + row[3];
  return [at(affine[0]), at(affine[1]), at(affine[2])];
}

/** The voxel among the eight corners of a volume that two affines put furthest apart, and how many millimetres apart. */
export function furthestCorner(
  one: Affine,
  other: Affine,
  shape: readonly number[],
): { readonly voxel: readonly number[]; readonly distance: number } {
  let furthest = { voxel: [0, 0, 0], distance: -1 };
  for (let corner = 0; corner < 8; corner++) {
    const voxel = shape.map((length, axis) => ((corner >> axis) & 1) * (length - 1));
    const [here, there] = [placeOfVoxel(one, voxel), placeOfVoxel(other, voxel)];
    const distance = Math.hypot(...here.map((place, i) => place - there[i]));
    if (distance > furthest.distance) furthest = { voxel, distance };
  }
  return furthest;
}
