export declare function bareKernel(text: string): string;
