/** The window of CUBIC (RFC 9438) in congestion avoidance, in bytes. */

/** RFC 9438, 4.6: what a cut leaves of the window. */
export const cubicCut = 0.7;

/** RFC 9438, 5.1: datagrams per second cubed. */
const scale = 0.4;

/** RFC 9438, 4.3: the growth of a Reno flow that would be cut to the same part. */
const renoGrowth = (3 * (1 - cubicCut)) / (1 + cubicCut);

export interface Cubic {
  /** What a cut leaves of the window, from which growth begins anew. */
  cut(window: number): number;
  /** The window is as it is for another reason than a cut: growth begins there. */
  restart(): void;
  /** The window after `acknowledged` bytes more, at `now` milliseconds, over a path of that round trip. */
  grow(window: number, acknowledged: number, roundTrip: number, now: number): number;
}

export function createCubic(datagramBytes: number): Cubic {
  /** The window at the last cut, and one that forgets to make room for new flows (fast convergence). */
  let plateau = 0;
  let startedAt = -1;
  /** Milliseconds from the start until the plateau is reached again. */
  let climb = 0;
  let renoWindow = 0;

  const start = (window: number, now: number): void => {
    startedAt = now;
    plateau = Math.max(plateau, window);
    climb = Math.cbrt((plateau - window) / datagramBytes / scale) * 1000;
    renoWindow = window;
  };

  return {
    cut(window) {
      plateau = window < plateau ? (window * (1 + cubicCut)) / 2 : window;
      startedAt = -1;
      return window * cubicCut;
    },
    restart() {
      plateau = 0;
      startedAt = -1;
    },
    grow(window, acknowledged, roundTrip, now) {
      if (startedAt < 0) start(window, now);
      const seconds = (now + roundTrip - startedAt - climb) / 1000;
      const wanted = plateau + scale * seconds ** 3 * datagramBytes;
      const target = Math.min(1.5 * window, Math.max(window, wanted));
      const rate = renoWindow < plateau ? renoGrowth : 1;
      renoWindow += (rate * datagramBytes * acknowledged) / window;
      return Math.max(renoWindow, window + ((target - window) * acknowledged) / window);
    },
  };
}
