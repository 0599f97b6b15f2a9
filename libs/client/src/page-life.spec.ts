import { watchPage } from './page-life.js';

/** What a browser has and Node has not. */
class ModelWindow {
  readonly page = new EventTarget();
  readonly document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  readonly navigator = { onLine: true };
  readonly told: string[] = [];
  readonly stop: () => void;

  constructor() {
    const replaced = { addEventListener: this.page.addEventListener.bind(this.page), document: this.document };
    Object.assign(globalThis, replaced);
    Object.defineProperty(globalThis, 'navigator', { value: this.navigator, configurable: true, writable: true });
    this.stop = watchPage((type) => this.told.push(type));
  }

  fire(name: string): void {
    this.page.dispatchEvent(new Event(name));
  }
}

describe('the life of a page', () => {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  let browser: ModelWindow;
  beforeEach(() => {
    jest.useFakeTimers();
    browser = new ModelWindow();
  });
  afterEach(() => {
    browser.stop();
    jest.useRealTimers();
    for (const name of ['addEventListener', 'document', 'navigator']) Reflect.deleteProperty(globalThis, name);
    if (before) Object.defineProperty(globalThis, 'navigator', before);
  });

  it('tells when the network goes and comes', () => {
    browser.fire('offline');
    browser.fire('online');
    expect(browser.told).toEqual(['offline', 'online']);
  });

  it('tells when the page is put aside for the way back, and when it is shown again', () => {
    browser.fire('pagehide');
    browser.fire('pageshow');
    expect(browser.told).toEqual(['offline', 'resumed']);
  });

  it('tells when a frozen page goes on, and when a hidden one is shown, not when it is hidden', () => {
    browser.document.dispatchEvent(new Event('resume'));
    browser.document.visibilityState = 'hidden';
    browser.document.dispatchEvent(new Event('visibilitychange'));
    expect(browser.told).toEqual(['resumed']);
    browser.document.visibilityState = 'visible';
    browser.document.dispatchEvent(new Event('visibilitychange'));
    expect(browser.told).toEqual(['resumed', 'resumed']);
  });

  it('does not call a page back that has no network', () => {
    browser.navigator.onLine = false;
    browser.fire('pageshow');
    expect(browser.told).toEqual(['offline']);
  });

  it('tells when the computer has slept: its clock has gone on, and no timer was due', () => {
    jest.advanceTimersByTime(60_000);
    expect(browser.told).toEqual([]);
    jest.setSystemTime(Date.now() + 600_000);
    jest.advanceTimersByTime(10_000);
    expect(browser.told).toEqual(['resumed']);
    jest.advanceTimersByTime(60_000);
    expect(browser.told).toEqual(['resumed']);
  });

  it('tells nothing after the client was closed, and no timer is left', () => {
    browser.stop();
    for (const name of ['offline', 'online', 'pageshow', 'pagehide']) browser.fire(name);
    expect(browser.told).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});
