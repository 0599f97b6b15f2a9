import type { EventName } from '../harness/clients/wire.js';
import { RealClient } from './client-program.js';
import { verdictOf } from './restart-trial.js';

const POSTED = [1, 2].map((seq) => ({ seq, case_id: 'T', content: `message ${seq}`, time_ms: 0, visible_at: 0 }));
const message = (seq: number, id = `e-${seq}`) => {
  const sent_at = new Date(0).toISOString();
  return { id, case_id: 'T', message: { content: `message ${seq}` }, sent_at, seen_at: sent_at };
};

/** A client to which nothing wrong happened: stopped at 100, told at 150, back at 250; killed at 500, back at 600. */
function client(change: (client: RealClient) => void = () => undefined, recovered = true): RealClient {
  const real = new RealClient('a client');
  const hear = (event: EventName, data: object, at: number) =>
    real.recording.add({ event, data: data as never, id: (data as { id?: string }).id ?? null, raw: '', at });
  hear('ready', { recovered: false }, 10);
  hear('message', message(1), 90);
  hear('closing', { reason: 'draining', retry_ms: 100 }, 150);
  hear('ready', { recovered: true }, 250);
  hear('message', message(2), 300);
  hear('ready', { recovered }, 600);
  real.refusal = '401';
  change(real);
  return real;
}

const verdict = (real: RealClient, resumeMs = 100, unordered: string[] = []) =>
  verdictOf(real, { stoppedAt: 100, killedAt: 500, posted: POSTED, trial: { resumeMs, unordered } });

describe('the verdict on a client', () => {
  it('has no fault where nothing went wrong, and says when it came back', () => {
    expect(verdict(client())).toEqual({
      client: 'a client',
      faults: [],
      received: 2,
      resumedMs: { SIGTERM: 100, SIGKILL: 100 },
    });
  });

  it.each<[string, RealClient]>([
    ['said no', client((real) => real.faults.push('said no'))],
    ['heard no refusal of the bad token', client((real) => (real.refusal = null))],
    ['was refused with 503', client((real) => (real.refusal = '503'))],
    ['ready 2 has recovered false', client(() => undefined, false)],
    ['lost: T 0 message 2 (1)', client((real) => real.recording.frames.splice(4, 1))],
    ['doubled: T 0 message 2 (1)', client((real) => real.recording.frames.push({ ...frame(real, 4), id: 'e-3' }))],
    ['gaps: unknown_position', client((real) => real.recording.frames.push(gap(real)))],
  ])('tells: %s', (fault, real) => expect(verdict(real).faults).toEqual([fault]));

  it('tells of a wrong order, unless the library has none', () => {
    const real = client(({ recording }) => recording.frames.reverse());
    expect(verdict(real).faults).toContainEqual(expect.stringMatching(/^disordered: e-1 after e-2/));
    expect(verdict(real, 100, ['a client']).faults.join()).not.toContain('disordered');
  });

  it('tells how late a client came back, and that it did not', () => {
    expect(verdict(client(), 99).faults).toEqual(['came back 100 ms after SIGTERM', 'came back 100 ms after SIGKILL']);
    const gone = client((real) => real.recording.frames.pop());
    expect(verdict(gone)).toMatchObject({
      faults: ['came back Infinity ms after SIGKILL'],
      resumedMs: { SIGKILL: Infinity },
    });
  });
});

function frame(real: RealClient, at: number) {
  const found = real.recording.frames[at];
  if (!found) throw new Error(`there is no frame ${at}`);
  return found;
}

function gap(real: RealClient) {
  return {
    ...frame(real, 4),
    event: 'gap' as const,
    data: { case_ids: ['T'], reason: 'unknown_position' as const },
    id: null,
  };
}
