// How a volume is cut into images, and which voxel each pixel of them is: the same map leads from voxels to slices and back.
import { directionsOf } from "../../files/nifti-affine.ts";
import type { NiftiHeader } from "../../files/nifti-header.ts";

/** The planes of the body, as radiologists name them. */
export const planes = ["axial", "coronal", "sagittal"] as const;
export type Plane = (typeof planes)[number];

/** Across which axis a volume is cut: a plane, or the number of an axis of the file, from 0. */
export type SliceAxis = Plane | 0 | 1 | 2;

/**
 * Slices are numbered as the voxels along their axis, from 0, whatever way that axis runs. They are shown as radiologists look at
 * them: axial ones with the front above and the patient's right at the left, coronal ones with the head above and the patient's
 * right at the left, sagittal ones with the head above and the front at the left.
 */
export interface Slicing {
  /** The axis of the file across which the volume is cut. */
  readonly axis: 0 | 1 | 2;
  /** The plane that the slices are nearest to. */
  readonly plane: Plane;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** The voxel (its number in the file, the first axis changing fastest) of the first pixel of slice 0. */
  readonly first: number;
  /** Voxels from a slice, row and column to the next; negative where the file runs the other way. */
  readonly strides: { readonly slice: number; readonly row: number; readonly column: number };
}

/** For the direction of the patient that a plane cuts across (x right, y front, z head): what runs down and across its images. */
const acrossPlanes = {
  sagittal: { across: 0, rows: 2, columns: 1 },
  coronal: { across: 1, rows: 2, columns: 0 },
  axial: { across: 2, rows: 1, columns: 0 },
} as const;

/** @param axis default: axial */
export function slicingOf(
  { shape, affine }: Pick<NiftiHeader, "shape" | "affine">,
  axis: SliceAxis = "axial",
): Slicing {
  const directions = directionsOf(affine);
  const plane =
    typeof axis === "string"
      ? axis
      : (planes.find((each) => directions[acrossPlanes[each].across].axis === axis) ?? "axial");
  const { across, rows, columns } = acrossPlanes[plane];
  const steps = [1, shape[0], shape[0] * shape[1]];
  let first = 0;
  // Right, front and head are where rows and columns begin: they run against x, y and z.
  const stride = (world: 0 | 1 | 2): number => {
    const { axis: along, sign } = directions[world];
    if (sign > 0) first += (shape[along] - 1) * steps[along];
    return -sign * steps[along];
  };
  const [row, column] = [stride(rows), stride(columns)];
  const { axis: cut } = directions[across];
  return {
    axis: cut,
    plane,
    count: shape[cut],
    height: shape[directions[rows].axis],
    width: shape[directions[columns].axis],
    first,
    strides: { slice: steps[cut], row, column },
  };
}

/** The voxel of a slice's first pixel. */
export function firstVoxel({ first, strides }: Slicing, slice: number): number {
  return first + slice * strides.slice;
}

/** Calls `each` with every pixel's number [count, height, width] and the number of its voxel. */
export function forEachPixel(slicing: Slicing, each: (pixel: number, voxel: number) => void): void {
  const { count, height, width, strides } = slicing;
  let pixel = 0;
  for (let slice = 0; slice < count; slice++) {
    for (let y = 0; y < height; y++) {
      let voxel = firstVoxel(slicing, slice) + y * strides.row;
      for (let x = 0; x < width; x++, voxel += strides.column) each(pixel++, voxel);
    }
  }
}
