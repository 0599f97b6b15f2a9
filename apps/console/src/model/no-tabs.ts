/** In place of `libs/client/src/tabs.ts`, which is built into no script of the console (scripts/console.mjs). */
export class Tabs {
  constructor() {
    throw new Error('the console sets tabs: false');
  }
}
