import { hasDocs } from '../model/page-facts.js';
import { language, useTexts } from '../text/index.js';
import { Icon } from './icon.js';
import { ThemeButton } from './theme.js';

export interface TopBarProps {
  readonly at: '/' | '/ops';
  /** Who is signed in; null: nobody. */
  readonly who: string | null;
  readonly onSignOut: () => void;
}

export function TopBar({ at, who, onSignOut }: TopBarProps) {
  const { nav, otherLanguage, signIn } = useTexts();
  const link = (path: string, name: string) => (
    <a href={path} aria-current={at === path ? 'page' : undefined}>
      {name}
    </a>
  );
  return (
    <header class="top">
      <a class="skip" href="#main">
        {nav.skip}
      </a>
      <a class="brand" href="/">
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <circle cx="7" cy="16" r="3" />
          <path d="M13 9.5a9 9 0 0 1 0 13M19 5a15 15 0 0 1 0 22" />
        </svg>
        Pollcast
      </a>
      <nav aria-label={nav.main}>
        {link('/', nav.conversations)}
        {link('/ops', nav.operations)}
        {hasDocs && <a href="/docs">{nav.docs}</a>}
      </nav>
      <div class="top-tools">
        {who !== null && <span class="who">{who}</span>}
        <button
          type="button"
          class="quiet"
          onClick={() => language.toggle()}
          lang={otherLanguage === 'English' ? 'en' : 'zh-CN'}
        >
          {otherLanguage}
        </button>
        <ThemeButton />
        {who !== null && (
          <button type="button" class="quiet" onClick={onSignOut} title={signIn.out} aria-label={signIn.out}>
            <Icon name="out" />
          </button>
        )}
      </div>
    </header>
  );
}
