import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { chromium, type Browser as Chromium, type BrowserContext, type Page } from 'playwright-core';

import { ROOT } from './processes/repository.js';

/** Where pictures of failures are kept. */
const PICTURES = join(ROOT, '.cache/test/screenshots');
/** Longest start of a browser and longest action in a page, ms. The machine may be busy with other things. */
const WITHIN_MS = 30_000;
/** The services that a browser calls by itself are switched off: nothing but the test uses the network. */
const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage', // In a container /dev/shm may hold 64 MB.
];

/** Why there is no Chromium on this machine; null if there is one. `npm test` finds or fetches it. */
export const chromiumMissing: string | null =
  process.env['CHROMIUM_MISSING'] ?? (process.env['CHROMIUM_BIN'] ? null : 'CHROMIUM_BIN is not set: run npm test');

/** A real Chromium without a window, with an empty profile. */
export class Browser {
  private readonly contexts: BrowserContext[] = [];

  private constructor(private readonly chromium: Chromium) {}

  static async start(): Promise<Browser> {
    const { CHROMIUM_BIN = 'chromium', CHROMIUM_LD = '', CHROMIUM_FONTS = '', PATH = '', HOME = '' } = process.env;
    const launched = await chromium.launch({
      executablePath: CHROMIUM_BIN,
      args: FLAGS,
      // Users' browsers have one.
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
      timeout: WITHIN_MS,
      // The process of a jest worker gets no handlers of signals; at its end the browser is killed all the same.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      env: {
        PATH,
        HOME,
        ...(CHROMIUM_LD && { LD_LIBRARY_PATH: CHROMIUM_LD }),
        ...(CHROMIUM_FONTS && { FONTCONFIG_FILE: CHROMIUM_FONTS }),
      },
    });
    return new Browser(launched);
  }

  /**
   * A profile of its own: pages of one profile are tabs of one user, with the same cookies, storage and locks. Certificates are
   * not checked.
   */
  async profile(): Promise<BrowserContext> {
    const context = await this.chromium.newContext({ ignoreHTTPSErrors: true });
    context.setDefaultTimeout(WITHIN_MS);
    this.contexts.push(context);
    return context;
  }

  /** Opens a page in a profile of its own. */
  async open(url: string): Promise<Page> {
    const page = await (await this.profile()).newPage();
    await page.goto(url);
    return page;
  }

  /** Keeps a picture of each page of the profiles in `.cache/test/screenshots`. @returns the files */
  async picture(name: string, profiles: readonly BrowserContext[] = this.contexts): Promise<string[]> {
    mkdirSync(PICTURES, { recursive: true });
    const pages = profiles.flatMap((profile) => profile.pages());
    const files = pages.map((_, at) => join(PICTURES, `${name.replace(/[^\w-]+/g, '-')}-${at + 1}.png`));
    // A page that hangs has no picture, and the failure is told all the same.
    const taken = await Promise.allSettled(pages.map((page, at) => page.screenshot({ path: files[at] })));
    return files.filter((_, at) => taken[at]?.status === 'fulfilled');
  }

  /** Closes all pages and profiles. */
  async clear(): Promise<void> {
    await Promise.all(this.contexts.splice(0).map((context) => context.close()));
  }

  async dispose(): Promise<void> {
    await this.chromium.close();
  }
}
