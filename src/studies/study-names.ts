// The names of the studies, for who needs no more of them.

export const studyNames = ["negatives", "disjoint", "overlap", "similarity", "baselines"] as const;
export type StudyName = (typeof studyNames)[number];
