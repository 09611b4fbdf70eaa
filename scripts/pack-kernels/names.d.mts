export declare const packageName: string;
