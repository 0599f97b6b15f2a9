import { useState } from 'preact/hooks';
import { prefer, preference } from '../model/preferences.js';
import { useTexts } from '../text/index.js';
import { Icon } from './icon.js';

const THEMES = ['auto', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const chosen = (): Theme => THEMES.find((theme) => theme === preference('theme')) ?? 'auto';

export function applyTheme(theme = chosen()): void {
  document.documentElement.dataset['theme'] = theme;
}

export function ThemeButton() {
  const { theme: texts } = useTexts();
  const [theme, setTheme] = useState(chosen());
  const next = () => {
    const following = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto';
    prefer('theme', following);
    applyTheme(following);
    setTheme(following);
  };
  const label = `${texts.label}: ${texts[theme]}`;
  return (
    <button type="button" class="quiet" onClick={next} title={label} aria-label={label}>
      <Icon name={theme} />
    </button>
  );
}
