// What was published with the datasets: how many images show each class.

/** The excerpt of ChestX-ray14; 499 of its 1,000 images have none of these. */
export const chestFindings = {
  Effusion: 170,
  Infiltration: 162,
  Atelectasis: 95,
  Cardiomegaly: 83,
  Consolidation: 42,
  Pneumothorax: 40,
  Nodule: 39,
  Emphysema: 37,
  Mass: 35,
  Fibrosis: 32,
  Edema: 31,
  Pleural_Thickening: 29,
  Pneumonia: 11,
  Hernia: 9,
} as const;

/** By digit. */
export const mnistTrain = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949];
export const mnistTest = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009];

/** The excerpts of CIFAR-10, 4,000 and 1,000 images, in the order of its classes. */
export const cifarTrain = [396, 366, 420, 384, 422, 393, 414, 385, 407, 413];
export const cifarTest = [103, 89, 100, 103, 90, 86, 112, 102, 106, 109];
