import { cache } from './repository.mjs';
import { runDemo } from './run-demo.mjs';

/** `npm start`: the whole of Pollcast on one machine, with the simulator. It needs only Node. */
await runDemo({ logs: cache('start') });
