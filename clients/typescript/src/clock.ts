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

/** The promise's outcome, or `late()` as its failure where that does not come in time. */
export async function inTime<T>(clock: Clock, ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  let silence = (): void => undefined;
  const over = new Promise<never>((_, fail) => {
    silence = clock.ring(ms, () => fail(late()));
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    silence();
  }
}
