// Small valid tables and lists of every format, two versions of each.
import { wordPlaces } from "./mutations.mjs";
import { byImage, byPatient, lines, manifest, twenty } from "./small-files.mjs";

const tableOf = (file, text, classes, entry, others = {}) => ({
  manifest: manifest(classes, entry),
  write: (version) => ({ [file]: text(version), ...others }),
  damaged: [file],
  places: wordPlaces,
});
const chestxray14 = tableOf(
  "table.csv",
  (version) =>
    lines(
      "Image Index,Finding Labels,Patient ID,View Position,OriginalImage[Width,Height]",
      ...twenty.map(
        (i) =>
          `${version}_${i}.png,${["No Finding", "Mass|Hernia", "Edema"][(i + version) % 3]},${i % 7},PA,100,200`,
      ),
    ),
  "Mass, Hernia, Edema",
  `format: chestxray14, table: table.csv, images: ".", ${byPatient}`,
);
const expertLabels =
  "No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia," +
  "Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices";
const chexpert = tableOf(
  "table.csv",
  (version) =>
    lines(
      `Path,Sex,${expertLabels}`,
      ...twenty.map((i) => {
        const marks = twenty.slice(6).map((k) => ["1.0", "", "-1.0", "0.0"][(i + k + version) % 4]);
        return [`CheXpert-v1.0/train/patient000${10 + i}/study1/view1.jpg`, "Male", ...marks].join(",");
      }),
    ),
  "Edema, Pneumonia",
  `format: chexpert, table: table.csv, images: ".", uncertain: { Edema: positive, Pneumonia: 0.7 }, ` +
    `blank: negative, ${byPatient}`,
);
const covidx = tableOf(
  "list.txt",
  (version) =>
    lines(
      ...twenty.map(
        (i) => `COVID ${i % 9} COVID(${version}${i}).png ${i % 2 === version ? "positive" : "negative"} sirm`,
      ),
    ),
  "COVID-19",
  `format: covidx, list: list.txt, images: ".", ${byPatient}`,
);
const covidxSlices = tableOf(
  "list.txt",
  (version) => lines(...twenty.map((i) => `NCP_${i % 7}_2_00${i}.png ${(i + version) % 3} ${i} 20 400 500`)),
  "normal, COVID-19",
  `format: covidx, list: list.txt, images: ".", ${byPatient}`,
);
const covidxSeverity = tableOf(
  "list.txt",
  (version) =>
    lines(...twenty.map((i) => `SITE2-${i % 9} R-${i}.png ${["Mild", "Severe"][(i + version) % 2]}`)),
  "Mild, Severe",
  `format: covidx, list: list.txt, images: ".", ${byPatient}`,
);
const table = tableOf(
  "table.csv",
  (version) =>
    lines(
      "image;who;dx;view",
      ...twenty.map(
        (i) => `"${version}${i}.png";p${i % 5};"${["a|b", "b", "todo", ""][(i + version) % 4]}";PA`,
      ),
    ),
  "a, b",
  `format: table, table: table.csv, delimiter: ";", image: image, patient: who, label: dx, separator: "|", ` +
    `unlabelled: [todo], ${byPatient}`,
);

const covidxNames = {
  ...tableOf(
    "names.csv",
    (version) =>
      lines("theirs,ours", ...twenty.map((i) => `"COVID(${version}${i}).png",images/${version}-${i}.png`)),
    "COVID-19",
    `format: covidx, list: list.txt, images: ".", names: { table: names.csv, from: theirs, to: ours }, ${byPatient}`,
    { "list.txt": covidx.write(0)["list.txt"] },
  ),
};

/** Lists of a split over one table of images, of which only the lists are damaged. */
const listed = {
  "table.csv": lines("image,dx", ...twenty.map((i) => `scans/${i}.png,${["a", "b"][i % 2]}`)),
};
const splitOf = (file, text, split) =>
  tableOf(
    file,
    text,
    "a, b",
    `format: table, table: table.csv, image: image, label: dx, split: { by: list, ${split} }`,
    listed,
  );
const splitText = {
  ...splitOf(
    "train.txt",
    () => lines(...twenty.slice(0, 12).map((i) => `scans/${i}.png`)),
    "train: train.txt, test: test.txt",
  ),
  write: (version) => ({
    ...listed,
    "train.txt": lines(...twenty.slice(0, 12).map((i) => `scans/${(i + version) % 12}.png`)),
    "test.txt": lines(...twenty.slice(12).map((i) => `scans/${12 + ((i + version) % 8)}.png`)),
  }),
  damaged: ["train.txt", "test.txt"],
};
const splitTable = splitOf(
  "split.csv",
  (version) =>
    lines(
      "image,part",
      ...twenty.map((i) => `scans/${i}.png,${["train", "valid", "test", "training"][(i + version) % 4]}`),
    ),
  "table: split.csv, image: image, part: part",
);

// Tables of several files, any of which may be damaged; those that hold blanks and lists; several rows of one image.

