// Small JPEG-LS and JPEG 2000 streams, without losses, since these have no encoder here: JPEG-LS was packed by dcmcjpls of DCMTK
// 3.6.7, JPEG 2000 by gdcmconv --j2k of GDCM 3.0.21 (OpenJPEG 2.5.0), both from uncompressed DICOM of the values below.

export const packedSize = { width: 12, height: 9 };
/** Of 12 bits. */
export const packedGrey = (x: number, y: number): number => (x * 341 + y * 97 + 5) & 4095;
/** Of 8 bits. */
export const packedColour = (x: number, y: number, channel: number): number =>
  (x * 23 + y * 7 + channel * 61) & 255;

const bytes = (...lines: readonly string[]): Buffer => Buffer.from(lines.join(""), "base64");

export const greyLs = bytes(
  "/9j/9wALEAAJAAwBAREA//gADQH//wASAEMBFABA/9oACAEBAAAAAECdU6p1PqVUaoVPqdU2plS8wphTAr6vK63G22my2Ewpha7W",
  "arUabSaLQZ7OTAmBmswlkokkgjkYikRX1fIZCIJAf359fHt6AADQ688vDu7Oro5uTimDACuuDe3NrY1tTU0pfwBuNDQzszMysjGx",
  "K9gDbYWBgX15dXVxbAADRNUg/9k=",
);
export const grey2000 = bytes(
  "/0//UQApAAAAAAAMAAAACQAAAAAAAAAAAAAADAAAAAkAAAAAAAAAAAABDwEB/1IADAAAAAEAAgQEAAH/XAAKQICIiJCIiJD/ZAAq",
  "AAFDcmVhdGVkIGJ5IEdEQ00vT3BlbkpQRUcgdmVyc2lvbiAyLjUuMP+QAAoAAAAAAG0AAf+Tz/wwQAjsig27S4E7/VlauiyXk/vA",
  "fyFwA/AFgH8gwBWUm850MnKUHAG/EUFh+y8T3VFuf8PB/0AEID+QeA/wEC8VqFj2HebmOWYpy+GZNFous28efXxtKwiolAMP/3//",
  "2Q==",
);
export const rgbLs = bytes(
  "/9j/9wARCAAJAAwDAREAAhEAAxEA/9oADAMBAAIAAwAAAQCABQAU2pTpUaH/b2AZ531zRR/9kAF6AZ93ve8gAuc5yMMxSOzM2GG2",
  "22gsjGSSXVShqqqkxlVV4ANQr9v5H/27+/mfpz8z/1ABc/95vf83/e3/Kvb3/b/vb9/b1R/b/qbT9+Tv+T/eT9+Tv+D//9k=",
);
export const rgb2000 = bytes(
  "/0//UQAvAAAAAAAMAAAACQAAAAAAAAAAAAAADAAAAAkAAAAAAAAAAAADBwEBBwEBBwEB/1IADAAAAAEAAgQEAAH/XAAKQEBISFBI",
  "SFD/ZAAqAAFDcmVhdGVkIGJ5IEdEQ00vT3BlbkpQRUcgdmVyc2lvbiAyLjUuMP+QAAoAAAAAAQUAAf+T34BQBpbxl28cBxUYF8+0",
  "KAWpfdjChjlwP5HfgFgM2AbG7papU+tFp8/AHg+cLD7QUBiw/NOkrNIT+68GfxHcMsT3z8AqH1A0PtBgEVzj5tgOcbpD3xJaP4Ch",
  "fw04Buhgls/AMh9QNB9QMA0ydivOCNGiOKvWrxB4+oYQDwspQ0Nyz9+YfH2hEfgDgCqSwZX1OT/2G80ORUi+Pysnsia8HJAPKZpl",
  "YExLD8/ARj7QePwBwCR6J1/u8LHK5N162k85OBJvJ21wmC/C9yL0pOvm/3/PwEI+0Ij8AUAc/YOnF6k0N2b3WgkH1hgMHnyTI061",
  "L88bHOyUcv/Z",
);
/** One colour after the other. */
export const rgbApartLs = bytes(
  "/9j/9wARCAAJAAwDAREAAhEAAxEA/9oACAEBAAAAAIAFABTalOlRof9vYwzFI7MzYYbbbaSCxklVUuVVVUkAFRVX+M7/bKz/aADI",
  "z/d4/9oACAECAAAAAAAAAXgAFNqU6VGh/2gAvYwzFI7MFmDDbbbZYANmMkkkmpSqqvqQiqrTld1ffzP3+Z+/wP/aAAgBAwAAAAAA",
  "AAHyABTalOlRgAqH/z2MMxSBZ2Zgw22y7bZjJJEgA0qUqr6qkIq3VXdXTn8zv/md/2D/2Q==",
);
