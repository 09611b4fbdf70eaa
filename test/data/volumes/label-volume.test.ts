// Slices of volumes and back: what is shown where, and label volumes that lie where their volume does.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readNifti, voxelReader } from "../../../src/files/nifti-volume.ts";
import { niftiLabels } from "../../../src/files/nifti-writer.ts";
import { LabelVolume } from "../../../src/data/volumes/label-volume.ts";
import { SliceShelf } from "../../../src/data/volumes/slice-shelf.ts";
import { planes } from "../../../src/data/volumes/slicing.ts";
import { LabelSlices, sliceOf, VolumeSlices } from "../../../src/data/volumes/volume-slices.ts";
import { temporaryFolder } from "../formats/idx-files.ts";
import { niftiBytes, straight, writeNifti } from "./nifti-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const shape = [3, 4, 5];
const values = Uint8Array.from({ length: 60 }, (_, i) => i);
const shelf = new SliceShelf();
const slicesOf = (sform: readonly (readonly number[])[], axis?: (typeof planes)[number] | 0 | 1 | 2) =>
  VolumeSlices.read(writeNifti(folder.path, "v.nii", { shape, values, sform }), { axis }, shelf);

describe("slices of a volume", () => {
  test("are axial, from the front down and from the right across, whichever way the file runs", async () => {
    // Voxel (i, j, k) is i + 3 j + 12 k. To the right, the front and the head: the last voxels are shown first.
    const ras = await slicesOf(straight(1, 1, 1));
    expect(ras.slicing).toMatchObject({ axis: 2, plane: "axial", count: 5, height: 4, width: 3 });
    expect([...ras.pixels.subarray(0, 12)]).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect([...ras.pixels.subarray(12, 15)]).toEqual([23, 22, 21]);
    const lps = await slicesOf(straight(-1, -1, 1));
    expect([...lps.pixels.subarray(0, 12)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const down = await slicesOf(straight(-1, -1, -1));
    expect([...down.pixels.subarray(0, 3)]).toEqual([0, 1, 2]); // slice 0 is voxel 0 of its axis
  });

  test("follow the axis of the body, not of the file, also where the scan is oblique", async () => {
    // i runs to the head, j to the left, k to the front, each tilted by some degrees.
    const tilted = [
      [0.1, -1, 0.05, 0],
      [0.1, 0.05, 1, 0],
      [1, 0.1, -0.1, 0],
    ];
    const axial = await slicesOf(tilted);
    expect(axial.slicing).toMatchObject({ axis: 0, plane: "axial", count: 3, height: 5, width: 4 });
    // Slice 0: rows from the front (k = 4), columns from the right (j = 0).
    expect([...axial.pixels.subarray(0, 5)]).toEqual([48, 51, 54, 57, 36]);
    expect((await slicesOf(tilted, "coronal")).slicing.axis).toBe(2);
    expect((await slicesOf(tilted, 1)).slicing).toMatchObject({ axis: 1, plane: "sagittal" });
  });

  test("become black and white by the window, after the rescale", async () => {
    const made = {
      shape: [4, 1, 1],
      values: [0, 1024, 1194, 2000],
      type: "i2",
      sform: straight(-1, -1, 1),
    } as const;
    const file = writeNifti(folder.path, "hu.nii", { ...made, slope: 1, intercept: -1024 });
    const slices = await VolumeSlices.read(file, { window: [-100, 240] }, shelf);
    expect([...slices.pixels]).toEqual([0, 75, 203, 255]);
    const floats = writeNifti(folder.path, "f.nii", { ...made, type: "f4", slope: 1, intercept: -1024 });
    expect([...(await VolumeSlices.read(floats, { window: [-100, 240] }, shelf)).pixels]).toEqual([
      0, 75, 203, 255,
    ]);
  });

  test("are read again when the shelf is full, and are the same", async () => {
    const small = new SliceShelf(100);
    const read = async (name: string): Promise<VolumeSlices> =>
      VolumeSlices.read(
        writeNifti(folder.path, name, { shape, values, sform: straight(1, 1, 1) }),
        {},
        small,
      );
    const [first, second] = [await read("1.nii"), await read("2.nii.gz")];
    const before = [...first.pixels];
    expect([...second.pixels]).toEqual(before);
    expect([...first.pixels]).toEqual(before);
    expect(sliceOf({ kind: "array", array: second, at: 3 })).toEqual({ volume: second, slice: 3 });
  });
});

describe("labels of a volume", () => {
  const image = straight(1, 1, 1);
  const labelled = async (made: Parameters<typeof writeNifti>[2]): Promise<LabelSlices> =>
    LabelSlices.read(writeNifti(folder.path, "l.nii.gz", made), await slicesOf(image), shelf);

  test("have the type that holds them", async () => {
    const of = async (type: "i2" | "f4" | "i4", last: number): Promise<unknown> =>
      (await labelled({ shape, values: [...values.subarray(0, 59), last], type, sform: image })).values;
    expect(await of("i2", 255)).toBeInstanceOf(Uint8Array);
    expect(await of("f4", 300)).toBeInstanceOf(Uint16Array);
    expect(await of("i4", 70000)).toBeInstanceOf(Int32Array);
    expect(await of("i2", -1)).toBeInstanceOf(Int32Array);
  });

  test("are refused where they are fractions, of another shape, or lie elsewhere", async () => {
    await expect(
      labelled({ shape, values: [...values.subarray(0, 59), 0.5], type: "f4", sform: image }),
    ).rejects.toThrow(/has 0.5 at voxel \(2, 3, 4\); labels are whole numbers/u);
    await expect(labelled({ shape: [5, 4, 3], values, sform: image })).rejects.toThrow(
      /has 5 x 4 x 3 voxels, and the volume that it labels, .*v\.nii, has 3 x 4 x 5/u,
    );
    await expect(labelled({ shape, values, sform: straight(-1, 1, 1) })).rejects.toThrow(
      /lies elsewhere than the volume that it labels, .* is at \(-12, -20, -30\) mm, and the volume's at \(-8, -20, -30\) mm/u,
    );
    // As much as headers are rounded.
    const near = image.map((row) => row.map((each) => each * 1.0001));
    expect((await labelled({ shape, values, sform: near })).count).toBe(5);
  });
});

describe("a label volume", () => {
  test.each([1, 2] as const)(
    "of version %d is the inverse of the cut, on every axis and in every direction",
    async (version) => {
      for (const axis of planes) {
        for (const signs of [0, 1, 2, 3, 4, 5, 6, 7]) {
          const [x, y, z] = [0, 1, 2].map((i) => ((signs >> i) & 1 ? -1 : 1) * (i + 1));
          const sform = [
            [0, x, 0, 1],
            [0, 0, y, 2],
            [z, 0, 0, 3],
          ];
          const file = writeNifti(folder.path, "in.nii", {
            shape,
            values,
            sform,
            version,
            big: signs % 2 === 1,
          });
          const slices = await VolumeSlices.read(file, { axis }, shelf);
          const volume = new LabelVolume(slices);
          const each = slices.height * slices.width;
          for (let at = 0; at < slices.count; at++)
            volume.set(at, slices.pixels.subarray(at * each, (at + 1) * each));
          expect([...volume.labels]).toEqual([...values]);
          const out = join(folder.path, "out.nii.gz");
          await volume.write(out, new Map([[1, "Liver"]]));
          const read = await readNifti(out);
          expect(read.header).toMatchObject({ version, shape, type: "u1", affine: slices.header.affine });
          expect(Array.from(values, (_, i) => voxelReader(read)(i))).toEqual([...values]);
        }
      }
    },
  );

  test("keeps the header's geometry to the bit, and nothing that speaks of the patient", async () => {
    const { header } = await readNifti(
      writeNifti(folder.path, "g.nii", {
        shape,
        values,
        qform: [0.1, 0.2, 0.3, 1, 2, 3],
        pixdim: [-1, 2, 3, 4],
        slope: 2,
      }),
    );
    const made = niftiLabels(
      header,
      Uint16Array.from(values, (value) => 300 * value),
    );
    for (const [from, to] of [
      [0, 56],
      [76, 108],
      [123, 124],
      [252, 328],
    ]) {
      expect([...made.subarray(from, to)]).toEqual([...header.bytes.subarray(from, to)]);
    }
    expect(Buffer.from(made).includes("secret")).toBe(false);
    expect(() => niftiLabels(header, new Uint8Array(59))).toThrow(/59 labels/u);
  });

  test("is written as the writer of files packs it: equal labels make equal files", async () => {
    const slices = await slicesOf(straight(1, 1, 1));
    const write = async (name: string): Promise<Buffer> => {
      await new LabelVolume(slices, 7).write(join(folder.path, name));
      return readFileSync(join(folder.path, name));
    };
    expect((await write("one.nii.gz")).equals(await write("two.nii.gz"))).toBe(true);
    expect(niftiBytes({ shape, values }).length).toBe((await write("plain.nii")).length);
  });
});
