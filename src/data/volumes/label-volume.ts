// From label maps of slices back to a volume: the inverse of the cut, voxel by voxel.
import { ShapeError } from "../../errors/errors.ts";
import type { NiftiHeader } from "../../files/nifti-header.ts";
import { writeNiftiLabels } from "../../files/nifti-writer.ts";
import { firstVoxel } from "./slicing.ts";
import type { Slicing } from "./slicing.ts";

/** A volume of which the slices are known. */
export interface SlicedVolume {
  readonly header: NiftiHeader;
  readonly slicing: Slicing;
}

/** Gathers the label maps of a volume's slices, at the slices' own size (assemble/whole-maps.ts leads there). */
export class LabelVolume {
  /** One for each voxel, in the order of the file. */
  readonly labels: Uint8Array<ArrayBuffer>;
  readonly #volume: SlicedVolume;

  /** @param empty the label of voxels in slices that are not set */
  constructor(volume: SlicedVolume, empty = 0) {
    const { shape } = volume.header;
    this.#volume = volume;
    this.labels = new Uint8Array(shape[0] * shape[1] * shape[2]).fill(empty);
  }

  /**
   * @param slice its number, `sliceOf(place).slice`
   * @param map [height, width] numbers as the file is to have them
   * @throws ShapeError for another size or a slice that is not there
   */
  set(slice: number, map: Uint8Array): void {
    const { slicing } = this.#volume;
    const { count, height, width, strides } = slicing;
    if (!(slice >= 0 && slice < count) || map.length !== height * width) {
      throw new ShapeError(
        `a map of ${map.length} pixels is not that of slice ${slice} of a volume with ${count} slices of ${height} x ${width}`,
      );
    }
    for (let y = 0, pixel = 0; y < height; y++) {
      let voxel = firstVoxel(slicing, slice) + y * strides.row;
      for (let x = 0; x < width; x++, voxel += strides.column) this.labels[voxel] = map[pixel++];
    }
  }

  /**
   * Writes it as NIfTI with the geometry of the volume, packed where the name ends in .gz.
   *
   * @param names what each number means
   * @throws DataError when the file cannot be written
   */
  async write(file: string, names?: ReadonlyMap<number, string>): Promise<void> {
    await writeNiftiLabels(file, this.#volume.header, this.labels, names);
  }
}