const tablesOf = (write, classes, entry) => ({
  manifest: manifest(classes, entry),
  write,
  places: wordPlaces,
});
const padchest = tableOf(
  "table.csv",
  (version) =>
    lines(
      ",ImageID,ImageDir,PatientID,Projection,BitsStored_DICOM,MethodLabel,Labels",
      ...twenty.map((i) => {
        const labels = [
          "['laminar atelectasis']",
          `"['kyphosis', ' air trapping']"`,
          "['unchanged']",
          "['exclude']",
          "['normal']",
        ];
        return `${i},${i}.png,${i % 3},p${i % 7},PA,${10 + 2 * (i % 2)},Physician,${labels[(i + version) % 5]}`;
      }),
    ),
  "atelectasis, kyphosis",
  `format: padchest, table: table.csv, images: ".", bitsColumn: BitsStored_DICOM, mapping: { laminar atelectasis: atelectasis }, blank: negative, ${byPatient}`,
);
const mimicCxr = tablesOf(
  (version) => ({
    "films.csv": lines(
      "dicom_id,subject_id,study_id,ViewPosition,Rows,Columns",
      ...twenty.map(
        (i) => `d${version}${i},${10000 + (i >> 2)},${500 + (i >> 1)},${["PA", "LL"][i % 2]},30,20`,
      ),
    ),
    "labels.csv": lines(
      `subject_id,study_id,${expertLabels}`,
      ...twenty.slice(0, 9).map((i) => {
        const marks = twenty.slice(6).map((k) => ["1.0", "", "-1.0", "0.0"][(i + k + version) % 4]);
        return [10000 + (i >> 1), 500 + i, ...marks].join(",");
      }),
    ),
    "split.csv": lines(
      "dicom_id,study_id,subject_id,split",
      ...twenty.map((i) => {
        const part = ["train", "validate", "test"][(i >> 2) % 3];
        return `d${version}${i},${500 + (i >> 1)},${10000 + (i >> 2)},${part}`;
      }),
    ),
  }),
  "Edema, Pneumonia",
  `format: mimic-cxr, table: films.csv, labels: labels.csv, official: split.csv, images: ".", where: { ViewPosition: PA }`,
);
const joinedTables = tablesOf(
  (version) => ({
    "films.csv": lines("film,patient,visit", ...twenty.map((i) => `f${version}${i},AB${i % 5},${i % 3}`)),
    "visits.tsv": lines(
      "who\tvisit\tfindings",
      ...twenty.slice(0, 15).map((i) => {
        const findings = ["['a', 'b']", "[]", '"[""b""]"', ""][(i + version) % 4];
        return `AB${i % 5}\t${i % 3}\t${findings}`;
      }),
    ),
    "people.txt": lines(...twenty.slice(0, 4).map((i) => `AB${i}  ${40 + i} F`)),
  }),
  "a, b",
  `format: table, table: films.csv, image: "{patient:2}/{patient}/{film}.png", patient: patient, label: findings, ` +
    `separator: list, join: [{ table: visits.tsv, delimiter: tab, on: { patient: who, visit: visit } }, ` +
    `{ table: people.txt, delimiter: blank, header: none, on: { patient: "1" }, prefix: person., unmatched: left-out }], ` +
    `where: { person.2: { min: 20 } }, ${byImage}`,
);
const headerless = tableOf(
  "list.txt",
  (version) =>
    lines(
      ...twenty.map((i) => `img/${version}${i}.png  ${["cat", '"sea lion"'][(i + version) % 2]} p${i % 6}`),
    ),
  "cat, sea lion",
  `format: table, table: list.txt, delimiter: blank, header: none, image: "1", label: "2", patient: "3", ${byPatient}`,
);
const listCells = tableOf(
  "table.csv",
  (version) =>
    lines(
      "image,found",
      ...twenty.map((i) => {
        const found = [`"['a', 'b']"`, "['b']", "[]", "['a' 'b']", `"[""a"", ""b""]"`][(i + version) % 5];
        return `${i}.png,${found}`;
      }),
    ),
  "a, b",
  `format: table, table: table.csv, image: image, label: found, separator: list, ${byImage}`,
);
const softColumns = tableOf(
  "table.csv",
  (version) =>
    lines(
      "image,set,a,b",
      ...twenty.map((i) => {
        const marks = ["1", "0.25", "", "-1", "0", "0.999"];
        return `${i >> 1}.png,train,${marks[(i + version) % 6]},${marks[(2 * i + version) % 6]}`;
      }),
    ),
  "a, b",
  `format: table, table: table.csv, image: image, official: set, columns: [a, b], probabilities: true, repeated: mean, ` +
    `uncertain: 0.5, ${byImage}`,
);
const rowsOfFindings = tableOf(
  "table.csv",
  (version) =>
    lines(
      "image,who,dx,x",
      ...twenty.map((i) => `${i >> 2}.png,p${i >> 3},${["a", "b", "c", ""][(i + version) % 4]},${i}`),
    ),
  "a, b",
  `format: table, table: table.csv, image: image, patient: who, label: dx, repeated: any, ${byPatient}`,
);

export const tableSamples = {
  chestxray14,
  chexpert,
  padchest,
  "mimic-cxr": mimicCxr,
  covidx,
  "covidx names": covidxNames,
  "covidx slices": covidxSlices,
  "covidx severity": covidxSeverity,
  table,
  "table joined": joinedTables,
  "table headerless": headerless,
  "table lists": listCells,
  "table soft": softColumns,
  "table findings": rowsOfFindings,
  "split text": splitText,
  "split table": splitTable,
};
