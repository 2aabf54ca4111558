/** Time, as the client sees it: milliseconds that only go forward, and a bell. */
export interface Clock {
  now(): number;
  /** Rings once after so many milliseconds; the answer silences it. */
  ring(afterMs: number, bell: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  ring: (afterMs, bell) => {
    const timer = setTimeout(bell, afterMs);
    return () => clearTimeout(timer);
  },
};

/** The promise's outcome, or a failure with this message where that does not come in time. */
export function inTime<T>(clock: Clock, ms: number, work: Promise<T>, late: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const silence = clock.ring(ms, () => reject(new Error(late)));
    work.then(resolve, reject).finally(silence);
  });
}
