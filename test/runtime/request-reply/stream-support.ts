/** The two ends of one direction of a stream, with a test in place of the network between them. */
import { createCongestionWindow } from '../../../runtime/src/request-reply/congestion.js';
import type { Frame } from '../../../runtime/src/request-reply/frames.js';
import { createRoundTripEstimate } from '../../../runtime/src/request-reply/retransmission.js';
import { readCredit, readSegmentHeader } from '../../../runtime/src/request-reply/stream-frames.js';
import { StreamReceiver, type StreamWindow } from '../../../runtime/src/request-reply/stream-receiver.js';
import { StreamSender } from '../../../runtime/src/request-reply/stream-sender.js';
import { createRecordingLink, type RecordingLink, type SentFrame } from './support.js';

export const number = 7;

export function createSender(link: RecordingLink = createRecordingLink()) {
  const path = {
    link: (): RecordingLink | undefined => link,
    roundTrip: createRoundTripEstimate(),
    congestion: createCongestionWindow(1200),
  };
  const sender = new StreamSender(number, path, 1 << 18, () => {});
  return { sender, link, path };
}

export function createReceiver(
  window: StreamWindow = { items: 1024, bytes: 1 << 18 },
  longestItem = 1 << 20,
  reserve: (bytes: number) => boolean = () => true,
) {
  const news: string[] = [];
  const receiver = new StreamReceiver({ number, window, longestItem, isFollowed: false, reserve }, each =>
    news.push(each),
  );
  return { receiver, news };
}

/** An item of so many bytes, all of the same value. */
export function itemOf(value: number, bytes = 1): Frame {
  return { bytes: Buffer.alloc(bytes, value), start: 0, end: bytes };
}

/** Lets a segment arrive. */
export function deliver(receiver: StreamReceiver, frame: SentFrame): boolean {
  const reader = frame.body();
  const header = readSegmentHeader(reader);
  return receiver.receive(header, reader.buffer, reader.position, reader.end);
}

/** Takes all that is there, as text of hexadecimal digits for each batch. */
export function takeAll(receiver: StreamReceiver): Buffer {
  const taken: Buffer[] = [];
  for (let batch = receiver.take(); batch !== undefined; batch = receiver.take())
    taken.push(batch.bytes.subarray(batch.start, batch.end));
  return Buffer.concat(taken);
}

export const segmentsOf = (frames: readonly SentFrame[]) =>
  frames.filter(({ name }) => name === 'segment').map(frame => readSegmentHeader(frame.body()));

export const creditOf = (frame: SentFrame) => readCredit(frame.body());
