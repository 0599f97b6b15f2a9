import { Deadline } from '../edge/deadline.js';
import { SubjectReads, type Reader } from './subject-reads.js';

const RUNNING_MAX = 4;
const WAITING_MAX = 60;

describe('the reads of one subject', () => {
  let reads: SubjectReads;
  beforeEach(() => void (reads = new SubjectReads()));

  const reader = (more: Partial<Reader> = {}): Reader => ({
    owner: 'alice',
    deadline: new Deadline(),
    hasLeft: () => false,
    ...more,
  });
  const turns = (count: number) => Promise.all(Array.from({ length: count }, () => reads.turn(reader())));
  /** Waits for a turn, and ends it at once. */
  const pass = () => reads.turn(reader()).then((end) => end?.());

  it('begin in the order in which they came, one for each that ends', async () => {
    const [first, second] = await turns(RUNNING_MAX);
    const begun: string[] = [];
    const waiting = ['a', 'b'].map((name) => reads.turn(reader()).then(() => begun.push(name)));
    first?.();
    await waiting[0];
    expect(begun).toEqual(['a']);
    second?.();
    await waiting[1];
    expect(begun).toEqual(['a', 'b']);
  });

  it('leave nothing behind', async () => {
    const running = await turns(RUNNING_MAX);
    const waiting = reads.turn(reader());
    running.forEach((end) => end?.());
    (await waiting)?.();
    expect(reads).toEqual(new SubjectReads());
  });

  it('X3: are refused when their deadline passes while they wait, and take no turn then', async () => {
    const [first] = await turns(RUNNING_MAX);
    await expect(reads.turn(reader({ deadline: new Deadline(20) }))).rejects.toMatchObject({ code: 'unavailable' });
    const waiting = reads.turn(reader());
    first?.();
    expect(await waiting).not.toBeNull();
  });

  it('X3: are refused when their deadline has passed before', async () => {
    await expect(reads.turn(reader({ deadline: new Deadline(0) }))).rejects.toMatchObject({ code: 'unavailable' });
    await turns(RUNNING_MAX);
  });

  it('are not begun for clients that have left, before or while they wait', async () => {
    expect(await reads.turn(reader({ hasLeft: () => true }))).toBeNull();
    const [first] = await turns(RUNNING_MAX);
    let left = false;
    const gone = reads.turn(reader({ hasLeft: () => left }));
    const waiting = reads.turn(reader());
    left = true;
    first?.();
    expect([await gone, await waiting]).toEqual([null, expect.any(Function)]);
  });

  it('are too many beyond those that may wait; those whose clients have left do not count', async () => {
    const running = await turns(RUNNING_MAX);
    let left = false;
    const gone = reads.turn(reader({ hasLeft: () => left }));
    const passing = Array.from({ length: WAITING_MAX - 1 }, pass);
    const refusal = { code: 'too_many', details: { status: 429, retryMs: 1000 } };
    await expect(reads.turn(reader())).rejects.toMatchObject(refusal);
    expect(await reads.turn(reader({ owner: 'bob' }))).not.toBeNull();
    left = true;
    passing.push(pass());
    expect(await gone).toBeNull();
    await expect(reads.turn(reader())).rejects.toMatchObject(refusal);
    running.forEach((end) => end?.());
    await Promise.all(passing);
  });
});
