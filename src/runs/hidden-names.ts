// Images as a report shows them, without the names of patients. patient-names.ts has the hashes of a folder.

/** Hides names with a salt. */
export interface PatientNames {
  /** What stands for a patient: twelve hexadecimal digits, so that two of 100,000 patients are hardly ever one; "" for nobody. */
  readonly hashOf: (patient: string) => string;
}

interface ShownImage {
  readonly source: string;
  readonly image: string;
  /** As a run keeps it, `source/name`; "" for nobody. */
  readonly patient: string;
}

/**
 * An image as a report shows it: its patient is a hash, and so is the patient's name in the name of the image, as in
 * `patient00012/study1/view1.jpg` or `00000012_003.png` of patient 12.
 */
export function withoutName<Image extends ShownImage>(shown: Image, { hashOf }: PatientNames): Image {
  const { source, image, patient } = shown;
  if (patient === "") return shown;
  const name = patient.startsWith(`${source}/`) ? patient.slice(source.length + 1) : patient;
  const hash = hashOf(patient);
  const whole = name.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&");
  // Numbers have zeros in front in names of files.
  const zeros = /^\d/u.test(name) ? "0*" : "";
  const inImage = new RegExp(`(?<![\\p{L}\\p{N}])${zeros}${whole}(?![\\p{L}\\p{N}])`, "gu");
  return { ...shown, patient: hash, image: name === "" ? image : image.replace(inImage, hash) };
}
