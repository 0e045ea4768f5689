/** The same bytes as numbers of any width. To make a view takes longer than to read from it: who reads often keeps it. */
export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
