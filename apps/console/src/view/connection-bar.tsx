import { useRef, useState } from 'preact/hooks';
import { useClock } from '../model/observable.js';
import type { Session, Transport } from '../model/session.js';
import type { Texts } from '../text/en.js';
import { useTexts } from '../text/index.js';
import { Icon } from './icon.js';

export interface ConnectionBarProps {
  readonly session: Session;
  readonly onTransport: (transport: Transport) => void;
}

/** How the connection is, always in sight, and the switches to try it. */
export function ConnectionBar({ session, onTransport }: ConnectionBarProps) {
  const all = useTexts();
  const { connection: texts } = all;
  const { state, transport, kept, latencies } = session;
  const trouble = troubleOf(session, all);
  return (
    <section class="connection" aria-label={texts.label}>
      <div class="facts">
        <StateMark session={session} texts={texts} />
        <dl>
          <div>
            <dt>{texts.lastByte}</dt>
            <dd>
              <LastByte session={session} texts={texts} />
            </dd>
          </div>
          <div title={texts.latencyHint}>
            <dt>{texts.latency}</dt>
            <dd>
              {latencies.length > 0
                ? `${shownMs(latencies.at(-1) ?? 0)} · ~${shownMs(median(latencies))}`
                : texts.never}
            </dd>
          </div>
          <div title={`${texts.positionHint}${kept ? `\n${kept.position}` : ''}`} class="position">
            <dt>{texts.position}</dt>
            <dd>
              <code>{kept ? shortPosition(kept.position) : texts.never}</code>
            </dd>
          </div>
        </dl>
      </div>
      <div class="switches" role="group" aria-label={texts.switches}>
        <div class="segmented" role="group" aria-label={texts.transport}>
          {(['sse', 'socket.io'] as const).map((each) => (
            <button key={each} type="button" aria-pressed={each === transport} onClick={() => onTransport(each)}>
              {each === 'sse' ? 'SSE' : 'Socket.IO'}
            </button>
          ))}
        </div>
        <button
          type="button"
          aria-pressed={session.isCut}
          onClick={() => (session.isCut ? session.heal() : session.cut())}
        >
          {session.isCut ? texts.heal : texts.cut}
        </button>
        <ResumeButton session={session} texts={texts} />
        <a class="button" href="/" target="_blank" rel="opener">
          <Icon name="tab" /> {texts.tab}
        </a>
        {(state.name === 'denied' || state.name === 'connecting') && (
          <button type="button" onClick={() => session.retry()}>
            {texts.retry}
          </button>
        )}
      </div>
      {trouble && (
        <p class="notice warn trouble" role="status">
          <strong>{trouble.title}</strong> {trouble.next}
        </p>
      )}
    </section>
  );
}

interface PartProps {
  readonly session: Session;
  readonly texts: Texts['connection'];
}

function StateMark({ session, texts }: PartProps) {
  const { state } = session;
  const words =
    state.name === 'connecting' && state.retryInMs
      ? texts.retrying(Math.ceil(state.retryInMs / 1000))
      : texts[state.name];
  return (
    <span class={`state ${state.name}`} role="status">
      <span class="dot" aria-hidden="true" />
      {words}
    </span>
  );
}

function LastByte({ session, texts }: PartProps) {
  const now = useClock(500);
  const { lastByteAt } = session;
  return <>{lastByteAt === 0 ? texts.never : texts.ago(Math.max(0, Math.round((now - lastByteAt) / 1000)))}</>;
}

function ResumeButton({ session, texts }: PartProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [position, setPosition] = useState('');
  const open = () => {
    setPosition(session.kept?.position ?? '');
    dialog.current?.showModal();
  };
  const submit = () => {
    if (position.trim() !== '') session.resumeFrom(position.trim());
    dialog.current?.close();
  };
  return (
    <>
      <button type="button" onClick={open}>
        {texts.resume}
      </button>
      <dialog ref={dialog} aria-labelledby="resume-title">
        <form method="dialog" onSubmit={(event) => (event.preventDefault(), submit())}>
          <h2 id="resume-title">{texts.resumeTitle}</h2>
          <p>{texts.resumeLead}</p>
          <label for="position">{texts.position}</label>
          <input
            id="position"
            value={position}
            maxLength={64}
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => setPosition(event.currentTarget.value)}
          />
          <div class="dialog-buttons">
            <button type="button" onClick={() => dialog.current?.close()}>
              {texts.cancel}
            </button>
            <button type="submit" class="primary">
              {texts.resumeGo}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

/** What is wrong at the moment, in words; null if nothing is. */
function troubleOf({ state }: Session, { happening }: Texts) {
  switch (state.name) {
    case 'degraded':
      return happening({ kind: 'degraded', reason: state.reason });
    case 'connecting':
      return state.reason ? happening({ kind: 'lost', reason: state.reason, retryInMs: state.retryInMs ?? 0 }) : null;
    case 'offline':
      return happening({ kind: 'offline' });
    case 'denied':
      return happening({ kind: 'denied', reason: state.reason });
    default:
      return null;
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const shownMs = (ms: number): string => (Math.abs(ms) < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** The part that grows. The rest names the epoch, and signs it. */
const shortPosition = (position: string): string =>
  position.split('-')[1]?.replace(/^0+(?=.)/, '') ?? position.slice(-12);
