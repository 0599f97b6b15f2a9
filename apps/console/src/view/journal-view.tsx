import type { Journal } from '../model/journal.js';
import { useTexts } from '../text/index.js';
import { clockTime } from './time.js';

const TONES: Readonly<Record<string, string>> = {
  live: 'ok',
  'upstream-back': 'ok',
  lost: 'warn',
  degraded: 'warn',
  offline: 'warn',
  gap: 'bad',
  revoked: 'bad',
  denied: 'bad',
};

export function JournalView({ journal }: { readonly journal: Journal }) {
  const { journal: texts, happening, locale } = useTexts();
  return (
    <section class="journal" aria-labelledby="journal-title">
      <h2 id="journal-title">{texts.title}</h2>
      {journal.entries.length === 0 && <p class="hint">{texts.empty}</p>}
      <ol>
        {journal.entries.map((entry) => {
          const { title, next } = happening(entry);
          return (
            <li key={entry.number} class={TONES[entry.kind] ?? ''}>
              <time>{clockTime(entry.at, locale)}</time>
              <div>
                <strong>{title}</strong> {next}
              </div>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
