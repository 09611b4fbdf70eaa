export interface System {
  platform: string;
  osRelease: string;
  sources: { path: string; text: string }[];
  uid: number;
  passwordlessSudo: boolean;
  environment: Record<string, string | undefined>;
  command: string;
}
export type DriverPlan =
  | { kind: "install"; sudo: boolean; suite: string | null; sourcesText: string | null }
  | { kind: "manual"; advice: string };
export function planDriver(system: System): DriverPlan;
