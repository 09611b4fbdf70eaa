// Stands in for CheXpert, which may not be passed on: tables of its form, and pictures.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PNG } from "pngjs";

export const chexpertLabels =
  "No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia," +
  "Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices";

export const chexpertHeader = `Path,Sex,Age,Frontal/Lateral,AP/PA,${chexpertLabels}`;

/** Three images to train on, the last of them lateral, and one to test on, below CheXpert-v1.0-small in `root`. */
export function writeChexpert(root: string): void {
  const top = "CheXpert-v1.0-small";
  const row = (part: string, patient: number, view: string, values: string): string => {
    const file = `${top}/${part}/patient0000${patient}/study1/view1_${view.toLowerCase()}.jpg`;
    const png = new PNG({ height: 40, width: 50 });
    png.data.forEach((_, at) => (png.data[at] = at % 4 === 3 ? 255 : (Math.floor(at / 4) * patient) % 256));
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), PNG.sync.write(png)); // of PNG's content: names are not trusted
    return `${file},Female,60,${view},AP,${values}`;
  };
  const write = (name: string, rows: readonly string[]): void =>
    writeFileSync(join(root, top, name), [chexpertHeader, ...rows, ""].join("\n"));
  write("train.csv", [
    row("train", 1, "Frontal", ",,-1.0,,,-1.0,,-1.0,-1.0,,1.0,,,"),
    row("train", 2, "Frontal", "1.0,,0.0,,,0.0,1.0,1.0,0.0,,-1.0,,,"),
    row("train", 3, "Lateral", ",,1.0,,,1.0,,1.0,1.0,,1.0,,,"),
  ]);
  write("valid.csv", [row("valid", 9, "Frontal", "0.0,,0.0,,,1.0,0.0,0.0,1.0,0.0,0.0,,,")]);
}
