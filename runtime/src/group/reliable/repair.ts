/** Who is asked for lost multicasts, and what is sent again. */
import type { MemberId } from '../member.js';
import { Message } from '../message.js';
import type { View } from '../view.js';
import type { Inbox, Range } from './inbox.js';
import type { Stability } from './stability.js';

/** So much is sent again for one request. */
const messagesPerAnswer = 1024;
const bytesPerAnswer = 128 * 1024;
/** Counted for each message beside its body. */
export const messageOverhead = 32;

/** What a member misses, as far as it is here and one answer may have it. */
export function answerTo(asker: MemberId, { ring, highest }: Inbox, ranges: readonly Range[]): Message[] {
  const again: Message[] = [];
  let bytes = 0;
  for (const [first, last] of ranges) {
    for (let seq = first; seq <= Math.min(last, highest); seq++) {
      const found = ring.get(seq);
      if (found === undefined) continue;
      if (again.length >= messagesPerAnswer || bytes > bytesPerAnswer) return again;
      bytes += found.body.length + messageOverhead;
      again.push(copyTo(found, asker));
    }
  }
  return again;
}

/**
 * First the sender; when it does not answer, whoever else holds it, one after the other.
 *
 * @param named who is known to have all that is asked for: at the end of a view, somebody has
 */
export function whomToAsk(
  { members }: View,
  own: number,
  stability: Stability,
  sender: number,
  { requests, contiguous }: Inbox,
  named: MemberId | undefined,
): MemberId {
  if (named !== undefined && requests % 3 !== 2) return named;
  if (named === undefined && requests < 2) return members[sender]!.id;
  const others = members.filter(
    (_, rank) => rank !== own && (stability.of(rank)[sender]! > contiguous || rank === sender),
  );
  return others[requests % others.length]?.id ?? members[sender]!.id;
}

/** A multicast once more, to one member. */
function copyTo(original: Message, target: MemberId): Message {
  const copy = new Message(original.kind, original.sender, target, original.body);
  copy.reliable = true;
  copy.order = original.order;
  copy.safe = original.safe;
  copy.more = original.more;
  copy.nested = original.nested;
  copy.view = original.view;
  copy.seq = original.seq;
  copy.vector = original.vector;
  return copy;
}
