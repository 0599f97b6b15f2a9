import { WorkerParticipant } from './worker-participant.js';

describe('WorkerParticipant', () => {
  const health = { isDraining: false };
  const logger = { level: 'info' };
  const figures = { polls_total: 3 };
  let isLoggedIn: boolean;
  let participant: WorkerParticipant;
  beforeEach(() => {
    isLoggedIn = true;
    [health.isDraining, logger.level] = [false, 'info'];
    participant = new WorkerParticipant({
      process: 'host/1/abcd',
      version: '1.2.3',
      owner: 'abcd-efgh',
      processor: { load: { sets: 7, polls: 2 } },
      health,
      isLoggedIn: () => isLoggedIn,
      logger,
      figures: async () => figures,
    });
  });
  const facts = {
    id: 'abcd-efgh',
    version: '1.2.3',
    log_level: 'info',
    sets: 7,
    polls_in_flight: 2,
    state: 'polling',
  };

  it('says who it is, what it has, and since when', () => {
    expect([participant.role, participant.process]).toEqual(['worker', 'host/1/abcd']);
    const answer = participant.answer({ kind: 'who' }) as { started_at: string };
    expect(answer).toMatchObject(facts);
    expect(new Date(answer.started_at).toISOString()).toBe(answer.started_at);
  });

  it('says that its login is refused, and above all that it ends', () => {
    isLoggedIn = false;
    expect(participant.answer({ kind: 'who' })).toMatchObject({ state: 'login_refused' });
    health.isDraining = true;
    expect(participant.answer({ kind: 'who' })).toMatchObject({ state: 'stopping' });
  });

  it('says what it counts beside that', async () => {
    expect(await participant.answer({ kind: 'figures' })).toMatchObject({ ...facts, figures });
  });

  it('writes its log at another level from then on', () => {
    expect(participant.answer({ kind: 'log_level', level: 'debug' } as never)).toEqual({});
    expect(logger.level).toBe('debug');
    expect(participant.answer({ kind: 'who' })).toMatchObject({ log_level: 'debug' });
  });

  it('knows nothing of clients', () => {
    expect(participant.answer({ kind: 'clients', caseId: 'a' })).toBeNull();
  });
});
