/** Client ids as events and contexts tell of them: 32 hexadecimal digits. */

/** By the buffer, of which a channel has one, and a session too; it is never written to. */
const texts = new WeakMap<Buffer, string>();

/** Kept once it was asked for, and as long as the id itself: with every event that is told, it is asked for again. */
export function clientIdText(clientId: Buffer): string {
  let text = texts.get(clientId);
  if (text === undefined) {
    text = clientId.toString('hex');
    texts.set(clientId, text);
  }
  return text;
}
