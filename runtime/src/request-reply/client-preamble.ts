/** What a client says beside its calls: whose a datagram is, and which calls are finished. */
import type { Clock } from '../platform/platform.js';
import type { Link } from '../transport/transport.js';
import type { Acknowledger } from './client-acknowledgement.js';
import type { ClientSession } from './client-session.js';
import { beginFrame, FrameType, finishFrame, sendFrame } from './frames.js';

const begin = () => beginFrame(FrameType.acknowledgement);

/** Writes the frames that stand first in a datagram. Returns where they end. */
export function writePreamble(
  { frame, established }: ClientSession,
  acknowledger: Acknowledger,
  target: Buffer,
  at: number,
  end: number,
): number {
  let position = at + frame.copy(target, at);
  if (!established) return position;
  acknowledger.write(end - position, begin, () => {
    const written = finishFrame();
    position += written.bytes.copy(target, position, written.start, written.end);
  });
  return position;
}

/** Tells the server what is finished, where that is owed and there is a session. */
export function sendAcknowledgement(
  session: ClientSession,
  acknowledger: Acknowledger,
  clock: Clock,
  link: Link | undefined,
): void {
  if (!acknowledger.owes || link === undefined || session.state !== 'ready') return;
  session.touch(clock.now());
  acknowledger.write(Number.POSITIVE_INFINITY, begin, () => sendFrame(link));
}
