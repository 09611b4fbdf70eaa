export interface LockRow {
  version?: string;
  integrity?: string;
  optional?: boolean;
  devOptional?: boolean;
  link?: boolean;
  os?: string[];
  cpu?: string[];
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}
export interface State {
  manifest: { dependencies?: Record<string, string>; devDependencies?: Record<string, string> };
  lock: { packages: Record<string, LockRow> };
  installed: { packages: Record<string, LockRow> } | null;
  versionOf: (location: string) => string | undefined;
  platform: string;
  arch: string;
}
export function staleness(state: State): string | null;
