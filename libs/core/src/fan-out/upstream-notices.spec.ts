import { RecordingSubscriber } from '#testing';
import type { UpstreamState } from './ports/broker.js';
import { Topic } from './topic.js';
import { UpstreamNotices } from './upstream-notices.js';

const OK: UpstreamState = { state: 'ok', since: 500 };
const FAILS: UpstreamState = { state: 'degraded', reason: 'upstream_timeout', since: 400 };

describe('UpstreamNotices', () => {
  let notices: UpstreamNotices;
  let states: UpstreamState[];
  beforeEach(() => {
    const topic = new Topic('T', Promise.resolve());
    states = [];
    const subscriber = new RecordingSubscriber();
    subscriber.notify = (notice) => void (notice.kind === 'upstream' && states.push(notice.state));
    topic.subscribers.add(subscriber);
    notices = new UpstreamNotices([topic]);
  });

  it('reports that no worker polls, and that one polls again', () => {
    notices.pollingChanged(100, 900);
    expect(notices.state).toEqual({ state: 'degraded', reason: 'not_polled', since: 100 });
    notices.pollingChanged(null, 1000);
    expect(states).toEqual([
      { state: 'degraded', reason: 'not_polled', since: 100 },
      { state: 'ok', since: 1000 },
    ]);
  });

  it('stays degraded with the reason of a worker that reported a failure before it was gone', () => {
    notices.changed(FAILS);
    notices.pollingChanged(450, 900);
    expect(notices.state).toEqual(FAILS);
    notices.pollingChanged(null, 1000);
    expect([states, notices.state]).toEqual([[FAILS], FAILS]);
    notices.changed(OK);
    expect(states).toEqual([FAILS, OK]);
  });

  it('stays degraded when a worker reports ok while no worker polls', () => {
    notices.changed(FAILS);
    notices.pollingChanged(450, 900);
    notices.learn(OK);
    expect([states, notices.state.state]).toEqual([[FAILS], 'degraded']);
    notices.pollingChanged(null, 1000);
    expect(states).toEqual([FAILS, { state: 'ok', since: 1000 }]);
  });

  it('prefers a report that arrived while history was read to the history', () => {
    notices.changed(OK);
    notices.learn(FAILS);
    expect([states, notices.state]).toEqual([[], OK]);
  });

  it('takes the state of history after a change may have been missed, whatever its time', () => {
    notices.changed(OK);
    notices.markStale();
    notices.learn(FAILS);
    expect(states).toEqual([FAILS]);
    // A store that lost its data says this of every feed.
    const anew: UpstreamState = { state: 'ok', since: 0 };
    notices.markStale();
    notices.learn(anew);
    expect(states).toEqual([FAILS, anew]);
  });
});
