// The names of the labels of the MedMNIST sets, as published with MedMNIST v2 (medmnist/info.py; Yang et al., Scientific Data
// 2023), and how a set is recognised by its file name.

const organs = [
  "bladder",
  "femur-left",
  "femur-right",
  "heart",
  "kidney-left",
  "kidney-right",
  "liver",
  "lung-left",
  "lung-right",
  "pancreas",
  "spleen",
];

/** The names of labels 0, 1, 2, ... of each two-dimensional set. */
const labelNames = {
  pathmnist: [
    "adipose",
    "background",
    "debris",
    "lymphocytes",
    "mucus",
    "smooth muscle",
    "normal colon mucosa",
    "cancer-associated stroma",
    "colorectal adenocarcinoma epithelium",
  ],
  chestmnist: [
    "atelectasis",
    "cardiomegaly",
    "effusion",
    "infiltration",
    "mass",
    "nodule",
    "pneumonia",
    "pneumothorax",
    "consolidation",
    "edema",
    "emphysema",
    "fibrosis",
    "pleural",
    "hernia",
  ],
  dermamnist: [
    "actinic keratoses and intraepithelial carcinoma",
    "basal cell carcinoma",
    "benign keratosis-like lesions",
    "dermatofibroma",
    "melanoma",
    "melanocytic nevi",
    "vascular lesions",
  ],
  octmnist: ["choroidal neovascularization", "diabetic macular edema", "drusen", "normal"],
  pneumoniamnist: ["normal", "pneumonia"],
  retinamnist: ["0", "1", "2", "3", "4"],
  breastmnist: ["malignant", "normal, benign"],
  bloodmnist: [
    "basophil",
    "eosinophil",
    "erythroblast",
    "immature granulocytes(myelocytes, metamyelocytes and promyelocytes)",
    "lymphocyte",
    "monocyte",
    "neutrophil",
    "platelet",
  ],
  tissuemnist: [
    "Collecting Duct, Connecting Tubule",
    "Distal Convoluted Tubule",
    "Glomerular endothelial cells",
    "Interstitial endothelial cells",
    "Leukocytes",
    "Podocytes",
    "Proximal Tubule Segments",
    "Thick Ascending Limb",
  ],
  organamnist: organs,
  organcmnist: organs,
  organsmnist: organs,
} as const satisfies Record<string, readonly string[]>;

/** The set whose labels are a column each; those of the others are one class number an image. */
const severalColumns = "chestmnist";

/**
 * The label names of the set that a file is named after, "chestmnist_64.npz" after ChestMNIST; undefined when it is
 * named after none, or its labels are not the set's.
 *
 * @param columns how many columns its labels have
 * @param classes how many names a single column needs
 */
export function namesOfSet(
  fileName: string,
  columns: number,
  classes: number,
): readonly string[] | undefined {
  const lower = fileName.toLowerCase();
  const set = Object.entries(labelNames).find(
    // A letter or digit behind the flag makes another word.
    ([flag]) => lower.startsWith(flag) && !/[a-z0-9]/u.test(lower.charAt(flag.length)),
  );
  if (set === undefined) return undefined;
  const [flag, names] = set;
  const fits = flag === severalColumns ? columns === names.length : columns === 1 && classes <= names.length;
  return fits ? names : undefined;
}

/** Whether a file is named after one of the sets of volumes, such as OrganMNIST3D. */
export function namesVolumes(fileName: string): boolean {
  return /^[a-z]+mnist3d(?![a-z0-9])/u.test(fileName.toLowerCase());
}
