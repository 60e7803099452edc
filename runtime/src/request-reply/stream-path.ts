/** What the two ends of a stream know of the way between them. */
import type { Link } from '../transport/transport.js';
import type { CongestionWindow } from './congestion.js';
import type { RoundTripEstimate } from './retransmission.js';

export interface StreamPath {
  /** Where frames go at this moment; `undefined` while there is no way. Whoever asks is about to send. */
  link(): Link | undefined;
  /** Told of each segment that is sent once more, with its size in bytes. */
  onResent?(link: Link, segment: number, bytes: number): void;
  readonly roundTrip: RoundTripEstimate;
  /** Of all that goes that way. */
  readonly congestion: CongestionWindow;
}
