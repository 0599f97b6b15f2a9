import { useEffect, useMemo, useState } from 'preact/hooks';
import { useObserved } from '../model/observable.js';
import type { Role } from '../model/message-fields.js';
import type { Session } from '../model/session.js';
import { useTexts } from '../text/index.js';
import { DemoApi, type Posted } from './demo-api.js';
import { Ledger } from './ledger.js';
import { LedgerView } from './ledger-view.js';

const ROLES: readonly Role[] = ['customer', 'engineer', 'third-party'];
const MANY = 20;

export interface StageProps {
  readonly session: Session;
  readonly token: string;
}

/** The other side of the demo: a writer in the ticket system, and faults of that system. */
export function Stage({ session, token }: StageProps) {
  const { demo: texts, roles } = useTexts();
  const api = useMemo(() => new DemoApi(token), [token]);
  const ledger = useLedger(session, api);
  const [caseId, setCaseId] = useState('');
  const [role, setRole] = useState<Role>('customer');
  const [content, setContent] = useState('');
  const [isDown, setDown] = useState(false);
  const [said, setSaid] = useState<'broken' | 'killed' | 'failed' | null>(null);
  const to = caseId || session.selected?.caseId || [...session.conversations.keys()][0] || '';
  const run = async (work: Promise<boolean>, words: typeof said = null) => setSaid((await work) ? words : 'failed');
  const post = (count: number) => {
    const text = content.trim() || texts.sample;
    void run(api.post({ case_id: to, content: count > 1 ? `${text} ({n})` : text, role, count }));
    setContent('');
  };
  return (
    <section class="stage" aria-labelledby="stage-title">
      <h2 id="stage-title">{texts.title}</h2>
      <p class="hint">{texts.lead}</p>
      <form onSubmit={(event) => (event.preventDefault(), post(1))}>
        <div class="pair">
          <label>
            {texts.to}
            <select value={to} onChange={(event) => setCaseId(event.currentTarget.value)}>
              {[...session.conversations.keys()].map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          <label>
            {texts.as}
            <select value={role} onChange={(event) => setRole(event.currentTarget.value as Role)}>
              {ROLES.map((each) => (
                <option key={each} value={each}>
                  {roles[each]}
                </option>
              ))}
            </select>
          </label>
        </div>
        <label>
          {texts.message}
          <textarea
            rows={2}
            maxLength={390}
            placeholder={texts.sample}
            value={content}
            onInput={(event) => setContent(event.currentTarget.value)}
          />
        </label>
        <div class="buttons">
          <button type="submit" class="primary" disabled={to === ''}>
            {texts.post}
          </button>
          <button type="button" disabled={to === ''} onClick={() => post(MANY)}>
            {texts.postMany}
          </button>
          <button type="button" disabled={to === ''} onClick={() => void run(api.setStatus(to, 1))}>
            {texts.markRead}
          </button>
          <button type="button" disabled={to === ''} onClick={() => void run(api.setStatus(to, 0))}>
            {texts.markUnread}
          </button>
        </div>
      </form>
      <div class="buttons" role="group" aria-label={texts.faults}>
        <button
          type="button"
          class="break"
          aria-pressed={isDown}
          onClick={() => {
            void run(api.breakUpstream(!isDown), isDown ? null : 'broken');
            setDown(!isDown);
          }}
        >
          {isDown ? texts.healUpstream : texts.breakUpstream}
        </button>
        <button type="button" class="break" onClick={() => void run(api.killWorker(), 'killed')}>
          {texts.killWorker}
        </button>
      </div>
      <p class="hint" role="status">
        {said && texts[said]}
      </p>
      <LedgerView ledger={ledger} />
    </section>
  );
}

/** What is posted, beside what arrives at this page, from now on. */
function useLedger(session: Session, api: DemoApi): Ledger {
  const ledger = useMemo(() => new Ledger((caseId) => session.conversations.has(caseId)), [session]);
  useEffect(() => {
    session.onArrival = (event) => ledger.arrive(event);
    let stream = new AbortController();
    // A browser has six connections to a host for all of its tabs, so hidden ones have none for this.
    const follow = () => {
      stream.abort();
      stream = new AbortController();
      if (document.visibilityState === 'hidden') return;
      const told = (event: Posted | { since: number }) =>
        'since' in event ? ledger.begin(event.since) : ledger.post(event);
      api.follow(ledger.since, told, stream.signal).catch(() => undefined);
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      stream.abort();
    };
  }, [ledger, session, api]);
  return useObserved(ledger);
}
