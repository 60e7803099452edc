/** How much may be under way to a peer at one time. */
export interface CongestionWindow {
  /** How many bytes may be sent now. */
  room(now: number): number;
  /** When there will be room again because time passes, on the clock's scale; `Infinity`: only an acknowledgement makes room. */
  nextRoomAt(now: number): number;
  onSent(bytes: number, now: number): void;
  onAcknowledged(bytes: number, roundTrip: number | undefined, now: number): void;
  onLost(bytes: number, sentAt: number, now: number): void;
  onTimeout(now: number): void;
  onAbandoned(bytes: number): void;
}

export function createCongestionWindow(): CongestionWindow {
  let inFlight = 0;
  const left = (bytes: number): void => {
    inFlight = Math.max(0, inFlight - bytes);
  };
  return {
    room: () => 65_536 - inFlight,
    nextRoomAt: () => Number.POSITIVE_INFINITY,
    onSent: bytes => {
      inFlight += bytes;
    },
    onAcknowledged: left,
    onLost: left,
    onTimeout: () => {},
    onAbandoned: left,
  };
}
