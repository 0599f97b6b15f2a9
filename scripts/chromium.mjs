import { chromium } from 'playwright-core';
import { chromiumSettings } from './chromium-binary.mjs';

/** Services that a browser calls by itself are switched off. */
const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-sync',
];

/** A Chromium without a window, for scripts. @throws where there is none */
export async function launchChromium() {
  const { CHROMIUM_BIN, CHROMIUM_LD, CHROMIUM_FONTS, CHROMIUM_MISSING } = await chromiumSettings();
  if (CHROMIUM_MISSING) throw new Error(CHROMIUM_MISSING);
  const { PATH = '', HOME = '' } = process.env;
  return chromium.launch({
    executablePath: CHROMIUM_BIN,
    args: [...FLAGS, '--disable-component-update', '--disable-dev-shm-usage'],
    env: {
      ...{ PATH, HOME },
      ...(CHROMIUM_LD && { LD_LIBRARY_PATH: CHROMIUM_LD }),
      ...(CHROMIUM_FONTS && { FONTCONFIG_FILE: CHROMIUM_FONTS }),
    },
  });
}
