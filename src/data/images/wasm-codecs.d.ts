// Types of the codecs that come as WebAssembly without any: as much of them as is called.
interface PackedFrame {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
  readonly isSigned?: boolean;
}

interface WasmDecoder {
  /** Memory of the codec for the packed bytes. */
  getEncodedBuffer(length: number): Uint8Array;
  decode(): void;
  getFrameInfo(): PackedFrame;
  /** Memory of the codec; gone when it is deleted. */
  getDecodedBuffer(): Uint8Array;
  delete(): void;
}

interface CodecOptions {
  readonly print: (line: string) => void;
  readonly printErr: (line: string) => void;
}

declare module "@cornerstonejs/codec-openjpeg/decodewasmjs" {
  const open: (options: CodecOptions) => Promise<{
    readonly J2KDecoder: new () => WasmDecoder;
    readonly HEAPU8: Uint8Array;
  }>;
  export default open;
}

declare module "@cornerstonejs/codec-charls/decodewasmjs" {
  const open: (options: CodecOptions) => Promise<{
    readonly JpegLSDecoder: new () => WasmDecoder & {
      /** 0 where colours come one after the other. */
      getInterleaveMode(): number;
    };
    readonly HEAPU8: Uint8Array;
    /** The words for what it throws, which is a number. */
    getExceptionMessage(thrown: number): string;
  }>;
  export default open;
}
