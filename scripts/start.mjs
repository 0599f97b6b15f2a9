import { cache } from './repository.mjs';
import { runDemo } from './run-demo.mjs';

/** `npm start`: the whole of Pollcast on one machine, against the simulator, with nothing needed beforehand but node. */
await runDemo({ logs: cache('start') });
