import fc from 'fast-check';
import type { Page } from 'playwright-core';

/** What a person may do next. `at` draws one of the things that can be used at that moment. */
const STEP = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('click' as const), at: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('type' as const), at: fc.nat(), text: fc.string({ unit: 'grapheme' }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('key' as const),
      key: fc.constantFrom('Tab', 'Enter', 'Escape', 'ArrowDown', 'Home', 'End', ' '),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('choose' as const), at: fc.nat(), option: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('scroll' as const), by: fc.integer({ min: -3000, max: 3000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('go' as const), to: fc.constantFrom('back', 'forward', 'reload') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('turn' as const), width: fc.integer({ min: 320, max: 1600 }) }),
  },
);
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

/** Longest step, ms: what cannot be clicked is left alone. */
const STEP_MS = 500;

/** Uses a page as somebody does who knows nothing of it: drawn steps, the same ones for the same seed. */
export class RandomPerson {
  readonly done: Step[] = [];

  constructor(
    private readonly page: Page,
    private readonly seed: number,
    /** Opens the page again where a step has left it. */
    private readonly again: () => Promise<unknown>,
  ) {
    page.context().on('page', (other) => void other.close().catch(() => undefined)); // Links to another tab.
  }

  async useFor(ms: number): Promise<void> {
    const endsAt = performance.now() + ms;
    for (let batch = 0; performance.now() < endsAt; batch += 1) {
      for (const step of fc.sample(STEP, { seed: this.seed + batch, numRuns: 50 })) {
        if (performance.now() >= endsAt) return;
        this.done.push(step);
        await this.take(step).catch(() => undefined); // It was covered, or gone. A person misses things, too.
        if (!/^https?:/.test(this.page.url()) || (await this.page.locator('body > *').count()) === 0) {
          await this.again();
        }
      }
      await this.again();
    }
  }

  private async take(step: Step): Promise<void> {
    const { page } = this;
    const nth = async (selector: string, at: number) => {
      const all = page.locator(selector);
      return all.nth(at % Math.max(1, await all.count()));
    };
    const within = { timeout: STEP_MS };
    switch (step.kind) {
      case 'click':
        return (await nth('button:visible, a:visible, summary:visible', step.at)).click(within);
      case 'type':
        return (await nth('input:visible, textarea:visible', step.at)).fill(step.text, within);
      case 'key':
        return page.keyboard.press(step.key);
      case 'choose': {
        const select = await nth('select:visible', step.at);
        const count = await select.locator('option').count();
        await select.selectOption({ index: step.option % Math.max(1, count) }, within);
        return;
      }
      case 'scroll':
        return page.mouse.wheel(0, step.by);
      case 'go':
        await (step.to === 'back'
          ? page.goBack(within)
          : step.to === 'forward'
            ? page.goForward(within)
            : page.reload());
        return;
      case 'turn':
        return page.setViewportSize({ width: step.width, height: 700 });
    }
  }
}
