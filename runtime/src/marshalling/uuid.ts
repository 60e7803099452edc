/** The value of each hexadecimal digit by its character code; 255 for every other character. */
const nibbles = new Uint8Array(128).fill(255);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  nibbles[digit.charCodeAt(0)] = value;
  nibbles[digit.toUpperCase().charCodeAt(0)] = value;
}

const hyphens = new Set([8, 13, 18, 23]);
/** Where each of the 16 bytes stands in the text. */
const places = [...Array(36).keys()].filter(
  (place, _, all) =>
    !hyphens.has(place) && all.slice(0, place).filter(earlier => !hyphens.has(earlier)).length % 2 === 0,
);

/** Writes the 16 bytes of a UUID's text (RFC 9562, §4) at `offset`; false when the text is not a UUID. */
export function writeUuid(buffer: Uint8Array, text: string, offset: number): boolean {
  if (text.length !== 36) return false;
  for (const place of hyphens) if (text.charCodeAt(place) !== 0x2d) return false;
  for (let i = 0; i < 16; i++) {
    const place = places[i]!;
    const high = nibbles[text.charCodeAt(place)] ?? 255;
    const low = nibbles[text.charCodeAt(place + 1)] ?? 255;
    if (high > 15 || low > 15) return false;
    buffer[offset + i] = (high << 4) | low;
  }
  return true;
}

/** The text of the UUID at `offset`, in lower case. */
export function readUuid(buffer: Buffer, offset: number): string {
  const hex = buffer.toString('hex', offset, offset + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
