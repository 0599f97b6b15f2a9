import { useState } from 'preact/hooks';
import { useTexts } from '../text/index.js';
import { clockTime } from '../view/time.js';
import type { AdminApi } from './admin-api.js';
import type { CaseReport } from './overview.js';
import { Action, Panel } from './panel.js';
import { useOpsTexts } from './words.js';

/** Why one ticket is live, or is not. */
export function TicketStory({ api }: { readonly api: AdminApi }) {
  const { ticket: texts } = useOpsTexts();
  const [caseId, setCaseId] = useState('');
  const [report, setReport] = useState<CaseReport | null>(null);
  const [problem, setProblem] = useState('');
  const look = (event: Event) => {
    event.preventDefault();
    api.report(caseId.trim()).then(
      (found) => (setReport(found), setProblem('')),
      (error: unknown) => (setReport(null), setProblem(error instanceof Error ? error.message : String(error))),
    );
  };
  return (
    <Panel id="ticket" title={texts.title}>
      <form class="ticket-form" onSubmit={look}>
        <label for="case-id">{texts.lead}</label>
        <span>
          <input
            id="case-id"
            placeholder={texts.id}
            value={caseId}
            spellcheck={false}
            onInput={(event) => setCaseId(event.currentTarget.value)}
          />
          <button type="submit" class="primary" disabled={caseId.trim() === ''}>
            {texts.look}
          </button>
        </span>
      </form>
      {problem !== '' && (
        <p class="notice warn" role="alert">
          {problem}
        </p>
      )}
      {report && <Report report={report} api={api} />}
    </Panel>
  );
}

function Report({ report, api }: { readonly report: CaseReport; readonly api: AdminApi }) {
  const { locale } = useTexts();
  const { ticket: texts } = useOpsTexts();
  const timeOf = (time: string | null | undefined) => (time ? clockTime(Date.parse(time), locale) : '–');
  return (
    <div class="story" role="status">
      <p>
        <code>{report.case_id}</code>{' '}
        <span class={report.live ? 'mark ok' : 'mark warn'}>{report.live ? texts.live : texts.notLive}</span>
      </p>
      {report.why.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {report.feeds.map((feed) => (
        <dl key={feed.feed}>
          <Fact name={feed.feed} value={feed.state} />
          <Fact name={texts.clients} value={String(feed.wanted.clients)} />
          <Fact name={texts.worker} value={feed.set?.worker ?? '–'} />
          <Fact name={texts.lastAnswer} value={timeOf(feed.last_answer_at)} />
          <Fact name={texts.lastEvent} value={timeOf(feed.last_publication?.seen_at)} />
          <Fact name={texts.next} value={timeOf(feed.next_poll_at)} />
        </dl>
      ))}
      <Action name={texts.poll} of={report.case_id} act={() => api.poll(report.case_id)} />
      {report.feeds.some(({ quarantine }) => quarantine !== null) && (
        <Action name={texts.release} of={report.case_id} act={() => api.release(report.case_id)} />
      )}
    </div>
  );
}

const Fact = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);
