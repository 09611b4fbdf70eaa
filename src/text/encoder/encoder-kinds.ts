// The names of the kinds of encoders, for who needs no more of them.

export const encoderKinds = ["bag", "transformer"] as const;
export type EncoderKind = (typeof encoderKinds)[number];
