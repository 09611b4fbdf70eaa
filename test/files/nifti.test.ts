// The reader of NIfTI files: what it reads, and what it says about each way in which a file can be wrong.
import { truncateSync, writeFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { DataError } from "../../src/errors/data-errors.ts";
import { directionsOf, voxelVolumeOf } from "../../src/files/nifti-affine.ts";
import { readNifti, rereadNifti, voxelReader } from "../../src/files/nifti-volume.ts";
import { temporaryFolder } from "../data/formats/idx-files.ts";
import { niftiBytes, straight, writeNifti } from "../data/volumes/nifti-files.ts";
import type { MadeVolume } from "../data/volumes/nifti-files.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const write = (name: string, made: MadeVolume): string => writeNifti(folder.path, name, made);
const bytes = Uint8Array.from({ length: 24 }, (_, i) => i);
const plain: MadeVolume = { shape: [2, 3, 4], values: bytes, sform: straight(1, 1, 2) };
const messageOf = async (file: string): Promise<string> => {
  const error = await readNifti(file).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(DataError);
  const { message } = error as DataError;
  expect(message.split("\n")).toHaveLength(1);
  return message;
};

describe("a NIfTI volume", () => {
  test("has the numbers that were written, of every type, version and byte order, packed or not", async () => {
    const values = {
      ...{ u1: [0, 255, 7], i1: [-128, 127, 7], u2: [65535, 0, 7], i2: [-32768, 32767, 7] },
      ...{ u4: [4294967295, 0, 7], i4: [-2147483648, 2147483647, 7], f4: [0.5, -1.25, 1024] },
      ...{ f8: [0.1, -2.5e9, 3], i8: [-5, 2 ** 40, 7], u8: [5, 2 ** 40, 7] },
    } as const;
    for (const type of Object.keys(values) as (keyof typeof values)[]) {
      for (const version of [1, 2] as const) {
        for (const big of [false, true]) {
          const made = { shape: [3, 1, 1], values: [...values[type]], type, version, big };
          for (const name of ["a.nii", "a.nii.gz"]) {
            const volume = await readNifti(write(name, made));
            expect([type, version, big, ...[0, 1, 2].map(voxelReader(volume))]).toEqual([
              ...[type, version, big],
              ...values[type],
            ]);
          }
        }
      }
    }
  });

  test("is rescaled by its slope, and not where the slope is 0 or no number", async () => {
    const first = async (slope: number, intercept: number): Promise<number> =>
      voxelReader(await readNifti(write("s.nii", { ...plain, slope, intercept })))(3);
    expect(await first(2, -1024)).toBe(-1018);
    expect(await first(0, -1024)).toBe(3);
    expect(await first(NaN, NaN)).toBe(3);
    expect(await messageOf(write("s.nii", { ...plain, slope: 2, intercept: NaN }))).toContain("scl_inter");
  });

  test("lies where its sform says, else its qform, else its sides, in millimetres", async () => {
    const affine = async (made: Partial<MadeVolume>): Promise<unknown> =>
      (await readNifti(write("p.nii", { ...plain, ...made }))).header.affine;
    const sform = [
      [0, -2, 0, 5],
      [3, 0, 0, 6],
      [0, 0, 4, 7],
    ];
    expect(await affine({ sform, qform: [0, 0, 0, 1, 2, 3] })).toEqual(sform);
    // A quarter turn about z, and the third axis turned around.
    const turned = await affine({
      sform: undefined,
      qform: [0, 0, Math.SQRT1_2, 5, 6, 7],
      pixdim: [-1, 3, 2, 4],
    });
    expect((turned as number[][]).map((row) => row.map((each) => Math.round(1e5 * each) / 1e5 + 0))).toEqual([
      [0, -2, 0, 5],
      [3, 0, 0, 6],
      [0, 0, -4, 7],
    ]);
    const sides = await affine({ sform: undefined, pixdim: [1, 2, 3, 4], units: 1 });
    expect(sides).toEqual([
      [2000, 0, 0, 0],
      [0, 3000, 0, 0],
      [0, 0, 4000, 0],
    ]);
    expect(voxelVolumeOf(sform as never)).toBe(24);
    expect(directionsOf(sform as never)).toEqual([
      { axis: 1, sign: -1 },
      { axis: 0, sign: 1 },
      { axis: 2, sign: 1 },
    ]);
  });

  test("may have a fourth axis of 1, or two axes", async () => {
    const of = async (shape: readonly number[]): Promise<unknown> =>
      (await readNifti(write("d.nii", { ...plain, shape }))).header.shape;
    expect(await of([2, 3, 4, 1])).toEqual([2, 3, 4]);
    expect(await of([4, 6])).toEqual([4, 6, 1]);
  });

  test.each<[string, Partial<MadeVolume>, RegExp]>([
    ["four axes", { shape: [2, 3, 2, 2] }, /2 x 3 x 2 x 2 voxels; volumes have three axes/u],
    ["an axis of 0", { change: (view) => view.setInt16(42, 0, true) }, /no axis has a length of 0/u],
    ["a negative axis", { change: (view) => view.setInt16(44, -3, true) }, /no axis has a length of -3/u],
    ["no axes", { change: (view) => view.setInt16(40, 0, true) }, /has 0 axes/u],
    ["more than it holds", { change: (view) => view.setInt16(42, 30000, true) }, /only 376 bytes are there/u],
    [
      "less than it holds",
      { change: (view) => view.setInt16(42, 1, true) },
      /at most 364 bytes are what its/u,
    ],
    [
      "an unknown type",
      { change: (view) => view.setInt16(70, 7, true) },
      /type 7, which NIfTI does not have/u,
    ],
    ["colours", { change: (view) => view.setInt16(70, 128, true) }, /RGB colours \(type 128\)/u],
    ["complex numbers", { change: (view) => view.setInt16(70, 32, true) }, /complex numbers \(type 32\)/u],
    ["voxels in its header", { change: (view) => view.setFloat32(108, 100, true) }, /start at byte 100/u],
    ["voxels nowhere", { change: (view) => view.setFloat32(108, NaN, true) }, /start at byte NaN/u],
    ["voxels before it", { change: (view) => view.setFloat32(108, -352, true) }, /start at byte -352/u],
    ["NaN", { type: "f4", values: [...bytes.subarray(1), NaN] }, /has NaN at voxel \(1, 2, 3\)/u],
    [
      "infinity",
      { type: "f8", values: [-Infinity, ...bytes.subarray(1)] },
      /has -Infinity at voxel \(0, 0, 0\)/u,
    ],
    ["another magic", { change: (view) => view.setUint8(345, 99) }, /is no NIfTI file/u],
    [
      "a header of a pair",
      { change: (view) => view.setUint16(344, 0x6e69) },
      /pair of files \(\.hdr and \.img\)/u,
    ],
    ["no magic", { change: (view) => view.setUint32(344, 0) }, /ANALYZE/u],
    ["a flat sform", { sform: straight(1, 1, 0) }, /an sform that puts its voxels nowhere/u],
    ["an sform of NaN", { sform: straight(1, NaN, 1) }, /an sform that puts its voxels nowhere/u],
    ["no rotation", { sform: undefined, qform: [1, 1, 0, 0, 0, 0] }, /which is no rotation/u],
    ["no sides", { sform: undefined, pixdim: [1, 0, 0, 0] }, /voxels of 0 x 0 x 0 mm/u],
    ["an unknown unit", { units: 5 }, /unit 5/u],
  ])("is refused with %s", async (_, made, reason) => {
    expect(await messageOf(write("bad.nii", { ...plain, ...made }))).toMatch(reason);
  });

  test("is refused where it is cut short, damaged, or something else", async () => {
    const cut = write("cut.nii.gz", plain);
    truncateSync(cut, readFileSync(cut).length - 12);
    expect(await messageOf(cut)).toMatch(/breaks off early/u);
    const short = join(folder.path, "short.nii");
    writeFileSync(short, niftiBytes(plain).subarray(0, 200));
    expect(await messageOf(short)).toMatch(/ends after 200 bytes/u);
    const dicom = join(folder.path, "dicom.nii");
    writeFileSync(dicom, Buffer.concat([Buffer.alloc(128), Buffer.from("DICM"), Buffer.alloc(400)]));
    expect(await messageOf(dicom)).toMatch(/dcm2niix/u);
  });

  test("that claims more than its packed bytes can hold, or unpacks to more than it claims, is not unpacked", async () => {
    const claim = join(folder.path, "claim.nii.gz");
    const header = niftiBytes({ ...plain, change: (view) => view.setInt16(42, 32000, true) });
    new DataView(header.buffer).setInt16(44, 16000, true);
    writeFileSync(claim, gzipSync(header));
    expect(await messageOf(claim)).toMatch(/packed bytes cannot hold so much/u);
    const bomb = join(folder.path, "bomb.nii.gz");
    writeFileSync(bomb, gzipSync(Buffer.concat([niftiBytes(plain), Buffer.alloc(2 ** 25)])));
    const before = process.memoryUsage().arrayBuffers;
    expect(await messageOf(bomb)).toMatch(/unpacks to more; at most 376 bytes are what its header promises/u);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });

  test("is read again only where it is what it was", async () => {
    for (const name of ["again.nii", "again.nii.gz"]) {
      const file = write(name, plain);
      const { header } = await readNifti(file);
      expect(voxelReader(rereadNifti(file, header))(23)).toBe(23);
      write(name, { ...plain, sform: straight(1, 1, 3) });
      expect(() => rereadNifti(file, header)).toThrow(/was changed or removed/u);
    }
  });
});
