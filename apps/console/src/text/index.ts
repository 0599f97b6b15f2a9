import { prefer, preference } from '../model/preferences.js';
import { Observable, useObserved } from '../model/observable.js';
import { en, type Texts } from './en.js';
import { zh } from './zh.js';

/** The language of the page: as the person chose, else as the browser says. */
class Language extends Observable {
  texts: Texts = (preference('language') ?? navigator.language).startsWith('zh') ? zh : en;

  constructor() {
    super();
    this.apply();
  }

  toggle(): void {
    this.texts = this.texts === en ? zh : en;
    prefer('language', this.texts.locale);
    this.apply();
    this.changed();
  }

  private apply(): void {
    document.documentElement.lang = this.texts.locale;
  }
}

export const language = new Language();

export const useTexts = (): Texts => useObserved(language).texts;
