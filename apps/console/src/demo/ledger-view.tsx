import { useClock } from '../model/observable.js';
import { useTexts } from '../text/index.js';
import { clockTime } from '../view/time.js';
import type { Ledger } from './ledger.js';

/** The proof: what was posted, and what arrived. */
export function LedgerView({ ledger }: { readonly ledger: Ledger }) {
  const { demo: texts, locale } = useTexts();
  useClock(2000); // What is on the way becomes missing by time alone.
  const { postedCount, arrived, missing, doubled, onTheWay, rows } = ledger;
  const isWell = missing === 0 && doubled === 0;
  return (
    <section class="proof" aria-labelledby="proof-title">
      <h3 id="proof-title">{texts.proof}</h3>
      <p class="hint">{texts.proofLead}</p>
      <dl class="figures">
        <Figure name={texts.posted} value={postedCount} id="posted" />
        <Figure name={texts.arrived} value={arrived} id="arrived" />
        <Figure name={texts.missing} value={missing} id="missing" tone={missing > 0 ? 'bad' : ''} />
        <Figure name={texts.doubled} value={doubled} id="doubled" tone={doubled > 0 ? 'bad' : ''} />
      </dl>
      <p class={isWell && onTheWay === 0 && arrived > 0 ? 'verdict ok' : 'verdict'}>
        {onTheWay > 0 ? texts.onTheWay(onTheWay) : isWell && arrived > 0 ? texts.all : ''}
      </p>
      <ol class="ledger">
        {rows.map((row) => (
          <li key={row.seq}>
            <time>{clockTime(row.time_ms, locale)}</time>
            <span class="ledger-text">
              <b>{row.case_id}</b> {row.content}
            </span>
            <span class={row.afterMs === null ? 'ledger-after' : 'ledger-after ok'}>
              {row.afterMs === null ? texts.waiting : texts.after((row.afterMs / 1000).toFixed(1))}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: number;
  readonly id: string;
  readonly tone?: string;
}

const Figure = ({ name, value, id, tone = '' }: FigureProps) => (
  <div class={tone} data-figure={id}>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);
