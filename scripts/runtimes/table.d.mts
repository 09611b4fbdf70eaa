export interface Runtime {
  readonly programs: readonly string[];
  readonly variable: string;
  readonly install: string;
  readonly every: number;
  parameters(of: { readonly folder: string; readonly url: string }): string[];
}

export declare const runtimes: Readonly<Record<string, Runtime>>;
export declare function findRuntime(name: string): string | undefined;
