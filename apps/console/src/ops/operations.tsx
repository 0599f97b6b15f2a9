import { TopBar } from '../view/top-bar.js';

/** `/ops`. */
export function Operations() {
  return <TopBar at="/ops" who={null} onSignOut={() => undefined} />;
}
