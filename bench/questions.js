import { admission } from './admission.js';
import { alike } from './alike.js';
import { article } from './article.js';
import { fair } from './fair.js';
import { fiveMs } from './five-ms.js';
import { health } from './health.js';
import { lanes } from './lanes.js';
import { map } from './map.js';
import { mixed } from './mixed.js';
import { nice } from './nice.js';
import { payload } from './payload.js';
import { queued } from './queued.js';
import { rare } from './rare.js';
import { sequential } from './sequential.js';
import { startUp } from './start-up.js';
import { trivial } from './trivial.js';
import { trivialCarrying } from './trivial-carrying.js';
import { watchdog } from './watchdog.js';

/** Each question is one file, in the order of the README: `npm run bench`, or `npm run bench -- sequential`. */
export const questions = {
  ...{ trivial, 'trivial-carrying': trivialCarrying, sequential, map, 'five-ms': fiveMs, mixed, payload, queued, 'start-up': startUp },
  ...{ lanes, rare, alike, fair, admission, health, nice, article, watchdog },
};
