/**
 * What a member of an open group knows of those who call from outside: which of their calls it has, and what it replied.
 * All members have the same, and who joins is given it: so it does not matter who relays a call, or how often.
 */
import { type ByteReader, ByteWriter, MalformedBytes } from '../bytes.js';
import type { MemberCall } from '../rpc/exchange.js';

/** How many bytes a client's id has. */
export const clientIdBytes = 16;

/** One call of a client. */
export interface RelayedEntry {
  /** As a reply's frame has it after its number; undefined while the procedure runs. */
  reply: Buffer | undefined;
  /** Who relayed it, and waits for the reply. */
  waiting: MemberCall[];
}

export class ClientSession {
  /** The calls that are not acknowledged, by number. */
  readonly entries = new Map<number, RelayedEntry>();
  /** Of the replies that are kept. */
  bytes = 0;
  /** Below it the client has all that it wants. */
  lowest = 1;
  /** When the client may be forgotten, on the monotonic clock. */
  until = 0;

  /** The client has what it wants of all calls below this number. */
  acknowledge(lowest: number): void {
    if (lowest <= this.lowest) return;
    this.lowest = lowest;
    for (const [number, { reply }] of this.entries) {
      if (number >= lowest) continue;
      this.bytes -= reply?.length ?? 0;
      this.entries.delete(number);
    }
  }

  /** Keeps the reply of a call, unless it was acknowledged meanwhile. */
  keep(number: number, entry: RelayedEntry, reply: Buffer): void {
    entry.reply = reply;
    if (this.entries.get(number) === entry) this.bytes += reply.length;
  }
}

/** By the client's id in hexadecimal. */
export type Sessions = Map<string, ClientSession>;

/** Writes sessions down, one a piece. */
export function* saveSessions(sessions: Sessions): Generator<Buffer> {
  for (const [id, { lowest, entries }] of sessions) {
    const writer = new ByteWriter(1024).rest(Buffer.from(id, 'hex')).u48(lowest).u32(entries.size);
    for (const [number, { reply }] of entries) {
      writer.u48(number).bool(reply !== undefined);
      if (reply !== undefined) writer.bytes(reply);
    }
    yield writer.done();
  }
}

/**
 * Reads sessions from where `saveSessions` wrote them.
 *
 * @param until when each may be forgotten
 * @param unknown the reply to calls whose own was not known when the sessions were saved
 * @throws MalformedBytes
 */
export function loadSessions(reader: ByteReader, until: number, unknown: Buffer): Sessions {
  const sessions: Sessions = new Map();
  while (reader.left > 0) {
    const id = readClientId(reader);
    const session = new ClientSession();
    session.until = until;
    session.lowest = reader.u48();
    const count = reader.u32();
    if (count * 7 > reader.left)
      throw new MalformedBytes(`${count} calls do not fit in ${reader.left} bytes`);
    for (let at = 0; at < count; at++) {
      const number = reader.u48();
      const entry: RelayedEntry = { reply: undefined, waiting: [] };
      session.entries.set(number, entry);
      session.keep(number, entry, reader.bool() ? Buffer.from(reader.bytes()) : unknown);
    }
    sessions.set(id, session);
  }
  return sessions;
}

function readClientId(reader: ByteReader): string {
  let id = '';
  for (let at = 0; at < clientIdBytes; at++) id += reader.u8().toString(16).padStart(2, '0');
  return id;
}
