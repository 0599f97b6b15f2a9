import { render } from 'preact';
import { takeFragment } from './model/secrets.js';
import './text/index.js';
import { applyTheme } from './view/theme.js';
import { App } from './view/app.js';

// First of all: the address bar, the history and screenshots shall not show the token.
takeFragment();
applyTheme();
const root = document.getElementById('app');
if (root) {
  root.replaceChildren();
  render(<App />, root);
}
