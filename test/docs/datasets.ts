// Made-up files of each dataset on the page of datasets, in its order, with the columns and the spelling of the real ones, and what
// the manifest on the page makes of them.
import { gzipSync } from "node:zlib";
import { idxBytes } from "../data/formats/idx-files.ts";
import { npy, npz } from "../data/formats/npz-files.ts";
import { lines, type DatasetFiles } from "./dataset-files.ts";
import { outlinedDatasets } from "./outlined-datasets.ts";

const packed = (...rows: readonly string[]): Uint8Array => gzipSync(lines(...rows));

const chexpertColumns =
  "No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis," +
  "Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices";
const mimicColumns =
  "Atelectasis,Cardiomegaly,Consolidation,Edema,Enlarged Cardiomediastinum,Fracture,Lung Lesion,Lung Opacity,No Finding," +
  "Pleural Effusion,Pleural Other,Pneumonia,Pneumothorax,Support Devices";
const vindrColumns =
  "Aortic enlargement,Atelectasis,Calcification,Cardiomegaly,Clavicle fracture,Consolidation,Edema,Emphysema,Enlarged PA,ILD," +
  "Infiltration,Lung Opacity,Lung cavity,Lung cyst,Mediastinal shift,Nodule/Mass,Pleural effusion,Pleural thickening," +
  "Pneumothorax,Pulmonary fibrosis,Rib fracture,Other lesion,COPD,Lung tumor,Pneumonia,Tuberculosis,Other diseases,No finding";

/** A row of a table with these columns, of which some are set. */
const cellsOf = (columns: string, set: Readonly<Record<string, string>>, rest = ""): string =>
  columns
    .split(",")
    .map((column) => set[column] ?? rest)
    .join(",");

/** An IDX file of rows of int32. */
function intRows(...rows: readonly (readonly number[])[]): Uint8Array {
  const bytes = Buffer.alloc(12 + 4 * rows.flat().length);
  for (const [at, number] of [0x0c02, rows.length, rows[0]?.length ?? 0, ...rows.flat()].entries()) {
    bytes.writeInt32BE(number, 4 * at);
  }
  return bytes;
}

const rsnaLabels = lines(
  "patientId,x,y,width,height,Target",
  "0004cfab,,,,,0",
  "00436515,264.0,152.0,213.0,379.0,1",
  "00436515,562.0,152.0,256.0,453.0,1",
  "003d8fa0,,,,,0",
);

