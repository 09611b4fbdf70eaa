// Whose CT slice a file of COVIDx-CT is: the lists name no patients, but the file names of each of its sources do (COVIDNet-CT,
// dataset_construction/*.py writes them, and metadata.csv has the patients of each).

/** What starts a file name of each source, up to the patient; behind it comes the scan or the slice. */
const starts: readonly RegExp[] = [
  /^(?:CP|NCP|Normal)_\d+(?=_\d+_\d+\.)/u, // CNCB: class, patient, scan, slice
  /^HUST-Patient\d+(?=-\d+\.)/u, // iCTCF
  /^LIDC-IDRI-\d{4}(?=-[\d.]+-\d+\.)/u,
  /^radiopaedia-\d+(?=-\d+-\d+-\d+\.)/u, // case, study, stack, slice
  /^radiopaedia_\d+_\d+(?=_\d+-\d+\.)/u, // COVID-19 CT segmentation: volume, study, stack, slice
  /^coronacases_\d+(?=-\d+\.)/u,
  /^COVIDCTMD-(?:P|cap|normal)\d+(?=-\w+\.)/u,
  /^STOIC-\d+(?=-\d+\.)/u,
  /^study_\d+(?=-\d+\.)/u, // MosMedData
  /^A\d{6}(?=-.+-\d+\.)/u, // COVID-19-NY-SBU: patient, study, series, slice
];

/** TCIA and COVID-19-20 share their numbers; _0 and _1 are two scans of one number. */
const tcia = /^(volume-covid19-A-\d{4})(?:_\d)?(?:_ct)?-\d+\./u;

/** COVID-CTSet: `137covid_patient100_SR_2_IM00028.png`. */
const ctset = /^[^_]+_(patient\d+)_SR_/u;

/** The patient of a slice; undefined for names of no source that is known. */
export function patientOfSlice(file: string): string | undefined {
  const name = file.slice(file.lastIndexOf("/") + 1);
  const number = tcia.exec(name)?.[1];
  if (number !== undefined) return number;
  const patient = ctset.exec(name)?.[1];
  if (patient !== undefined) return `COVID-CTSet ${patient}`;
  for (const start of starts) {
    const found = start.exec(name)?.[0];
    if (found !== undefined) return found;
  }
  return undefined;
}
