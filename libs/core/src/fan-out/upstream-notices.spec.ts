import { RecordingSubscriber } from '#testing';
import type { UpstreamState } from './ports/broker.js';
import { Topic } from './topic.js';
import { UpstreamNotices } from './upstream-notices.js';

const OK: UpstreamState = { state: 'ok', since: 500 };
const FAILS: UpstreamState = { state: 'degraded', reason: 'upstream_timeout', since: 400 };

describe('UpstreamNotices', () => {
  let notices: UpstreamNotices;
  let heard: UpstreamState[];
  beforeEach(() => {
    const topic = new Topic('T', Promise.resolve());
    heard = [];
    const subscriber = new RecordingSubscriber();
    subscriber.notify = (notice) => void (notice.kind === 'upstream' && heard.push(notice.state));
    topic.subscribers.add(subscriber);
    notices = new UpstreamNotices([topic]);
  });

  it('tells that nobody polls, and when somebody polls again', () => {
    notices.pollingChanged(100, 900);
    expect(notices.state).toEqual({ state: 'degraded', reason: 'not_polled', since: 100 });
    notices.pollingChanged(null, 1000);
    expect(heard).toEqual([
      { state: 'degraded', reason: 'not_polled', since: 100 },
      { state: 'ok', since: 1000 },
    ]);
  });

  it('goes on saying degraded where a worker reported a failure before it was gone', () => {
    notices.changed(FAILS);
    notices.pollingChanged(450, 900);
    notices.pollingChanged(null, 1000);
    expect([heard, notices.state]).toEqual([[FAILS], FAILS]);
    notices.changed(OK);
    expect(heard).toEqual([FAILS, OK]);
  });

  it('stays degraded when a worker reports that the upstream is well while nobody polls', () => {
    notices.changed(FAILS);
    notices.pollingChanged(450, 900);
    notices.learn(OK);
    expect([heard, notices.state.state]).toEqual([[FAILS], 'degraded']);
    notices.pollingChanged(null, 1000);
    expect(heard).toEqual([FAILS, { state: 'ok', since: 1000 }]);
  });
});
