import { tracingChannel } from 'node:diagnostics_channel';
import { nearest, withSettings } from 'nearest-word';
import { configure } from 'offloop';
import { requestStore } from './context.js';
import { countWords } from './count-words.js';

// The default pool: for the application's own tasks, and those of every library.
configure({ name: 'shop', maxThreads: 2 });

tracingChannel('offloop:task').subscribe({
  start: ({ pool, name }) => console.log(`pool ${pool}: ${name}`),
});

const towns = ['OSLO', 'Bergen', 'Oulu'];
const answers = await requestStore.run({ requestId: 'r-1' }, () => Promise.all([
  countWords('from Osla to Bergen'),
  nearest('Osla', towns),
  withSettings({ ignoreCase: true, logger: console }, () => nearest('Osla', towns)),
]));
for (const answer of answers) console.log(answer);
