import { describe, expect, test } from 'vitest';
import {
  ceiling,
  grown,
  quantile,
  quantiles,
  rate,
  rates,
  recent,
  remember,
  SAMPLES_KEPT,
  sum,
  type Buckets,
  type Figures,
  type Sample,
} from '../../src/screens/admin/figures';

const BOUNDS = [1, 2, 4];
const START = Date.UTC(2026, 0, 15, 12);

interface Counted {
  node?: string;
  messages?: number;
  acks?: readonly number[];
}

/** The answer of a node that has been up for so many seconds. */
function sample(up: number, { node = 'n1', messages = 0, acks = [0, 0, 0, 0] }: Counted = {}): Sample {
  const times: Buckets = { bounds: BOUNDS, counts: acks };
  const counts = {
    messages,
    frames_in: 0,
    acks: 0,
    deliveries: 0,
    handshakes: 0,
    http_requests: 0,
    refused: {},
    upgrades_refused: {},
    ended: {},
  };
  const figures: Figures = {
    node,
    version: '1.0.0',
    server_time: '2026-01-15T12:00:00.000Z',
    up_s: up,
    cpu_s: 0,
    memory_bytes: null,
    loop_lag_ms: 0,
    health: { store: null, broker: null, draining: false },
    connections: 0,
    connections_max: 10,
    users: 0,
    rooms: 0,
    waiting: 0,
    counts,
    batch_messages: copy(times),
    commit_ms: copy(times),
    ack_ms: copy(times),
    round_trip_ms: copy(times),
  };
  return { at: START + up * 1_000, figures };
}

function copy({ bounds, counts }: Buckets) {
  return { bounds: [...bounds], counts: [...counts] };
}

const messages = (figures: Figures) => figures.counts.messages;
const acks = (figures: Figures) => figures.ack_ms;

describe('what is remembered', () => {
  test('goes from the oldest to the newest, and the oldest leave', () => {
    const samples = Array.from({ length: SAMPLES_KEPT + 3 }, (_, up) => sample(up)).reduce(
      remember,
      [] as readonly Sample[],
    );

    expect(samples).toHaveLength(SAMPLES_KEPT);
    expect(samples[0]?.figures.up_s).toBe(3);
  });

  test('begins anew with another node', () => {
    const samples = remember([sample(1), sample(5)], sample(9, { node: 'n2' }));

    expect(samples).toEqual([sample(9, { node: 'n2' })]);
  });

  test('begins anew where the node has been up for a shorter time than before', () => {
    expect(remember([sample(900)], sample(2))).toHaveLength(1);
  });
});

describe('a rate', () => {
  const samples = [sample(10), sample(14, { messages: 8 }), sample(16, { messages: 8 })];

  test('is the growth between answers by the time of the server', () => {
    expect(rates(samples, messages).map(({ value }) => value)).toEqual([2, 0]);
  });

  test('over a time counts from the last answer that is old enough', () => {
    expect(rate(samples, messages, 2_000)).toBe(0);
    expect(rate(samples, messages, 4_000)).toBeCloseTo(8 / 6);
  });

  test('over more than is known counts all that is known', () => {
    expect(rate(samples, messages, 600_000)).toBeCloseTo(8 / 6);
  });

  test('needs two answers', () => {
    expect(rate([sample(1)], messages, 1_000)).toBeNull();
    expect(rates([sample(1)], messages)).toEqual([]);
  });
});

describe('a quantile', () => {
  test('of none is unknown', () => {
    expect(quantile({ bounds: BOUNDS, counts: [0, 0, 0, 0] }, 0.5)).toBeNull();
  });

  test('takes what is in a bucket as spread evenly', () => {
    const buckets = { bounds: BOUNDS, counts: [0, 10, 10, 0] };

    expect(quantile(buckets, 0.25)).toBe(1.5);
    expect(quantile(buckets, 0.5)).toBe(2);
    expect(quantile(buckets, 0.75)).toBe(3);
  });

  test('begins at 0 in the first bucket', () => {
    expect(quantile({ bounds: BOUNDS, counts: [4, 0, 0, 0] }, 0.5)).toBe(0.5);
  });

  test('beyond the last bound is only known to be beyond it', () => {
    expect(quantile({ bounds: BOUNDS, counts: [1, 0, 0, 9] }, 0.5)).toBe(Infinity);
  });

  test('over time is of what came in the time before each answer', () => {
    const samples = [
      sample(0),
      sample(60, { acks: [4, 0, 0, 0] }),
      sample(120, { acks: [4, 0, 4, 0] }),
      sample(180, { acks: [4, 0, 4, 0] }),
    ];

    expect(quantiles(samples, acks, 0.5, 60_000).map(({ value }) => value)).toEqual([0.5, 3, null]);
  });
});

describe('a distribution', () => {
  const samples = [sample(0, { acks: [5, 0, 0, 1] }), sample(60, { acks: [7, 1, 0, 1] })];

  test('of a time is what came in it', () => {
    expect(recent(samples, acks, 60_000).counts).toEqual([2, 1, 0, 0]);
  });

  test('since the start is all', () => {
    expect(recent(samples, acks, null).counts).toEqual([7, 1, 0, 1]);
  });

  test('of a time is empty as long as there is one answer', () => {
    expect(recent(samples.slice(0, 1), acks, 60_000).counts).toEqual([0, 0, 0, 0]);
    expect(recent(samples.slice(0, 1), acks, null).counts).toEqual([5, 0, 0, 1]);
  });

  test('grows bucket by bucket', () => {
    expect(grown({ bounds: [1], counts: [2, 3] }, { bounds: [1], counts: [2, 7] }).counts).toEqual([0, 4]);
  });
});

test.each([
  [[0.3, 0.2], 0, 0.5],
  [[3], 1, 5],
  [[5], 1, 5],
  [[12], 1, 20],
  [[99], 1, 100],
  [[null, Infinity], 5, 5],
])('the scale of %j, at least %d, ends at %d', (values, atLeast, top) => {
  expect(ceiling(values, atLeast)).toBe(top);
});

test('codes are summed', () => {
  expect(sum({ text_empty: 2, muted: 3 })).toBe(5);
  expect(sum({})).toBe(0);
});
