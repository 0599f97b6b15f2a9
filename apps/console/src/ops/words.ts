import { useTexts } from '../text/index.js';
import { opsEn, type OpsTexts } from './words-en.js';
import { opsZh } from './words-zh.js';

/** The words of `/ops`, in the language of the page. */
export const useOpsTexts = (): OpsTexts => (useTexts().locale === 'en' ? opsEn : opsZh);
