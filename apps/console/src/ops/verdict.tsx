import { useTexts } from '../text/index.js';
import { clockTime } from '../view/time.js';
import type { StreamState } from './admin-api.js';
import type { Overview } from './overview.js';
import type { OpsTexts } from './words-en.js';
import { useOpsTexts } from './words.js';

/** An answer that is older than this many intervals is old, and old in any case after some seconds. */
const OLD_INTERVALS = 10;
const OLD_LEAST_MS = 10_000;

export interface VerdictProps {
  readonly overview: Overview | null;
  readonly state: StreamState;
}

/** The answer to the first question: is everything well? */
export function Verdict({ overview, state }: VerdictProps) {
  const { locale } = useTexts();
  const texts = useOpsTexts();
  const isCut = state !== 'live';
  const problems = overview && !isCut ? problemsOf(overview, texts.verdict, locale) : [];
  const tone = isCut ? (state === 'connecting' ? 'waiting' : 'bad') : problems.length > 0 ? 'warn' : 'ok';
  return (
    <section class={`verdict-card card ${tone}`} role="status" data-tone={tone}>
      <span class="dot" aria-hidden="true" />
      <div>
        <p class="verdict-title">{isCut ? texts.state[state] : titleOf(overview, problems, texts.verdict)}</p>
        {state === 'unavailable' && <p>{texts.verdict.storeAway}</p>}
        {problems.length > 0 && (
          <ul>
            {problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        )}
        {!isCut && problems.length === 0 && overview?.totals && overview.totals.sets > 0 && (
          <p>{texts.verdict.wellDetail(seconds(overview.totals.stalest_set_ms))}</p>
        )}
      </div>
      <span class="hint">{isCut ? '' : texts.state.live}</span>
    </section>
  );
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

function titleOf(overview: Overview | null, problems: readonly string[], texts: OpsTexts['verdict']): string {
  if (problems.length > 0) return texts.problems(problems.length);
  return overview?.totals && overview.totals.sets === 0 ? texts.nothing : texts.well;
}

function problemsOf(overview: Overview, texts: OpsTexts['verdict'], locale: string): readonly string[] {
  const { workers, feeds, totals, quarantined, quota_opens_at: opensAt, silent_processes: silent } = overview;
  const oldMs = Math.max(OLD_LEAST_MS, overview.poll_interval_ms * OLD_INTERVALS);
  const stalest = totals?.stalest_set_ms ?? 0;
  return [
    ...(workers.length === 0 ? [texts.noWorker] : []),
    ...feeds
      .filter(({ upstream, paused_at: paused }) => upstream.state === 'degraded' && paused === null)
      .map(({ feed, upstream }) => texts.degraded(feed, upstream.reason ?? '?')),
    ...feeds.filter(({ paused_at: paused }) => paused !== null).map(({ feed }) => texts.paused(feed)),
    ...(stalest > oldMs ? [texts.stale(seconds(stalest))] : []),
    ...(quarantined.length > 0 ? [texts.quarantined(quarantined.length)] : []),
    ...(opensAt ? [texts.throttled(clockTime(Date.parse(opensAt), locale))] : []),
    ...workers.filter(({ state }) => state === 'login_refused').map(({ process }) => texts.login(process)),
    ...(silent ? [texts.silent(silent)] : []),
  ];
}
