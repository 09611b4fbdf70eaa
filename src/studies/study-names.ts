// The names of the studies, in a file that loads nothing else.

export const studyNames = ["negatives", "disjoint", "overlap", "similarity", "baselines"] as const;
export type StudyName = (typeof studyNames)[number];