export const datasets: readonly DatasetFiles[] = [
  {
    name: "NIH",
    files: {
      "nih/images_001/images/00000001_000.png": "",
      "nih/images_002/images/00001336_000.png": "",
      "nih/Data_Entry_2017_v2020.csv": lines(
        "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position," +
          "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]",
        "00000001_000.png,Mass|Nodule,0,1,57,M,PA,2682,2749,0.143,0.143",
        "00001336_000.png,No Finding,0,1336,70,F,AP,2500,2048,0.168,0.168",
      ),
    },
    states: { NIH: { Mass: "10", Hernia: "00" } },
  },
  {
    name: "CheXpert",
    files: {
      "CheXpert-v1.0-small/train.csv": lines(
        `Path,Sex,Age,Frontal/Lateral,AP/PA,${chexpertColumns}`,
        ...[{ Edema: "-1.0", Fracture: "1.0" }, { Edema: "0.0" }, {}].map(
          (set, at) =>
            `CheXpert-v1.0-small/train/patient0000${at}/study1/view1_frontal.jpg,Female,68,Frontal,AP,${cellsOf(chexpertColumns, set)}`,
        ),
      ),
    },
    states: { CheXpert: { Edema: "10-", Fracture: "100" } },
  },
  {
    name: "MIMIC",
    files: {
      "mimic-cxr-jpg/files/p10/.keep": "",
      "mimic-cxr-jpg/mimic-cxr-2.0.0-metadata.csv.gz": packed(
        "dicom_id,subject_id,study_id,PerformedProcedureStepDescription,ViewPosition,Rows,Columns,StudyDate,StudyTime," +
          "ProcedureCodeSequence_CodeMeaning,ViewCodeSequence_CodeMeaning,PatientOrientationCodeSequence_CodeMeaning",
        "02aa804e,10000032,50414267,CHEST (PA AND LAT),PA,3056,2544,21800506,213014.531,CHEST (PA AND LAT),postero-anterior,Erect",
        "174413ec,10000032,50414267,CHEST (PA AND LAT),LATERAL,3056,2544,21800506,213014.531,CHEST (PA AND LAT),lateral,Erect",
        "2a2277a9,10000032,53189527,CHEST (PORTABLE AP),AP,3056,2544,21800626,165500.312,CHEST (PORTABLE AP),antero-posterior,Erect",
        "e084de3b,10000764,57375967,CHEST (PORTABLE AP),AP,2544,3056,21331014,184245.718,CHEST (PORTABLE AP),antero-posterior,",
      ),
      "mimic-cxr-jpg/mimic-cxr-2.0.0-chexpert.csv.gz": packed(
        `subject_id,study_id,${mimicColumns}`,
        `10000032,50414267,${cellsOf(mimicColumns, { Edema: "1.0", Pneumonia: "-1.0" })}`,
        `10000032,53189527,${cellsOf(mimicColumns, { Edema: "0.0", Pneumonia: "1.0" })}`,
      ),
      "mimic-cxr-jpg/mimic-cxr-2.0.0-split.csv.gz": packed(
        "dicom_id,study_id,subject_id,split",
        "02aa804e,50414267,10000032,train",
        "174413ec,50414267,10000032,train",
        "2a2277a9,53189527,10000032,train",
        "e084de3b,57375967,10000764,validate",
      ),
    },
    states: { MIMIC: { Edema: "110-", Pneumonia: "--1-" } },
  },
  {
    name: "PadChest",
    files: {
      "padchest/images/0/.keep": "",
      "padchest/PADCHEST_chest_x_ray_images_labels_160K_01.02.19.csv": lines(
        ",ImageID,ImageDir,StudyDate_DICOM,StudyID,PatientID,PatientBirth,PatientSex_DICOM,ViewPosition_DICOM,Projection," +
          "MethodProjection,Pediatric,Modality_DICOM,BitsStored_DICOM,ReportID,Report,MethodLabel,Labels,Localizations,labelCUIS",
        "0,a.png,0,20140915,s1,p1,1930.0,F,PA,PA,Manual,No,CR,12,1,sin hallazg,Physician,['laminar atelectasis'],['loc basal'],['C1']",
        "1,b.png,1,20140916,s2,p2,1931.0,M,,L,Manual,No,CR,10,2,cifosis .,RNN_model,\"['kyphosis', ' air trapping']\",[],['C2' 'C3']",
        "2,c.png,0,20140917,s3,p3,1932.0,F,PA,PA,Manual,No,CR,12,3,sin cambi,Physician,['unchanged'],[],[]",
        "3,d.png,0,20140918,s4,p4,1933.0,F,PA,PA,Manual,No,CR,12,4,normal .,Physician,['normal'],[],[]",
        "4,e.png,0,20140919,s5,p5,1934.0,F,PA,PA,Manual,No,CR,12,5,.,Physician,['exclude'],[],[]",
      ),
    },
    states: { PadChest: { Atelectasis: "10-0-", Kyphosis: "01-0-" } },
  },
  {
    name: "VinDr",
    files: {
      "vindr-cxr/train/.keep": "",
      "vindr-cxr/annotations/image_labels_train.csv": lines(
        `image_id,rad_id,${vindrColumns}`,
        ...[
          ["R11", "Cardiomegaly"],
          ["R7", "Cardiomegaly"],
          ["R8", "No finding"],
        ].map(
          ([reader = "", finding = ""]) =>
            `50a41819,${reader},${cellsOf(vindrColumns, { [finding]: "1" }, "0")}`,
        ),
        ...["R1", "R2", "R3"].map(
          (reader) => `21a10246,${reader},${cellsOf(vindrColumns, { "No finding": "1" }, "0")}`,
        ),
      ),
    },
    states: { VinDr: { "Aortic enlargement": "00", Cardiomegaly: "10", "Pleural effusion": "00" } },
  },
  {
    name: "VinBigData",
    files: {
      "vinbigdata/train/.keep": "",
      "vinbigdata/train.csv": lines(
        "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max",
        "50a41819,No finding,14,R11,,,,",
        "9a5094b2,Cardiomegaly,3,R10,691.0,1375.0,1653.0,1831.0",
        "9a5094b2,Aortic enlargement,0,R9,1052.0,715.0,1299.0,966.0",
        "9a5094b2,Cardiomegaly,3,R8,700.0,1380.0,1650.0,1830.0",
        "50a41819,No finding,14,R7,,,,",
      ),
    },
    states: { VinBigData: { "Aortic enlargement": "01", Cardiomegaly: "01" } },
  },
  {
    name: "RSNA",
    files: { "rsna/stage_2_train_images/.keep": "", "rsna/stage_2_train_labels.csv": rsnaLabels },
    states: { RSNA: { Pneumonia: "010" } },
  },
  {
    name: "RSNA",
    files: {
      "rsna/stage_2_train_images/.keep": "",
      "rsna/stage_2_train_labels.csv": rsnaLabels,
      "rsna/stage_2_detailed_class_info.csv": lines(
        "patientId,class",
        "0004cfab,No Lung Opacity / Not Normal",
        "00436515,Lung Opacity",
        "00436515,Lung Opacity",
        "003d8fa0,Normal",
      ),
    },
    states: { RSNA: { Opacity: "010", Normal: "001", Other: "100" } },
  },
  {
    name: "COVIDx",
    files: {
      "covidx/train/.keep": "",
      "covidx/train_COVIDx8B.txt": lines(
        "379 1e64990d1b40c1758a2aaa9c7f7a85_jumbo.jpeg negative cohen",
        "COVID 1 COVID(1).png positive sirm",
      ),
    },
    states: { COVIDx: { "COVID-19": "01" } },
  },
  {
    name: "severity",
    files: {
      "covidx/train/.keep": "",
      "covidx/sev_adg_train.txt": lines(
        "SITE2-000002 SITE2-000002-R-1.png Severe",
        "SITE2-000002 SITE2-000002-R-2.png Moderate",
        "SITE2-000009 SITE2-000009-R-1.png Mild",
      ),
    },
    states: { severity: { Mild: "001", Severe: "100" } },
  },
  {
    name: "COVIDx-CT",
    files: {
      "covidx-ct/3A_images/.keep": "",
      "covidx-ct/train_COVIDx_CT-3A.txt": lines(
        "NCP_328_1794_0043.png 2 20 37 491 396",
        "CP_1070_3118_0013.png 1 12 30 500 410",
        "Normal_1678_757_0000.png 0 9 51 501 448",
      ),
    },
    states: { "COVIDx-CT": { normal: "001", pneumonia: "010", "COVID-19": "100" } },
  },
  {
    name: "HAM10000",
    files: {
      "ham10000/HAM10000_images_part_1/ISIC_0027419.jpg": "",
      "ham10000/HAM10000_images_part_2/ISIC_0031633.jpg": "",
      "ham10000/HAM10000_metadata.csv": lines(
        "lesion_id,image_id,dx,dx_type,age,sex,localization",
        "HAM_0000118,ISIC_0027419,bkl,histo,80.0,male,scalp",
        "HAM_0001466,ISIC_0031633,mel,histo,75.0,male,ear",
      ),
      "isic/ISIC_2019_Training_Input/.keep": "",
      "isic/ISIC_2019_Training_GroundTruth.csv": lines(
        "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK",
        "ISIC_0000000,0.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0",
        "ISIC_0000002,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0",
      ),
      "isic/ISIC_2019_Training_Metadata.csv": lines(
        "image,age_approx,anatom_site_general,lesion_id,sex",
        "ISIC_0000000,55.0,anterior torso,,female",
        "ISIC_0000002,30.0,anterior torso,,female",
      ),
    },
    states: { HAM10000: { MEL: "01", BCC: "00" }, "ISIC 2019": { MEL: "01", BCC: "00" } },
  },
  {
    name: "ChestMNIST",
    files: {
      "medmnist/chestmnist_64.npz": npz({
        train_images: npy(
          [2, 2, 2],
          Array.from({ length: 8 }, (_, p) => p),
        ),
        train_labels: npy(
          [2, 14],
          Array.from({ length: 28 }, (_, k) => (k === 4 ? 1 : 0)),
        ),
        val_images: npy([1, 2, 2], [1, 2, 3, 4]),
        val_labels: npy(
          [1, 14],
          Array.from({ length: 14 }, () => 0),
        ),
        test_images: npy([1, 2, 2], [5, 6, 7, 8]),
        test_labels: npy(
          [1, 14],
          Array.from({ length: 14 }, (_, k) => (k === 5 ? 1 : 0)),
        ),
      }),
    },
    states: { ChestMNIST: { mass: "1000", nodule: "0001" } },
  },
  {
    name: "films",
    files: {
      "own/films.npz": npz({
        x_train: npy([2, 2, 2, 1], [0, 1, 2, 3, 4092, 4093, 4094, 4095], { descr: "<u2" }),
        y_train: npy([2], [1, 0]),
        x_test: npy([1, 2, 2, 1], [5, 6, 7, 8], { descr: "<u2" }),
        y_test: npy([1], [1]),
      }),
    },
    states: { films: { nodule: "101" } },
  },
  {
    name: "CIFAR-10",
    files: {
      "cifar-10-batches-bin/data_batch_1.bin": Uint8Array.from({ length: 3073 }, (_, p) =>
        p === 0 ? 3 : p % 7,
      ),
      "cifar-10-batches-bin/data_batch_2.bin": Uint8Array.from({ length: 3073 }, (_, p) =>
        p === 0 ? 5 : p % 9,
      ),
    },
    states: { "CIFAR-10": { cat: "10", dog: "01" } },
  },
  {
    name: "MNIST",
    files: {
      "mnist/train-images-idx3-ubyte.gz": gzipSync(
        idxBytes([2, 2, 2], Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7)),
      ),
      "mnist/train-labels-idx1-ubyte.gz": gzipSync(idxBytes([2], Uint8Array.of(1, 7))),
    },
    states: { MNIST: { 0: "00", 1: "10" } },
  },
  {
    name: "EMNIST",
    files: {
      "emnist/emnist-letters-train-images-idx3-ubyte.gz": gzipSync(
        idxBytes([2, 2, 2], Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7)),
      ),
      "emnist/emnist-letters-train-labels-idx1-ubyte.gz": gzipSync(idxBytes([2], Uint8Array.of(2, 1))),
      "emnist/emnist-letters-mapping.txt": lines("1 65 97", "2 66 98"),
      "qmnist/qmnist-train-images-idx3-ubyte.gz": gzipSync(
        idxBytes([2, 2, 2], Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7)),
      ),
      "qmnist/qmnist-train-labels-idx2-int.gz": gzipSync(
        intRows([5, 0, 364, 10, 5, 26, 0, 0], [3, 0, 529, 4, 3, 31, 0, 0]),
      ),
    },
    states: { EMNIST: { A: "01", B: "10" }, QMNIST: { 3: "01", 5: "10" } },
  },
  ...outlinedDatasets,
  {
    name: "list",
    files: { "own/train.txt": lines("img/a.png 0", "img/b.png  1") },
    states: { list: { cat: "10", dog: "01" } },
  },
  {
    name: "visits",
    files: {
      "own/films/.keep": "",
      "own/films.csv": lines("film,patient,visit", "f1,AB1,1", "f2,AB1,1", "f3,CD2,1", "f4,CD2,9"),
      "own/visits.csv": lines("patient,visit,findings", "AB1,1,\"['mass', 'edema']\"", "CD2,1,[]"),
      "own/people.csv": lines("id,age", "AB1,50", "CD2,17"),
    },
    states: { visits: { Mass: "11-", Edema: "11-" } },
  },
];
