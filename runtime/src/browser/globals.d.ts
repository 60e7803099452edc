/** In a page, `Buffer` is the bundle's own. */
import type * as bytes from './buffer.js';

declare global {
  const Buffer: typeof bytes.Buffer;
  type Buffer = bytes.Buffer;
}
